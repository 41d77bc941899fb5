"""The rule ``resilience``: what is protected survives the loss of any one site."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from siteopt.verify.access import admission_problems
from siteopt.verify.failure import degraded
from siteopt.verify.tails import waits_too_long
from siteopt.verify.violation import SHARE, Violation, above

if TYPE_CHECKING:
    from collections.abc import Iterator

    from siteopt.plan import MovePlan
    from siteopt.verify.facts import Facts
    from siteopt.verify.failure import Failure, SurvivalFacts


def failures_listed(facts: SurvivalFacts) -> Iterator[Violation]:
    """Check that every open site has a row, and no other, where any workload is protected."""
    for site, failure in facts.failures.items():
        if failure.row is None:
            message = f"the failure of {site!r} has 0 rows; every open site needs 1"
            yield Violation("resilience", site, message)
    for row in facts.plan.n_minus_1:
        if row.site not in facts.failures and row.site in facts.sites:
            which = "not open" if facts.failures else "lost, but 0 workloads are protected"
            yield Violation(
                "resilience", row.site, f"{len(row.moves)} move(s) after the loss of a site that is {which}"
            )


def moves_cover(facts: SurvivalFacts) -> Iterator[Violation]:
    """Check that all a site served of each protected demand moves, and no more; whole where it may not be split."""
    for failure in facts.failures.values():
        moved: defaultdict[tuple[str, str], list[float]] = defaultdict(list)
        for move in failure.moves:
            moved[move.region, move.workload].append(move.share)
        for demand in dict.fromkeys([*failure.displaced, *moved]):
            subject, shares = f"{'/'.join(demand)} off {failure.site}", moved.get(demand, [])
            lost, total = failure.displaced.get(demand, 0.0), sum(shares)
            if abs(total - lost) > SHARE:
                message = (
                    f"{total:.9g} of the demand moves, but the site served {lost:.9g} of what is protected"
                )
                yield Violation("resilience", subject, message, abs(total - lost))
            if len(shares) > 1 and not facts.workloads[demand[1]].splittable:
                message = f"moves to {len(shares)} sites, but it may not be split: 1 should take it whole"
                yield Violation("resilience", subject, message, float(len(shares) - 1))
            for share in shares:
                if not 0.0 < share <= 1.0 + SHARE:
                    message = f"a share of {share:g} moves; it should be above 0 and at most 1"
                    yield Violation("resilience", subject, message, abs(share) or 1.0)


def moves_admitted(facts: SurvivalFacts) -> Iterator[Violation]:
    """Check that a move goes to a pool that stands elsewhere and admits it within the degraded SLO."""
    for failure in facts.failures.values():
        for move in failure.moves:
            for problem in _problems(facts, failure, move):
                subject = f"{move.region}/{move.workload} -> {move.site} off {failure.site}"
                yield Violation(
                    "resilience", subject, f"share {move.share:g}: {problem}", abs(move.share) or 1.0
                )


def room_after_failure(facts: SurvivalFacts) -> Iterator[Violation]:
    """Check that pools that take moves stay below the utilisation cap and keep the degraded SLO for all flows."""
    for failure in facts.failures.values():
        for pool, erlang in failure.moved_erlang.items():
            subject, usable = f"{pool[0]}/{pool[1]} off {failure.site}", facts.usable(pool)
            if erlang > 0.0 and above(failure.busy(pool), usable):
                message = (
                    f"with {erlang:.6g} erlang moved here {failure.busy(pool):.6g} replicas are busy; {usable:.6g} of"
                    f" {facts.replicas[pool]} may be"
                )
                yield Violation("resilience", subject, message, failure.busy(pool) - usable)
            queue = failure.tail(pool)
            if erlang > 0.0 and queue is not None:
                limits = degraded(facts.workloads[pool[1]])
                found = waits_too_long(facts, pool, failure.members(pool), queue, limits)
                if found is not None:
                    yield Violation("resilience", subject, *found)


def _problems(facts: Facts, failure: Failure, move: MovePlan) -> Iterator[str]:
    workload = facts.workloads[move.workload]
    if workload.protect is None:
        yield f"moves off {failure.site!r}, but 0 shares of the workload are protected"
        return
    if move.site == failure.site:
        yield f"stays at {failure.site!r}, which is lost: 0 replicas are left there"
        return
    pool = failure.pool(move)
    replica = facts.replica(pool) if pool is not None else None
    if pool is None:
        yield f"moves to {move.site!r}, where 0 replicas of the workload stand"
    elif replica is not None:
        yield from admission_problems(facts, move, replica, degraded(workload))
