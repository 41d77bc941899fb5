"""What a plan does: exact figures from the compiled evaluator, in the planner's words."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from siteopt._core.evaluator import Evaluator
from siteopt.compile import Variant, compile_instance, resolve_variants
from siteopt.compile.variants import calls_in
from siteopt.errors import Problem, ScenarioError
from siteopt.instance import Solution
from siteopt.network.routes import route_finder
from siteopt.network.topology import build_topology
from siteopt.plan import COST_LINES, FlowPlan, GridUse, Percentiles, Plan, PoolPlan, SitePlan, UnservedPlan
from siteopt.scenario.jurisdictions import allowed_jurisdictions

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from siteopt.instance import Instance
    from siteopt.scenario.schema import Scenario, Workload

    Floats = NDArray[np.float64]


#: Percentiles that a plan reports.
PERCENTILES = (0.5, 0.95, 0.99)
#: Relative slack of capacities, as the evaluator's.
SLACK = 5e-7


@dataclass(frozen=True, slots=True, eq=False)
class Figures:
    """Figures of a solution, in the rows of its instance.

    Attributes
    ----------
    cost_lines : dict of str to float
        USD.
    it_mw, facility_mw, capex_usd : ndarray of float64, shape (n_site,)
    load_erlang : ndarray of float64, shape (n_pool,)
        Replicas that the pool keeps busy at peak.
    used_mw : ndarray of float64, shape (n_limit,)
    """

    cost_lines: dict[str, float]
    it_mw: Floats
    facility_mw: Floats
    capex_usd: Floats
    load_erlang: Floats
    used_mw: Floats

    @property
    def cost_usd(self) -> float:
        """Net present cost, USD."""
        return sum(self.cost_lines.values())


def unserved_penalty_usd(instance: Instance) -> float:
    """Price that a search sets on must-serve demand it leaves unserved: more than any plan can cost per demand."""
    options, variants = instance.options, instance.variants
    replicas = instance.demands.peak_rps.max(initial=0.0) / variants.usable_rps.min(initial=np.inf) + 1.0
    modules = replicas * variants.replica_mw.max(initial=0.0) / options.module_mw.min(initial=np.inf) + 1.0
    mw = replicas * variants.replica_mw.max(initial=0.0) * options.pue.max(initial=1.0)
    sites = instance.sites
    per_mw = (sites.energy_usd_per_mw + sites.carbon_usd_per_mw + sites.demand_usd_per_mw).max(initial=0.0)
    traffic = np.abs(instance.arcs.usd).max(initial=0.0)
    most = (
        replicas * variants.usd.max(initial=0.0) + modules * options.module_usd.max(initial=0.0) + mw * per_mw
    )
    return float(most + traffic + options.fixed_usd.max(initial=0.0))


def evaluate_solution(instance: Instance, solution: Solution) -> Figures:
    """Exact figures of a solution, its own replicas and modules included."""
    evaluator = Evaluator(instance, 0.0)
    lines, it_mw, facility_mw, capex_usd, load_erlang, used_mw = evaluator.evaluate(
        solution.option, solution.modules, solution.replicas, solution.share, solution.unserved
    )
    return Figures(
        dict(zip(COST_LINES, lines.tolist(), strict=True)),
        it_mw,
        facility_mw,
        capex_usd,
        load_erlang,
        used_mw,
    )


def trimmed(instance: Instance, solution: Solution) -> Solution:
    """The same flows on the fewest replicas and modules that the exact tails allow.

    A search sizes a pool for the longest round trip of its tier; here the longest one among its flows counts.
    """
    replicas, modules = solution.replicas.copy(), solution.modules.copy()
    arcs, pools, variants = instance.arcs, instance.pools, instance.variants
    active = solution.share > 0.0
    peak = np.bincount(
        arcs.pool, weights=solution.share * instance.demands.peak_rps[arcs.demand], minlength=len(pools.site)
    )
    farthest = np.zeros(len(pools.site))
    np.maximum.at(farthest, arcs.pool[active], arcs.rtt_ms[active])
    for p in np.flatnonzero(solution.replicas > 0).tolist():
        v = int(pools.variant[p])
        queue = variants.queue[v]
        fewest = max(1, int(np.ceil(peak[p] / variants.usable_rps[v] * (1.0 - SLACK))))
        if queue is not None:
            rate = float(peak[p] * variants.burst_factor[v])
            slacks = [(max(0.0, ms - float(farthest[p])), q) for ms, q in variants.rooms[v]]
            fewest = max(fewest, *(queue.replicas_needed(rate, slack, q) for slack, q in slacks))
        replicas[p] = min(replicas[p], fewest)
    it_mw = np.bincount(
        pools.site, weights=replicas * variants.replica_mw[pools.variant], minlength=len(instance.sites.id)
    )
    for j in np.flatnonzero(solution.option >= 0).tolist():
        o = solution.option[j]
        needed = int(np.ceil(it_mw[j] / instance.options.module_mw[o] * (1.0 - SLACK) - 1e-9))
        modules[j] = min(modules[j], max(int(instance.options.min_modules[o]), needed))
    return replace(solution, replicas=replicas, modules=modules)


def mean_it_mw(instance: Instance, solution: Solution) -> Floats:
    """IT power of each site averaged over the year, MW, shape (n_site,)."""
    arcs, pools = instance.arcs, instance.pools
    variant = pools.variant
    busy = np.bincount(
        arcs.pool, weights=solution.share * instance.demands.mean_rps[arcs.demand], minlength=len(variant)
    )
    variants = instance.variants
    idle = variants.idle_fraction[variant]
    mean_mw = variants.replica_mw[variant] * (
        idle * solution.replicas + (1.0 - idle) * busy / variants.rps[variant]
    )
    by_site: Floats = np.bincount(pools.site, weights=mean_mw, minlength=len(instance.sites.id)).astype(
        np.float64
    )
    return by_site


def evaluate(scenario: Scenario, plan: Plan) -> Plan:
    """The same decisions with every figure computed anew.

    Parameters
    ----------
    scenario : Scenario
    plan : Plan
        Ours or hand-made; only its decisions are read. Bound, gap and how it was found are dropped, since they
        need not belong to these decisions.

    Returns
    -------
    Plan
        With status "evaluated".

    Raises
    ------
    ScenarioError
        If the plan names things that the scenario does not have, or a flow that no arc admits.
    """
    instance = compile_instance(scenario)
    return plan_of(scenario, instance, solution_of(instance, scenario, plan))


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
    """Waiting-time percentiles of every pool in use, ms, at the load that its tail is sized for."""
    arcs, variants = instance.arcs, instance.variants
    peak = np.bincount(
        arcs.pool,
        weights=solution.share * instance.demands.peak_rps[arcs.demand],
        minlength=len(instance.pools.site),
    )
    waits: dict[int, tuple[float, ...]] = {}
    for p in np.flatnonzero(solution.replicas > 0).tolist():
        v = int(instance.pools.variant[p])
        queue = variants.queue[v]
        rate = float(peak[p]) * scenario.workloads[variants.workload[v]].burst_factor
        replicas = int(solution.replicas[p])
        waits[p] = tuple(
            0.0 if queue is None else queue.wait_quantile_ms(replicas, rate, q) for q in PERCENTILES
        )
    return waits


def _percentiles(
    workload: Workload, variant: Variant, rtt_ms: float, wait_ms: tuple[float, ...]
) -> Percentiles:
    """Round trips, service and wait added percentile by percentile: conservative, since percentiles do not add."""
    metric = workload.slo[0].metric if workload.slo else "e2e"
    calls = calls_in(workload, metric)
    at = zip(PERCENTILES, wait_ms, strict=True)
    return Percentiles(*(calls * (rtt_ms + wait) + variant.times.quantile_ms(metric, q) for q, wait in at))


def solution_of(instance: Instance, scenario: Scenario, plan: Plan) -> Solution:
    """Rows of the instance for the decisions of a plan; every name that does not fit is reported."""
    problems: list[Problem] = []
    solution = Solution(
        option=np.full(len(instance.sites.id), -1, dtype=np.int32),
        modules=np.zeros(len(instance.sites.id), dtype=np.int32),
        replicas=np.zeros(len(instance.pools.site), dtype=np.int32),
        share=np.zeros(len(instance.arcs.demand)),
        unserved=np.zeros(len(instance.demands.region)),
    )
    _read_sites(instance, plan, solution, problems)
    _read_pools(instance, plan, solution, problems)
    _read_flows(instance, scenario, plan, solution, problems)
    if problems:
        raise ScenarioError(problems, "plan")
    return solution


def _read_sites(instance: Instance, plan: Plan, solution: Solution, problems: list[Problem]) -> None:
    site = {name: j for j, name in enumerate(instance.sites.id)}
    option = {
        (instance.sites.id[j], design): o
        for o, (j, design) in enumerate(zip(instance.options.site, instance.options.design, strict=True))
    }
    for n, row in enumerate(plan.sites):
        if (row.id, row.design) not in option:
            problems.append(
                Problem(f"sites[{n}]", f"design {row.design!r} may not be built at site {row.id!r}")
            )
            continue
        solution.option[site[row.id]] = option[row.id, row.design]
        solution.modules[site[row.id]] = row.modules


def _pool_rows(instance: Instance) -> dict[tuple[str, str, str], int]:
    variants, pools = instance.variants, instance.pools
    return {
        (instance.sites.id[j], instance.workload_ids[variants.workload[v]], variants.accelerator[v]): p
        for p, (j, v) in enumerate(zip(pools.site, pools.variant, strict=True))
    }


def _read_pools(instance: Instance, plan: Plan, solution: Solution, problems: list[Problem]) -> None:
    rows = _pool_rows(instance)
    for n, pool in enumerate(plan.pools):
        row = rows.get((pool.site, pool.workload, pool.accelerator))
        if row is None:
            what = f"{pool.workload!r} on {pool.accelerator!r} may not run at site {pool.site!r}"
            problems.append(Problem(f"pools[{n}]", what))
        else:
            solution.replicas[row] = pool.replicas


def _read_flows(
    instance: Instance, scenario: Scenario, plan: Plan, solution: Solution, problems: list[Problem]
) -> None:
    pools, arcs = _pool_rows(instance), instance.arcs
    demand = {(d.region, d.workload): i for i, d in enumerate(scenario.demand)}
    arc = {(i, p): a for a, (i, p) in enumerate(zip(arcs.demand.tolist(), arcs.pool.tolist(), strict=True))}
    for n, flow in enumerate(plan.flows):
        i = demand.get((flow.region, flow.workload), -1)
        row = arc.get((i, pools.get((flow.site, flow.workload, flow.accelerator), -1)))
        if row is None:
            what = f"{flow.workload!r} from {flow.region!r} may not be served at {flow.site!r} on {flow.accelerator!r}"
            problems.append(Problem(f"flows[{n}]", what))
        else:
            solution.share[row] += flow.share
    for n, rest in enumerate(plan.unserved):
        i = demand.get((rest.region, rest.workload), -1)
        if i < 0:
            problems.append(
                Problem(f"unserved[{n}]", f"there is no demand for {rest.workload!r} from {rest.region!r}")
            )
        else:
            solution.unserved[i] += rest.share
