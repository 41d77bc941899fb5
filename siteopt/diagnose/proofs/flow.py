"""Find groups of demands that do not fit their sites, by maximum flow."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from siteopt.diagnose.proofs.capacity import most_it_mw

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

    from siteopt.arrays import Floats, Indices
    from siteopt.diagnose.proofs.needs import Group, Needs
    from siteopt.instance import Instance


#: Unit of power as a share of the whole need, since the flow is in whole numbers of 32 bits.
RESOLUTION = 1e-9
#: Groups whose sites are tried as a set of their own.
MOST_SETS = 200


def bottlenecks(instance: Instance, needs: Needs, limits: Indices) -> list[list[Group]]:
    """Find sets of groups that together need more than their sites can carry; exact figures have to confirm them.

    The network runs source -> groups -> sites -> grid limits -> sink. The source's side of a minimum cut falls into
    pieces that share no site and no limit; each is a shortage of its own. A grid limit has one capacity there, that of
    all its sites; where nothing is short, sets of sites that have to do with those that take most of it are tried.

    Parameters
    ----------
    instance : Instance
    needs : Needs
    limits : ndarray of int32, shape (n_site,)
        Grid limit to which each site is assigned, -1 for none.
    """
    total = sum(group.it_mw for group in needs.groups)
    if total <= 0.0:
        return []
    capacities = _capacities(instance, needs, limits, total * RESOLUTION)
    if not _fits(needs, limits, capacities):
        found = _shortages(needs, _network(needs, limits, capacities))
        if found:
            return found
    return _crowded(instance, needs, limits)


def _crowded(instance: Instance, needs: Needs, limits: Indices) -> list[list[Group]]:
    """Find the groups that may use nothing but one group's sites, where those carry too little under their limits."""
    groups, total = needs.groups, sum(group.it_mw for group in needs.groups)
    limited = [group for group in groups if np.any(limits[group.sites] >= 0)]
    size = np.array([len(group.sites) for group in groups])
    sites, first = np.concatenate([group.sites for group in groups]), np.cumsum(size) - size
    worst, found = 0.0, []
    for among in sorted(limited, key=lambda group: len(group.sites))[:MOST_SETS]:
        most = most_it_mw(instance, needs, limits, among.sites)
        if most >= total:
            continue
        inside = np.zeros(len(limits), dtype=np.int64)
        inside[among.sites] = 1
        only = np.flatnonzero(np.add.reduceat(inside[sites], first) == size).tolist()
        short = sum(groups[k].it_mw for k in only) - most
        if short > worst:
            worst, found = short, [[groups[k] for k in only]]
    return found


def _shortages(needs: Needs, graph: csr_matrix) -> list[list[Group]]:
    """Find the pieces of the source's side of a minimum cut: each is a shortage of its own."""
    from scipy.sparse import csr_matrix  # takes a quarter of a second to import, and most scenarios have room
    from scipy.sparse.csgraph import breadth_first_order, connected_components, maximum_flow

    source, sink = 0, graph.shape[0] - 1
    flow = maximum_flow(graph, source, sink).flow
    residual = csr_matrix(graph - flow)
    residual.eliminate_zeros()
    reached = np.zeros(graph.shape[0], dtype=bool)
    reached[breadth_first_order(residual, source, return_predecessors=False)] = True
    inside = np.flatnonzero(reached[1:sink]) + 1
    _, piece = connected_components(graph[inside][:, inside], directed=False)
    found: dict[int, list[Group]] = {}
    for vertex, label in zip(inside.tolist(), piece.tolist(), strict=True):
        if vertex <= len(needs.groups):
            found.setdefault(label, []).append(needs.groups[vertex - 1])
    return list(found.values())


def _capacities(
    instance: Instance, needs: Needs, limits: Indices, unit_mw: float
) -> tuple[Floats, Floats, Floats]:
    """Count in whole units what groups need, rounded down, and what sites and limits can carry, rounded up."""
    most = int(1.0 / RESOLUTION) + 1
    need = np.floor([group.it_mw / unit_mw for group in needs.groups])
    room = np.minimum(np.ceil(needs.site_mw / unit_mw), most)
    limit = [
        most_it_mw(instance, needs, limits, np.flatnonzero(limits == i).astype(np.int32))
        for i in range(len(instance.grid.id))
    ]
    return need, room, np.minimum(np.ceil(np.array(limit) / unit_mw), most)


def _fits(needs: Needs, limits: Indices, capacities: tuple[Floats, Floats, Floats]) -> bool:
    """Whether every group finds room when they are placed one by one, so that none can be short."""
    need, room, limit = (values.copy() for values in capacities)
    limit = np.append(limit, np.inf)  # of the sites without one: their row is -1
    for k in sorted(range(len(needs.groups)), key=lambda k: len(needs.groups[k].sites)):
        sites = needs.groups[k].sites
        for j in sites[(room[sites] > 0.0) & (limit[limits[sites]] > 0.0)].tolist():
            placed = min(need[k], room[j], limit[limits[j]])
            need[k] -= placed
            room[j] -= placed
            limit[limits[j]] -= placed
            if need[k] <= 0.0:
                break
    return not need.any()


def _network(needs: Needs, limits: Indices, capacities: tuple[Floats, Floats, Floats]) -> csr_matrix:
    """Build the flow network; its vertices are the source, groups, sites, limits and the sink."""
    from scipy.sparse import csr_matrix

    need, room, limit = capacities
    n_group, n_site, n_limit = len(need), len(room), len(limit)
    sink = 1 + n_group + n_site + n_limit
    size = np.array([len(group.sites) for group in needs.groups])
    first_site = 1 + n_group
    first_limit = first_site + n_site
    group_node = np.arange(1, 1 + n_group)
    site_node = first_site + np.arange(n_site)
    start = (
        *(np.zeros(n_group, dtype=np.int64), np.repeat(group_node, size)),
        *(site_node, first_limit + np.arange(n_limit)),
    )
    end = (
        *(group_node, first_site + np.concatenate([group.sites for group in needs.groups])),
        *(np.where(limits >= 0, first_limit + limits, sink), np.full(n_limit, sink)),
    )
    entries = np.concatenate((need, np.repeat(need, size), room, limit)).astype(np.int32)
    return csr_matrix((entries, (np.concatenate(start), np.concatenate(end))), shape=(sink + 1, sink + 1))
