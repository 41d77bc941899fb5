"""Capacitated facility location: as an instance of ours, and found again inside an instance.

A facility is a site with one module as large as its capacity, a customer is a demand, and nothing costs anything but
opening and supplying. An instance with this structure, wherever it comes from, has bounds and searches of its own,
which are far stronger than those for everything that a scenario can say.
"""

from siteopt.facility.build import facility_location
from siteopt.facility.problem import FacilityProblem, facility_problem
from siteopt.facility.recognise import recognised, solution_of
from siteopt.facility.single_source import fitting, keeping, splittable_relaxation

__all__ = [
    "FacilityProblem",
    "facility_location",
    "facility_problem",
    "fitting",
    "keeping",
    "recognised",
    "solution_of",
    "splittable_relaxation",
]
