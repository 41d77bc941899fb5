"""Assemble the instance: pools, demands, arcs and grid rows around sites, variants and tiers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from siteopt.compile.arrays import floats, indices
from siteopt.compile.facilities import build_options, build_sites
from siteopt.compile.flows import Flows, admissible_flows
from siteopt.compile.tiers import build_tiers
from siteopt.compile.variants import Variant, resolve_variants
from siteopt.grid.limits import limit_rows
from siteopt.instance import Arcs, Demands, GridLimits, Instance, Pools, Variants, pointer
from siteopt.network.topology import build_topology
from siteopt.units import SECONDS_PER_YEAR, present_value_of_one_per_year

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from siteopt.network.topology import Topology
    from siteopt.scenario.schema import Scenario

    Indices = NDArray[np.int32]


def compile_instance(scenario: Scenario) -> Instance:
    """Flatten a scenario.

    Parameters
    ----------
    scenario : Scenario

    Returns
    -------
    Instance
        Holds exactly the flows that are admissible at zero wait: tier, jurisdiction, route and SLO allow them.
    """
    present_value = present_value_of_one_per_year(scenario.horizon.years, scenario.horizon.discount_rate)
    topology = build_topology(scenario)
    resolved = resolve_variants(scenario)
    found = admissible_flows(scenario, topology, resolved)
    options = build_options(scenario, present_value)
    demands = _demands(scenario, found.demand, present_value)
    peak_rps = np.bincount(
        demands.workload, weights=demands.peak_rps, minlength=len(scenario.workloads)
    ).astype(np.float64)
    tiers, tier_ptr, arc_tier = build_tiers(scenario, resolved, found.variant, found.rtt_ms, peak_rps)
    pools, arc_pool = _pools(found, len(resolved))
    return Instance(
        sites=build_sites(scenario, options.site, pools.site, present_value),
        options=options,
        variants=_variants(scenario, resolved, tier_ptr),
        tiers=tiers,
        pools=pools,
        demands=demands,
        arcs=_arcs(scenario, topology, found, arc_pool, arc_tier, demands, present_value),
        grid=_grid(scenario),
        workload_ids=tuple(w.id for w in scenario.workloads),
        budget_usd=np.inf if scenario.policy.budget_usd is None else scenario.policy.budget_usd,
        max_sites=len(scenario.sites) if scenario.policy.max_sites is None else scenario.policy.max_sites,
    )


def _variants(scenario: Scenario, resolved: tuple[Variant, ...], tier_ptr: Indices) -> Variants:
    policy = scenario.policy
    capped = [scenario.workloads[v.workload].sizing != "linear" for v in resolved]
    rps = floats(v.rps for v in resolved)
    return Variants(
        workload=indices(v.workload for v in resolved),
        accelerator=tuple(v.accelerator for v in resolved),
        rps=rps,
        usable_rps=rps * np.where(capped, policy.utilisation_cap, 1.0),
        replica_mw=floats(v.replica_mw for v in resolved),
        idle_fraction=floats(v.idle_fraction for v in resolved),
        usd=floats(v.usd for v in resolved),
        tier_ptr=tier_ptr,
        queue=tuple(v.queue for v in resolved),
        rooms=tuple(
            tuple((room.ms, room.percentile) for room in v.rooms(scenario.workloads[v.workload]))
            for v in resolved
        ),
        burst_factor=floats(scenario.workloads[v.workload].burst_factor for v in resolved),
    )


def _pools(found: Flows, n_variant: int) -> tuple[Pools, Indices]:
    """Pools that some arc reaches, and the pool of each arc."""
    key = found.site.astype(np.int64) * n_variant + found.variant
    used, arc_pool = np.unique(key, return_inverse=True)
    arc_pool = arc_pool.reshape(len(key)).astype(np.int32)
    pools = Pools(
        site=(used // n_variant).astype(np.int32),
        variant=(used % n_variant).astype(np.int32),
        arc_ptr=pointer(arc_pool, len(used)),
        arc=np.argsort(arc_pool, kind="stable").astype(np.int32),
    )
    return pools, arc_pool


def _demands(scenario: Scenario, arc_demand: NDArray[np.int32], present_value: float) -> Demands:
    region_index = {r.id: i for i, r in enumerate(scenario.regions)}
    workload_index = {w.id: k for k, w in enumerate(scenario.workloads)}
    workloads = [scenario.workloads[workload_index[d.workload]] for d in scenario.demand]
    thousands = present_value * SECONDS_PER_YEAR / 1000.0
    pairs = list(zip(scenario.demand, workloads, strict=True))
    return Demands(
        region=indices(region_index[d.region] for d in scenario.demand),
        workload=indices(workload_index[d.workload] for d in scenario.demand),
        name=tuple(f"{d.region}.{d.workload}" for d in scenario.demand),
        peak_rps=floats(d.peak_rps * w.calls_per_request for d, w in pairs),
        mean_rps=floats(d.mean_rps * w.calls_per_request for d, w in pairs),
        revenue_usd=floats(thousands * d.mean_rps * w.revenue_usd_per_1k for d, w in pairs),
        unserved_usd=floats(
            np.inf if w.unserved_usd_per_1k is None else thousands * d.mean_rps * w.unserved_usd_per_1k
            for d, w in pairs
        ),
        is_splittable=np.array([w.splittable for w in workloads], dtype=np.uint8),
        arc_ptr=pointer(arc_demand, len(scenario.demand)),
    )


def _arcs(
    scenario: Scenario,
    topology: Topology,
    found: Flows,
    arc_pool: Indices,
    arc_tier: Indices,
    demands: Demands,
    present_value: float,
) -> Arcs:
    policy = scenario.policy
    egress_price = floats(
        policy.egress_usd_per_gb if s.egress_usd_per_gb is None else s.egress_usd_per_gb
        for s in scenario.sites
    )
    gb_in, gb_out = (floats(getattr(w, name) for w in scenario.workloads) for name in ("gb_in", "gb_out"))
    requests = present_value * SECONDS_PER_YEAR * floats(d.mean_rps for d in scenario.demand)[found.demand]
    region = demands.region[found.demand]
    if topology.has_network:
        crosses = topology.region_node[region] != topology.site_node[found.site]
    else:
        crosses = np.ones(len(region), dtype=bool)
    egress = requests * gb_out[demands.workload[found.demand]] * egress_price[found.site]
    transit = (
        requests * (gb_in + gb_out)[demands.workload[found.demand]] * policy.transit_usd_per_gb * crosses
    )
    return Arcs(
        demand=found.demand,
        pool=arc_pool,
        egress_usd=egress,
        transit_usd=transit,
        usd=egress + transit - demands.revenue_usd[found.demand],
        rtt_ms=found.rtt_ms,
        tier=arc_tier,
    )


def _grid(scenario: Scenario) -> GridLimits:
    ptr, site, coefficient = limit_rows(scenario)
    order = np.argsort(site, kind="stable")
    limit_of_entry = np.repeat(np.arange(len(ptr) - 1, dtype=np.int32), np.diff(ptr))
    return GridLimits(
        id=tuple(g.id for g in scenario.grid_limits),
        limit_mw=floats(g.limit_mw for g in scenario.grid_limits),
        ptr=ptr,
        site=site,
        coefficient=coefficient,
        site_ptr=pointer(site, len(scenario.sites)),
        site_limit=np.ascontiguousarray(limit_of_entry[order]),
        site_coefficient=np.ascontiguousarray(coefficient[order]),
    )
