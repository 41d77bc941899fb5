"""An assignment of each demand to one site: its costs, loads and overload, its changes, and the best one so far."""

import numpy as np

from libc.stdint cimport int32_t, uint64_t

from siteopt._core.search.random_numbers cimport seeded

# Tolerance for rounding of a capacity, relative to it, and of the overload in all.
cdef double ROUNDED = 1e-9, FITS = 1e-6


cdef class AssignmentState:
    """Assignment of one problem's demands, each to one site.

    Parameters
    ----------
    problem : siteopt.facility.FacilityProblem
    seed : int
    """

    def __init__(self, problem, uint64_t seed):
        self.capacity, self.fixed, self.demand = problem.capacity, problem.fixed_usd, problem.demand
        self.n_site, self.n_demand, self.stop = len(problem.capacity), len(problem.demand), problem.stop
        self.site_ptr, self.site_demand = problem.site_ptr, problem.site_demand
        arc_demand = problem.arc_demand
        fits = problem.demand[arc_demand] <= problem.capacity[problem.arc_site] + 1e-9
        demand_usd = problem.arc_usd * problem.demand[arc_demand]
        order = np.lexsort((demand_usd, arc_demand))
        order = order[fits[order]]
        counts = np.bincount(arc_demand[order], minlength=self.n_demand)
        self.arc_ptr = np.concatenate(([0], np.cumsum(counts))).astype(np.int32)
        self.arc_site = problem.arc_site[order].astype(np.int32)
        table = np.full((self.n_site, self.n_demand), np.inf)
        table[problem.arc_site[order], arc_demand[order]] = demand_usd[order]
        self.usd = table
        self.total_demand = float(np.sum(problem.demand))
        self.site, self.next_member, self.previous_member, self.best_site = np.full((4, self.n_demand), -1, dtype=np.int32)
        self.changed, self.was_site, self.stamp, self.queue = np.full((4, self.n_demand), -1, dtype=np.int32)
        self.head, self.flipped, self.site_stamp = np.full((3, self.n_site), -1, dtype=np.int32)
        self.count = np.zeros(self.n_site, dtype=np.int32)
        self.load, self.open = np.zeros(self.n_site), np.zeros(self.n_site, dtype=np.uint8)
        self.is_queued, self.own_usd = np.zeros(self.n_demand, dtype=np.uint8), np.zeros(self.n_demand)
        self._random = seeded(seed)
        self.best_usd = np.inf
        self.penalty_usd = 1.0

    def sites(self):
        """Return the current site of each demand, shape (n_demand,)."""
        return np.asarray(self.site).copy()

    def best_sites(self):
        """Return the site of each demand in the cheapest feasible plan so far, shape (n_demand,)."""
        return np.asarray(self.best_site).copy()

    cdef void _enqueue(self, Py_ssize_t i) noexcept nogil:
        cdef Py_ssize_t tail
        if not self.is_queued[i]:
            self.is_queued[i] = True
            tail = self.queue_head + self.queue_size
            self.queue[tail if tail < self.n_demand else tail - self.n_demand] = <int32_t>i
            self.queue_size += 1

    cdef Py_ssize_t _dequeue(self) noexcept nogil:
        """Take the next demand off the queue, which must not be empty."""
        cdef Py_ssize_t i = self.queue[self.queue_head]
        self.queue_head = self.queue_head + 1 if self.queue_head + 1 < self.n_demand else 0
        self.queue_size -= 1
        self.is_queued[i] = False
        return i

    cdef void _close_empty(self) noexcept nogil:
        cdef Py_ssize_t j
        for j in range(self.n_site):
            if self.open[j] and self.count[j] == 0:
                self._flip(j)

    cdef bint _fits(self) noexcept nogil:
        """Return whether no site has more than it can take, apart from rounding."""
        return self.overload <= FITS

    cdef void _remember(self) noexcept nogil:
        """Keep the plan if it is the cheapest feasible one, after recounting it, as sums drift."""
        if not self._fits() or self.flow_usd + self.fixed_usd >= self.best_usd - 1e-6:
            return
        self._recount()
        if self.overload <= 0.0 and self.flow_usd + self.fixed_usd < self.best_usd - 1e-6:
            self.best_usd = self.flow_usd + self.fixed_usd
            self.best_site[:] = self.site

    cdef void _recount(self) noexcept nogil:
        """Recompute costs, loads and overload of the current plan from scratch."""
        cdef Py_ssize_t i, j
        self.flow_usd = self.fixed_usd = self.overload = self.open_capacity = 0.0
        self.load[:] = 0.0
        for i in range(self.n_demand):
            self.load[self.site[i]] += self.demand[i]
            self.flow_usd += self.own_usd[i]
        for j in range(self.n_site):
            self.overload += max(0.0, self.load[j] - self.capacity[j] * (1.0 + ROUNDED))
            if self.open[j]:
                self.fixed_usd += self.fixed[j]
                self.open_capacity += self.capacity[j]

    cdef void _begin(self) noexcept nogil:
        self._turn += 1
        self.n_changed = self.n_flipped = self.queue_head = self.queue_size = 0

    cdef void _log(self, Py_ssize_t i) noexcept nogil:
        """Record where a demand was before this iteration."""
        if self.stamp[i] != self._turn:
            self.stamp[i] = self._turn
            self.changed[self.n_changed] = <int32_t>i
            self.was_site[self.n_changed] = self.site[i]
            self.n_changed += 1

    cdef void _undo(self) noexcept nogil:
        cdef Py_ssize_t n
        while self.queue_size > 0:
            self._dequeue()
        for n in range(self.n_changed):
            if self.site[self.changed[n]] >= 0:
                self._take(self.changed[n])
        for n in range(self.n_flipped):
            self._toggle(self.flipped[n])
        for n in range(self.n_changed):
            self._put(self.changed[n], self.was_site[n])

    cdef void _flip(self, Py_ssize_t j) noexcept nogil:
        """Open or close a site; a second flip in the same iteration restores it and cancels the first."""
        cdef Py_ssize_t n
        if self.site_stamp[j] == self._turn:
            for n in range(self.n_flipped):
                if self.flipped[n] == j:
                    self.n_flipped -= 1
                    self.flipped[n] = self.flipped[self.n_flipped]
                    self.site_stamp[j] = self._turn - 1
                    break
        else:
            self.site_stamp[j] = self._turn
            self.flipped[self.n_flipped] = <int32_t>j
            self.n_flipped += 1
        self._toggle(j)

    cdef void _toggle(self, Py_ssize_t j) noexcept nogil:
        if self.open[j]:
            self.fixed_usd -= self.fixed[j]
            self.open_capacity -= self.capacity[j]
        else:
            self.fixed_usd += self.fixed[j]
            self.open_capacity += self.capacity[j]
        self.open[j] = not self.open[j]

    cdef void _put(self, Py_ssize_t i, Py_ssize_t j) noexcept nogil:
        self.overload += excess(self.load[j], self.capacity[j], self.demand[i])
        self.load[j] += self.demand[i]
        self.own_usd[i] = self.usd[j, i]
        self.flow_usd += self.own_usd[i]
        self.count[j] += 1
        self.site[i] = <int32_t>j
        self.previous_member[i], self.next_member[i] = -1, self.head[j]
        if self.head[j] >= 0:
            self.previous_member[self.head[j]] = <int32_t>i
        self.head[j] = <int32_t>i

    cdef void _take(self, Py_ssize_t i) noexcept nogil:
        cdef Py_ssize_t j = self.site[i]
        self.overload += excess(self.load[j], self.capacity[j], -self.demand[i])
        self.load[j] -= self.demand[i]
        self.flow_usd -= self.own_usd[i]
        self.count[j] -= 1
        if self.previous_member[i] >= 0:
            self.next_member[self.previous_member[i]] = self.next_member[i]
        else:
            self.head[j] = self.next_member[i]
        if self.next_member[i] >= 0:
            self.previous_member[self.next_member[i]] = self.previous_member[i]
        self.site[i] = -1
