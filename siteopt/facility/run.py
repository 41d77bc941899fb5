"""Capacitated facility location inside an instance: plans and bounds by its own methods, which are far stronger."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siteopt.facility import recognised
from siteopt.facility.single_source_run import SingleSourceRun
from siteopt.facility.splittable_run import SplittableRun

if TYPE_CHECKING:
    from siteopt.instance import Instance
    from siteopt.run.incumbent import Incumbent
    from siteopt.run.options import SolveOptions

__all__ = ["solve_facility_location"]


def solve_facility_location(instance: Instance, incumbent: Incumbent, options: SolveOptions) -> bool:
    """Solve an instance that is capacitated facility location, until the gap or the time is reached.

    Parameters
    ----------
    instance : Instance
    incumbent : Incumbent
        Told of plans and bounds; its clock and its gap say when to stop.
    options : SolveOptions
        For its seed and its limit on tree nodes; the incumbent has the clock and the gap.

    Returns
    -------
    bool
        False where the instance is not of this kind, and nothing was done.
    """
    problem = recognised(instance)
    if problem is None:
        return False
    kind = SplittableRun if problem.is_splittable else SingleSourceRun
    kind(instance, problem, incumbent, options).work()
    return True
