"""Distances and round trips, recomputed from coordinates and links: haversine and Dijkstra on ids."""

from __future__ import annotations

import heapq
from math import asin, cos, inf, radians, sin, sqrt
from typing import TYPE_CHECKING

import networkx as nx

from siteopt.scenario.schema import Region

if TYPE_CHECKING:
    from siteopt.scenario.schema import NetworkLink, NetworkNode, Scenario, Site

EARTH_RADIUS_KM = 6371.0088  # IUGG mean radius
#: Nodes whose distances differ by no more than this are equally near; the first in the file is taken.
TIE_KM = 1e-9


def great_circle_km(a: Region | Site | NetworkNode, b: Region | Site | NetworkNode) -> float:
    """Return the haversine distance, km (Sinnott 1984)."""
    lat_a, lat_b = radians(a.lat), radians(b.lat)
    half_lat, half_lon = (lat_b - lat_a) / 2.0, radians(b.lon - a.lon) / 2.0
    h = sin(half_lat) ** 2 + cos(lat_a) * cos(lat_b) * sin(half_lon) ** 2
    return 2.0 * EARTH_RADIUS_KM * asin(min(1.0, sqrt(h)))


class Geography:
    """Distances between regions and sites; routes are remembered by start and allowed jurisdictions.

    Attributes
    ----------
    link_ms, link : dict
        By pair of nodes, either way round: one-way time of the fastest link between them, ms, and that link.
    """

    def __init__(self, scenario: Scenario) -> None:
        network = scenario.network
        self.latency = network.latency
        self.nodes = {node.id: node for node in network.nodes}
        self.link_ms: dict[tuple[str, str], float] = {}
        self.link: dict[tuple[str, str], NetworkLink] = {}
        self._neighbours: dict[str, list[str]] = {name: [] for name in self.nodes}
        for link in network.links:
            self._add_link(link)
        self._access: dict[tuple[str, str], tuple[str | None, float]] = {}
        self._reach: dict[tuple[str, frozenset[str] | None], dict[str, float]] = {}
        self._backbone = self._graph(scenario)
        self._routes: dict[tuple[str, str, frozenset[str] | None], tuple[str, ...]] = {}

    def access(self, place: Region | Site) -> tuple[str | None, float]:
        """Return the node of a region or site, and the km to it; no node and 0 without a network."""
        key = (type(place).__name__, place.id)
        if key not in self._access:
            self._access[key] = self._attach(place)
        return self._access[key]

    def rtt_ms(self, region: Region, site: Site, allowed: frozenset[str] | None = None) -> float:
        """Return the round trip between a region and a site, ms.

        Parameters
        ----------
        region, site : Region, Site
            The two ends.
        allowed : frozenset of str, optional
            Jurisdictions that the route must stay in; any where absent.

        Returns
        -------
        float
            ``inf`` where no route stays inside, the region's own jurisdiction included.
        """
        if allowed is not None and region.jurisdiction not in allowed:
            return inf
        latency = self.latency
        both_ways_per_km = 2.0 * self._ms_per_km
        if not self.nodes:
            return latency.access_ms + both_ways_per_km * great_circle_km(region, site)
        (start, start_km), (end, end_km) = self.access(region), self.access(site)
        one_way = self._one_way_ms(str(start), allowed).get(str(end), inf)
        return latency.access_ms + both_ways_per_km * (start_km + end_km) + 2.0 * one_way

    def home_rtt_ms(self, site: Site, home: str, allowed: frozenset[str] | None = None) -> float:
        """Return the round trip between a site and the node of its data, ms: no last mile; ``inf`` without a route."""
        node, km = self.access(site)
        return 2.0 * (self._ms_per_km * km + self._one_way_ms(str(node), allowed).get(home, inf))

    def route(self, start: str, end: str, allowed: frozenset[str] | None) -> tuple[str, ...]:
        """Return the nodes of the route that traffic takes between two of them; empty where there is none.

        Among routes equally short it is the one that networkx finds, from the first node to the last.
        """
        key = (start, end, allowed)
        if key not in self._routes:
            self._routes[key] = self._find_route(start, end, allowed)
        return self._routes[key]

    def route_ms(self, route: tuple[str, ...]) -> float:
        """Return the one-way time over the named nodes, ms; ``inf`` where two neighbours in the list have no link."""
        return sum(self.link_ms.get((a, b), inf) for a, b in zip(route, route[1:], strict=False))

    def shortest_ms(self, start: str, end: str, allowed: frozenset[str] | None) -> float:
        """Return the one-way time of the shortest allowed route between two nodes, ms; ``inf`` where there is none."""
        return self._one_way_ms(start, allowed).get(end, inf)

    @property
    def _ms_per_km(self) -> float:
        return self.latency.route_factor * self.latency.us_per_km / 1000.0

    def _add_link(self, link: NetworkLink) -> None:
        ms = link.latency_ms if link.latency_ms is not None else (link.km or 0.0) * self._ms_per_km
        ms += self.latency.per_hop_ms
        for pair in ((link.from_node, link.to_node), (link.to_node, link.from_node)):
            if pair not in self.link_ms:
                self._neighbours[pair[0]].append(pair[1])
            if ms < self.link_ms.get(pair, inf):
                self.link_ms[pair], self.link[pair] = ms, link

    def _graph(self, scenario: Scenario) -> nx.Graph:
        """Build the graph: nodes by row, links in the order of the file, so that ties are broken by that order."""
        row = {name: i for i, name in enumerate(self.nodes)}
        graph = nx.Graph()
        graph.add_nodes_from(row.values())
        for link in scenario.network.links:
            pair = (link.from_node, link.to_node)
            graph.add_edge(row[pair[0]], row[pair[1]], ms=self.link_ms[pair])
        return graph

    def _find_route(self, start: str, end: str, allowed: frozenset[str] | None) -> tuple[str, ...]:
        if end not in self._one_way_ms(start, allowed):
            return ()
        names, graph = list(self.nodes), self._backbone
        if allowed is not None:
            graph = graph.subgraph(i for i, n in enumerate(names) if self.nodes[n].jurisdiction in allowed)
        path = nx.dijkstra_path(graph, names.index(start), names.index(end), weight="ms")
        return tuple(names[i] for i in path)

    def _attach(self, place: Region | Site) -> tuple[str | None, float]:
        if not self.nodes:
            return None, 0.0
        if place.node is not None:
            return place.node, great_circle_km(place, self.nodes[place.node])
        own = [name for name, node in self.nodes.items() if node.jurisdiction == place.jurisdiction]
        best, best_km = None, inf
        for name in own if own and isinstance(place, Region) else self.nodes:
            km = great_circle_km(place, self.nodes[name])
            if km < best_km - TIE_KM:
                best, best_km = name, km
        return best, best_km

    def _one_way_ms(self, start: str, allowed: frozenset[str] | None) -> dict[str, float]:
        key = (start, allowed)
        if key not in self._reach:
            self._reach[key] = self._dijkstra(start, allowed)
        return self._reach[key]

    def _dijkstra(self, start: str, allowed: frozenset[str] | None) -> dict[str, float]:
        def inside(name: str) -> bool:
            return allowed is None or self.nodes[name].jurisdiction in allowed

        settled: dict[str, float] = {}
        queue = [(0.0, start)] if inside(start) else []
        while queue:
            ms, name = heapq.heappop(queue)
            if name in settled:
                continue
            settled[name] = ms
            for neighbour in self._neighbours[name]:
                if neighbour not in settled and inside(neighbour):
                    heapq.heappush(queue, (ms + self.link_ms[name, neighbour], neighbour))
        return settled
