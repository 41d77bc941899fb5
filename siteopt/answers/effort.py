"""What the solves of an answer may take, each with its share of the time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

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
    """

    options: SolveOptions
    progress: Callable[[Progress], None] | None = None

    def solve(self, scenario: Scenario, seconds: float, start: Plan | None) -> Plan:
        """Solve within some seconds from a plan."""
        options = replace(self.options, time_limit=max(seconds, LEAST_SECONDS))
        return solve_with(scenario, options, start, self.progress)
