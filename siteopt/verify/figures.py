"""Rules about what a plan reports: every figure is recomputed and must agree."""

from __future__ import annotations

from math import inf, isfinite
from typing import TYPE_CHECKING

from siteopt.verify.access import flow_name
from siteopt.verify.costs import LINES, capex_usd, cost_lines, gross_usd
from siteopt.verify.service import latency_ms, reported_metric
from siteopt.verify.violation import ABSOLUTE_USD, RELATIVE, Violation, differ

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Protocol

    from siteopt.plan import FlowPlan, Plan
    from siteopt.verify.facts import Facts
    from siteopt.verify.failure import SurvivalFacts

    class Stated(Protocol):
        """What states a plan: all that can be said about its bound comes from there."""

        @property
        def plan(self) -> Plan:
            """The plan."""


#: Percentiles that a plan reports.
PERCENTILES = (0.50, 0.95, 0.99)

#: A plan that spends nothing may be so much dearer than the bound and have a gap of 0, USD.
SMALLEST_USD = 0.01


def site_power(facts: Facts) -> Iterator[Violation]:
    """Check ``it_mw`` and ``facility_mw``: the power of each open site."""
    for name, row in facts.open.items():
        yield from figure("it_mw", name, row.it_mw, facts.it_mw[name], "MW")
        yield from figure("facility_mw", name, row.facility_mw, facts.facility_mw[name], "MW")


def site_capex(facts: Facts) -> Iterator[Violation]:
    """Check ``capex_usd``: the capital newly spent at each open site."""
    actual = capex_usd(facts)
    for name, row in facts.open.items():
        yield from figure("capex_usd", name, row.capex_usd, actual[name], "USD", ABSOLUTE_USD)


def pool_load(facts: SurvivalFacts) -> Iterator[Violation]:
    """Check ``load_erlang``, ``utilisation`` and ``reserve_erlang``: peak load, and what a failure adds."""
    for pool in facts.plan.pools:
        subject, erlang = f"{pool.site}/{pool.workload}", facts.peak_erlang.get(facts.pool(pool), 0.0)
        utilisation = erlang / pool.replicas if pool.replicas else 0.0
        yield from figure("load_erlang", subject, pool.load_erlang, erlang, "erlang")
        yield from figure("utilisation", subject, pool.utilisation, utilisation, "of the replicas")
        moved = (failure.moved_erlang.get(facts.pool(pool), 0.0) for failure in facts.failures.values())
        yield from figure("reserve_erlang", subject, pool.reserve_erlang, max(moved, default=0.0), "erlang")


def flow_latency(facts: Facts) -> Iterator[Violation]:
    """Check ``latency_ms``: percentiles of each flow, waits included, in the metric of its first SLO.

    Where the queue grows without end there are none, and the rule ``tail`` says so.
    """
    for flow in facts.flows:
        replica, rtt_ms = facts.replica(facts.pool(flow)), facts.rtt_ms(flow)
        if replica is None or not isfinite(rtt_ms):
            continue
        metric, tail = reported_metric(facts.workloads[flow.workload]), facts.tail(facts.pool(flow))
        waits = [tail.quantile_ms(p) if tail is not None else 0.0 for p in PERCENTILES]
        actual = [latency_ms(replica, metric, rtt_ms, p, w) for p, w in zip(PERCENTILES, waits, strict=True)]
        yield from _percentiles(flow, metric, actual)


def _percentiles(flow: FlowPlan, metric: str, actual_ms: list[float]) -> Iterator[Violation]:
    subject, endless = flow_name(flow), inf in actual_ms
    if flow.latency_ms is None:
        if not endless:
            yield Violation("latency_ms", subject, f"{metric} is not reported; p50, p95 and p99 are required")
        return
    reported = (flow.latency_ms.p50, flow.latency_ms.p95, flow.latency_ms.p99)
    if endless:
        message = f"{metric} at p99 is reported as {reported[-1]:.9g} ms, but the queue grows without end"
        yield Violation("latency_ms", subject, message)
        return
    for p, ms, true_ms in zip(PERCENTILES, reported, actual_ms, strict=True):
        yield from figure("latency_ms", f"{subject} p{p * 100:.0f}", ms, true_ms, "ms")


def flow_slo(facts: Facts) -> Iterator[Violation]:
    """Check ``slo_ms``: the limit of the first SLO, or nothing where there is none."""
    for flow in facts.flows:
        limits = facts.workloads[flow.workload].slo
        actual_ms = limits[0].ms if limits else None
        if flow.slo_ms is None or actual_ms is None:
            if flow.slo_ms is not actual_ms:
                message = f"reported {flow.slo_ms}, but the first of {len(limits)} SLOs says {actual_ms}"
                yield Violation("slo_ms", flow_name(flow), message)
        else:
            yield from figure("slo_ms", flow_name(flow), flow.slo_ms, actual_ms, "ms")


