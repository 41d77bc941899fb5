"""Ways over the backbone for the oracle of the whole model: fastest routes on ids, and what they load.

Limited lines are named as in the plan: ``uplink:SITE`` and ``link:A--B``.
"""

from __future__ import annotations

from functools import cache
from math import asin, cos, inf, radians, sin, sqrt
from typing import TYPE_CHECKING

import networkx as nx

from siteopt.scenario.schema import Region

if TYPE_CHECKING:
    from siteopt.scenario import Scenario
    from siteopt.scenario.schema import NetworkNode, Site

EARTH_RADIUS_KM = 6371.0088
TIE_KM = 1e-9
#: Jurisdictions that a route must stay in; None: any.
Allowed = frozenset[str] | None


def great_circle_km(a: Region | Site | NetworkNode, b: Region | Site | NetworkNode) -> float:
    """Haversine distance, km."""
    lat_a, lat_b, half_lon = radians(a.lat), radians(b.lat), radians(b.lon - a.lon) / 2.0
    h = sin((lat_b - lat_a) / 2.0) ** 2 + cos(lat_a) * cos(lat_b) * sin(half_lon) ** 2
    return 2.0 * EARTH_RADIUS_KM * asin(sqrt(h))


class Backbone:
    """Routes, round trips and lines of a scenario.

    Attributes
    ----------
    limit_gbps : dict
        Capacity by name of line, of lines that have one.
    """

    def __init__(self, scenario: Scenario) -> None:
        self._latency = scenario.network.latency
        self._ms_per_km = self._latency.route_factor * self._latency.us_per_km / 1000.0
        self._nodes = {node.id: node for node in scenario.network.nodes}
        self._graph = nx.Graph()
        self._graph.add_nodes_from(self._nodes)
        for link in scenario.network.links:
            km_ms = (link.km or 0.0) * self._ms_per_km
            ms = self._latency.per_hop_ms + (km_ms if link.latency_ms is None else link.latency_ms)
            known = self._graph.get_edge_data(link.from_node, link.to_node, {"ms": inf})
            if ms < known["ms"]:  # of parallel links the fastest carries the route
                name = f"link:{link.from_node}--{link.to_node}"
                self._graph.add_edge(
                    link.from_node, link.to_node, ms=ms, name=name, limit_gbps=link.capacity_gbps
                )
        edges = [edge for _, _, edge in self._graph.edges(data=True)]
        self.limit_gbps: dict[str, float] = {
            edge["name"]: edge["limit_gbps"] for edge in edges if edge["limit_gbps"] is not None
        }
        for site in scenario.sites:
            if site.uplink_gbps is not None:
                self.limit_gbps[f"uplink:{site.id}"] = site.uplink_gbps
        self.route = cache(self._route)

    def access(self, place: Region | Site) -> tuple[str, float]:
        """Node that a place hangs on, and the km to it; no name and 0 without a network."""
        if not self._nodes:
            return "", 0.0
        near = {name: great_circle_km(place, node) for name, node in self._nodes.items()}
        if place.node is not None:
            return place.node, near[place.node]
        if isinstance(place, Region):
            home = {
                name: near[name] for name, n in self._nodes.items() if n.jurisdiction == place.jurisdiction
            }
            near = home or near
        # Rounding must not choose between two nodes at one distance: the first in the file is taken.
        return next((name, km) for name, km in near.items() if km <= min(near.values()) + TIE_KM)

    def user_route(self, region: Region, site: Site, allowed: Allowed) -> tuple[str, ...] | None:
        """Nodes from a region to a site; none at all without a network, None where no route is allowed."""
        if allowed is not None and region.jurisdiction not in allowed:
            return None
        if not self._nodes:
            return ()
        return self.route(self.access(region)[0], self.access(site)[0], allowed)

    def user_rtt_ms(self, region: Region, site: Site, allowed: Allowed) -> float:
        """Round trip between user and site, ms; ``inf`` where no route is allowed."""
        route = self.user_route(region, site, allowed)
        if route is None:
            return inf
        km = self.access(region)[1] + self.access(site)[1] if route else great_circle_km(region, site)
        return self._latency.access_ms + 2.0 * (self._ms_per_km * km + self._one_way_ms(route))

    def home_route(self, site: Site, home: str, allowed: Allowed) -> tuple[str, ...] | None:
        """Nodes from a site to the home of data; None where no route is allowed."""
        return self.route(self.access(site)[0], home, allowed)

    def home_rtt_ms(self, site: Site, home: str, allowed: Allowed) -> float:
        """Round trip between site and data, ms; ``inf`` where no route is allowed."""
        route = self.home_route(site, home, allowed)
        if route is None:
            return inf
        return 2.0 * (self._ms_per_km * self.access(site)[1] + self._one_way_ms(route))

    def lines(self, site: Site, route: tuple[str, ...]) -> list[str]:
        """Names of the site's uplink and of the links along a route."""
        pairs = zip(route, route[1:], strict=False)
        return [f"uplink:{site.id}", *(self._graph.edges[pair]["name"] for pair in pairs)]

    def _one_way_ms(self, route: tuple[str, ...]) -> float:
        return sum(self._graph.edges[pair]["ms"] for pair in zip(route, route[1:], strict=False))

    def _route(self, start: str, end: str, allowed: Allowed) -> tuple[str, ...] | None:
        inside = [n for n, node in self._nodes.items() if allowed is None or node.jurisdiction in allowed]
        graph = self._graph.subgraph(inside)
        if start not in graph or end not in graph or not nx.has_path(graph, start, end):
            return None
        return tuple(nx.dijkstra_path(graph, start, end, weight="ms"))
