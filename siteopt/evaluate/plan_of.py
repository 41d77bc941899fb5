"""A solution in the planner's words: sites, pools, flows with their latencies and routes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from siteopt.evaluate.failures import failure_plans
from siteopt.evaluate.figures import Figures, evaluate_solution
from siteopt.evaluate.latencies import PERCENTILES, Latencies
from siteopt.evaluate.traffic import Traffic
from siteopt.plan import FlowPlan, GridUse, Percentiles, Plan, PoolPlan, SitePlan, TenantUse, UnservedPlan
from siteopt.resilience import moved_loads

if TYPE_CHECKING:
    from siteopt.instance import Instance, Solution
    from siteopt.scenario.schema import Scenario


def plan_of(scenario: Scenario, instance: Instance, solution: Solution) -> Plan:
    """Translate a solution into the planner's words, with all figures and without evidence (bound, status)."""
    figures = evaluate_solution(instance, solution)
    traffic, latencies = Traffic(scenario, instance), Latencies(scenario, instance)
    return Plan(
        cost_usd=figures.cost_usd,
        cost_lines=figures.cost_lines,
        sites=_sites(instance, solution, figures),
        pools=_pools(scenario, instance, solution, figures, traffic, latencies),
        flows=_flows(scenario, instance, solution, traffic, latencies),
        unserved=_unserved(scenario, instance, solution),
        grid=tuple(
            GridUse(name, float(used), float(limit))
            for name, used, limit in zip(
                instance.grid.id, figures.used_mw, instance.grid.limit_mw, strict=True
            )
        ),
        links=traffic.links(solution),
        tenants=_tenants(instance, solution, figures),
        n_minus_1=failure_plans(scenario, instance, solution, latencies),
    )


def _sites(instance: Instance, solution: Solution, figures: Figures) -> tuple[SitePlan, ...]:
    options, rows = instance.options, []
    for j in np.flatnonzero(solution.option >= 0).tolist():
        o = int(solution.option[j])
        connection = float(options.connection_mw[o])
        built_month = options.built_month[o] if solution.modules[j] > options.sunk_modules[o] else 0.0
        rows.append(
            SitePlan(
                id=instance.sites.id[j],
                design=instance.designs.id[options.design[o]],
                modules=int(solution.modules[j]),
                it_mw=float(figures.it_mw[j]),
                facility_mw=float(figures.facility_mw[j]),
                capex_usd=float(figures.capex_usd[j]),
                connection_mw=connection if np.isfinite(connection) else None,
                ready_month=float(max(options.energised_month[o], built_month)),
            )
        )
    return tuple(rows)


def _pools(
    scenario: Scenario,
    instance: Instance,
    solution: Solution,
    figures: Figures,
    traffic: Traffic,
    latencies: Latencies,
) -> tuple[PoolPlan, ...]:
    pools, rows = instance.pools, []
    moved = moved_loads(instance, solution.moves)
    reserve = np.zeros(len(pools.site))
    np.maximum.at(reserve, moved.pool, moved.load_rps)
    for p in np.flatnonzero(solution.replicas > 0).tolist():
        variant = latencies.variants[pools.variant[p]]
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
                data=variant.data,
                home_route=traffic.names(traffic.home_route(p)),
                reserve_erlang=float(reserve[p] / variant.rps),
            )
        )
    return tuple(rows)


def _flows(
    scenario: Scenario, instance: Instance, solution: Solution, traffic: Traffic, latencies: Latencies
) -> tuple[FlowPlan, ...]:
    arcs, pools, demands, flows = instance.arcs, instance.pools, instance.demands, []
    peak = np.bincount(
        arcs.pool, weights=solution.share * demands.peak_rps[arcs.demand], minlength=len(pools.site)
    )
    for a in np.flatnonzero(solution.share > 0.0).tolist():
        i, p = int(arcs.demand[a]), int(arcs.pool[a])
        workload = scenario.workloads[demands.workload[i]]
        times = [
            latencies.quantile_ms(p, float(arcs.rtt_ms[a]), float(peak[p]), int(solution.replicas[p]), q)
            for q in PERCENTILES
        ]
        flows.append(
            FlowPlan(
                region=scenario.regions[demands.region[i]].id,
                workload=workload.id,
                site=instance.sites.id[pools.site[p]],
                accelerator=instance.variants.accelerator[pools.variant[p]],
                share=float(solution.share[a]),
                latency_ms=Percentiles(*times) if np.isfinite(times).all() else None,
                slo_ms=workload.slo[0].ms if workload.slo else None,
                route=traffic.names(traffic.route(a)),
            )
        )
    return tuple(flows)


def _unserved(scenario: Scenario, instance: Instance, solution: Solution) -> tuple[UnservedPlan, ...]:
    demands = instance.demands
    return tuple(
        UnservedPlan(
            scenario.regions[demands.region[i]].id,
            instance.workload_ids[demands.workload[i]],
            float(solution.unserved[i]),
            "mode" if demands.is_left_out[i] else "penalty",
        )
        for i in np.flatnonzero(solution.unserved > 0.0)
    )


def _tenants(instance: Instance, solution: Solution, figures: Figures) -> tuple[TenantUse, ...]:
    options, rows = instance.options, []
    for j, t in zip(*(index.tolist() for index in np.nonzero(figures.tenant_mw)), strict=True):
        o = int(solution.option[j])
        if o < 0:
            continue
        usable_mw = float((solution.modules[j] - options.spare_modules[o]) * options.module_mw[o])
        it_mw = float(figures.tenant_mw[j, t])
        share = it_mw / usable_mw if usable_mw > 0.0 else 0.0
        rows.append(TenantUse(instance.tenancy.id[t], instance.sites.id[j], it_mw, share))
    return tuple(rows)
