"""Which capacities of the network each flow uses: the site's uplink and the links of its route."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from siteopt.instance import Links
from siteopt.physics.network.routes import node_routes
from siteopt.scenario.jurisdictions import allowed_jurisdictions

if TYPE_CHECKING:
    from collections.abc import Iterable

    from siteopt.physics.network.topology import Topology
    from siteopt.scenario.schema import NetworkLink, Scenario, Workload


def uplink_name(site: str) -> str:
    """Return the name of a site's uplink in plans."""
    return f"uplink:{site}"


def link_name(link: NetworkLink) -> str:
    """Return the name of a backbone link in plans."""
    return f"link:{link.from_node}--{link.to_node}"


def route_rule(scenario: Scenario, workload: Workload, home: str) -> frozenset[str] | None:
    """Return the jurisdictions that a route must stay in; None where it may cross any.

    The same for both kinds of sovereign route: where the fastest of all is asked for, a flow is admissible only if none
    is faster than the fastest of these (see :meth:`siteopt.compile.flows.Distances.user_ms`).
    """
    return allowed_jurisdictions(scenario, workload, home) if workload.sovereign_route else None


class RouteTable:
    """Routes as lists of limited links, each distinct one stored once.

    Parameters
    ----------
    scenario : Scenario
    topology : Topology
    """

    def __init__(self, scenario: Scenario, topology: Topology) -> None:
        self._topology, self._between = topology, node_routes(topology)
        uplinks = [(uplink_name(s.id), s.uplink_gbps, j) for j, s in enumerate(scenario.sites)]
        self._uplink = {j: n for n, j in enumerate(j for _, gbps, j in uplinks if gbps is not None)}
        carrying = {data["link"] for _, _, data in topology.graph.edges(data=True)}
        backbone = [
            (link_name(link), link.capacity_gbps, row)
            for row, link in enumerate(scenario.network.links)
            if link.capacity_gbps is not None and row in carrying
        ]
        self._link = {row: len(self._uplink) + n for n, (_, _, row) in enumerate(backbone)}
        limited = [(name, gbps) for name, gbps, _ in (*uplinks, *backbone) if gbps is not None]
        self._id, self._gbps = tuple(name for name, _ in limited), [gbps for _, gbps in limited]
        self._routes: dict[tuple[int, ...], int] = {}
        self._known: dict[tuple[int, int, frozenset[str] | None], int] = {}

    @property
    def is_empty(self) -> bool:
        """Whether nothing is limited."""
        return not self._id

    def route(self, site: int, node: int, allowed: frozenset[str] | None) -> int:
        """Return the row of the route from a site to a node (-1 without a network); -1 if nothing on it is limited."""
        key = (site, node, allowed)
        if key not in self._known:
            used = ([self._uplink[site]] if site in self._uplink else []) + self._links_to(
                site, node, allowed
            )
            self._known[key] = self._routes.setdefault(tuple(used), len(self._routes)) if used else -1
        return self._known[key]

    def _links_to(self, site: int, node: int, allowed: frozenset[str] | None) -> list[int]:
        if not self._topology.has_network or not self._link:
            return []
        # From the user's end, as the plan names it: of two routes of one length the same must be taken.
        path = self._between(node, int(self._topology.site_node[site]), allowed)
        rows = (self._topology.graph.edges[a, b]["link"] for a, b in zip(path, path[1:], strict=False))
        return [self._link[row] for row in rows if row in self._link]

    def links(self) -> Links:
        """Return the table of limited links and of all routes looked up so far."""
        rows: Iterable[tuple[int, ...]] = self._routes
        return Links(
            id=self._id,
            limit_gbps=np.array(self._gbps, dtype=np.float64),
            route_ptr=np.concatenate(([0], np.cumsum([len(r) for r in rows]))).astype(np.int32),
            route_link=np.array([n for r in rows for n in r], dtype=np.int32),
        )
