"""Find a smallest set of rules that cannot hold together by dividing them (QuickXplain, Junker 2004)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from siteopt.diagnose.conflict.oracle import Oracle
from siteopt.diagnose.conflict.relax import Relaxation, relaxations
from siteopt.diagnose.conflict.requirements import (
    Requirement,
    is_out_of_reach,
    keeping,
    must_serve,
    requirements_of,
)
from siteopt.diagnose.conflict.sentences import sentences
from siteopt.rules import EASABLE
from siteopt.rules.demand import whole_demand_key
from siteopt.rules.rule import BETWEEN
from siteopt.run.progress import Clock

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from siteopt.scenario.schema import Scenario

    Say = Callable[[str], None]

#: Share of the time for finding the conflict; the rest is for finding what would help.
CONFLICT_SHARE = 0.7
#: Most regions of one workload in a conflict; where more are needed, all of its demand is one rule.
MOST_REGIONS = 6
#: Most rules of a conflict that was not shown to be minimal, beyond which it explains nothing.
MOST_RULES = 20


@dataclass(frozen=True, slots=True)
class Conflict:
    """Rules that cannot hold together.

    Attributes
    ----------
    rules : tuple of Requirement
        Empty where no conflict was proven.
    is_minimal : bool
        Whether it was shown that the others can hold as soon as any one of them is dropped.
    sentences : tuple of str
        The conflict in words, with numbers.
    relaxations : tuple of Relaxation
        For each rule, how far easing it alone admits a plan; the smallest easing relative to its limit first.
    checks : int
        Number of scenarios that were tried.
    """

    rules: tuple[Requirement, ...]
    is_minimal: bool
    sentences: tuple[str, ...]
    relaxations: tuple[Relaxation, ...]
    checks: int


def find_conflict(
    scenario: Scenario, *, time_limit: float = 60.0, say: Say | None = None, relax: bool = True
) -> Conflict | None:
    """Find out why a scenario has no plan.

    Parameters
    ----------
    scenario : Scenario
    time_limit : float
        Seconds.
    say : callable, optional
        Called with words that say what is going on.
    relax : bool
        Whether to look for what would help, too.

    Returns
    -------
    Conflict or None
        None where the scenario has a plan. Without rules where neither a plan nor a proof against one was found.
    """
    clock = Clock(time_limit * (CONFLICT_SHARE if relax else 1.0))
    oracle = Oracle(clock)
    bare = must_serve(scenario)
    answer = oracle.has_plan(bare)
    if answer is True:
        return None
    if answer is None:
        return Conflict((), False, (), (), oracle.asked)
    finder = _Finder(bare, oracle, clock, say)
    rules = tuple(sorted(finder.smallest(), key=finder.rank))
    is_minimal = all(
        clock.left > 0.0 and finder.holds([r for r in rules if r != rule]) is True for rule in rules
    )
    helps: tuple[Relaxation, ...] = ()
    if relax:
        later = Clock(max(0.05 * time_limit, time_limit - clock.seconds))
        helps = relaxations(bare, rules, Oracle(later), later, say)
    return Conflict(rules, is_minimal, sentences(bare, rules), helps, oracle.asked)


def reasons_of(scenario: Scenario, seconds: float) -> list[str]:
    """Return sentences that explain why a scenario, proven to have no plan, has none; look for some seconds at most."""
    found = find_conflict(scenario, time_limit=seconds, relax=False)
    is_vague = found is not None and not found.is_minimal and len(found.rules) > MOST_RULES
    if found is None or not found.rules or is_vague:
        return ["the solver proved it; no small set of conflicting rules was found in time"]
    return list(found.sentences)


class _Finder:
    """The search for a conflict among the rules of one scenario; it remembers which sets it has tried."""

    def __init__(self, scenario: Scenario, oracle: Oracle, clock: Clock, say: Say | None) -> None:
        self._scenario, self._oracle, self._clock = scenario, oracle, clock
        self._say = say if say is not None else lambda _text: None
        self._all = requirements_of(scenario)
        self._known: dict[frozenset[Requirement], bool | None] = {}

    def rank(self, rule: Requirement) -> tuple[int, str]:
        """Return the key by which the rules of a conflict are ordered when they are told."""
        return list(EASABLE).index(rule.family), rule.subject

    def holds(self, kept: Sequence[Requirement]) -> bool | None:
        """Whether some rules alone, without all others, admit a plan; None where that is not known in time."""
        key = frozenset(kept)
        if key not in self._known and self._clock.left <= 0.0:
            return None
        if key not in self._known:
            self._known[key] = self._oracle.has_plan(keeping(self._scenario, key))
            self._say(f"{self._oracle.asked} sets of rules tried, {len(kept)} rules in the last one")
        return self._known[key]

    def smallest(self) -> list[Requirement]:
        """Find rules that conflict, and drop those that the conflict does not need.

        Most rules of a scenario have nothing to do with a conflict: those about sites that nothing can reach are
        dropped first, then whole families. All demand for a workload counts as one rule until a few of its regions
        turn out to be enough for the conflict.
        """
        supply = [rule for rule in self._all if rule.family != "demand"]
        demand = [Requirement("demand", whole_demand_key(w)) for w in _must(self._scenario)]
        near = [rule for rule in supply if not is_out_of_reach(self._scenario, rule)]
        if self.holds([*demand, *near]) is False:
            supply = near
        for family in dict.fromkeys(rule.family for rule in reversed(supply)):
            rest = [rule for rule in supply if rule.family != family]
            if self._clock.left > 0.0 and self.holds([*demand, *rest]) is False:
                supply = rest
        demand = self._divide(supply, True, demand)
        supply = self._divide(demand, bool(demand), supply)
        return [*self._by_region(demand, supply), *supply]

    def _by_region(self, demand: list[Requirement], supply: list[Requirement]) -> list[Requirement]:
        """Replace the demand for a workload by that of the regions in conflict, where these are few."""
        result = list(demand)
        for rule in demand:
            others = [other for other in result if other != rule]
            workload = rule.subject.partition(BETWEEN)[2]
            single = [
                r for r in self._all if r.family == "demand" and r.subject.partition(BETWEEN)[2] == workload
            ]
            if not self._may_be_few([*supply, *others], single):
                continue
            found = self._divide([*supply, *others], False, single)
            if len(found) <= MOST_REGIONS and self.holds([*supply, *others, *found]) is False:
                result = [*others, *found]
        return result

    def _may_be_few(self, background: list[Requirement], rules: list[Requirement]) -> bool:
        """Whether at most ``MOST_REGIONS`` of some rules may be enough for a conflict with the background.

        The rules are dealt into one part more than that. If so few of them conflict, at least one part holds none of
        them, and dropping it as a whole leaves the conflict in place.
        """
        n = MOST_REGIONS + 1
        parts = [set(rules[start::n]) for start in range(n)]
        return any(self.holds([*background, *(r for r in rules if r not in part)]) is False for part in parts)

    def _divide(
        self, background: list[Requirement], has_grown: bool, rules: list[Requirement]
    ) -> list[Requirement]:
        """Find a smallest subset of ``rules`` that conflicts together with the background.

        ``has_grown`` says that the background is larger than when it was last known to hold.
        """
        if self._clock.left <= 0.0:
            return rules
        if has_grown and self.holds(background) is False:
            return []
        if len(rules) <= 1:
            return rules
        half = len(rules) // 2
        first, second = rules[:half], rules[half:]
        of_second = self._divide([*background, *first], True, second)
        of_first = self._divide([*background, *of_second], bool(of_second), first)
        return [*of_first, *of_second]


def _must(scenario: Scenario) -> list[str]:
    """List the workloads that must be served, in the order of the scenario."""
    asked = {d.workload for d in scenario.demand}
    return [w.id for w in scenario.workloads if w.id in asked and w.unserved_usd_per_1k is None]
