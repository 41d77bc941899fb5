"""Rounds of local search, with a dual ascent beside them where there are two cores, else between them."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING

from siteopt.background import beside, has_spare_core
from siteopt.bounds.lagrangian import LagrangianAscent
from siteopt.search.local_search import Search
from siteopt.start import begin

if TYPE_CHECKING:
    from collections.abc import Callable

    from siteopt.incumbent import Incumbent
    from siteopt.instance import Instance
    from siteopt.plan import Plan
    from siteopt.scenario.schema import Scenario

#: Dual steps before the first round, and per round or between looks at the clock.
FIRST_STEPS, STEPS_PER_ROUND = 100, 20
#: The search has stalled when this many rounds in a row bring nothing.
STALLED_ROUNDS = 120


class Rounds:
    """The search and the bound of one solve.

    Parameters
    ----------
    scenario : Scenario
    instance : Instance
        Compiled from it.
    incumbent : Incumbent
        Told of plans and bounds; its clock and its gap say when to stop.
    seed : int
    most : int, optional
        Rounds at most. Under such a limit both take turns even on two cores, so that the same seed gives the same plan.
    """

    def __init__(
        self, scenario: Scenario, instance: Instance, incumbent: Incumbent, seed: int, most: int | None
    ) -> None:
        self._scenario, self._instance, self._incumbent = scenario, instance, incumbent
        self._search = Search(instance, seed)
        self._most = float("inf") if most is None else most
        self._takes_turns = most is not None or not has_spare_core()
        self._done = self._stalled = 0

    @property
    def are_used_up(self) -> bool:
        """Whether there may be no more rounds."""
        return self._done >= self._most

    def search_briefly(self, start: Plan | None) -> None:
        """Until a few rounds bring nothing, without any bound: a start for the exact model."""
        self._begin(start, float("inf"))
        while self._goes_on(float("inf")) and self._stalled <= 3 and self._done < STALLED_ROUNDS:
            self._round(float("inf"))

    def search_and_prove(self, start: Plan | None, deadline: float, *, exact_follows: bool) -> None:
        """Until the gap, a limit, or neither plan nor bound moves any more.

        Parameters
        ----------
        start : Plan or None
        deadline : float
            Seconds of the clock.
        exact_follows : bool
            Whether to give up where no plan is found: there may be none at all, which only the exact model can prove.
        """
        incumbent, ascent = self._incumbent, LagrangianAscent(self._instance)

        def climb(is_wanted: Callable[[], bool]) -> None:
            while is_wanted() and self._is_open(deadline) and not ascent.has_converged:
                self._climb(ascent, STEPS_PER_ROUND, deadline)

        aside = nullcontext() if self._takes_turns else beside(climb, incumbent.clock.interrupt)
        with aside:
            self._begin(start, deadline)
            if self._takes_turns:
                self._climb(ascent, FIRST_STEPS, deadline)
            while self._goes_on(deadline):
                if exact_follows and incumbent.solution is None and self._done >= STALLED_ROUNDS:
                    return
                self._round(deadline)
                if self._takes_turns and not ascent.has_converged:
                    self._climb(ascent, STEPS_PER_ROUND, deadline)
                if self._stalled >= STALLED_ROUNDS and ascent.has_converged:
                    return

    def _is_open(self, deadline: float) -> bool:
        clock = self._incumbent.clock
        return clock.left > 0.0 and clock.seconds < deadline

    def _goes_on(self, deadline: float) -> bool:
        return not self._incumbent.is_good_enough and self._is_open(deadline) and not self.are_used_up

    def _begin(self, start: Plan | None, deadline: float) -> None:
        begin(self._search, self._scenario, self._instance, start, lambda: self._is_open(deadline))
        self._incumbent.offer(self._search.solution(), "search")

    def _round(self, deadline: float) -> None:
        paid = self._search.round(lambda: self._is_open(deadline))
        self._stalled = 0 if paid else self._stalled + 1
        self._incumbent.offer(self._search.solution(), "search")
        self._done += 1

    def _climb(self, ascent: LagrangianAscent, steps: int, deadline: float) -> None:
        ascent.run(steps, self._incumbent.cost_usd, lambda: self._is_open(deadline))
        self._incumbent.prove(ascent.bound_usd, "bound")
