"""The table of losses in the planner's words."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

from siteopt.compile.variants import degraded_slo
from siteopt.plan import DegradedPlan, FailurePlan, MovePlan
from siteopt.resilience.table import Failure, failures

if TYPE_CHECKING:
    from siteopt.evaluate.latencies import Latencies
    from siteopt.instance import Instance, Solution
    from siteopt.scenario.schema import Scenario


def failure_plans(
    scenario: Scenario, instance: Instance, solution: Solution, latencies: Latencies
) -> tuple[FailurePlan, ...]:
    """Return one row for each open site; none where no workload is protected."""
    return tuple(
        _failure_plan(scenario, instance, solution, latencies, failure)
        for failure in failures(instance, solution)
    )


def _failure_plan(
    scenario: Scenario, instance: Instance, solution: Solution, latencies: Latencies, failure: Failure
) -> FailurePlan:
    demands, backups, pools = instance.demands, instance.backups, instance.pools
    moves: list[MovePlan] = []
    worst: tuple[float, float | None, float | None] = (0.0, None, None)
    for m in failure.moves.tolist():
        b = int(solution.moves.backup[m])
        i, p = int(backups.demand[b]), int(backups.pool[b])
        workload = scenario.workloads[demands.workload[i]]
        slo = degraded_slo(workload)[0]
        ms = latencies.quantile_ms(
            p,
            float(backups.rtt_ms[b]),
            float(failure.load_rps[p]),
            int(solution.replicas[p]),
            slo.percentile,
        )
        region = scenario.regions[demands.region[i]].id
        site = instance.sites.id[pools.site[p]]
        shown = ms if isfinite(ms) else None
        moves.append(MovePlan(region, workload.id, site, float(solution.moves.share[m]), shown))
        worst = max(worst, (ms / slo.ms, shown, slo.ms), key=lambda row: row[0])
    return FailurePlan(
        site=instance.sites.id[failure.site],
        moves=tuple(moves),
        worst_ms=worst[1],
        worst_slo_ms=worst[2],
        spare_mw=failure.spare_mw,
        unprotected=_degraded(scenario, failure),
    )


def _degraded(scenario: Scenario, failure: Failure) -> tuple[DegradedPlan, ...]:
    """Report the unprotected workloads, in requests instead of calls."""
    rows = []
    for k, calls_per_s in failure.displaced_rps.items():
        workload = scenario.workloads[k]
        displaced = calls_per_s / workload.calls_per_request
        kept = min(displaced, float(failure.kept_rps[k]) / workload.calls_per_request)
        rows.append(DegradedPlan(workload.id, displaced, kept, displaced - kept))
    return tuple(rows)
