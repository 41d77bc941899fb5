"""The Lagrangian bound of capacitated facility location, in runs of steps that a caller can stop between."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from siteopt._core.facility.dual_ascent import FacilityDual
from siteopt.tolerances import TINY

if TYPE_CHECKING:
    from siteopt.arrays import Floats
    from siteopt.facility import FacilityProblem

#: Steps of a run; how far ahead of the bound steps aim at first, at least and at most, relative to it, and that
#: distance over what the last run gained.
STEPS = 50
COLD, WARM, LEAST, MOST, OVER = 0.3, 0.01, 0.005, 0.3, 1.5
#: The ascent has converged when this many runs in a row gained less than this, relative to the bound.
IDLE_RUNS, IDLE = 3, 2e-6
#: Steps that have become this short start again from this length, with an average that turns more slowly.
RESTART, AGAIN, SLOWEST = 2e-4, 0.02, 0.05


class RootBound:
    """Dual ascent over all sites; where the best plan is not known, it aims a little ahead of what it gains.

    Parameters
    ----------
    problem : FacilityProblem
    price : ndarray, optional
        Prices to start from, of one unit of each demand, USD.
    """

    def __init__(self, problem: FacilityProblem, price: Floats | None = None) -> None:
        n_site = len(problem.capacity)
        self._dual = FacilityDual(problem)
        self._all = np.arange(n_site, dtype=np.int32)
        self.status = np.zeros(n_site, dtype=np.int8)
        self.price = first_prices(problem) if price is None else price.copy()
        self.bound_usd = self._dual.value(self.price, self.status, self._all)
        self._ahead, self._length, self._weight = COLD if price is None else WARM, 0.2, 0.2
        self._idle = self._passed = 0

    @property
    def has_converged(self) -> bool:
        """Whether steps bring next to nothing any more."""
        return self._idle >= IDLE_RUNS or not np.isfinite(self.bound_usd)

    @property
    def openness(self) -> Floats:
        """How far each site is open in the running average, shape (n_site,)."""
        return self._dual.openness.copy()

    @property
    def reduced_usd(self) -> Floats:
        """Reduced cost of each site at the best prices, shape (n_site,)."""
        return self._dual.reduced_usd.copy()

    @property
    def passes(self) -> int:
        """Evaluations of the dual so far."""
        return self._dual.passes

    def climb(self) -> float:
        """Take one run of steps; returns the bound."""
        before, size = self.bound_usd, max(abs(self.bound_usd), 1e-9)
        target = before + self._ahead * size
        self.bound_usd, self._length, self._weight = self._dual.ascend(
            self.price,
            self.status,
            self._all,
            STEPS,
            target,
            np.inf,
            self._length,
            self._weight,
            self._passed > 0,
        )
        self._passed += 1
        gained = (self.bound_usd - before) / size
        ahead = min(max(LEAST, OVER * gained), MOST)
        if ahead < self._ahead:
            self._length = min(0.5, self._length * self._ahead / ahead)
        self._ahead = ahead
        if self._length < RESTART:
            self._length, self._weight = AGAIN, max(0.5 * self._weight, SLOWEST)
        self._idle = self._idle + 1 if gained < IDLE else 0
        return self.bound_usd


def first_prices(problem: FacilityProblem) -> Floats:
    """Each demand's cheapest unit if full sites shared their fixed cost."""
    per_unit = problem.fixed_usd / np.maximum(problem.capacity, TINY)
    price = np.full(len(problem.demand), np.inf)
    np.minimum.at(price, problem.arc_demand, problem.arc_usd + per_unit[problem.arc_site])
    return np.where(np.isfinite(price), price, 0.0)
