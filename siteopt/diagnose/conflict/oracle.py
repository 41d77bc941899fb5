"""Whether a scenario has a plan: proofs by arithmetic, a quick search, and the exact model where it is small."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from siteopt.compile import compile_instance
from siteopt.diagnose.proofs import impossibilities
from siteopt.search.local_search import Search

if TYPE_CHECKING:
    from siteopt.instance import Instance
    from siteopt.run.progress import Clock
    from siteopt.scenario.schema import Scenario

#: Rounds of the search before the exact model is asked.
ROUNDS = 6
#: Above this many arcs the exact model takes longer than one waits for one answer of many.
LARGEST_MODEL_ARCS = 6_000
#: Time for one exact model, s.
MODEL_SECONDS = 20.0
#: Any plan will do.
ANY_GAP = 1e6


class Oracle:
    """Answers whether scenarios have a plan.

    Parameters
    ----------
    clock : Clock
        Nothing is asked of the exact model once it has run out.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.asked = 0

    def has_plan(self, scenario: Scenario) -> bool | None:
        """True with a plan at hand, False with a proof, None where neither was found."""
        self.asked += 1
        instance = compile_instance(scenario)
        if impossibilities(scenario, instance):
            return False
        search = Search(instance, 1)
        search.construct()
        for _ in range(ROUNDS):
            if search.solution() is not None:
                return True
            if self._clock.left <= 0.0:
                return None
            search.round()
        if search.solution() is not None:
            return True
        if len(instance.arcs.demand) > LARGEST_MODEL_ARCS:
            return None
        return self._of_model(instance)

    def _of_model(self, instance: Instance) -> bool | None:
        # Pyomo takes most of a second to import, which commands that solve nothing need not wait for.
        from siteopt.highs.driver import Limits
        from siteopt.milp.solve import ExactModel

        for bracket in ("outer", "inner") if len(instance.slack_tiers.variant) else ("outer",):
            if self._clock.left <= 0.0:
                return None
            listener = _FirstPlan(instance, self._clock)
            limits = Limits(min(MODEL_SECONDS, self._clock.left), None, ANY_GAP, 1)
            answer = ExactModel(instance, bracket).solve(limits, listener, None)
            if listener.has_plan:
                return True
            if answer.outcome == "infeasible":
                return False if bracket == "outer" else None
        return None


class _FirstPlan:
    """Listener of the exact model that is content with any plan."""

    def __init__(self, instance: Instance, clock: Clock) -> None:
        self._search, self._clock = Search(instance, 1), clock
        self.has_plan = False

    def found(self, option: Any, share: Any, unserved: Any, moves: Any) -> None:
        """Whether the evaluator agrees that it is a plan."""
        self.has_plan |= (
            self._search.load(option, share, unserved, moves) or self._search.solution() is not None
        )

    def proved(self, _bound_usd: float) -> None:
        """Costs do not matter."""

    def should_stop(self) -> bool:
        """At the first plan, or when the time is over."""
        return self.has_plan or self._clock.left <= 0.0
