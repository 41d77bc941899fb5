"""Uplinks and backbone links carry the traffic of the flows and of the data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from siteopt.milp.model import linear

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from siteopt.instance import Instance, Links
    from siteopt.milp.model import SitingModel

    Floats = NDArray[np.float64]
    Rows = NDArray[np.intp]
    Entries = tuple[Rows, Rows, Floats]


def add_network(model: SitingModel, instance: Instance) -> None:
    r"""Traffic at peak stays within each capacity.

    .. math::
        \sum_{a :\ l \in R(a)} g_a x_a + \sum_{a :\ l \in H(p(a))} h_a x_a + \sum_{p :\ l \in H(p)} s_p v_p
        \le G_l \qquad \forall l

    Gbit/s on both sides, both directions together: :math:`g` requests and answers of a demand on its route
    :math:`R` between user and site, :math:`h` its calls to data at home on the route :math:`H` between site and data,
    and :math:`s` what keeps a copy up to date. Failures are not counted. The dual is the worth of capacity, USD per
    Gbit/s.
    """
    links, arcs, pools = instance.links, instance.arcs, instance.pools
    flows = [
        _on_links(links, arcs.route, arcs.gbps),
        _on_links(links, pools.home_route[arcs.pool], arcs.home_gbps),
    ]
    gated = np.array(list(model.pool), dtype=np.intp)
    sync = _on_links(links, pools.home_route[gated], pools.sync_gbps[gated])
    by_link = _terms(len(links.id), _summed(flows, len(arcs.demand)), model.share)
    of_pools = _terms(len(links.id), _summed([sync], len(gated)), list(model.pool.values()))
    rows = [(a + b, x + y) for (a, x), (b, y) in zip(by_link, of_pools, strict=True)]
    used = [n for n, (_, variables) in enumerate(rows) if variables]
    model.add_rows(
        "network", [links.id[n] for n in used], (linear(*rows[n]) <= float(links.limit_gbps[n]) for n in used)
    )


def _on_links(links: Links, route: NDArray[np.int32], gbps: Floats) -> Entries:
    """Link, owner and Gbit/s for each link of each owner's route."""
    owner = np.flatnonzero((route >= 0) & (gbps > 0.0))
    first, last = links.route_ptr[route[owner]], links.route_ptr[route[owner] + 1]
    count = (last - first).astype(np.intp)
    of = np.repeat(np.arange(len(owner)), count)
    place = np.arange(len(of)) - np.repeat(np.cumsum(count) - count, count) + first[of]
    return links.route_link[place].astype(np.intp), owner[of], gbps[owner[of]]


def _summed(parts: list[Entries], n_owner: int) -> Entries:
    """One entry for each link and owner: a flow may use a link on the way to its user and to its data."""
    link, owner, gbps = (np.concatenate(column) for column in zip(*parts, strict=True))
    keys, row = np.unique(link * max(1, n_owner) + owner, return_inverse=True)
    value = np.zeros(len(keys))
    np.add.at(value, row.reshape(-1), gbps)
    return keys // max(1, n_owner), keys % max(1, n_owner), value


def _terms(n_link: int, entries: Entries, variables: list[Any]) -> list[tuple[list[float], list[Any]]]:
    """Coefficients and variables of each link; entries are sorted by link."""
    link, owner, gbps = entries
    ends = np.searchsorted(link, np.arange(n_link + 1)).tolist()
    owners, values = owner.tolist(), gbps.tolist()
    return [(values[a:b], [variables[n] for n in owners[a:b]]) for a, b in zip(ends, ends[1:], strict=False)]
