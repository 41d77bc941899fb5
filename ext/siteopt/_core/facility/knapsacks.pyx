"""Knapsacks of what each site takes at given prices: continuous ones, or 0-1 knapsacks of single-source demands."""

import numpy as np

from libc.stdint cimport int32_t, uint8_t
from libc.stdlib cimport free, malloc

from siteopt._core.facility.continuous_knapsack cimport Item, critical_rate
from siteopt._core.tolerances cimport TINY

# Most bytes of the table of a 0-1 knapsack; if it would be larger, the continuous knapsack is used instead.
MOST_CHOICES = 64_000_000


cdef class SiteKnapsacks:
    """Knapsacks of the sites of one problem, each by itself.

    Parameters
    ----------
    problem : siteopt.facility.FacilityProblem
        If its demands are single-source and all figures are whole numbers, each site that pays is a 0-1 knapsack.
    """

    def __cinit__(self, problem):
        self._choice = NULL

    def __dealloc__(self):
        free(self._choice)

    def __init__(self, problem):
        self.capacity, self.fixed, self.demand = problem.capacity, problem.fixed_usd, problem.demand
        self.first, self.customer, self.usd = problem.site_ptr, problem.site_demand, problem.site_usd
        self.n_site, self.n_demand, self.stop = len(problem.capacity), len(problem.demand), problem.stop
        self._value, self._critical_rate = np.zeros((2, self.n_site))
        self._gradient = np.zeros(self.n_demand)
        self._memory = np.empty((self.n_demand + 1) * sizeof(Item), dtype=np.uint8)
        cdef unsigned char[::1] memory = self._memory
        self.items = <Item*>&memory[0]
        n_arc, room = len(problem.site_usd), int(np.max(problem.capacity, initial=0.0)) + 1
        self._banned, self._taken = np.zeros((2, n_arc), dtype=np.uint8)
        self._is_exact = np.zeros(self.n_site, dtype=np.uint8)
        self._position = np.zeros(self.n_demand + 1, dtype=np.int32)
        self._best = np.zeros(room)
        widest = int(np.diff(problem.site_ptr).max(initial=0)) + 1
        self.is_zero_one = (
            not problem.is_splittable
            and widest * room <= MOST_CHOICES
            and bool(np.all(problem.demand == np.floor(problem.demand)))
        )
        if self.is_zero_one:
            self._choice = <uint8_t*>malloc(widest * room)
            if self._choice == NULL:
                raise MemoryError

    def ban(self, const uint8_t[::1] banned not None):
        """Forbid arcs from now on, by a flag for each in the order of ``site_demand``."""
        if banned.shape[0] != self._banned.shape[0]:
            raise ValueError("one flag for each arc is needed")
        self._banned[:] = banned

    cdef void _solve_knapsack(self, Py_ssize_t j, const double[::1] price, double highest, bint is_open) noexcept nogil:
        """Solve the knapsack of a site, for its value and the rate down to which it takes demands."""
        cdef Py_ssize_t n, count = 0
        cdef double rate, gain = 0.0, load = 0.0
        for n in range(self.first[j], self.first[j + 1]):
            if self.usd[n] >= highest:
                break
            rate = price[self.customer[n]] - self.usd[n]
            if rate > 0.0 and not self._banned[n]:
                self._position[count] = <int32_t>n
                self.items[count].rate = rate
                self.items[count].weight = self.demand[self.customer[n]]
                load += self.items[count].weight
                gain += rate * self.items[count].weight
                count += 1
        self._critical_rate[j] = 0.0
        self._is_exact[j] = False
        if load > self.capacity[j]:
            self._critical_rate[j] = critical_rate(self.items, count, self.capacity[j], &gain)
            # A site that does not pay even with fractions is left with them, as its value is still a bound.
            if self.is_zero_one and (is_open or gain > self.fixed[j]):
                gain = self._pack(j, price, count)
        elif self.is_zero_one:
            self._is_exact[j] = True
            for n in range(self.first[j], self.first[j + 1]):
                self._taken[n] = False
            for n in range(count):
                self._taken[self._position[n]] = True
        self._value[j] = self.fixed[j] - gain

    cdef double _pack(self, Py_ssize_t j, const double[::1] price, Py_ssize_t count) noexcept nogil:
        """Solve the 0-1 knapsack over the arcs of ``_position`` by dynamic programming, and mark what is taken."""
        cdef Py_ssize_t room = <Py_ssize_t>(self.capacity[j] + TINY), k, n, w, weight, top = 0
        cdef double gain, value
        cdef uint8_t* choice
        self._is_exact[j] = True
        for n in range(self.first[j], self.first[j + 1]):
            self._taken[n] = False
        self._best[0] = 0.0
        for k in range(count):
            n = self._position[k]
            weight = <Py_ssize_t>self.demand[self.customer[n]]
            gain = (price[self.customer[n]] - self.usd[n]) * self.demand[self.customer[n]]
            choice = self._choice + k * (room + 1)
            # Weights above ``top`` cannot be reached yet: they are worth what ``top`` is worth.
            for w in range(top + 1, min(room, top + weight) + 1):
                self._best[w] = self._best[top]
            top = min(room, top + weight)
            for w in range(room + 1):
                choice[w] = 0
            for w in range(top, weight - 1, -1):
                value = self._best[w - weight] + gain
                if value > self._best[w]:
                    self._best[w] = value
                    choice[w] = 1
        w = top
        for k in range(count - 1, -1, -1):
            n = self._position[k]
            if self._choice[k * (room + 1) + w]:
                self._taken[n] = True
                w -= <Py_ssize_t>self.demand[self.customer[n]]
        return self._best[top]

    cdef void _spend(self, Py_ssize_t j, const double[::1] price, double highest, double share) noexcept nogil:
        """Subtract what a site serves, times ``share``, from the gradient."""
        cdef Py_ssize_t n
        cdef double rate, critical = self._critical_rate[j], room = self.capacity[j], take
        if self._is_exact[j]:
            for n in range(self.first[j], self.first[j + 1]):
                if self._taken[n]:
                    self._gradient[self.customer[n]] -= share * self.demand[self.customer[n]]
            return
        for n in range(self.first[j], self.first[j + 1]):
            if self.usd[n] >= highest:
                break
            rate = price[self.customer[n]] - self.usd[n]
            if self._banned[n]:
                continue
            self._taken[n] = rate > critical
            if rate > critical:
                self._gradient[self.customer[n]] -= share * self.demand[self.customer[n]]
                room -= self.demand[self.customer[n]]
        if critical > 0.0:
            for n in range(self.first[j], self.first[j + 1]):
                if room <= 0.0 or self.usd[n] >= highest:
                    break
                if price[self.customer[n]] - self.usd[n] == critical and not self._banned[n]:
                    take = min(room, self.demand[self.customer[n]])
                    self._gradient[self.customer[n]] -= share * take
                    room -= take
