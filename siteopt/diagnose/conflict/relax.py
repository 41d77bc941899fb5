"""What would help: the smallest easing of one limit that admits a plan, found by halving."""

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

#: Size of the first step as a share of the limit, and how closely the smallest easing is found.
FIRST_STEP, PRECISION = 0.05, 0.01
#: Most doublings of the first step; after these, easing the limit counts as no help.
MOST_DOUBLINGS = 24
LARGEST = 1e12


@dataclass(frozen=True, slots=True)
class Relaxation:
    """How far one rule must be eased to admit a plan.

    Attributes
    ----------
    rule : Requirement
    unit : str
        Unit of the limit; empty for a rule that has no number.
    limit : float or None
        The limit as it stands.
    enough : float or None
        A limit with which a plan was found; None for a rule that has to go.
    too_little : float or None
        The largest limit tried without a plan.
    is_proven : bool
        Whether ``too_little`` is proven to admit no plan; otherwise none was found with it.
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
        """The easing relative to the limit, which compares limits of any unit; infinite for rules that have to go."""
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
    """Find for each rule how far easing it alone admits a plan, the smallest easing relative to its limit first.

    Rules whose removal would not help either are left out: there is another conflict behind this one.
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
    """Double the easing until it is enough, then halve the bracket; stop when ``until`` seconds are left."""
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
