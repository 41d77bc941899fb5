"""A solution in the planner's words: sites, pools, flows with their latencies and routes."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

import numpy as np

from siteopt.compile import Variant, resolve_variants
from siteopt.compile.variants import calls_in
from siteopt.evaluate.figures import Figures, evaluate_solution
from siteopt.network.routes import route_finder
from siteopt.network.topology import build_topology
from siteopt.plan import FlowPlan, GridUse, Percentiles, Plan, PoolPlan, SitePlan, UnservedPlan
from siteopt.scenario.jurisdictions import allowed_jurisdictions

if TYPE_CHECKING:
    from siteopt.instance import Instance, Solution
    from siteopt.scenario.schema import Scenario, Workload

#: Percentiles that a plan reports.
PERCENTILES = (0.5, 0.95, 0.99)


def plan_of(scenario: Scenario, instance: Instance, solution: Solution) -> Plan:
    """A solution in the planner's words, with all figures and without evidence (bound, status)."""
    figures = evaluate_solution(instance, solution)
    sites, demands = instance.sites, instance.demands
    return Plan(
        cost_usd=figures.cost_usd,
        cost_lines=figures.cost_lines,
        sites=tuple(
            SitePlan(
                sites.id[j],
                instance.options.design[solution.option[j]],
                int(solution.modules[j]),
                float(figures.it_mw[j]),
                float(figures.facility_mw[j]),
                float(figures.capex_usd[j]),
            )
            for j in np.flatnonzero(solution.option >= 0)
        ),
        pools=_pools(scenario, instance, solution, figures),
        flows=_flows(scenario, instance, solution),
        unserved=tuple(
            UnservedPlan(
                scenario.regions[demands.region[i]].id,
                instance.workload_ids[demands.workload[i]],
                float(solution.unserved[i]),
            )
            for i in np.flatnonzero(solution.unserved > 0.0)
        ),
        grid=tuple(
            GridUse(name, float(used), float(limit))
            for name, used, limit in zip(
                instance.grid.id, figures.used_mw, instance.grid.limit_mw, strict=True
            )
        ),
    )


def _pools(
    scenario: Scenario, instance: Instance, solution: Solution, figures: Figures
) -> tuple[PoolPlan, ...]:
    pools, resolved = instance.pools, resolve_variants(scenario)
    rows = []
    for p in np.flatnonzero(solution.replicas > 0).tolist():
        variant = resolved[pools.variant[p]]
        config = variant.config
        rows.append(
            PoolPlan(
                site=instance.sites.id[pools.site[p]],
                workload=scenario.workloads[variant.workload].id,
                accelerator=variant.accelerator,
                replicas=int(solution.replicas[p]),
                load_erlang=float(figures.load_erlang[p]),
                utilisation=float(figures.load_erlang[p] / solution.replicas[p]),
                precision=None if config is None else config.precision,
                tensor_parallel=None if config is None else config.tp,
                batch=None if config is None else config.batch,
            )
        )
    return tuple(rows)


def _flows(scenario: Scenario, instance: Instance, solution: Solution) -> tuple[FlowPlan, ...]:
    arcs, pools, demands = instance.arcs, instance.pools, instance.demands
    route = route_finder(build_topology(scenario))
    variants = resolve_variants(scenario)
    waits = _waits(scenario, instance, solution)
    flows = []
    for a in np.flatnonzero(solution.share > 0.0).tolist():
        i, p = arcs.demand[a], arcs.pool[a]
        workload, region = scenario.workloads[demands.workload[i]], scenario.regions[demands.region[i]]
        allowed = (
            allowed_jurisdictions(scenario, workload, region.jurisdiction)
            if workload.sovereign_route
            else None
        )
        flows.append(
            FlowPlan(
                region=region.id,
                workload=workload.id,
                site=instance.sites.id[pools.site[p]],
                accelerator=instance.variants.accelerator[pools.variant[p]],
                share=float(solution.share[a]),
                latency_ms=_percentiles(
                    workload, variants[pools.variant[p]], float(arcs.rtt_ms[a]), waits[p]
                ),
                slo_ms=workload.slo[0].ms if workload.slo else None,
                route=route(int(demands.region[i]), int(pools.site[p]), allowed),
            )
        )
    return tuple(flows)


def _waits(scenario: Scenario, instance: Instance, solution: Solution) -> dict[int, tuple[float, ...]]:
    """Waiting-time percentiles of every pool with a flow, ms, at the load that its tail is sized for."""
    arcs, variants = instance.arcs, instance.variants
    peak = np.bincount(
        arcs.pool,
        weights=solution.share * instance.demands.peak_rps[arcs.demand],
        minlength=len(instance.pools.site),
    )
    waits: dict[int, tuple[float, ...]] = {}
    for p in np.flatnonzero(peak > 0.0).tolist():
        v, replicas = int(instance.pools.variant[p]), int(solution.replicas[p])
        queue = variants.queue[v]
        rate = float(peak[p]) * scenario.workloads[variants.workload[v]].burst_factor
        if queue is None:
            waits[p] = (0.0,) * len(PERCENTILES)
        elif replicas < 1:  # a hand-made plan may have forgotten the pool
            waits[p] = (inf,) * len(PERCENTILES)
        else:
            waits[p] = tuple(queue.wait_quantile_ms(replicas, rate, q) for q in PERCENTILES)
    return waits


def _percentiles(
    workload: Workload, variant: Variant, rtt_ms: float, wait_ms: tuple[float, ...]
) -> Percentiles | None:
    """Round trips, service and wait added percentile by percentile: conservative, since percentiles do not add.

    None where the queue grows without end.
    """
    metric = workload.slo[0].metric if workload.slo else "e2e"
    if metric == "tpot":  # neither distance nor a wait for a slot comes between two tokens
        return Percentiles(*(variant.times.quantile_ms(metric, q) for q in PERCENTILES))
    calls = calls_in(workload, metric)
    if inf in wait_ms:
        return None
    at = zip(PERCENTILES, wait_ms, strict=True)
    return Percentiles(*(calls * (rtt_ms + wait) + variant.times.quantile_ms(metric, q) for q, wait in at))
