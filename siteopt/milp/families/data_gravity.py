"""Calls find their data at a site only where a copy stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from siteopt.milp.layout import holds_copy
from siteopt.milp.model import negative, total

if TYPE_CHECKING:
    from siteopt.instance import Instance
    from siteopt.milp.model import SitingModel


def add_data_gravity(model: SitingModel, instance: Instance) -> None:
    r"""Serve no share of a demand from a copy of its data that is not there (strong form, one row per arc).

    .. math:: x_a \le v_{p(a)} \qquad \forall a : p(a) \text{ holds a copy}

    Both sides are dimensionless. A copy costs the same however little it serves: its price is the coefficient of
    :math:`v` in the objective, and the traffic that keeps it up to date is that in the rows of ``network``. Data at
    home need no row: their round trips are part of the arc's, their price and traffic grow with the share. The choice
    between copying the data and calling home is ``one_pool`` of ``pooling``. Pools with a tail are linked by
    ``tail_access``. The dual is what the copy is worth to this demand alone, USD.
    """
    arcs, names = instance.arcs, model.names["arc"]
    copied = holds_copy(instance)
    copied[list(model.layout.tail)] = False
    linked, arc_pool = np.flatnonzero(copied[arcs.pool]).tolist(), arcs.pool.tolist()
    absent = {p: negative([model.pool[p]]) for p in np.flatnonzero(copied).tolist()}
    model.add_rows(
        "data_gravity",
        [names[a] for a in linked],
        (total([model.share[a], *absent[arc_pool[a]]]) <= 0.0 for a in linked),
    )
