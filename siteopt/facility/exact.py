"""Solve the exact model in the time that is left, warm-started from the incumbent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siteopt.errors import OutOfTimeError
from siteopt.search.local_search import Search

if TYPE_CHECKING:
    from siteopt.arrays import Floats, Indices
    from siteopt.instance import Instance, Moves, Solution
    from siteopt.run.incumbent import Incumbent
    from siteopt.run.options import SolveOptions


def finish_exactly(instance: Instance, incumbent: Incumbent, options: SolveOptions) -> None:
    """Solve the exact model and pass its plans and bounds to the incumbent as they arrive."""
    # Pyomo takes most of a second to import; a solve that ends earlier should not have to wait for it.
    from siteopt.highs.driver import Limits
    from siteopt.milp.solve import ExactModel

    try:
        model = ExactModel(instance, keep_going=lambda: incumbent.clock.left > 0.0)
    except OutOfTimeError:
        return
    limits = Limits(incumbent.clock.left, options.step_limit, incumbent.gap_wanted, options.seed)
    model.solve(limits, _Listener(instance, incumbent, options.seed), incumbent.solution)


class _Listener:
    """Passes on the plans and bounds of the model, after the evaluator has counted replicas and modules."""

    def __init__(self, instance: Instance, incumbent: Incumbent, seed: int) -> None:
        self._search, self._incumbent = Search(instance, seed), incumbent

    def found(self, option: Indices, share: Floats, unserved: Floats, moves: Moves) -> Solution | None:
        """Offer a plan to the incumbent; return None, as there is no better plan to give back to the solver."""
        if self._search.load(option, share, unserved, moves):
            self._incumbent.offer(self._search.solution(), "milp")
        return None

    def proved(self, bound_usd: float) -> None:
        """Pass a bound on to the incumbent."""
        self._incumbent.prove(bound_usd, "milp")

    def should_stop(self) -> bool:
        """Return whether the gap is reached or the time is over."""
        return self._incumbent.is_good_enough or self._incumbent.clock.left <= 0.0
