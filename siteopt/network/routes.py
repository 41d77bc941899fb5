"""The routes that flows take: fastest over the backbone, inside the allowed jurisdictions where that is asked."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import networkx as nx

from siteopt.network.latency import allowed_graph

if TYPE_CHECKING:
    from collections.abc import Callable

    from siteopt.network.topology import Topology


def route_finder(topology: Topology) -> Callable[[int, int, frozenset[str] | None], tuple[str, ...]]:
    """A function that names the backbone nodes from a region to a site.

    Parameters
    ----------
    topology : Topology

    Returns
    -------
    callable
        ``route(region, site, allowed)`` -> ids of nodes, empty without a network. Routes are remembered, so that
        asking for every flow of a plan costs one search per pair of nodes.
    """

    @cache
    def between(a: int, b: int, allowed: frozenset[str] | None) -> tuple[str, ...]:
        path = nx.dijkstra_path(allowed_graph(topology, allowed), a, b, weight="ms")
        return tuple(topology.node_ids[i] for i in path)

    def route(region: int, site: int, allowed: frozenset[str] | None) -> tuple[str, ...]:
        if not topology.has_network:
            return ()
        return between(int(topology.region_node[region]), int(topology.site_node[site]), allowed)

    return route
