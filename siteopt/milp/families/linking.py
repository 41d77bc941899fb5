"""A share needs an open site."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from siteopt.milp.model import labels, linear

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
    linked = np.flatnonzero(sites.is_existing[arc_site] == 0).tolist()
    ptr, site_of, names = sites.option_ptr.tolist(), arc_site.tolist(), labels(instance)["arc"]
    build = [model.build[ptr[j] : ptr[j + 1]] for j in range(len(sites.id))]
    coefficients = [[1.0] + [-1.0] * len(b) for b in build]
    model.add_rows(
        "linking",
        [names[a] for a in linked],
        ((None, linear(coefficients[site_of[a]], [model.share[a], *build[site_of[a]]]), 0.0) for a in linked),
    )
