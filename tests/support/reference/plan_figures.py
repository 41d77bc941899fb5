"""A plan with every figure filled in by the formulas of the verifier; decisions stay as they are.

Moves after a failure are decisions: they are timed, not made. Of what is displaced without protection as much is kept
as the verifier believes at most.
"""

from __future__ import annotations

from dataclasses import replace
from math import inf
from typing import TYPE_CHECKING

from siteopt.plan import DegradedPlan, FailurePlan, GridUse, LinkUse, Percentiles, TenantUse
from siteopt.verify.connection import ready_months
from siteopt.verify.costs import capex_usd, cost_lines
from siteopt.verify.failure import SurvivalFacts
from siteopt.verify.failure_figures import displaced_rps, limited_moves, most_kept_rps
from siteopt.verify.network_use import NOTHING_GBPS, limits_gbps, used_gbps
from siteopt.verify.service import latency_ms, reported_metric
from siteopt.verify.tenancy import tenant_mw

if TYPE_CHECKING:
    from siteopt.plan import FlowPlan, MovePlan, Plan, PoolPlan, SitePlan
    from siteopt.scenario import Scenario
    from siteopt.verify.facts import Facts
    from siteopt.verify.failure import Failure


def priced(scenario: Scenario, plan: Plan) -> Plan:
    """The plan with every figure filled in by the formulas of the verifier."""
    facts = SurvivalFacts(scenario, plan)
    capex, lines = capex_usd(facts), cost_lines(facts)
    return replace(
        plan,
        sites=tuple(_site(facts, site, capex) for site in plan.sites),
        pools=tuple(_pool(facts, pool) for pool in plan.pools),
        flows=tuple(_timed(facts, flow) for flow in plan.flows),
        grid=tuple(GridUse(g.id, facts.grid_mw(g), g.limit_mw) for g in scenario.grid_limits),
        links=_links(facts),
        tenants=tuple(
            TenantUse(tenant, site, mw, mw / facts.usable_mw[site] if facts.usable_mw[site] else 0.0)
            for (tenant, site), mw in tenant_mw(facts).items()
        ),
        n_minus_1=tuple(_failure(failure) for failure in facts.failures.values()),
        cost_lines=lines,
        cost_usd=sum(lines.values()),
    )


def _site(facts: Facts, site: SitePlan, capex: dict[str, float]) -> SitePlan:
    power = {"it_mw": facts.it_mw[site.id], "facility_mw": facts.facility_mw[site.id]}
    month = ready_months(facts, facts.open[site.id])
    return replace(site, **power, capex_usd=capex[site.id], ready_month=month)


def _pool(facts: SurvivalFacts, row: PoolPlan) -> PoolPlan:
    pool = facts.pool(row)
    load = facts.peak_erlang.get(pool, 0.0)
    moved = [failure.moved_erlang.get(pool, 0.0) for failure in facts.failures.values()]
    utilisation = load / row.replicas if row.replicas else 0.0
    return replace(row, load_erlang=load, utilisation=utilisation, reserve_erlang=max(moved, default=0.0))


def _links(facts: Facts) -> tuple[LinkUse, ...]:
    used = used_gbps(facts)
    return tuple(
        LinkUse(name, used.get(name, 0.0), limit)
        for name, limit in limits_gbps(facts).items()
        if limit is not None or used.get(name, 0.0) > NOTHING_GBPS
    )


def _failure(failure: Failure) -> FailurePlan:
    pairs = [pair for pair in limited_moves(failure) if pair[0] < inf]
    worst = max(pairs, key=lambda pair: pair[0] / pair[1], default=(None, None))
    lost = []
    for name, rps in displaced_rps(failure).items():
        kept = min(rps, most_kept_rps(failure, name))
        lost.append(DegradedPlan(name, rps, kept, rps - kept))
    return FailurePlan(
        site=failure.site,
        moves=tuple(_moved(failure, move) for move in (failure.row.moves if failure.row else ())),
        worst_ms=worst[0],
        worst_slo_ms=worst[1],
        spare_mw=failure.spare_mw,
        unprotected=tuple(lost),
    )


def _moved(failure: Failure, move: MovePlan) -> MovePlan:
    latency = failure.latency_ms(move) if move in failure.moves else None
    return replace(move, latency_ms=None if latency == inf else latency)


def _timed(facts: Facts, flow: FlowPlan) -> FlowPlan:
    if flow not in facts.flows or facts.rtt_ms(flow) == inf:
        return flow
    workload, rtt, pool = facts.workloads[flow.workload], facts.rtt_ms(flow), facts.pool(flow)
    replica, tail, metric = facts.replica(pool), facts.tail(pool), reported_metric(workload)
    if replica is None:
        return flow
    at = [(p, tail.quantile_ms(p) if tail else 0.0) for p in (0.5, 0.95, 0.99)]
    times = [latency_ms(replica, metric, rtt, p, wait) for p, wait in at]
    slo_ms = workload.slo[0].ms if workload.slo else None
    return replace(flow, latency_ms=None if inf in times else Percentiles(*times), slo_ms=slo_ms)
