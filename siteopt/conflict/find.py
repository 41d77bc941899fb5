"""Find the fewest rules that cannot hold together, by dividing them (QuickXplain, Junker 2004)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from siteopt.conflict.oracle import Oracle
from siteopt.conflict.relax import Relaxation, relaxations
from siteopt.conflict.rules import Rule, must_serve, rules_of, without
from siteopt.conflict.words import sentences
from siteopt.progress import Clock

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from siteopt.scenario.schema import Scenario

    Say = Callable[[str], None]

#: Share of the time for the search of the conflict; the rest is for what would help.
CONFLICT_SHARE = 0.6


@dataclass(frozen=True, slots=True)
class Conflict:
    """Rules that cannot hold together.

    Attributes
    ----------
    rules : tuple of Rule
        Empty where no conflict was proven.
    is_minimal : bool
        Whether it is shown that without any single one of them the others can hold.
    sentences : tuple of str
        The conflict in words, with numbers.
    relaxations : tuple of Relaxation
        The least easing of each limit that admits a plan, by kind of limit; smallest share of its limit first.
    checks : int
        Scenarios that were tried.
    """

    rules: tuple[Rule, ...]
    is_minimal: bool
    sentences: tuple[str, ...]
    relaxations: tuple[Relaxation, ...]
    checks: int


def find_conflict(
    scenario: Scenario, *, time_limit: float = 60.0, say: Say | None = None, relax: bool = True
) -> Conflict | None:
    """Why a scenario has no plan.

    Parameters
    ----------
    scenario : Scenario
    time_limit : float
        Seconds.
    say : callable, optional
        Told in words what is going on.
    relax : bool
        Whether to find out what would help.

    Returns
    -------
    Conflict or None
        None where the scenario has a plan. Without any rule where it is not known to have none.
    """
    clock = Clock(time_limit * (CONFLICT_SHARE if relax else 1.0))
    oracle = Oracle(clock)
    bare = must_serve(scenario)
    answer = oracle.has_plan(bare)
    if answer is True:
        return None
    if answer is None:
        return Conflict((), False, (), (), oracle.asked)
    finder = _Finder(bare, rules_of(bare), oracle, clock, say)
    rules = tuple(sorted(finder.smallest(), key=finder.rank))
    is_minimal = all(finder.holds([r for r in rules if r != rule]) is True for rule in rules)
    helps: tuple[Relaxation, ...] = ()
    if relax:
        later = Clock(max(0.05 * time_limit, time_limit - clock.seconds))
        helps = relaxations(bare, rules, Oracle(later), later, say)
    return Conflict(rules, is_minimal, sentences(bare, rules), helps, oracle.asked)


def reasons_of(scenario: Scenario, seconds: float) -> list[str]:
    """Why a scenario that is proven to have no plan has none, in words; found within some seconds."""
    found = find_conflict(scenario, time_limit=seconds, relax=False)
    if found is None or not found.rules:
        return ["the solver proved it; no small set of rules that conflict was found in time"]
    return list(found.sentences)


class _Finder:
    """Sets of rules of one scenario, and whether they can hold together."""

    def __init__(
        self, scenario: Scenario, rules: list[Rule], oracle: Oracle, clock: Clock, say: Say | None
    ) -> None:
        self._scenario, self._rules, self._oracle, self._clock = scenario, rules, oracle, clock
        self._say = say if say is not None else lambda _text: None
        self._known: dict[frozenset[Rule], bool | None] = {frozenset(rules): False}
        self._rank = {rule: n for n, rule in enumerate(rules)}

    def rank(self, rule: Rule) -> int:
        """Place of a rule in the scenario."""
        return self._rank[rule]

    def holds(self, kept: Sequence[Rule]) -> bool | None:
        """Whether some rules, without the others, admit a plan."""
        key = frozenset(kept)
        if key not in self._known:
            dropped = [rule for rule in self._rules if rule not in key]
            self._known[key] = self._oracle.has_plan(without(self._scenario, dropped))
            self._say(f"{self._oracle.asked} sets of rules tried, {len(kept)} rules in the last one")
        return self._known[key]

    def smallest(self) -> list[Rule]:
        """Rules that conflict, none of which can be spared as far as is known.

        Whole families are spared first, for most of a scenario's rules have nothing to do with a conflict.
        """
        kept = list(self._rules)
        families = list(dict.fromkeys(rule.family for rule in reversed(kept)))
        for family in families:
            rest = [rule for rule in kept if rule.family != family]
            if self._clock.left > 0.0 and self.holds(rest) is False:
                kept = rest
        # Demands are spared last: few demands make a conflict that a planner can look at.
        supply = [r for r in kept if r.family != "demand"]
        demand = [r for r in kept if r.family == "demand"]
        demand = self._divide(supply, False, demand)
        return [*demand, *self._divide(demand, bool(demand), supply)]

    def _divide(self, background: list[Rule], has_grown: bool, rules: list[Rule]) -> list[Rule]:
        """The fewest of ``rules`` that conflict together with the background."""
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
