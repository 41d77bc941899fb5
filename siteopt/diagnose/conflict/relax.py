"""What would help: the least easing of one limit that admits a plan, found by halving."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING

from siteopt.diagnose.conflict.requirements import Requirement, eased, limit_of
from siteopt.rules import EASABLE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from siteopt.diagnose.conflict.oracle import Oracle
    from siteopt.run.progress import Clock
    from siteopt.scenario.schema import Scenario

#: Where the first step starts, as a share of the limit, and how exactly the least easing is found.
FIRST_STEP, PRECISION = 0.05, 0.01
#: Doublings of the first step before a limit is taken to be of no help.
MOST_DOUBLINGS = 24
LARGEST = 1e12


@dataclass(frozen=True, slots=True)
class Relaxation:
    """Easing of one rule.

    Attributes
    ----------
    rule : Requirement
    unit : str
        Of the limit; empty where the rule is only there or not.
    limit : float or None
        As it is.
    enough : float or None
        A limit with which a plan was found; None for a rule that has to go.
    too_little : float or None
        The largest limit tried without a plan.
    is_proven : bool
        Whether ``too_little`` is proven to be too little, not only that no plan was found.
    """

    rule: Requirement
    unit: str
    limit: float | None
    enough: float | None
    too_little: float | None
    is_proven: bool

    @property
    def extra(self) -> float | None:
        """By how much the limit is eased."""
        return None if self.limit is None or self.enough is None else self.enough - self.limit

    @property
    def size(self) -> float:
        """Easing over the limit, to compare limits of several units; rules that have to go come last."""
        if self.extra is None or self.limit is None:
            return inf
        return self.extra / max(abs(self.limit), 1e-9)


def relaxations(
    scenario: Scenario,
    rules: Sequence[Requirement],
    oracle: Oracle,
    clock: Clock,
    say: Callable[[str], None] | None = None,
) -> tuple[Relaxation, ...]:
    """Easings of single rules that admit a plan, the smallest share of a limit first.

    Rules of which not even the absence helps are left out: another conflict stands behind this one.
    """
    found = []
    eligible = [rule for rule in rules if rule.family != "demand"]
    for n, rule in enumerate(eligible):
        if clock.left <= 0.0:
            break
        until = clock.left * (1.0 - 1.0 / (len(eligible) - n))
        if say is not None:
            say(f"how far to ease {rule.family} {rule.subject}")
        if oracle.has_plan(eased(scenario, {rule: None})) is not True:
            continue
        found.append(_least(scenario, rule, oracle, clock, until))
    return tuple(sorted(found, key=lambda r: r.size))


def _least(scenario: Scenario, rule: Requirement, oracle: Oracle, clock: Clock, until: float) -> Relaxation:
    """Double the easing until it is enough, then halve what is between; stops when ``until`` seconds are left."""
    kind, limit = EASABLE[rule.family], limit_of(scenario, rule)
    if limit is None:
        return Relaxation(rule, "", None, None, None, is_proven=True)
    unit_step = 1.0 if kind.is_count else max(FIRST_STEP * abs(limit), 1e-6)
    low, high, is_proven = limit, inf, True

    def admits(value: float) -> bool:
        nonlocal low, high, is_proven
        answer = oracle.has_plan(eased(scenario, {rule: value}))
        if answer:
            high = value
        else:
            low, is_proven = value, answer is False
        return bool(answer)

    for n in range(MOST_DOUBLINGS):
        value = min(kind.most, limit + unit_step * 2.0**n)
        if clock.left <= until or value > LARGEST or admits(value) or value == low == kind.most:
            break
    while high < inf and clock.left > until:
        if high - low <= (1.0 if kind.is_count else PRECISION * (high - limit)):
            break
        middle = 0.5 * (low + high)
        admits(float(int(middle)) if kind.is_count else middle)
    return Relaxation(rule, kind.unit, limit, high if high < inf else None, low, is_proven)
