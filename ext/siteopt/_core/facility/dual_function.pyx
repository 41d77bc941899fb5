"""The dual function of capacitated facility location: the assignment is priced, and each site is a knapsack.

The row "open capacity covers the demand", implied by the model, is kept in the choice of sites, which makes the dual
far easier to climb. Every value is a valid bound.
"""

import numpy as np

from libc.math cimport INFINITY, fabs
from libc.stdint cimport int8_t, int32_t

from siteopt._core.facility.continuous_knapsack cimport Item, critical_rate
from siteopt._core.facility.knapsacks cimport SiteKnapsacks
from siteopt._core.tolerances cimport TIGHT_SLACK

# A bound is lowered by this much, relative to the sum of its terms, to stay valid under rounding.
cdef double ROUNDING = 1e-13


cdef class DualFunction(SiteKnapsacks):
    """Dual function of one problem: value and subgradient at given prices.

    Parameters
    ----------
    problem : siteopt.facility.FacilityProblem
    """

    def __init__(self, problem):
        super().__init__(problem)
        self.total_demand = float(np.sum(problem.demand))
        self._chosen, self._reduced = np.zeros((2, self.n_site))
        self._site_memory = np.empty((self.n_site + 1) * sizeof(Item), dtype=np.uint8)
        cdef unsigned char[::1] memory = self._site_memory
        self.site_items = <Item*>&memory[0]

    @property
    def reduced_usd(self):
        """Reduced cost of each site at the last prices that were kept, USD, shape (n_site,)."""
        return np.asarray(self._reduced)

    def value(self, const double[::1] price not None, const int8_t[::1] status not None, const int32_t[::1] active not None):
        """Return the bound at given prices over the sites of ``active``, and keep their reduced costs."""
        cdef double bound
        self._check(price, status)
        with nogil:
            bound = self._evaluate(price, status, active)
            self._keep(active)
        return bound

    def served(self):
        """Return how many units of each demand the sites chosen last serve in all, shape (n_demand,)."""
        return np.asarray(self.demand) - np.asarray(self._gradient)

    def choices(self):
        """Return whether a site chosen last takes each arc, in the order of ``site_demand``, shape (n_arc,)."""
        chosen = np.repeat(np.asarray(self._chosen) > 0.5, np.diff(np.asarray(self.first)))
        return chosen & (np.asarray(self._taken) > 0)

    cdef object _check(self, const double[::1] price, const int8_t[::1] status):
        if price.shape[0] != self.n_demand or status.shape[0] != self.n_site:
            raise ValueError("one price for each demand and one status for each site is needed")

    cdef void _keep(self, const int32_t[::1] active) noexcept nogil:
        cdef Py_ssize_t k
        for k in range(active.shape[0]):
            self._reduced[active[k]] = self._value[active[k]] - self._capacity_price * self.capacity[active[k]]

    cdef double _evaluate(
        self, const double[::1] price, const int8_t[::1] status, const int32_t[::1] active
    ) noexcept nogil:
        """Return the value of the dual, and leave the shortfall of each demand in ``_gradient``."""
        cdef Py_ssize_t i, j, k
        cdef double highest = 0.0, total = 0.0, size = 0.0, value
        for i in range(self.n_demand):
            if price[i] > highest:
                highest = price[i]
            self._gradient[i] = self.demand[i]
            total += price[i] * self.demand[i]
            size += fabs(price[i]) * self.demand[i]
        self.passes += 1
        for k in range(active.shape[0]):
            self._solve_knapsack(active[k], price, highest, status[active[k]] > 0)
        value = self._choose(status, active)
        if value == INFINITY:
            return INFINITY
        for k in range(active.shape[0]):
            j = active[k]
            if self._chosen[j] > 0.0:
                self._spend(j, price, highest, self._chosen[j])
                size += fabs(self._value[j])
        return total + value - ROUNDING * size

    cdef double _choose(self, const int8_t[::1] status, const int32_t[::1] active) noexcept nogil:
        """Choose the sites that pay, and the cheapest others until capacity covers the demand, the last one in part."""
        cdef Py_ssize_t j, k, count = 0
        cdef double short = self.total_demand, total = 0.0, spare = 0.0, gain, critical, room
        self._capacity_price = 0.0
        for k in range(active.shape[0]):
            j = active[k]
            if status[j] > 0 or self._value[j] < 0.0:
                self._chosen[j] = 1.0
                total += self._value[j]
                short -= self.capacity[j]
            else:
                self._chosen[j] = 0.0
                if self.capacity[j] > 0.0:
                    self.site_items[count].rate = -self._value[j] / self.capacity[j]
                    self.site_items[count].weight = self.capacity[j]
                    spare += self.capacity[j]
                    count += 1
        if short <= 0.0:
            return total
        if spare < short * (1.0 - TIGHT_SLACK):
            return INFINITY
        critical = critical_rate(self.site_items, count, short, &gain)
        if spare <= short:
            # Everything is needed: the price of capacity is at least that of the dearest site.
            for k in range(count):
                critical = min(critical, self.site_items[k].rate)
        self._capacity_price = -critical
        for k in range(active.shape[0]):
            j = active[k]
            if status[j] <= 0 and self._value[j] >= 0.0 and self.capacity[j] > 0.0:
                if -self._value[j] / self.capacity[j] > critical:
                    self._chosen[j] = 1.0
                    total += self._value[j]
                    short -= self.capacity[j]
        for k in range(active.shape[0]):
            j = active[k]
            if status[j] <= 0 and self._value[j] >= 0.0 and short > 0.0 and self.capacity[j] > 0.0:
                if self._chosen[j] == 0.0 and -self._value[j] / self.capacity[j] == critical:
                    room = min(1.0, short / self.capacity[j])
                    self._chosen[j] = room
                    total += room * self._value[j]
                    short -= room * self.capacity[j]
        return total
