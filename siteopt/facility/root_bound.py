"""The Lagrangian bound of capacitated facility location, climbed in runs that a caller can stop between."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from siteopt._core.facility.dual_ascent import FacilityDual
from siteopt.tolerances import TINY

if TYPE_CHECKING:
    from siteopt.arrays import Floats
    from siteopt.facility import FacilityProblem

#: Steps of a run; how far above the bound they aim, relative to it: at first without and with prices to start from,
#: at least, at most, and as a multiple of what the last run gained.
STEPS = 50
COLD, WARM, LEAST, MOST, OVER = 0.3, 0.01, 0.005, 0.3, 1.5
#: The ascent has converged once this many runs in a row have each gained less than this, relative to the bound.
IDLE_RUNS, IDLE = 3, 2e-6
#: Steps that have become shorter than this start again from this length, with a running average that changes more
#: slowly, down to this weight of a new subgradient.
RESTART, AGAIN, SLOWEST = 2e-4, 0.02, 0.05


class RootBound:
    """Dual ascent over all sites; as the best plan is not known, it aims a little further than it has been gaining.

    Parameters
    ----------
    problem : FacilityProblem
    price : ndarray, optional
        Prices of one unit of each demand to start from, USD.
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
        """Whether further steps would gain next to nothing."""
        return self._idle >= IDLE_RUNS or not np.isfinite(self.bound_usd)

    @property
    def openness(self) -> Floats:
        """Openness of each site, from 0 to 1, in the running average; shape (n_site,)."""
        return self._dual.openness.copy()

    @property
    def reduced_usd(self) -> Floats:
        """Reduced cost of each site at the best prices, USD, shape (n_site,)."""
        return self._dual.reduced_usd.copy()

    @property
    def passes(self) -> int:
        """Number of evaluations of the dual so far."""
        return self._dual.passes

    def climb(self) -> float:
        """Take one run of steps and return the bound."""
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
    """Return the least cost of a unit of each demand if full sites spread their fixed cost over their capacity."""
    per_unit = problem.fixed_usd / np.maximum(problem.capacity, TINY)
    price = np.full(len(problem.demand), np.inf)
    np.minimum.at(price, problem.arc_demand, problem.arc_usd + per_unit[problem.arc_site])
    return np.where(np.isfinite(price), price, 0.0)
