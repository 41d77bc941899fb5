"""Bounding, concurrent with a search: bounds from dual ascent and from part of the problem, and hints at sites.

Dual ascent comes first; then the exact model of the demands that are hardest to reach; then kernel search, which is the
restricted master of all demands on the sites and flows that both make likely.
"""

from __future__ import annotations

import logging
from collections import deque
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from siteopt.bounds.lagrangian import LagrangianAscent
from siteopt.errors import SolverError
from siteopt.highs.driver import Limits
from siteopt.matheuristics.kernel_search import choose_restricted_master, solve_restricted_master
from siteopt.matheuristics.partial_bound import can_solve_part, prove_in_part

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from siteopt.instance import Instance, Solution
    from siteopt.run.incumbent import Incumbent

logger = logging.getLogger(__name__)

#: Dual steps between checks of whether to go on.
STEPS = 20
#: The model of a part begins once the ascent has gained less than this in a turn, relative to its bound.
SLOW = 1e-5
#: Shares of the time at which it begins at the latest if concurrent, at which it ends, and at which kernel search ends.
PART_BEGINS, PART_ENDS, MASTER_ENDS = 0.2, 0.6, 0.75
#: Share of the time in which HiGHS, past its own limit, may still hand out its best solution from inside a sub-MIP.
HANDS_OUT = 0.05
#: Tree nodes of either where search and bounding take turns, and the gap at which they end.
PART_TREE_NODES, MASTER_TREE_NODES, GAP = 20, 1, 1e-4
#: A site is likely to be open if it was so in this share of the last subproblems.
LIKELY = 0.5


class Bounding:
    """Tells an incumbent of better and better bounds, and a search of sites to try.

    Parameters
    ----------
    instance : Instance
    incumbent : Incumbent
        Its clock and its gap say when to stop.
    deadline : float
        When to stop at the latest, in seconds of the clock.
    in_part : bool
        Whether to solve a part and a restricted master exactly, if there are not too many sites, once the ascent has
        found its prices.
    """

    def __init__(self, instance: Instance, incumbent: Incumbent, deadline: float, *, in_part: bool) -> None:
        self._instance, self._incumbent, self._deadline = instance, incumbent, deadline
        self._ascent = LagrangianAscent(instance)
        self._part_is_left = self._master_is_left = in_part and can_solve_part(instance)
        self._part: Solution | None = None
        self._is_slow = False
        self._hints: deque[Solution] = deque(maxlen=1)

    @property
    def is_done(self) -> bool:
        """Whether nothing is left to prove, and no hint left to try."""
        is_busy = self._part_is_left or self._master_is_left or len(self._hints) > 0
        return self._ascent.has_converged and not is_busy

    def hint(self) -> Solution | None:
        """Return the newest hint, once: sites, modules and flows that beat the best plan if shared limits allow."""
        return self._hints.pop() if self._hints else None

    def turn(self, steps: int) -> None:
        """Take some steps of the ascent; once they gain little, solve the part, then run kernel search."""
        self._advance(steps, lambda: True, takes_turns=True)

    def run(self, is_wanted: Callable[[], bool]) -> None:
        """Run all of it, concurrently with a search, for as long as the search wants it."""
        while is_wanted() and self._is_open() and not self.is_done:
            self._advance(STEPS, is_wanted, takes_turns=False)

    def _advance(self, steps: int, is_wanted: Callable[[], bool], *, takes_turns: bool) -> None:
        is_late = not takes_turns and self._incumbent.clock.seconds > PART_BEGINS * self._deadline
        is_ready = is_late or self._is_slow or self._ascent.has_converged
        if is_ready and self._part_is_left:
            limits = self._limits(PART_ENDS, PART_TREE_NODES if takes_turns else None)
            self._solve_part(limits, self._until(PART_ENDS, is_wanted))
        elif is_ready and self._master_is_left:
            limits = self._limits(MASTER_ENDS, MASTER_TREE_NODES if takes_turns else None)
            self._solve_master(limits, self._until(MASTER_ENDS, is_wanted))
        elif not self._ascent.has_converged:
            self._climb(steps, self._until(1.0, is_wanted))

    def _until(self, share: float, is_wanted: Callable[[], bool]) -> Callable[[], bool]:
        """Return a function that says whether to go on, up to a share of the time and a little longer."""
        seconds = (share + HANDS_OUT) * self._deadline
        return lambda: is_wanted() and self._is_open() and self._incumbent.clock.seconds < seconds

    def _limits(self, share: float, tree_nodes: int | None) -> Limits:
        """Return limits at which HiGHS ends by itself and hands out its best, before it is stopped from outside."""
        return Limits(max(0.0, share * self._deadline - self._incumbent.clock.seconds), tree_nodes, GAP)

    def _is_open(self) -> bool:
        clock = self._incumbent.clock
        return clock.left > 0.0 and clock.seconds < self._deadline and not self._incumbent.is_good_enough

    def _climb(self, steps: int, keep_going: Callable[[], bool]) -> None:
        before_usd = self._ascent.bound_usd
        self._ascent.run(steps, self._incumbent.cost_usd, keep_going)
        bound_usd = self._ascent.bound_usd
        self._is_slow = bound_usd - before_usd < SLOW * abs(bound_usd)
        self._incumbent.prove(bound_usd, "bound")

    def _solve_part(self, limits: Limits, keep_going: Callable[[], bool]) -> None:
        if keep_going():
            proved = partial(self._incumbent.prove, source="bound")
            prices = self._ascent.prices
            with _doing_without("a bound by part of the problem"):
                self._part = prove_in_part(self._instance, prices, limits, proved, keep_going)
        self._part_is_left = False

    def _solve_master(self, limits: Limits, keep_going: Callable[[], bool]) -> None:
        if keep_going():
            likely, prices = self._ascent.openness > LIKELY, self._ascent.prices
            if self._part is not None:
                likely |= self._part.option >= 0
            restricted_master = choose_restricted_master(
                self._instance, prices, likely, self._incumbent.solution
            )
            with _doing_without("kernel search"):
                solve_restricted_master(
                    self._instance, prices, restricted_master, limits, self._suggest, keep_going
                )
        self._master_is_left = False

    def _suggest(self, solution: Solution, usd: float) -> None:
        if usd < self._incumbent.cost_usd:
            self._hints.append(solution)


@contextmanager
def _doing_without(what: str) -> Iterator[None]:
    """Log a failure of the solver, and go on without what the body would have found."""
    try:
        yield
    except SolverError as error:
        logger.warning("the solve goes on without %s: %s", what, error)
