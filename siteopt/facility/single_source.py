"""Tighten and relax a single-source problem: drop arcs that can never be used, let demands be splittable."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from siteopt.facility.problem import FacilityProblem, facility_problem
from siteopt.tolerances import TIGHT_SLACK

if TYPE_CHECKING:
    from siteopt.arrays import Floats, Masks

#: Sums of capacities are enumerated only if all capacities together are at most this.
MOST_UNITS = 10_000_000


def fitting(problem: FacilityProblem) -> FacilityProblem:
    """Return the problem without the arcs to sites that are too small for the whole demand."""
    demand = problem.arc_demand
    fits = problem.demand[demand] <= problem.capacity[problem.arc_site] * (1.0 + TIGHT_SLACK)
    return problem if np.all(fits) else keeping(problem, fits)


def keeping(problem: FacilityProblem, kept: Masks) -> FacilityProblem:
    """Return the problem with only some of its arcs."""
    part = facility_problem(
        problem.capacity,
        problem.fixed_usd,
        problem.demand,
        problem.arc_demand[kept],
        problem.arc_site[kept],
        problem.arc_usd[kept],
        problem.is_splittable,
    )
    return replace(part, stop=problem.stop)


def splittable_relaxation(problem: FacilityProblem) -> FacilityProblem:
    """Relax single sources to splittable demands, and exploit that a site opens with all of its capacity.

    Open capacity is a sum of capacities, hence at least the smallest such sum that covers the demand (sites that
    carry 400 each serve 6,076 only if 16 of them are open, not 15.2). An extra demand, which every site serves for
    free, makes up the difference; it comes last.
    """
    total = float(problem.demand.sum())
    missing = least_sum(problem.capacity, total) - total
    if missing <= 0.0:
        return replace(problem, is_splittable=True)
    n, every = len(problem.demand), np.arange(len(problem.capacity), dtype=np.int32)
    relaxation = facility_problem(
        problem.capacity,
        problem.fixed_usd,
        np.append(problem.demand, missing),
        np.concatenate((problem.arc_demand, np.full(len(every), n, dtype=np.int32))),
        np.concatenate((problem.arc_site, every)),
        np.concatenate((problem.arc_usd, np.zeros(len(every)))),
    )
    return replace(relaxation, stop=problem.stop)


def least_sum(capacity: Floats, total: float) -> float:
    """Return the smallest sum of some capacities that is at least ``total``, or ``total`` if that is not known."""
    if not capacity.sum() <= MOST_UNITS or np.any(capacity != np.floor(capacity)) or capacity.sum() < total:
        return total
    # Bit k says whether some capacities sum to k.
    reached = 1
    for unit in capacity.tolist():
        reached |= reached << int(unit)
    least = int(np.ceil(total * (1.0 - TIGHT_SLACK)))
    above = reached >> least
    return float(least + (above & -above).bit_length() - 1)
