"""The bound of a search: dual ascent, then the exact model of the demands that are hardest to reach."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from siteopt.bounds.lagrangian import LagrangianAscent
from siteopt.milp.partial import can_solve_part, prove_in_part

if TYPE_CHECKING:
    from collections.abc import Callable

    from siteopt.incumbent import Incumbent
    from siteopt.instance import Instance

#: Dual steps between looks at whether to go on.
STEPS = 20
#: The model of a part begins once the ascent has gained less than this in a turn, relative to its bound.
SLOW = 1e-5
#: Shares of the time at which it begins at the latest beside a search, and at which it ends.
PART_BEGINS, PART_ENDS = 0.2, 0.9
#: Its nodes where search and bound take turns, and the gap at which it has no more to say.
PART_NODES, PART_GAP = 20, 1e-4


class Proof:
    """Tells an incumbent of better and better bounds.

    Parameters
    ----------
    instance : Instance
    incumbent : Incumbent
        Its clock and its gap say when to stop.
    deadline : float
        Seconds of the clock.
    in_part : bool
        Whether to solve a part exactly, if there are not too many sites, once the ascent has found its prices.
    """

    def __init__(self, instance: Instance, incumbent: Incumbent, deadline: float, *, in_part: bool) -> None:
        self._instance, self._incumbent, self._deadline = instance, incumbent, deadline
        self._ascent = LagrangianAscent(instance)
        self._part_is_left = in_part and can_solve_part(instance)
        self._is_slow = False

    @property
    def is_done(self) -> bool:
        """Whether nothing is left to do."""
        return self._ascent.has_converged and not self._part_is_left

    def turn(self, steps: int) -> None:
        """Some steps of the ascent, or the part once they gain little."""
        self._advance(steps, PART_NODES, lambda: True, is_late=False)

    def run(self, is_wanted: Callable[[], bool]) -> None:
        """All of it, beside a search, as long as that wants it."""
        while is_wanted() and self._is_open() and not self.is_done:
            is_late = self._incumbent.clock.seconds > PART_BEGINS * self._deadline
            self._advance(STEPS, None, is_wanted, is_late=is_late)

    def _advance(
        self, steps: int, nodes: int | None, is_wanted: Callable[[], bool], *, is_late: bool
    ) -> None:
        if self._part_is_left and (is_late or self._is_slow or self._ascent.has_converged):
            self._solve_part(nodes, self._until(PART_ENDS, is_wanted))
        elif not self._ascent.has_converged:
            self._climb(steps, self._until(1.0, is_wanted))

    def _until(self, share: float, is_wanted: Callable[[], bool]) -> Callable[[], bool]:
        """Says whether to go on, up to a share of the time."""
        seconds = share * self._deadline
        return lambda: is_wanted() and self._is_open() and self._incumbent.clock.seconds < seconds

    def _is_open(self) -> bool:
        clock = self._incumbent.clock
        return clock.left > 0.0 and clock.seconds < self._deadline and not self._incumbent.is_good_enough

    def _climb(self, steps: int, keep_going: Callable[[], bool]) -> None:
        before_usd = self._ascent.bound_usd
        self._ascent.run(steps, self._incumbent.cost_usd, keep_going)
        bound_usd = self._ascent.bound_usd
        self._is_slow = bound_usd - before_usd < SLOW * abs(bound_usd)
        self._incumbent.prove(bound_usd, "bound")

    def _solve_part(self, nodes: int | None, keep_going: Callable[[], bool]) -> None:
        if keep_going():
            proved = partial(self._incumbent.prove, source="bound")
            prove_in_part(self._instance, self._ascent.prices, PART_GAP, nodes, proved, keep_going)
        self._part_is_left = False
