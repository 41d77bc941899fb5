"""Where data live: what a call to them costs on each arc, and a copy of them at each pool."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from siteopt.compile.links import RouteTable, route_rule
from siteopt.units import BITS_PER_BYTE, DAYS_PER_YEAR, SECONDS_PER_DAY, SECONDS_PER_YEAR

if TYPE_CHECKING:
    from siteopt.arrays import Floats, Indices
    from siteopt.compile.variants import Variant
    from siteopt.physics.network.topology import Topology
    from siteopt.scenario.schema import Scenario, Workload


@dataclass(frozen=True, slots=True, eq=False)
class PoolData:
    """What the data of each pool cost and carry; rows are those of the pools.

    Attributes
    ----------
    copy_usd : net present cost of a copy at the site, where the pool has one
    home_route : row of the route between site and data, -1 where nothing on it is limited
    sync_gbps : traffic that keeps a copy up to date
    egress_usd_per_rps, transit_usd_per_rps : cost of the calls to the data over the horizon, per mean call per second
    gbps_per_rps : their traffic, per call per second
    """

    copy_usd: Floats
    home_route: Indices
    sync_gbps: Floats
    egress_usd_per_rps: Floats
    transit_usd_per_rps: Floats
    gbps_per_rps: Floats


def pool_data(
    scenario: Scenario,
    topology: Topology,
    routes: RouteTable,
    variants: tuple[Variant, ...],
    pools: tuple[Indices, Indices],
    present_value: float,
) -> PoolData:
    """Work out the data of every pool; ``pools`` are their sites and variants."""
    site, variant = pools
    copy_usd, sync, egress, transit, gbps = np.zeros((5, len(site)))
    route = np.full(len(site), -1, dtype=np.int32)
    node = {name: n for n, name in enumerate(topology.node_ids)}
    policy = scenario.policy
    for v, row in enumerate(variants):
        workload = scenario.workloads[row.workload]
        if workload.home is None:
            continue
        here, home = np.flatnonzero(variant == v), node[workload.home.node]
        away = (topology.site_node[site[here]] != home).astype(np.float64)
        for p in here.tolist():
            j = int(site[p])
            route[p] = routes.route(j, home, route_rule(scenario, workload, scenario.sites[j].jurisdiction))
        if row.data == "home":
            egress[here], transit[here] = calls_home_usd(
                scenario, topology, workload, site[here], present_value
            )
            gbps[here] = workload.home.gb_per_call * BITS_PER_BYTE
        else:
            size, daily = workload.replica_gb or 0.0, workload.sync_gb_per_day or 0.0
            price = (policy.egress_usd_per_gb + policy.transit_usd_per_gb) * away
            yearly = price * daily * DAYS_PER_YEAR + policy.storage_usd_per_gb_year * size
            copy_usd[here] = price * size + present_value * yearly
            sync[here] = daily * BITS_PER_BYTE / SECONDS_PER_DAY
    return PoolData(copy_usd, route, sync, egress, transit, gbps)


def calls_home_usd(
    scenario: Scenario, topology: Topology, workload: Workload, site: Indices, present_value: float
) -> tuple[Floats, Floats]:
    """Return the horizon's egress and transit of calls from sites to the data's home, per mean call per second."""
    assert workload.home is not None
    away = topology.site_node[site] != topology.node_ids.index(workload.home.node)
    gb = present_value * SECONDS_PER_YEAR * workload.home.gb_per_call * away
    return gb * scenario.policy.egress_usd_per_gb, gb * scenario.policy.transit_usd_per_gb
