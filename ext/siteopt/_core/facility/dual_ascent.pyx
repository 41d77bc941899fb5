"""Dual ascent for capacitated facility location.

The volume algorithm (Barahona and Anbil 2000) with steps in the metric of the demands, so that a unit counts the same
whichever demand it belongs to.
"""

import numpy as np

from libc.math cimport INFINITY, fabs
from libc.stdint cimport int8_t, int32_t

from siteopt._core.facility.dual_function cimport DualFunction

# Steps: longest and shortest, growth after a success along the average direction, shrinkage after so many failures.
cdef double LONGEST = 0.5, SHORTEST = 1e-4, GROW = 1.1, SHRINK = 0.7
cdef int FAILURES = 5


cdef class FacilityDual(DualFunction):
    """Dual function of one problem, and its ascent.

    Parameters
    ----------
    problem : siteopt.facility.FacilityProblem
    """

    cdef double[::1] _openness, _direction, _trial

    def __init__(self, problem):
        super().__init__(problem)
        self._openness = np.zeros(self.n_site)
        self._direction, self._trial = np.zeros((2, self.n_demand))

    @property
    def openness(self):
        """Running average of the choice of each site in the last ascent, in [0, 1], shape (n_site,)."""
        return np.asarray(self._openness)

    @property
    def direction(self):
        """Running average of the shortfall of each demand in the last ascent, shape (n_demand,)."""
        return np.asarray(self._direction)

    def resume(
        self,
        const double[::1] price not None,
        const float[::1] direction not None,
        const float[::1] openness not None,
        Py_ssize_t site,
        bint is_open,
    ):
        """Set the running averages to those of another ascent, which ended at ``price``, and then decide one site.

        The next ascent with ``goes_on`` then begins with just the shortfall or excess that this decision causes.
        """
        cdef Py_ssize_t i
        cdef double highest, change
        if direction.shape[0] != self.n_demand or openness.shape[0] != self.n_site:
            raise ValueError("averages of this problem are needed")
        if not 0 <= site < self.n_site or price.shape[0] != self.n_demand:
            raise ValueError("a site and prices of this problem are needed")
        highest = np.max(price, initial=0.0)
        for i in range(self.n_demand):
            self._direction[i] = direction[i]
            self._gradient[i] = 0.0
        for i in range(self.n_site):
            self._openness[i] = openness[i]
        self._solve_knapsack(site, price, highest, is_open)
        self._spend(site, price, highest, 1.0)
        change = (1.0 if is_open else 0.0) - openness[site]
        for i in range(self.n_demand):
            self._direction[i] += change * self._gradient[i]
        self._openness[site] = 1.0 if is_open else 0.0

    def ascend(
        self,
        double[::1] price not None,
        const int8_t[::1] status not None,
        const int32_t[::1] active not None,
        Py_ssize_t iterations,
        double target,
        double cutoff,
        double length,
        double weight,
        bint goes_on=False,
    ):
        """Climb from ``price``, which ends at the best point, and return the bound.

        Parameters
        ----------
        price : ndarray of float64, shape (n_demand,)
            Worth of one unit of each demand, USD.
        status : ndarray of int8, shape (n_site,)
            1 open, 0 free; sites of any other status must not be in ``active``.
        active : ndarray of int32
            Sites to consider.
        iterations : int
        target : float
            Value that steps aim at, USD.
        cutoff : float
            Stop once the bound reaches this, USD.
        length, weight : float
            First step, and the most that a new subgradient weighs in the running average.
        goes_on : bool
            Keep the running averages of the last ascent, which must have ended at ``price``.

        Returns
        -------
        bound : float
            ``inf`` if the sites cannot carry the demand.
        length, weight : float
            To continue with.
        """
        self._check(price, status)
        cdef double bound
        with nogil:
            bound = self._ascend(price, status, active, iterations, target, cutoff, goes_on, &length, &weight)
        return bound, length, weight

    cdef double _ascend(
        self,
        double[::1] price,          # IN, OUT
        const int8_t[::1] status,   # IN
        const int32_t[::1] active,  # IN
        Py_ssize_t iterations,
        double target,
        double cutoff,
        bint goes_on,
        double* length,             # IN, OUT
        double* weight,             # IN, OUT
    ) noexcept nogil:
        cdef Py_ssize_t i, n, k, failures = 0
        cdef double best, value, norm, cross, own, mix, step, share, checked
        cdef long steps = self.n_demand
        for k in range(active.shape[0]):
            steps += 8 * (self.first[active[k] + 1] - self.first[active[k]])
        best = self._evaluate(price, status, active)
        self._keep(active)
        if best == INFINITY:
            return best
        checked = best
        for i in range(self.n_demand):
            if not goes_on:
                self._direction[i] = self._gradient[i]
        for k in range(active.shape[0]):
            if not goes_on:
                self._openness[active[k]] = self._chosen[active[k]]
        for n in range(iterations):
            if best >= cutoff or length[0] < SHORTEST or self.stop.after(steps):
                break
            norm = self._norm()
            if norm <= 1e-9 * self.total_demand:
                # The average is feasible, but from other points: only a subgradient of this point ends the ascent.
                self._evaluate(price, status, active)
                for i in range(self.n_demand):
                    self._direction[i] = self._gradient[i]
                norm = self._norm()
                if norm <= 1e-12 * self.total_demand:
                    break
                length[0] *= SHRINK
            step = length[0] * max(target - best, 1e-6 * fabs(target)) / norm
            for i in range(self.n_demand):
                self._trial[i] = price[i] + step * self._direction[i] / self.demand[i]
            value = self._evaluate(self._trial, status, active)
            # The shortest mixture of the new and the average subgradient, within limits.
            norm = cross = own = 0.0
            for i in range(self.n_demand):
                share = 1.0 / self.demand[i]
                norm += self._direction[i] * self._direction[i] * share
                cross += self._direction[i] * self._gradient[i] * share
                own += self._gradient[i] * self._gradient[i] * share
            mix = weight[0]
            if own + norm - 2.0 * cross > 0.0:
                mix = min(weight[0], max(0.1 * weight[0], (norm - cross) / (own + norm - 2.0 * cross)))
            if value > best:
                if cross >= 0.0:
                    length[0] = min(LONGEST, length[0] * GROW)
                failures = 0
                best = value
                for i in range(self.n_demand):
                    price[i] = self._trial[i]
                self._keep(active)
            else:
                failures += 1
                if failures >= FAILURES:
                    length[0] *= SHRINK
                    failures = 0
            for i in range(self.n_demand):
                self._direction[i] = mix * self._gradient[i] + (1.0 - mix) * self._direction[i]
            for k in range(active.shape[0]):
                self._openness[active[k]] += mix * (self._chosen[active[k]] - self._openness[active[k]])
            if n % 100 == 99:
                if best - checked < 0.01 * fabs(target - best):
                    weight[0] = max(0.5 * weight[0], 1e-4)
                checked = best
        return best

    cdef double _norm(self) noexcept nogil:
        """Return the squared length of the direction, where a unit counts the same whichever demand it belongs to."""
        cdef Py_ssize_t i
        cdef double norm = 0.0
        for i in range(self.n_demand):
            norm += self._direction[i] * self._direction[i] / self.demand[i]
        return norm
