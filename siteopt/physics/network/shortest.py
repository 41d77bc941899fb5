"""Fastest routes over the backbone from one node (Dijkstra 1959)."""

from __future__ import annotations

from heapq import heappop, heappush
from math import inf
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

    from siteopt.physics.network.topology import Topology


def fastest_routes(
    topology: Topology, start: int, allowed: Collection[str] | None = None
) -> tuple[dict[int, float], dict[int, int]]:
    """Find the fastest way from a backbone node to every other one.

    Of two ways equally fast the one found first is kept, which depends on the order of the scenario's links alone.

    Parameters
    ----------
    topology : Topology
    start : int
    allowed : collection of str, optional
        Jurisdictions that the way may touch, its ends included; every one where absent.

    Returns
    -------
    one_way_ms : dict of int to float
        By node that can be reached, the start included, in the order of their distance.
    before : dict of int to int
        Last node but one of the way to each of them; the start has none.
    """
    barred = {
        n for n, j in enumerate(topology.node_jurisdictions) if allowed is not None and j not in allowed
    }
    one_way_ms: dict[int, float] = {}
    before: dict[int, int] = {}
    nearest = {start: 0.0}
    queue = [] if start in barred else [(0.0, 0, start)]
    pushed = 0
    while queue:
        ms, _, node = heappop(queue)
        if node in one_way_ms:
            continue
        one_way_ms[node] = ms
        for neighbour, hop in topology.hops[node].items():
            total = ms + hop.ms
            if neighbour not in barred and total < nearest.get(neighbour, inf):
                nearest[neighbour], before[neighbour] = total, node
                pushed += 1
                heappush(queue, (total, pushed, neighbour))
    return one_way_ms, before
