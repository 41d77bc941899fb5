"""Capacitated facility location: stated as an instance, and recognised inside one.

A facility is a site with one module as large as its capacity, a customer is a demand, and the only costs are those of
opening and of supplying. An instance with this structure, wherever it comes from, has bounds and searches of its own,
which are far stronger than those that have to cope with everything a scenario can say.
"""

from siteopt.facility.build import facility_instance
from siteopt.facility.problem import FacilityProblem, facility_problem
from siteopt.facility.recognise import recognised, solution_of
from siteopt.facility.single_source import fitting, keeping, splittable_relaxation

__all__ = [
    "FacilityProblem",
    "facility_instance",
    "facility_problem",
    "fitting",
    "keeping",
    "recognised",
    "solution_of",
    "splittable_relaxation",
]
