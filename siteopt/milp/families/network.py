"""Uplinks and backbone links carry the traffic of the flows and of the data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from siteopt.milp.model import linear

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

    from siteopt.instance import Instance
    from siteopt.milp.model import SitingModel


def add_network(model: SitingModel, instance: Instance) -> None:
    r"""Keep traffic at peak within the capacity of each link.

    .. math::
        \sum_{a :\ l \in R(a)} g_a x_a + \sum_{a :\ l \in H(p(a))} h_a x_a + \sum_{p :\ l \in H(p)} s_p v_p
        \le G_l \qquad \forall l

    Gbit/s on both sides, both directions together: :math:`g` requests and answers of a demand on its route
    :math:`R` between user and site, :math:`h` its calls to data at home on the route :math:`H` between site and data,
    and :math:`s` the traffic that keeps a copy up to date. Failures are not counted. The dual is the worth of
    capacity, USD per Gbit/s.
    """
    links, arcs, pools = instance.links, instance.arcs, instance.pools
    flows = links.traffic(arcs.route, arcs.gbps)
    flows += links.traffic(pools.home_route[arcs.pool], arcs.home_gbps)
    gated = np.array(list(model.pool), dtype=np.intp)
    copies = links.traffic(pools.home_route[gated], pools.sync_gbps[gated])
    by_link = _terms(flows, model.share)
    of_pools = _terms(copies, list(model.pool.values()))
    rows = [(a + b, x + y) for (a, x), (b, y) in zip(by_link, of_pools, strict=True)]
    used = [n for n, (_, variables) in enumerate(rows) if variables]
    model.add_rows(
        "network", [links.id[n] for n in used], (linear(*rows[n]) <= float(links.limit_gbps[n]) for n in used)
    )


def _terms(traffic: csr_matrix, variables: list[Any]) -> list[tuple[list[float], list[Any]]]:
    """Return the coefficients and variables of each link."""
    ends, owners, values = (x.tolist() for x in (traffic.indptr, traffic.indices, traffic.data))
    return [(values[a:b], [variables[n] for n in owners[a:b]]) for a, b in zip(ends, ends[1:], strict=False)]
