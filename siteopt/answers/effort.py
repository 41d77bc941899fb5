"""What the solves of an answer may take, each with its share of the time, and what ends all of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from siteopt.errors import NoPlanError
from siteopt.run.progress import Clock
from siteopt.solving.solve import solve_with

if TYPE_CHECKING:
    from collections.abc import Callable

    from siteopt.plan import Plan
    from siteopt.run.options import SolveOptions
    from siteopt.run.progress import Progress
    from siteopt.scenario.schema import Scenario

#: No solve gets fewer seconds than this, however little time is left.
LEAST_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Effort:
    """How hard to look for an answer.

    Attributes
    ----------
    options : SolveOptions
        Of every solve, but for the time limit, which is that of the whole answer.
    progress : callable, optional
        Told of the running solve.
    stop : callable, optional
        Ends the whole answer, with what there is of it, once it returns True.
    """

    options: SolveOptions
    progress: Callable[[Progress], None] | None = None
    stop: Callable[[], bool] | None = None

    def start_clock(self) -> Clock:
        """Start the clock of an answer."""
        return Clock(self.options.seconds, self.stop)

    def solve(self, scenario: Scenario, seconds: float, start: Plan | None, clock: Clock) -> Plan:
        """Solve within some seconds from a plan; whoever ends this solve ends the answer, whose clock is given."""
        options = replace(self.options, time_limit=max(seconds, LEAST_SECONDS))
        try:
            plan = solve_with(scenario, options, start, self.progress, self.stop)
        except NoPlanError as error:
            if error.is_interrupted:
                clock.interrupt()
            raise
        if plan.limit == "interrupt":
            clock.interrupt()
        return plan
