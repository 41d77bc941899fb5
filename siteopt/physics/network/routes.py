"""The routes that flows take: the fastest over the backbone, inside the allowed jurisdictions where a rule says so.

One route for each pair of ends, as interior gateway protocols choose it: latency is then known before anything is
decided, and each link's load is linear in the flows. Spreading a flow over k routes would multiply the arcs by k for
capacity that a backbone rarely lacks.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from siteopt.physics.network.latency import allowed_graph

if TYPE_CHECKING:
    from collections.abc import Callable

    from siteopt.physics.network.topology import Topology

    #: ``route(start, end, allowed)`` -> backbone nodes from one to the other, by row.
    NodeRoute = Callable[[int, int, frozenset[str] | None], tuple[int, ...]]


def node_routes(topology: Topology) -> NodeRoute:
    """Return a function that lists the backbone nodes between two of them, by row.

    Parameters
    ----------
    topology : Topology

    Returns
    -------
    callable
        ``route(start, end, allowed)``; searches once for each start and set of allowed jurisdictions.

    Raises
    ------
    KeyError
        From the callable, where no allowed route exists.
    """

    import networkx as nx

    @cache
    def from_start(start: int, allowed: frozenset[str] | None) -> dict[int, list[int]]:
        paths: dict[int, list[int]] = nx.single_source_dijkstra_path(
            allowed_graph(topology, allowed), start, weight="ms"
        )
        return paths

    def route(start: int, end: int, allowed: frozenset[str] | None) -> tuple[int, ...]:
        return tuple(from_start(start, allowed)[end])

    return route


def route_finder(topology: Topology) -> Callable[[int, int, frozenset[str] | None], tuple[str, ...]]:
    """Return a function that names the backbone nodes from a region to a site.

    Parameters
    ----------
    topology : Topology

    Returns
    -------
    callable
        ``route(region, site, allowed)`` -> ids of nodes, empty without a network.
    """
    between = node_routes(topology)

    def route(region: int, site: int, allowed: frozenset[str] | None) -> tuple[str, ...]:
        if not topology.has_network:
            return ()
        ends = int(topology.region_node[region]), int(topology.site_node[site])
        return tuple(topology.node_ids[i] for i in between(*ends, allowed))

    return route
