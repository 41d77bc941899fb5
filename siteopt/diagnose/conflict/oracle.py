"""Find out whether a scenario has a plan: by arithmetic, by a quick search, and by the exact model if it is small."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from siteopt.compile import compile_instance
from siteopt.diagnose.proofs import impossibilities
from siteopt.errors import OutOfTimeError
from siteopt.search.local_search import Search

if TYPE_CHECKING:
    from siteopt.instance import Instance
    from siteopt.run.progress import Clock
    from siteopt.scenario.schema import Scenario

#: Rounds of the search before the exact model is asked.
ROUNDS = 6
#: Above this many arcs the exact model takes too long for one of many answers.
LARGEST_MODEL_ARCS = 6_000
#: Time for one exact model, s.
MODEL_SECONDS = 20.0
#: Any plan will do.
ANY_GAP = 1e6


class Oracle:
    """The judge of whether scenarios have a plan; it counts how often it is asked.

    Parameters
    ----------
    clock : Clock
        Once it has run out, the exact model is not used any more.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.asked = 0

    def has_plan(self, scenario: Scenario) -> bool | None:
        """Return True with a plan at hand, False with a proof that there is none, None where neither was found."""
        self.asked += 1
        instance = compile_instance(scenario)
        if impossibilities(scenario, instance):
            return False
        search = Search(instance, 1)
        search.construct(self._has_time)
        for _ in range(ROUNDS):
            if search.solution() is not None:
                return True
            if self._clock.left <= 0.0:
                return None
            search.round(self._has_time)
        if search.solution() is not None:
            return True
        if len(instance.arcs.demand) > LARGEST_MODEL_ARCS:
            return None
        return self._of_model(instance)

    def _has_time(self) -> bool:
        return self._clock.left > 0.0

    def _of_model(self, instance: Instance) -> bool | None:
        # Pyomo takes most of a second to import, which commands that solve nothing need not wait for.
        from siteopt.highs.driver import Limits
        from siteopt.milp.solve import ExactModel

        for bracket in ("outer", "inner") if len(instance.slack_tiers.variant) else ("outer",):
            if self._clock.left <= 0.0:
                return None
            listener = _FirstPlan(instance, self._clock)
            limits = Limits(min(MODEL_SECONDS, self._clock.left), None, ANY_GAP, 1)
            try:
                model = ExactModel(instance, bracket, keep_going=self._has_time)
            except OutOfTimeError:
                return None
            answer = model.solve(limits, listener, None)
            if listener.has_plan:
                return True
            if answer.outcome == "infeasible":
                return False if bracket == "outer" else None
        return None


class _FirstPlan:
    """A listener that stops the exact model at the first plan."""

    def __init__(self, instance: Instance, clock: Clock) -> None:
        self._search, self._clock = Search(instance, 1), clock
        self.has_plan = False

    def found(self, option: Any, share: Any, unserved: Any, moves: Any) -> None:
        """Note a plan if the evaluator agrees that it is one."""
        self.has_plan |= (
            self._search.load(option, share, unserved, moves) or self._search.solution() is not None
        )

    def proved(self, _bound_usd: float) -> None:
        """Ignore a bound, because costs do not matter."""

    def should_stop(self) -> bool:
        """Whether to stop: at the first plan, or when the time is up."""
        return self.has_plan or self._clock.left <= 0.0
