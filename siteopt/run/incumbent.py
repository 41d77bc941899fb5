"""The best plan and the best bound of a running solve, and the report of every improvement."""

from __future__ import annotations

import logging
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from siteopt.errors import SolverError, words_on_environment
from siteopt.evaluate import evaluate_solution
from siteopt.plan import relative_gap
from siteopt.run.progress import Clock, Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from siteopt.instance import Instance, Solution

logger = logging.getLogger(__name__)


def log_failure(error: Exception) -> None:
    """Log what kept a step from improving the best plan; whatever is not the environment's or HiGHS's is a bug."""
    lacking = str(error) if isinstance(error, SolverError) else words_on_environment(error)
    if lacking is not None:
        logger.warning("the best plan so far is kept, for what would improve it failed: %s", lacking)
    else:
        logger.error("the best plan so far is kept; please report this bug in siteopt", exc_info=error)


class Incumbent:
    """Keeper of the cheapest solution and the highest bound; safe to call from several threads.

    Parameters
    ----------
    instance : Instance
    clock : Clock
    gap_wanted : float
        Gap at which the solve may stop.
    progress : callable, optional
        Called with every improvement; if it raises an exception, the clock is interrupted and it is not called again.
    """

    def __init__(
        self,
        instance: Instance,
        clock: Clock,
        gap_wanted: float,
        progress: Callable[[Progress], None] | None,
    ) -> None:
        self._instance, self._progress = instance, progress
        self._lock = threading.RLock()
        self._lines: dict[str, float] = {}
        self.clock = clock
        self.gap_wanted = gap_wanted
        self.solution: Solution | None = None
        self.cost_usd = float("inf")
        self.bound_usd: float | None = None

    @property
    def gap(self) -> float | None:
        """Gap between plan and bound; None until there are both, and as long as it is infinite."""
        with self._lock:
            if self.solution is None or self.bound_usd is None:
                return None
            return relative_gap(self.cost_usd, self.bound_usd, self._lines)

    @property
    def gap_usd(self) -> float | None:
        """Cost less bound, USD; None until there are both."""
        with self._lock:
            if self.solution is None or self.bound_usd is None:
                return None
            return max(0.0, self.cost_usd - self.bound_usd)

    @property
    def is_good_enough(self) -> bool:
        """Whether the gap is at most the one asked for."""
        gap = self.gap
        return gap is not None and gap <= self.gap_wanted

    def offer(self, solution: Solution | None, source: str) -> float:
        """Keep a feasible solution if the full evaluation finds it cheaper than the incumbent; return its cost."""
        if solution is None:
            return float("inf")
        figures = evaluate_solution(self._instance, solution)
        with self._lock:
            if figures.cost_usd >= self.cost_usd:
                return figures.cost_usd
            self.solution, self.cost_usd, self._lines = solution, figures.cost_usd, figures.cost_lines
            self._report(source)
        return figures.cost_usd

    def prove(self, bound_usd: float, source: str) -> None:
        """Keep a bound if it is higher than the best one."""
        with self._lock:
            if bound_usd == float("-inf") or (self.bound_usd is not None and bound_usd <= self.bound_usd):
                return
            self.bound_usd = bound_usd
            self._report(source)

    @contextmanager
    def outlives_failure(self) -> Iterator[None]:
        """Log an exception from the body instead of raising it, once there is a solution to fall back on.

        Raises
        ------
        Exception
            Whatever the body raised, if there is no solution yet.
        """
        try:
            yield
        except Exception as error:
            if self.solution is None:
                raise
            log_failure(error)

    def _report(self, source: str) -> None:
        if self._progress is None:
            return
        cost = None if self.solution is None else self.cost_usd
        try:
            self._progress(Progress(self.clock.seconds, cost, self.bound_usd, self.gap, source))
        except Exception:
            logger.warning("progress raised an exception, which ends the solve", exc_info=True)
            self._progress = None
            self.clock.interrupt()
