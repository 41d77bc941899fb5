"""Traffic of a plan on uplinks and links, along the routes that it names."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np

from siteopt.compile.links import link_name, route_rule, uplink_name
from siteopt.physics.network.routes import node_routes
from siteopt.physics.network.topology import build_topology
from siteopt.plan import LinkUse

if TYPE_CHECKING:
    from siteopt.instance import Instance, Solution
    from siteopt.scenario.schema import Scenario


class Traffic:
    """Routes of flows, and between sites and data, as backbone nodes by row; empty without a network.

    Parameters
    ----------
    scenario : Scenario
    instance : Instance
        Compiled from it.
    """

    def __init__(self, scenario: Scenario, instance: Instance) -> None:
        self._scenario, self._instance = scenario, instance
        self._topology = build_topology(scenario)
        self._between = node_routes(self._topology)
        self._node = {name: n for n, name in enumerate(self._topology.node_ids)}

    def route(self, arc: int) -> tuple[int, ...]:
        """Return the nodes from the region of an arc to its site."""
        if not self._topology.has_network:
            return ()
        demands, site = self._instance.demands, self._instance.pools.site[self._instance.arcs.pool[arc]]
        i = self._instance.arcs.demand[arc]
        region = int(demands.region[i])
        workload = self._scenario.workloads[demands.workload[i]]
        rule = route_rule(self._scenario, workload, self._scenario.regions[region].jurisdiction)
        return self._between(
            int(self._topology.region_node[region]), int(self._topology.site_node[site]), rule
        )

    def home_route(self, pool: int) -> tuple[int, ...]:
        """Return the nodes from the site of a pool to its data; empty where the data travel with the request."""
        pools = self._instance.pools
        workload = self._scenario.workloads[self._instance.variants.workload[pools.variant[pool]]]
        if workload.home is None:
            return ()
        site = int(pools.site[pool])
        rule = route_rule(self._scenario, workload, self._scenario.sites[site].jurisdiction)
        home, here = self._node[workload.home.node], int(self._topology.site_node[site])
        return tuple(reversed(self._between(home, here, rule)))

    def names(self, route: tuple[int, ...]) -> tuple[str, ...]:
        """Return the ids of the nodes of a route."""
        return tuple(self._topology.node_ids[n] for n in route)

    def links(self, solution: Solution) -> tuple[LinkUse, ...]:
        """Return the use of everything that has a capacity, and of every link that carries something."""
        uplink, link = np.zeros(len(self._scenario.sites)), defaultdict[int, float](float)
        arcs, pools = self._instance.arcs, self._instance.pools

        def add(site: int, route: tuple[int, ...], gbps: float) -> None:
            uplink[site] += gbps
            for a, b in zip(route, route[1:], strict=False):
                link[self._topology.graph.edges[a, b]["link"]] += gbps

        for a in np.flatnonzero(solution.share > 0.0).tolist():
            p = int(arcs.pool[a])
            share = float(solution.share[a])
            add(int(pools.site[p]), self.route(a), share * float(arcs.gbps[a]))
            add(int(pools.site[p]), self.home_route(p), share * float(arcs.home_gbps[a]))
        for p in np.flatnonzero(solution.replicas > 0).tolist():
            add(int(pools.site[p]), self.home_route(p), float(pools.sync_gbps[p]))
        return (*self._uplinks(uplink.tolist()), *self._links(link))

    def _uplinks(self, used: list[float]) -> list[LinkUse]:
        return [
            LinkUse(uplink_name(site.id), gbps, site.uplink_gbps)
            for site, gbps in zip(self._scenario.sites, used, strict=True)
            if site.uplink_gbps is not None
        ]

    def _links(self, used: dict[int, float]) -> list[LinkUse]:
        carrying = {data["link"] for _, _, data in self._topology.graph.edges(data=True)}
        return [
            LinkUse(link_name(link), used.get(row, 0.0), link.capacity_gbps)
            for row, link in enumerate(self._scenario.network.links)
            if used.get(row, 0.0) > 0.0 or (link.capacity_gbps is not None and row in carrying)
        ]
