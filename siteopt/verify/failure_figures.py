"""Rules about what a plan reports on failures: latencies after a move, what is left idle, and what is lost."""

from __future__ import annotations

from collections import defaultdict
from math import inf, isfinite
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import coo_array

from siteopt.plan import MovePlan
from siteopt.verify.access import admission_problems
from siteopt.verify.violation import RELATIVE, Violation, above, differ

if TYPE_CHECKING:
    from collections.abc import Iterator

    from siteopt.plan import DegradedPlan
    from siteopt.verify.facts import Facts, Pool
    from siteopt.verify.failure import Failure, SurvivalFacts


def move_latency(facts: SurvivalFacts) -> Iterator[Violation]:
    """Check ``move_latency``: every move has its latency at the percentile of its first SLO, waits included."""
    for failure in facts.failures.values():
        for move in failure.moves:
            reported, actual_ms = move.latency_ms, failure.latency_ms(move)
            subject = f"{move.region}/{move.workload} -> {move.site} off {failure.site}"
            found = _wrong_latency(reported, actual_ms) if actual_ms is not None else None
            if found is not None:
                yield Violation("move_latency", subject, *found)


def worst_move(facts: SurvivalFacts) -> Iterator[Violation]:
    """Check ``worst_ms``: latency and limit of the move nearest to its limit, or neither where nothing moves."""
    for failure in facts.failures.values():
        row, moves = failure.row, limited_moves(failure)
        if row is None or any(not isfinite(ms) for ms, _ in moves) or len(moves) < len(failure.moves):
            continue
        if row.worst_ms is None or row.worst_slo_ms is None:
            if moves or row.worst_ms is not row.worst_slo_ms:
                message = f"reported {row.worst_ms} of {row.worst_slo_ms} ms for {len(moves)} move(s)"
                yield Violation("worst_ms", failure.site, message)
            continue
        most = max((ms / limit for ms, limit in moves), default=0.0)
        worst = [pair for pair in moves if pair[0] / pair[1] >= most * (1.0 - RELATIVE)]
        if not any(
            not differ(row.worst_ms, ms) and not differ(row.worst_slo_ms, limit) for ms, limit in worst
        ):
            is_so = f"it is {worst[0][0]:.9g} of {worst[0][1]:.9g} ms" if worst else "there are 0 moves"
            message = f"reported {row.worst_ms:.9g} of {row.worst_slo_ms:.9g} ms, but {is_so}"
            excess = abs(row.worst_ms - worst[0][0]) if worst else row.worst_ms
            yield Violation("worst_ms", failure.site, message, excess or 1.0)


def spare(facts: SurvivalFacts) -> Iterator[Violation]:
    """Check ``spare_mw``: IT power of replicas of protected workloads that may still be busy, after each failure."""
    for failure in facts.failures.values():
        if failure.row is not None and differ(failure.row.spare_mw, failure.spare_mw):
            message = f"reported {failure.row.spare_mw:.9g} MW, but it is {failure.spare_mw:.9g} MW"
            yield Violation("spare_mw", failure.site, message, abs(failure.row.spare_mw - failure.spare_mw))


def unprotected(facts: SurvivalFacts) -> Iterator[Violation]:
    """Check ``unprotected``: requests displaced, kept elsewhere and lost of each workload without protection."""
    for failure in facts.failures.values():
        if failure.row is None:
            continue
        reported = {row.workload: row for row in failure.row.unprotected}
        actual = displaced_rps(failure)
        for name, rps in actual.items():
            subject, row = f"{name} off {failure.site}", reported.get(name)
            message = f"not reported; {rps:.6g} requests/s are displaced" if row is None else None
            if row is not None:
                message = _wrong(failure, row, rps)
            if message is not None:
                yield Violation("unprotected", subject, message, rps)
        for name, row in reported.items():
            if name not in actual and name in facts.workloads:
                message = f"reported with {row.displaced_rps:.6g} requests/s, but 0 are displaced unprotected"
                yield Violation("unprotected", f"{name} off {failure.site}", message)


