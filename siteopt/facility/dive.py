"""Lagrangian dive: open the sites that look most open and climb again, until the open sites carry the demand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from siteopt._core.facility.dual_ascent import FacilityDual
from siteopt.tolerances import ROUNDING

if TYPE_CHECKING:
    from collections.abc import Callable

    from siteopt.arrays import Floats
    from siteopt.facility import FacilityProblem
    from siteopt.facility.root_bound import RootBound

OPEN = 1
#: The dive considers the sites above this openness, and twice as many of least reduced cost.
LIKELY = 0.02
#: Share of the sites still needed that each round opens, and steps of the ascent between rounds.
OPENED, STEPS = 0.12, 60
#: How far above the bound the steps aim, relative to it; their first length, and the weight of a new subgradient.
AHEAD, LENGTH, WEIGHT = 0.005, 0.1, 0.3


def dive(problem: FacilityProblem, root: RootBound, keep_going: Callable[[], bool] = lambda: True) -> Floats:
    """Rank the sites for a plan: above 1 those that the dive opened, the earliest highest; the others by openness.

    Parameters
    ----------
    problem : FacilityProblem
    root : RootBound
        After its ascent.
    keep_going : callable
        Asked before each round; where it ends the dive, what it has opened still ranks first.
    """
    dual, price, openness = FacilityDual(problem), root.price.copy(), root.openness
    status = np.zeros(len(problem.capacity), dtype=np.int8)
    rank = openness.copy()
    fractional = np.flatnonzero(openness > LIKELY)
    cheapest = np.argsort(root.reduced_usd, kind="stable")[: 2 * len(fractional) + 50]
    active = np.union1d(cheapest, fractional).astype(np.int32)
    total, turn = problem.demand.sum(), 0
    while problem.capacity[status == OPEN].sum() < total * (1.0 - ROUNDING):
        free = active[status[active] == 0]
        if len(free) == 0 or not keep_going():
            break
        order = free[np.argsort(-openness[free], kind="stable")]
        short = total - problem.capacity[status == OPEN].sum()
        needed = int(np.searchsorted(np.cumsum(problem.capacity[order]), short * (1.0 - ROUNDING))) + 1
        chosen = order[: max(1, int(OPENED * needed))]
        status[chosen] = OPEN
        rank[chosen] = 3.0 - turn * 1e-3
        turn += 1
        bound, _, _ = dual.ascend(
            price, status, active, STEPS, root.bound_usd * (1.0 + AHEAD * turn), np.inf, LENGTH, WEIGHT
        )
        if np.isinf(bound):
            break
        openness = dual.openness
    return rank