def grid_use(facts: Facts) -> Iterator[Violation]:
    """Check ``grid_use``: use and limit of each grid limit of the scenario are reported and right."""
    reported = {row.id: row for row in facts.plan.grid}
    for limit in facts.scenario.grid_limits:
        row, used_mw = reported.get(limit.id), facts.grid_mw(limit)
        if row is None:
            yield Violation(
                "grid_use", limit.id, f"not reported; {used_mw:.6g} MW of {limit.limit_mw:.6g} MW are used"
            )
            continue
        yield from figure("grid_use", f"{limit.id} used_mw", row.used_mw, used_mw, "MW")
        yield from figure("grid_use", f"{limit.id} limit_mw", row.limit_mw, limit.limit_mw, "MW")


def cost_breakdown(facts: Facts) -> Iterator[Violation]:
    """Check ``cost_lines``: all lines are there, no others, and each is right."""
    actual, reported = cost_lines(facts), facts.plan.cost_lines
    for line in LINES:
        if line not in reported:
            yield Violation(
                "cost_lines", line, f"not reported; it is {actual[line]:.9g} USD", abs(actual[line])
            )
        else:
            yield from figure("cost_lines", line, reported[line], actual[line], "USD", ABSOLUTE_USD)
    for line in sorted(set(reported) - set(LINES)):
        message = f"{reported[line]:.9g} USD under a name that is none of the {len(LINES)} lines"
        yield Violation("cost_lines", line, message, abs(reported[line]))


def cost(facts: Facts) -> Iterator[Violation]:
    """Check ``cost_usd``: the total is the sum of the lines, those reported and those recomputed."""
    for source, lines in (("reported", facts.plan.cost_lines), ("recomputed", cost_lines(facts))):
        total, gross = sum(lines.values()), gross_usd(lines)
        excess = abs(facts.plan.cost_usd - total)
        # Revenue may nearly cancel the cost: what can be told apart depends on the lines, not on their sum.
        if excess > ABSOLUTE_USD + RELATIVE * max(gross, -sum(v for v in lines.values() if v < 0.0)):
            message = (
                f"reported {facts.plan.cost_usd:.9g} USD, but the {source} lines add up to {total:.9g} USD"
            )
            yield Violation("cost_usd", "plan", message, excess)


def bound(facts: Stated) -> Iterator[Violation]:
    """Check ``bound``: a lower bound is not above the cost of a plan."""
    cost_usd, bound_usd = facts.plan.cost_usd, facts.plan.bound_usd
    if bound_usd is None:
        return
    excess = bound_usd - cost_usd
    if excess > ABSOLUTE_USD + RELATIVE * max(gross_usd(facts.plan.cost_lines), abs(cost_usd)):
        message = f"the lower bound {bound_usd:.9g} USD is above the cost {cost_usd:.9g} USD"
        yield Violation("bound", "plan", message, excess)


def gap(facts: Stated) -> Iterator[Violation]:
    """Check ``gap``: ``(cost - bound) / (sum of the positive cost lines)``, present exactly if the bound is.

    Where nothing is spent a gap beyond rounding has no limit, and there is none.
    """
    plan = facts.plan
    yield from _gap_usd(plan)
    gross = gross_usd(plan.cost_lines)
    difference = 0.0 if plan.bound_usd is None else max(0.0, plan.cost_usd - plan.bound_usd)
    if gross == 0.0 and difference > SMALLEST_USD and plan.gap is None:
        return
    if (plan.gap is None) != (plan.bound_usd is None):
        yield Violation(
            "gap", "plan", f"the gap is {plan.gap}, the bound {plan.bound_usd}: both or none (0 of 2)"
        )
        return
    if plan.gap is None or plan.bound_usd is None:
        return
    if gross == 0.0 and difference > 1.0:  # a dollar is a solver's rounding
        message = f"no gap is defined without a positive cost line, but {plan.gap:g} is reported"
        yield Violation("gap", "plan", message, abs(plan.gap))
        return
    yield from figure(
        "gap", "plan", plan.gap, difference / gross if gross > 0.0 else 0.0, "of the gross cost"
    )


def _gap_usd(plan: Plan) -> Iterator[Violation]:
    """Check ``gap_usd``, cost less bound; plans of older files do not have it."""
    if plan.gap_usd is None:
        return
    if plan.bound_usd is None:
        yield Violation("gap", "plan", f"gap_usd is {plan.gap_usd:.9g} with 0 bounds")
        return
    # Net cost may be near zero: what can be told apart depends on the lines.
    absolute = ABSOLUTE_USD + RELATIVE * gross_usd(plan.cost_lines)
    yield from figure("gap", "plan", plan.gap_usd, plan.cost_usd - plan.bound_usd, "USD", absolute)


def status(facts: Stated) -> Iterator[Violation]:
    """Check ``status``: nothing is called optimal without a bound."""
    if facts.plan.status == "optimal" and facts.plan.bound_usd is None:
        yield Violation("status", "plan", "called optimal with 0 bounds; optimality needs one")


def figure(
    rule: str, subject: str, reported: float, actual: float, unit: str, absolute: float = 1e-9
) -> Iterator[Violation]:
    """Check one figure of a plan against the actual one."""
    if differ(reported, actual, absolute):
        message = f"reported {reported:.9g} {unit}, but it is {actual:.9g} {unit}"
        yield Violation(rule, subject, message, abs(reported - actual))
