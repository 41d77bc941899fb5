"""The exact model for what is left of the time, warm-started from the incumbent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siteopt.search.local_search import Search

if TYPE_CHECKING:
    from siteopt.arrays import Floats, Indices
    from siteopt.instance import Instance, Moves, Solution
    from siteopt.run.incumbent import Incumbent
    from siteopt.run.options import SolveOptions


def finish_exactly(instance: Instance, incumbent: Incumbent, options: SolveOptions) -> None:
    """Solve the exact model; plans and bounds go to the incumbent as they come."""
    # Pyomo takes most of a second to import, which solves that end before need not wait for.
    from siteopt.highs.driver import Limits
    from siteopt.milp.solve import ExactModel

    limits = Limits(incumbent.clock.left, options.step_limit, incumbent.gap_wanted, options.seed)
    ExactModel(instance).solve(limits, _Listener(instance, incumbent, options.seed), incumbent.solution)


class _Listener:
    """Passes on what the model finds, its replicas and modules counted by the evaluator."""

    def __init__(self, instance: Instance, incumbent: Incumbent, seed: int) -> None:
        self._search, self._incumbent = Search(instance, seed), incumbent

    def found(self, option: Indices, share: Floats, unserved: Floats, moves: Moves) -> Solution | None:
        """Offer a plan; the solver is told of nothing better."""
        if self._search.load(option, share, unserved, moves):
            self._incumbent.offer(self._search.solution(), "milp")
        return None

    def proved(self, bound_usd: float) -> None:
        """Pass a bound on."""
        self._incumbent.prove(bound_usd, "milp")

    def should_stop(self) -> bool:
        """Once the gap is reached or the time is over."""
        return self._incumbent.is_good_enough or self._incumbent.clock.left <= 0.0
