"""Demands, the arcs that may serve them, and the pools that may take over when a site fails."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from siteopt.compile.arrays import floats, indices
from siteopt.compile.links import RouteTable, route_rule
from siteopt.instance import Arcs, Backups, Demands, pointer
from siteopt.units import BITS_PER_BYTE, SECONDS_PER_YEAR

if TYPE_CHECKING:
    from siteopt.arrays import Indices, Masks, Rows
    from siteopt.compile.flows import Flows
    from siteopt.compile.gravity import PoolData
    from siteopt.physics.network.topology import Topology
    from siteopt.scenario.schema import Scenario


@dataclass(frozen=True, slots=True, eq=False)
class Reach:
    """What :func:`compile_instance` knows of each admissible flow: its pool and slack tiers (-1 for none).

    ``usual`` and ``backup`` are the rows of the flows that are arcs, and of those that may take over.
    """

    flows: Flows
    pool: Indices
    slack_tier: Indices
    degraded_slack_tier: Indices
    usual: Rows
    backup: Rows


def build_demands(scenario: Scenario, reach: Reach, is_left_out: Masks, present_value: float) -> Demands:
    """Build the demands as arrays; ``is_left_out`` says which ones the mode leaves out, shape (n_demand,)."""
    n = len(scenario.demand)
    region_index = {r.id: i for i, r in enumerate(scenario.regions)}
    workload_index = {w.id: k for k, w in enumerate(scenario.workloads)}
    workloads = [scenario.workloads[workload_index[d.workload]] for d in scenario.demand]
    thousands = present_value * SECONDS_PER_YEAR / 1000.0
    pairs = list(zip(scenario.demand, workloads, strict=True))
    arc_ptr = pointer(reach.flows.demand[reach.usual], n)
    unserved_usd = floats(
        np.inf if w.unserved_usd_per_1k is None else thousands * d.mean_rps * w.unserved_usd_per_1k
        for d, w in pairs
    )
    return Demands(
        region=indices(region_index[d.region] for d in scenario.demand),
        workload=indices(workload_index[d.workload] for d in scenario.demand),
        name=tuple(f"{d.region}.{d.workload}" for d in scenario.demand),
        peak_rps=floats(d.peak_rps * w.calls_per_request for d, w in pairs),
        mean_rps=floats(d.mean_rps * w.calls_per_request for d, w in pairs),
        revenue_usd=floats(thousands * d.mean_rps * w.revenue_usd_per_1k for d, w in pairs),
        unserved_usd=np.where(is_left_out, 0.0, unserved_usd),
        is_left_out=is_left_out.astype(np.uint8),
        is_splittable=np.array([w.splittable for w in workloads], dtype=np.uint8),
        arc_ptr=arc_ptr,
        backup_ptr=pointer(reach.flows.demand[reach.backup], n),
    )


def build_arcs(
    scenario: Scenario,
    topology: Topology,
    routes: RouteTable,
    reach: Reach,
    demands: Demands,
    data: PoolData,
    present_value: float,
) -> Arcs:
    """Build the arcs with their money, distance and traffic."""
    rows = reach.usual
    demand, pool, site = reach.flows.demand[rows], reach.pool[rows], reach.flows.site[rows]
    policy, workload = scenario.policy, demands.workload[demand]
    egress_price = floats(
        policy.egress_usd_per_gb if s.egress_usd_per_gb is None else s.egress_usd_per_gb
        for s in scenario.sites
    )
    gb_in, gb_out = (floats(getattr(w, name) for w in scenario.workloads) for name in ("gb_in", "gb_out"))
    requests = present_value * SECONDS_PER_YEAR * floats(d.mean_rps for d in scenario.demand)[demand]
    peak = floats(d.peak_rps for d in scenario.demand)[demand]
    region = demands.region[demand]
    crosses = np.ones(len(rows), dtype=bool)
    if topology.has_network:
        crosses = topology.region_node[region] != topology.site_node[site]
    calls = demands.mean_rps[demand]
    egress = requests * gb_out[workload] * egress_price[site] + calls * data.egress_usd_per_rps[pool]
    transit = requests * (gb_in + gb_out)[workload] * policy.transit_usd_per_gb * crosses
    transit = transit + calls * data.transit_usd_per_rps[pool]
    return Arcs(
        demand=demand,
        pool=pool,
        egress_usd=egress,
        transit_usd=transit,
        usd=egress + transit - demands.revenue_usd[demand],
        rtt_ms=reach.flows.rtt_ms[rows],
        slack_tier=reach.slack_tier[rows],
        degraded_slack_tier=reach.degraded_slack_tier[rows],
        route=_routes(scenario, topology, routes, region, site, workload),
        gbps=peak * (gb_in + gb_out)[workload] * BITS_PER_BYTE,
        home_gbps=demands.peak_rps[demand] * data.gbps_per_rps[pool],
    )


def build_backups(reach: Reach) -> Backups:
    """Build the table of pools that may take over, in the order of the flows."""
    rows = reach.backup
    return Backups(
        demand=reach.flows.demand[rows],
        pool=reach.pool[rows],
        rtt_ms=reach.flows.rtt_ms[rows],
        slack_tier=reach.degraded_slack_tier[rows],
    )


def _routes(
    scenario: Scenario,
    topology: Topology,
    routes: RouteTable,
    region: Indices,
    site: Indices,
    workload: Indices,
) -> Indices:
    """Find the route of each arc, with one look-up for each distinct pair of ends and rule."""
    if routes.is_empty:
        return np.full(len(region), -1, dtype=np.int32)
    jurisdictions = sorted({r.jurisdiction for r in scenario.regions})
    home = np.array([jurisdictions.index(r.jurisdiction) for r in scenario.regions], dtype=np.int64)
    node = topology.region_node.astype(np.int64) if topology.has_network else np.full(len(home), -1)
    ends = np.stack([site.astype(np.int64), node[region], workload.astype(np.int64), home[region]])
    distinct, which = np.unique(ends, axis=1, return_inverse=True)
    found = [
        routes.route(j, n, route_rule(scenario, scenario.workloads[k], jurisdictions[h]))
        for j, n, k, h in distinct.T.tolist()
    ]
    return np.array(found, dtype=np.int32)[which.reshape(-1)]
