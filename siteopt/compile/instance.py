"""Scenario -> Instance: the network is routed, service times are computed, admissible arcs are made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from siteopt.grid.limits import limit_rows
from siteopt.instance import Arcs, Demands, GridLimits, Instance, Options, Pools, Sites, Variants, pointer
from siteopt.network.latency import rtt_block_ms
from siteopt.network.topology import build_topology
from siteopt.scenario.jurisdictions import allowed_jurisdictions
from siteopt.serving.service import largest_rtt_ms
from siteopt.units import (
    HOURS_PER_YEAR,
    KW_PER_MW,
    SECONDS_PER_YEAR,
    TONNES_PER_MWH_PER_G_PER_KWH,
    present_value_of_one_per_year,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from siteopt.network.topology import Topology
    from siteopt.scenario.schema import Design, Scenario, Site, Workload

    RttBlock = Callable[[frozenset[str] | None], NDArray[np.float64]]

#: A round trip may exceed its limit by this much, so that rounding never drops an arc that just fits.
RTT_TOLERANCE_MS = 1e-9
#: Name of the accelerator where a workload states its replica itself.
STATED_REPLICA = "replica"


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
    found = _admissible(scenario, topology)
    options = _options(scenario, present_value)
    demands = _demands(scenario, found.demand, present_value)
    variants = _variants(scenario)
    pools, arc_pool = _pools(found, len(scenario.workloads), len(found.demand))
    return Instance(
        sites=_sites(scenario, options.site, pools.site, present_value),
        options=options,
        variants=variants,
        pools=pools,
        demands=demands,
        arcs=_arcs(scenario, topology, found, arc_pool, demands, present_value),
        grid=_grid(scenario),
        workload_ids=tuple(w.id for w in scenario.workloads),
        budget_usd=np.inf if scenario.policy.budget_usd is None else scenario.policy.budget_usd,
        max_sites=len(scenario.sites) if scenario.policy.max_sites is None else scenario.policy.max_sites,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Flows:
    """Admissible (demand, site) pairs, sorted by demand, then round trip."""

    demand: NDArray[np.int32]
    site: NDArray[np.int32]
    workload: NDArray[np.int32]
    rtt_ms: NDArray[np.float64]


def _admissible(scenario: Scenario, topology: Topology) -> _Flows:
    """Filter the shared region-by-site block once for each workload; no demand gets a row of its own."""
    region_index = {r.id: i for i, r in enumerate(scenario.regions)}
    by_workload: dict[str, list[tuple[int, int]]] = {w.id: [] for w in scenario.workloads}
    for i, row in enumerate(scenario.demand):
        by_workload[row.workload].append((i, region_index[row.region]))
    block = _block_cache(topology)
    parts = []
    for k, workload in enumerate(scenario.workloads):
        rows = np.array(by_workload[workload.id], dtype=np.int32).reshape(-1, 2)
        demand, region = rows[:, 0], rows[:, 1]
        rtt = _admissible_rtt_ms(scenario, topology, workload, region, block)
        near, site = np.nonzero(np.isfinite(rtt))
        parts.append(
            _Flows(demand[near], site.astype(np.int32), np.full(len(near), k, np.int32), rtt[near, site])
        )
    flows = _Flows(
        np.concatenate([p.demand for p in parts]),
        np.concatenate([p.site for p in parts]),
        np.concatenate([p.workload for p in parts]),
        np.concatenate([p.rtt_ms for p in parts]),
    )
    order = np.lexsort((flows.site, flows.rtt_ms, flows.demand))
    return _Flows(flows.demand[order], flows.site[order], flows.workload[order], flows.rtt_ms[order])


def _block_cache(topology: Topology) -> RttBlock:
    blocks: dict[frozenset[str] | None, NDArray[np.float64]] = {}

    def block(allowed: frozenset[str] | None) -> NDArray[np.float64]:
        if allowed not in blocks:
            blocks[allowed] = rtt_block_ms(topology, allowed)
        return blocks[allowed]

    return block


def _admissible_rtt_ms(
    scenario: Scenario, topology: Topology, workload: Workload, region: NDArray[np.int32], block: RttBlock
) -> NDArray[np.float64]:
    """Round trips from the given regions to every site, ``inf`` where the flow is not admissible."""
    site_ok = np.array([s.tier in workload.tiers and s.status != "forbidden" for s in scenario.sites])
    result = np.full((len(region), len(site_ok)), np.inf)
    homes = np.array([r.jurisdiction for r in scenario.regions])[region]
    site_home = np.array([s.jurisdiction for s in scenario.sites])
    for home in sorted(set(homes.tolist())):  # the rule "same" differs from home to home, all others do not
        allowed = allowed_jurisdictions(scenario, workload, home)
        rows = np.flatnonzero(homes == home)
        if workload.sovereign_route and not topology.has_network and home not in allowed:
            continue
        rtt = block(allowed if workload.sovereign_route else None)[region[rows]]
        ok = site_ok & np.isin(site_home, list(allowed))
        limit = largest_rtt_ms(workload) + RTT_TOLERANCE_MS
        result[rows] = np.where(ok[None, :] & (rtt <= limit), rtt, np.inf)
    return result


def _sites(
    scenario: Scenario, option_site: NDArray[np.int32], pool_site: NDArray[np.int32], present_value: float
) -> Sites:
    sites, n = scenario.sites, len(scenario.sites)
    hours = present_value * HOURS_PER_YEAR
    carbon = hours * TONNES_PER_MWH_PER_G_PER_KWH * scenario.policy.carbon_usd_per_t
    return Sites(
        id=tuple(s.id for s in sites),
        headroom_mw=_floats(s.headroom_mw for s in sites),
        energy_usd_per_mw=_floats(hours * s.price_usd_per_mwh for s in sites),
        carbon_usd_per_mw=_floats(carbon * s.carbon_g_per_kwh for s in sites),
        demand_usd_per_mw=_floats(present_value * s.demand_charge_usd_per_mw_year for s in sites),
        is_existing=np.array([s.status == "existing" for s in sites], dtype=np.uint8),
        is_forced=np.array([s.status == "forced" for s in sites], dtype=np.uint8),
        option_ptr=pointer(option_site, n),
        pool_ptr=pointer(pool_site, n),
    )


def _options(scenario: Scenario, present_value: float) -> Options:
    designs = {d.id: d for d in scenario.designs}
    rows = [(j, site, designs[name]) for j, site in enumerate(scenario.sites) for name in _buildable(site)]
    new = [site.existing is None for _, site, _ in rows]
    land = _floats(s.land_usd * n for (_, s, _), n in zip(rows, new, strict=True))
    connection = _floats(s.connection_usd * n for (_, s, _), n in zip(rows, new, strict=True))
    facility = _floats(d.fixed_usd * n for (_, _, d), n in zip(rows, new, strict=True))
    staff = _floats(present_value * d.staff_usd_per_year * n for (_, _, d), n in zip(rows, new, strict=True))
    return Options(
        site=_indices(j for j, _, _ in rows),
        design=tuple(d.id for _, _, d in rows),
        land_usd=land,
        connection_usd=connection,
        facility_usd=facility,
        staff_usd=staff,
        fixed_usd=land + connection + facility + staff,
        fixed_capex_usd=land + connection + facility,
        module_usd=_floats(d.usd_per_module for _, _, d in rows),
        module_mw=_floats(d.module_mw * d.usable_fraction for _, _, d in rows),
        pue=_floats(d.pue for _, _, d in rows),
        min_modules=_indices(1 if s.existing is None else s.existing.modules for _, s, _ in rows),
        max_modules=_indices(_useful_modules(s, d) for _, s, d in rows),
        sunk_modules=_indices(0 if s.existing is None else s.existing.modules for _, s, _ in rows),
    )


def _buildable(site: Site) -> tuple[str, ...]:
    if site.status == "forbidden":
        return ()
    return site.designs if site.existing is None else (site.existing.design,)


def _useful_modules(site: Site, design: Design) -> int:
    """Modules that the headroom can feed, at least those that stand there and at least one."""
    fed = int(np.ceil(site.headroom_mw / (design.pue * design.module_mw * design.usable_fraction)))
    standing = 1 if site.existing is None else site.existing.modules
    return max(standing, min(design.max_modules, fed))


def _variants(scenario: Scenario) -> Variants:
    workloads = scenario.workloads
    cap = [scenario.policy.utilisation_cap if w.sizing == "utilisation" else 1.0 for w in workloads]
    rps = _floats(w.replica.rps for w in workloads)
    return Variants(
        workload=np.arange(len(workloads), dtype=np.int32),
        accelerator=(STATED_REPLICA,) * len(workloads),
        rps=rps,
        usable_rps=rps * np.array(cap),
        replica_mw=_floats(w.replica.kw / KW_PER_MW for w in workloads),
        idle_fraction=_floats(w.replica.idle_fraction for w in workloads),
        usd=_floats(w.replica.usd for w in workloads),
    )


def _pools(found: _Flows, n_variant: int, n_arc: int) -> tuple[Pools, NDArray[np.int32]]:
    """Pools that some arc reaches, and the pool of each arc."""
    key = found.site.astype(np.int64) * n_variant + found.workload
    used, arc_pool = np.unique(key, return_inverse=True)
    arc_pool = arc_pool.reshape(n_arc).astype(np.int32)
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
        region=_indices(region_index[d.region] for d in scenario.demand),
        workload=_indices(workload_index[d.workload] for d in scenario.demand),
        name=tuple(f"{d.region}.{d.workload}" for d in scenario.demand),
        peak_rps=_floats(d.peak_rps * w.calls_per_request for d, w in pairs),
        mean_rps=_floats(d.mean_rps * w.calls_per_request for d, w in pairs),
        revenue_usd=_floats(thousands * d.mean_rps * w.revenue_usd_per_1k for d, w in pairs),
        unserved_usd=_floats(
            np.inf if w.unserved_usd_per_1k is None else thousands * d.mean_rps * w.unserved_usd_per_1k
            for d, w in pairs
        ),
        is_splittable=np.array([w.splittable for w in workloads], dtype=np.uint8),
        arc_ptr=pointer(arc_demand, len(scenario.demand)),
    )


def _arcs(
    scenario: Scenario,
    topology: Topology,
    found: _Flows,
    arc_pool: NDArray[np.int32],
    demands: Demands,
    present_value: float,
) -> Arcs:
    policy = scenario.policy
    egress_price = _floats(
        policy.egress_usd_per_gb if s.egress_usd_per_gb is None else s.egress_usd_per_gb
        for s in scenario.sites
    )
    gb_in, gb_out = (_floats(getattr(w, name) for w in scenario.workloads) for name in ("gb_in", "gb_out"))
    requests = present_value * SECONDS_PER_YEAR * _floats(d.mean_rps for d in scenario.demand)[found.demand]
    region = demands.region[found.demand]
    if topology.has_network:
        crosses = topology.region_node[region] != topology.site_node[found.site]
    else:
        crosses = np.ones(len(region), dtype=bool)
    egress = requests * gb_out[found.workload] * egress_price[found.site]
    transit = requests * (gb_in + gb_out)[found.workload] * policy.transit_usd_per_gb * crosses
    return Arcs(
        demand=found.demand,
        pool=arc_pool,
        egress_usd=egress,
        transit_usd=transit,
        usd=egress + transit - demands.revenue_usd[found.demand],
        rtt_ms=found.rtt_ms,
    )


def _grid(scenario: Scenario) -> GridLimits:
    ptr, site, coefficient = limit_rows(scenario)
    order = np.argsort(site, kind="stable")
    limit_of_entry = np.repeat(np.arange(len(ptr) - 1, dtype=np.int32), np.diff(ptr))
    return GridLimits(
        id=tuple(g.id for g in scenario.grid_limits),
        limit_mw=_floats(g.limit_mw for g in scenario.grid_limits),
        ptr=ptr,
        site=site,
        coefficient=coefficient,
        site_ptr=pointer(site, len(scenario.sites)),
        site_limit=np.ascontiguousarray(limit_of_entry[order]),
        site_coefficient=np.ascontiguousarray(coefficient[order]),
    )


def _floats(values: object) -> NDArray[np.float64]:
    return np.fromiter(values, dtype=np.float64)  # type: ignore[call-overload, no-any-return]


def _indices(values: object) -> NDArray[np.int32]:
    return np.fromiter(values, dtype=np.int32)  # type: ignore[call-overload, no-any-return]
