"""Dual ascent for capacitated facility location: the assignment is priced, each site is a continuous knapsack.

The row "open capacity covers the demand", implied by the model, is kept in the choice of sites, which makes the dual
far easier to climb. The loop is the volume algorithm (Barahona and Anbil 2000) with steps in the metric of the
demands, so that a unit of demand counts the same whoever asks for it. Every value is a valid bound.
"""

import numpy as np

from libc.math cimport INFINITY, fabs
from libc.stdint cimport int8_t, int32_t, uint8_t
from libc.stdlib cimport free, malloc

# A bound is lowered by this much, relative to the sum of its terms, to stay valid under rounding.
cdef double ROUNDING = 1e-13
# Steps: longest and shortest, growth after a success along the average direction, loss after so many failures.
cdef double LONGEST = 0.5, SHORTEST = 1e-4, GROW = 1.1, SHRINK = 0.7
cdef int FAILURES = 5


# Bytes of the table of a 0-1 knapsack; where it would be larger, the continuous one serves.
MOST_CHOICES = 64_000_000


cdef struct Item:
    double rate
    double weight


cdef double _critical(Item* items, Py_ssize_t n, double room, double* gain) noexcept nogil:
    """Rate of the last item of a continuous knapsack (0 where all fit), by quickselect; its total gain in OUT."""
    cdef Py_ssize_t low = 0, high = n, left, right, k
    cdef double pivot, above, above_gain, equal
    cdef Item item
    gain[0] = 0.0
    while low < high:
        pivot = items[low + (high - low) // 2].rate
        left, right, k = low, high, low
        above = above_gain = equal = 0.0
        while k < right:
            item = items[k]
            if item.rate > pivot:
                above += item.weight
                above_gain += item.weight * item.rate
                items[k] = items[left]
                items[left] = item
                left += 1
                k += 1
            elif item.rate < pivot:
                right -= 1
                items[k] = items[right]
                items[right] = item
            else:
                equal += item.weight
                k += 1
        if above > room:
            high = left
            continue
        gain[0] += above_gain
        room -= above
        if equal >= room:
            gain[0] += room * pivot
            return pivot
        gain[0] += equal * pivot
        room -= equal
        low = right
    return 0.0


cdef class FacilityDual:
    """Dual of one problem.

    Parameters
    ----------
    problem : siteopt.facility_location.FacilityProblem
        Where its demands may not be split and all figures are whole numbers, each site that pays is a 0-1 knapsack.
    """

    cdef readonly Py_ssize_t n_site, n_demand
    cdef readonly bint is_whole
    cdef uint8_t[::1] _banned, _taken, _is_exact
    cdef int32_t[::1] _position
    cdef double[::1] _best
    cdef uint8_t* _choice
    cdef readonly double total_demand
    cdef const double[::1] capacity, fixed, demand, usd
    cdef const int32_t[::1] first, customer
    cdef double[::1] _value, _critical_rate, _chosen, _gradient, _direction, _trial
    cdef double[::1] _openness, _reduced
    cdef double _capacity_price
    cdef object _memory, _site_memory
    cdef Item* items
    cdef Item* site_items
    cdef readonly Py_ssize_t passes

    def __cinit__(self, problem):
        self._choice = NULL

    def __dealloc__(self):
        free(self._choice)

    def __init__(self, problem):
        self.capacity, self.fixed, self.demand = problem.capacity, problem.fixed_usd, problem.demand
        self.first, self.customer, self.usd = problem.site_ptr, problem.site_demand, problem.site_usd
        self.n_site, self.n_demand = len(problem.capacity), len(problem.demand)
        self.total_demand = float(np.sum(problem.demand))
        self._value, self._critical_rate, self._chosen, self._openness, self._reduced = np.zeros((5, self.n_site))
        self._gradient, self._direction, self._trial = np.zeros((3, self.n_demand))
        self._memory = np.empty((self.n_demand + 1) * sizeof(Item), dtype=np.uint8)
        self._site_memory = np.empty((self.n_site + 1) * sizeof(Item), dtype=np.uint8)
        cdef unsigned char[::1] memory = self._memory, site_memory = self._site_memory
        self.items, self.site_items = <Item*>&memory[0], <Item*>&site_memory[0]
        n_arc, room = len(problem.site_usd), int(np.max(problem.capacity, initial=0.0)) + 1
        self._banned, self._taken = np.zeros((2, n_arc), dtype=np.uint8)
        self._is_exact = np.zeros(self.n_site, dtype=np.uint8)
        self._position = np.zeros(self.n_demand + 1, dtype=np.int32)
        self._best = np.zeros(room)
        widest = int(np.diff(problem.site_ptr).max(initial=0)) + 1
        self.is_whole = (
            not problem.is_splittable
            and widest * room <= MOST_CHOICES
            and bool(np.all(problem.demand == np.floor(problem.demand)))
        )
        if self.is_whole:
            self._choice = <uint8_t*>malloc(widest * room)
            if self._choice == NULL:
                raise MemoryError

    @property
    def openness(self):
        """Running average of the choice of each site in the last ascent, in [0, 1], shape (n_site,)."""
        return np.asarray(self._openness)

    @property
    def reduced_usd(self):
        """Reduced cost of each site at the best prices of the last ascent, USD, shape (n_site,)."""
        return np.asarray(self._reduced)

    def ban(self, const uint8_t[::1] banned not None):
        """Forbid arcs from now on: a flag for each, in the order of ``site_demand``."""
        if banned.shape[0] != self._banned.shape[0]:
            raise ValueError("one flag for each arc is needed")
        self._banned[:] = banned

    @property
    def direction(self):
        """Running average of what each demand is short of in the last ascent, shape (n_demand,)."""
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

        The next ascent, if it goes on, begins with just what that decision leaves short or takes in excess.
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
        self._fill(site, price, highest, is_open)
        self._spend(site, price, highest, 1.0)
        change = (1.0 if is_open else 0.0) - openness[site]
        for i in range(self.n_demand):
            self._direction[i] += change * self._gradient[i]
        self._openness[site] = 1.0 if is_open else 0.0

    def served(self):
        """Units of each demand that the sites chosen last serve in all, shape (n_demand,)."""
        return np.asarray(self.demand) - np.asarray(self._gradient)

    def choices(self):
        """Whether each arc is taken by a site chosen last, in the order of ``site_demand``, shape (n_arc,)."""
        chosen = np.repeat(np.asarray(self._chosen) > 0.5, np.diff(np.asarray(self.first)))
        return chosen & (np.asarray(self._taken) > 0)

    def value(self, const double[::1] price not None, const int8_t[::1] status not None, const int32_t[::1] active not None):
        """Bound at given prices, over the sites of ``active``; their reduced costs are kept."""
        cdef double bound
        self._check(price, status)
        with nogil:
            bound = self._evaluate(price, status, active)
            self._keep(active)
        return bound

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
        """Climb from ``price``, which is left at the best point.

        Parameters
        ----------
        price : ndarray of float64, shape (n_demand,)
            Worth of one unit of each demand, USD.
        status : ndarray of int8, shape (n_site,)
            1 open, 0 free; others are not in ``active``.
        active : ndarray of int32
            Sites to look at.
        iterations : int
        target : float
            Value aimed at, USD.
        cutoff : float
            Stop once the bound reaches this, USD.
        length, weight : float
            First step, and the most that a new subgradient weighs in the running average.
        goes_on : bool
            Keep the running averages of the last ascent, which must have ended at ``price``.

        Returns
        -------
        bound : float
            ``inf`` where the sites cannot carry the demand.
        length, weight : float
            To go on with.
        """
        self._check(price, status)
        cdef double bound
        with nogil:
            bound = self._ascend(price, status, active, iterations, target, cutoff, goes_on, &length, &weight)
        return bound, length, weight

    cdef object _check(self, const double[::1] price, const int8_t[::1] status):
        if price.shape[0] != self.n_demand or status.shape[0] != self.n_site:
            raise ValueError("one price for each demand and one status for each site is needed")

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
            if best >= cutoff or length[0] < SHORTEST:
                break
            norm = self._norm()
            if norm <= 1e-9 * self.total_demand:
                # The average is feasible, but of subgradients of other points: only one of this point ends the ascent.
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
            # The mixture of new and average subgradient that is shortest, within limits.
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
        """Square of the direction's length, a unit of demand counting the same whoever asks for it."""
        cdef Py_ssize_t i
        cdef double norm = 0.0
        for i in range(self.n_demand):
            norm += self._direction[i] * self._direction[i] / self.demand[i]
        return norm

    cdef void _keep(self, const int32_t[::1] active) noexcept nogil:
        cdef Py_ssize_t k
        for k in range(active.shape[0]):
            self._reduced[active[k]] = self._value[active[k]] - self._capacity_price * self.capacity[active[k]]

    cdef double _evaluate(
        self, const double[::1] price, const int8_t[::1] status, const int32_t[::1] active
    ) noexcept nogil:
        """Value of the dual and, in ``_gradient``, what each demand is short of."""
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
            self._fill(active[k], price, highest, status[active[k]] > 0)
        value = self._choose(status, active)
        if value == INFINITY:
            return INFINITY
        for k in range(active.shape[0]):
            j = active[k]
            if self._chosen[j] > 0.0:
                self._spend(j, price, highest, self._chosen[j])
                size += fabs(self._value[j])
        return total + value - ROUNDING * size

    cdef void _fill(self, Py_ssize_t j, const double[::1] price, double highest, bint is_open) noexcept nogil:
        """Best filling of a site: its value, and the rate down to which it takes."""
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
            self._critical_rate[j] = _critical(self.items, count, self.capacity[j], &gain)
            # A site that does not even pay with fractions is left with them: its value is a bound all the same.
            if self.is_whole and (is_open or gain > self.fixed[j]):
                gain = self._pack(j, price, count)
        elif self.is_whole:
            self._is_exact[j] = True
            for n in range(self.first[j], self.first[j + 1]):
                self._taken[n] = False
            for n in range(count):
                self._taken[self._position[n]] = True
        self._value[j] = self.fixed[j] - gain

    cdef double _pack(self, Py_ssize_t j, const double[::1] price, Py_ssize_t count) noexcept nogil:
        """0-1 knapsack over the arcs of ``_position`` by dynamic programming; marks what is taken."""
        cdef Py_ssize_t room = <Py_ssize_t>(self.capacity[j] + 1e-9), k, n, w, weight, top = 0
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
        """Take what a site serves, times ``share``, off the gradient."""
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

    cdef double _choose(self, const int8_t[::1] status, const int32_t[::1] active) noexcept nogil:
        """Sites that pay, and the cheapest more until their capacity covers the demand; the last one in part."""
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
        if spare < short * (1.0 - 1e-9):
            return INFINITY
        critical = _critical(self.site_items, count, short, &gain)
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
