"""A share needs an open pool, an open pool an open site."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from siteopt.milp.layout import holds_copy
from siteopt.milp.model import negative, total

if TYPE_CHECKING:
    from siteopt.instance import Instance
    from siteopt.milp.model import SitingModel


def add_linking(model: SitingModel, instance: Instance) -> None:
    r"""Limit each share of a demand by the openness of its pool, or of its site (strong form, one row per arc).

    .. math:: x_a \le v_{p(a)} \qquad\text{or, for pools without that binary,}\qquad
        x_a \le \sum_{o \in O(j(a))} y_o \qquad \forall a

    Both sides are dimensionless. The capacity rows imply the same for binary :math:`y`; this form makes the linear
    relaxation far stronger (Cornuejols, Sridharan and Thizy 1991). Existing sites are open anyway. Pools with a tail
    are linked by ``tail_access``, which says more, and those with a copy of their data by ``data_gravity``. The dual
    is what opening is worth to this demand alone, USD.
    """
    sites, arcs, layout = instance.sites, instance.arcs, model.layout
    n_pool, arc_pool = len(instance.pools.site), arcs.pool.tolist()
    elsewhere = holds_copy(instance)
    elsewhere[list(layout.tail)] = True
    gated = np.zeros(n_pool, dtype=bool)
    gated[list(model.pool)] = True
    closable = sites.is_existing[instance.pools.site] == 0
    linked = np.flatnonzero(((gated | closable) & ~elsewhere)[arcs.pool]).tolist()
    ptr, names, share = sites.option_ptr.tolist(), model.names["arc"], model.share
    # The terms of a pool are the same objects in all of its rows.
    closed = {
        p: negative([model.pool[p]] if p in model.pool else model.build[ptr[j] : ptr[j + 1]])
        for p, j in enumerate(instance.pools.site.tolist())
    }
    model.add_rows(
        "linking",
        [names[a] for a in linked],
        (total([share[a], *closed[arc_pool[a]]]) <= 0.0 for a in linked),
    )
