"""Solve instances of capacitated facility location by methods of their own, which are far stronger."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from siteopt._core.stopping import StopCheck
from siteopt.facility import recognised
from siteopt.facility.single_source_run import SingleSourceRun
from siteopt.facility.splittable_run import SplittableRun

if TYPE_CHECKING:
    from siteopt.instance import Instance
    from siteopt.run.incumbent import Incumbent
    from siteopt.run.options import SolveOptions

__all__ = ["solve_facility_location"]


def solve_facility_location(instance: Instance, incumbent: Incumbent, options: SolveOptions) -> bool:
    """Solve an instance of capacitated facility location until the gap or the time limit is reached.

    Parameters
    ----------
    instance : Instance
    incumbent : Incumbent
        Receives plans and bounds; its clock and its gap say when to stop.
    options : SolveOptions
        Only its seed and its limit on tree nodes are used; the incumbent has the clock and the gap.

    Returns
    -------
    bool
        False if the instance is not of this kind, in which case nothing was done.
    """
    problem = recognised(instance)
    if problem is None:
        return False
    problem = replace(problem, stop=StopCheck(lambda: incumbent.clock.left <= 0.0))
    kind = SplittableRun if problem.is_splittable else SingleSourceRun
    kind(instance, problem, incumbent, options).work()
    return True