def limited_moves(failure: Failure) -> list[tuple[float, float]]:
    """Return latency and degraded limit of every move that has both, ms; ``inf`` where the queue grows without end."""
    pairs = []
    for move in failure.moves:
        protect, actual_ms = failure.facts.workloads[move.workload].protect, failure.latency_ms(move)
        if protect is not None and actual_ms is not None:
            pairs.append((actual_ms, protect.slo_ms))
    return pairs


def displaced_rps(failure: Failure) -> dict[str, float]:
    """Return the requests per second at peak that the site served, by workload without protection."""
    displaced: defaultdict[str, float] = defaultdict(float)
    for flow in failure.lost(protected=False):
        displaced[flow.workload] += flow.share * failure.facts.demand[flow.region, flow.workload].peak_rps
    return dict(displaced)


def most_kept_rps(failure: Failure, name: str) -> float:
    """Find the largest flow of displaced requests that idle replicas elsewhere could take if nobody minded waiting.

    Idle is what the utilisation cap leaves; every region reaches the pools that admit it. A linear programme.
    """
    facts = failure.facts
    free = _free_rps(failure, name)
    flows = [flow for flow in failure.lost(protected=False) if flow.workload == name]
    arcs = [
        (i, k)
        for i, flow in enumerate(flows)
        for k, pool in enumerate(free)
        if _admits(facts, MovePlan(flow.region, name, pool[0], flow.share), pool)
    ]
    asked = [max(0.0, flow.share) * facts.demand[flow.region, name].peak_rps for flow in flows]
    total = sum(asked)
    if not arcs or total == 0.0:
        return 0.0
    ends = np.array([[i, len(flows) + k] for i, k in arcs])
    columns = np.repeat(np.arange(len(arcs)), 2)
    rows = coo_array((np.ones(2 * len(arcs)), (ends.ravel(), columns)), (len(flows) + len(free), len(arcs)))
    room = np.array([*asked, *free.values()]) / total  # the solver works to 1e-7 of what is displaced
    most = linprog(-np.ones(len(arcs)), A_ub=rows, b_ub=room, method="highs")
    return float(-most.fun) * total


def _wrong_latency(reported: float | None, actual_ms: float) -> tuple[str, float] | None:
    """Say whether a latency is wrong, and by how much; where a queue grows without end there should be none."""
    if reported is None:
        return (f"not reported; it is {actual_ms:.9g} ms", actual_ms) if actual_ms < inf else None
    if actual_ms == inf:
        return f"reported {reported:.9g} ms, but the queue grows without end", 1.0
    if not differ(reported, actual_ms):
        return None
    return f"reported {reported:.9g} ms, but it is {actual_ms:.9g} ms", abs(reported - actual_ms)


def _free_rps(failure: Failure, name: str) -> dict[Pool, float]:
    """Return the requests per second that the idle replicas of each pool elsewhere could take."""
    facts, free = failure.facts, {}
    for (site, workload), pool in facts.standing.items():
        replica = facts.replica(pool)
        if workload == name and site != failure.site and replica is not None:
            idle = max(0.0, facts.usable(pool) - facts.peak_erlang.get(pool, 0.0))
            free[pool] = idle * replica.rps / facts.workloads[name].calls_per_request
    return free


def _admits(facts: Facts, move: MovePlan, pool: Pool) -> bool:
    replica = facts.replica(pool)
    return replica is not None and not any(
        admission_problems(facts, move, replica, facts.workloads[move.workload].slo)
    )


def _wrong(failure: Failure, row: DegradedPlan, displaced: float) -> str | None:
    if differ(row.displaced_rps, displaced):
        return f"displaced_rps is reported {row.displaced_rps:.9g}, but it is {displaced:.9g} requests/s"
    if differ(row.kept_rps + row.lost_rps, displaced):
        return f"{row.kept_rps:.9g} kept and {row.lost_rps:.9g} lost are not the {displaced:.9g} requests/s displaced"
    if above(0.0, min(row.kept_rps, row.lost_rps)):
        return f"{row.kept_rps:.9g} kept and {row.lost_rps:.9g} lost; neither should be below 0"
    most = most_kept_rps(failure, row.workload)
    if above(row.kept_rps, most):
        return f"{row.kept_rps:.9g} requests/s are kept, but replicas elsewhere have room for {most:.9g}"
    return None
