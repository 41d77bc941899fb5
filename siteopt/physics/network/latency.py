"""Round-trip times between regions and sites, as one shared matrix, and between sites and the data that they use."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from siteopt.physics.network.distance import great_circle_km
from siteopt.physics.network.topology import ms_per_km

if TYPE_CHECKING:
    from collections.abc import Collection

    import networkx as nx

    from siteopt.arrays import Floats
    from siteopt.physics.network.topology import Topology

#: Routes whose times differ by no more than this share are equally fast.
RELATIVE_TIE = 1e-9


def region_rtt_ms(topology: Topology, allowed: Collection[str] | None = None) -> Floats:
    """Return the round-trip time between every region and every site, ms.

    One matrix serves all workloads whose routes obey the same rule; it is never copied per demand.

    Parameters
    ----------
    topology : Topology
    allowed : collection of str, optional
        Jurisdictions that the route may touch; all of them where absent. Without a network there is no route to
        restrict and the caller filters regions and sites itself.

    Returns
    -------
    ndarray of float64, shape (n_region, n_site)
        ``inf`` where no allowed route exists.
    """
    latency, ms = topology.latency, ms_per_km(topology.latency)
    if not topology.has_network:
        a, b = topology.region_xy, topology.site_xy
        return latency.access_ms + 2.0 * ms * great_circle_km(a[:, 0], a[:, 1], b[:, 0], b[:, 1])
    backbone = _node_to_node_ms(topology, allowed)
    access = ms * (topology.region_access_km[:, None] + topology.site_access_km[None, :])
    return latency.access_ms + 2.0 * (access + backbone[np.ix_(topology.region_node, topology.site_node)])


def unless_slower(inside_ms: Floats, any_ms: Floats) -> Floats:
    """Return the round trips inside the allowed jurisdictions, ``inf`` where a route that leaves them is faster.

    Parameters
    ----------
    inside_ms, any_ms : ndarray of float64, of one shape
        Round trips on routes that stay inside, and on the fastest of all.

    Returns
    -------
    ndarray of float64
        Of routes equally fast, up to the rounding of their sums, the one inside is taken.
    """
    limit_ms = any_ms + RELATIVE_TIE * np.where(np.isfinite(any_ms), any_ms, 0.0)
    return np.where(inside_ms <= limit_ms, inside_ms, np.inf)


def home_rtt_ms(topology: Topology, node: int, allowed: Collection[str] | None = None) -> Floats:
    """Return the round-trip time between every site and a backbone node where data live, ms.

    Parameters
    ----------
    topology : Topology
        With a network.
    node : int
    allowed : collection of str, optional
        As in :func:`region_rtt_ms`.

    Returns
    -------
    ndarray of float64, shape (n_site,)
        ``inf`` where no allowed route exists. The last mile of users is not part of it.
    """
    import networkx as nx

    times = np.full(len(topology.node_ids), np.inf)
    graph = allowed_graph(topology, allowed)
    if node in graph:
        lengths = nx.single_source_dijkstra_path_length(graph, node, weight="ms")
        times[list(lengths)] = list(lengths.values())
    access = ms_per_km(topology.latency) * topology.site_access_km
    rtt_ms: Floats = 2.0 * (access + times[topology.site_node])
    return rtt_ms


def _node_to_node_ms(topology: Topology, allowed: Collection[str] | None) -> Floats:
    """Return the fastest one-way times between backbone nodes over allowed nodes only, shape (n_node, n_node)."""
    import networkx as nx

    n = len(topology.node_ids)
    times = np.full((n, n), np.inf)
    graph = allowed_graph(topology, allowed)
    for source, lengths in nx.all_pairs_dijkstra_path_length(graph, weight="ms"):
        times[source, list(lengths)] = list(lengths.values())
    return times


def allowed_graph(topology: Topology, allowed: Collection[str] | None) -> nx.Graph:
    """Return the part of the backbone whose nodes lie in the allowed jurisdictions (all of it where None)."""
    if allowed is None:
        return topology.graph
    return topology.graph.subgraph(i for i, j in enumerate(topology.node_jurisdictions) if j in allowed)
