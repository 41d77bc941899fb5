"""A share needs an open site."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from siteopt.milp.model import negative, total

if TYPE_CHECKING:
    from siteopt.instance import Instance
    from siteopt.milp.model import SitingModel


def add_linking(model: SitingModel, instance: Instance) -> None:
    r"""No share of a demand exceeds the openness of its site (strong form, one row per arc).

    .. math:: x_a \le \sum_{d \in D(j(a))} y_{jd} \qquad \forall a

    Both sides are dimensionless. The capacity rows imply the same for binary :math:`y`; this form makes the linear
    relaxation far stronger (Cornuejols, Sridharan and Thizy 1991). Existing sites are open anyway and get no row.
    The dual is what opening the site is worth to this demand alone, USD.
    """
    sites, arcs = instance.sites, instance.arcs
    arc_site = instance.pools.site[arcs.pool]
    linked = np.flatnonzero(sites.is_existing[arc_site] == 0)
    ptr, names, share = sites.option_ptr.tolist(), model.names["arc"], model.share
    # The terms of a site are the same objects in all of its rows.
    closed = [negative(model.build[ptr[j] : ptr[j + 1]]) for j in range(len(sites.id))]
    pairs = zip(linked.tolist(), arc_site[linked].tolist(), strict=True)
    model.add_rows(
        "linking",
        [names[a] for a in linked.tolist()],
        (total([share[a], *closed[j]]) <= 0.0 for a, j in pairs),
    )
