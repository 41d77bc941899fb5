"""Demands that may not be split on given open sites: shifts and swaps, with a price on overload that comes and goes."""

import numpy as np

from libc.stdint cimport int32_t, uint8_t, uint64_t

cdef double TINY = 1e-9


cdef class Assignment:
    """Assignment of one problem's demands, each to one site.

    Parameters
    ----------
    problem : siteopt.facility_location.FacilityProblem
    seed : int
    """

    cdef readonly Py_ssize_t n_site, n_demand
    cdef const double[::1] capacity, fixed, demand, usd
    cdef const int32_t[::1] arc_ptr, arc_site
    cdef int32_t[:, ::1] arc_of
    cdef int32_t[::1] arc, head, next_member, previous_member, order
    cdef double[::1] load
    cdef uint8_t[::1] open
    cdef uint64_t _random
    cdef public double penalty_usd
    cdef readonly double flow_usd, fixed_usd, overload

    def __init__(self, problem, uint64_t seed):
        self.capacity, self.fixed, self.demand = problem.capacity, problem.fixed_usd, problem.demand
        self.arc_ptr, self.arc_site, self.usd = problem.arc_ptr, problem.arc_site, problem.arc_usd
        self.n_site, self.n_demand = len(problem.capacity), len(problem.demand)
        table = np.full((self.n_demand, self.n_site), -1, dtype=np.int32)
        table[problem.arc_demand, problem.arc_site] = np.arange(len(problem.arc_usd))
        self.arc_of = table
        self.arc, self.next_member, self.previous_member = np.full((3, self.n_demand), -1, dtype=np.int32)
        self.head, self.load = np.full(self.n_site, -1, dtype=np.int32), np.zeros(self.n_site)
        self.open, self.order = np.zeros(self.n_site, dtype=np.uint8), np.arange(self.n_demand, dtype=np.int32)
        self._random = seed * 2862933555777941757u + 3037000493u

    @property
    def cost_usd(self):
        """Fixed and flow costs, without the price of overload."""
        return self.flow_usd + self.fixed_usd

    @property
    def is_feasible(self):
        """Whether no site carries more than it can."""
        return self.overload <= 1e-6

    def arcs(self):
        """The arc of each demand, shape (n_demand,)."""
        return np.asarray(self.arc).copy()

    def load_arcs(self, const uint8_t[::1] is_open not None, const int32_t[::1] arc not None):
        """Open these sites and start from these arcs; demands without one (-1, or to a closed site) are put in.

        Returns
        -------
        bool
            False where a demand reaches no open site.
        """
        cdef Py_ssize_t j, n, i
        cdef bint is_complete = True
        if is_open.shape[0] != self.n_site or arc.shape[0] != self.n_demand:
            raise ValueError("one flag for each site and one arc for each demand is needed")
        by_size = np.argsort(-np.asarray(self.demand), kind="stable").astype(np.int32)
        cdef int32_t[::1] largest = by_size
        self.flow_usd = self.fixed_usd = self.overload = 0.0
        self.head[:] = -1
        self.load[:] = 0.0
        self.arc[:] = -1
        self.open[:] = is_open
        for j in range(self.n_site):
            if is_open[j]:
                self.fixed_usd += self.fixed[j]
        for i in range(self.n_demand):
            if arc[i] >= 0 and is_open[self.arc_site[arc[i]]]:
                self._put(i, arc[i])
        for n in range(self.n_demand):
            i = largest[n]
            if self.arc[i] < 0:
                is_complete = self._put_best(i) and is_complete
        return is_complete

    def descend(self, Py_ssize_t passes):
        """Up to so many passes of shifts and swaps, until none pays."""
        cdef Py_ssize_t n
        cdef bint paid
        with nogil:
            for n in range(passes):
                paid = self._pass()
                if not paid:
                    break

    def kick(self, Py_ssize_t count):
        """Send some demands, chosen at random, to the next open site that they can reach."""
        cdef Py_ssize_t n, i, k, a
        for n in range(count):
            i = self._below(self.n_demand)
            k = self.arc_ptr[i] + self._below(min(12, self.arc_ptr[i + 1] - self.arc_ptr[i]))
            a = self.arc[i]
            if self.open[self.arc_site[k]] and k != a:
                self._take(i)
                self._put(i, k)

    cdef Py_ssize_t _below(self, Py_ssize_t n) noexcept nogil:
        self._random = self._random * 6364136223846793005u + 1442695040888963407u
        return <Py_ssize_t>((self._random >> 33) % <uint64_t>n)

    cdef inline double _excess(self, Py_ssize_t j, double change) noexcept nogil:
        """Change of overload at a site if its load changed."""
        cdef double before = self.load[j] - self.capacity[j], after = before + change
        return (after if after > TINY else 0.0) - (before if before > TINY else 0.0)

    cdef void _put(self, Py_ssize_t i, Py_ssize_t arc) noexcept nogil:
        cdef Py_ssize_t j = self.arc_site[arc]
        self.overload += self._excess(j, self.demand[i])
        self.load[j] += self.demand[i]
        self.flow_usd += self.demand[i] * self.usd[arc]
        self.arc[i] = <int32_t>arc
        self.previous_member[i], self.next_member[i] = -1, self.head[j]
        if self.head[j] >= 0:
            self.previous_member[self.head[j]] = <int32_t>i
        self.head[j] = <int32_t>i

    cdef void _take(self, Py_ssize_t i) noexcept nogil:
        cdef Py_ssize_t arc = self.arc[i], j = self.arc_site[arc]
        self.overload += self._excess(j, -self.demand[i])
        self.load[j] -= self.demand[i]
        self.flow_usd -= self.demand[i] * self.usd[arc]
        if self.previous_member[i] >= 0:
            self.next_member[self.previous_member[i]] = self.next_member[i]
        else:
            self.head[j] = self.next_member[i]
        if self.next_member[i] >= 0:
            self.previous_member[self.next_member[i]] = self.previous_member[i]
        self.arc[i] = -1

    cdef bint _put_best(self, Py_ssize_t i) noexcept nogil:
        cdef Py_ssize_t k, best = -1
        cdef double cost, lowest = 0.0
        for k in range(self.arc_ptr[i], self.arc_ptr[i + 1]):
            if self.open[self.arc_site[k]]:
                cost = self.demand[i] * self.usd[k] + self.penalty_usd * self._excess(self.arc_site[k], self.demand[i])
                if best < 0 or cost < lowest:
                    best, lowest = k, cost
        if best < 0:
            return False
        self._put(i, best)
        return True

    cdef bint _pass(self) noexcept nogil:
        cdef Py_ssize_t n, k
        cdef int32_t held
        cdef bint paid = False
        for n in range(self.n_demand - 1, 0, -1):
            k = self._below(n + 1)
            held = self.order[n]
            self.order[n] = self.order[k]
            self.order[k] = held
        for n in range(self.n_demand):
            if self.arc[self.order[n]] >= 0 and self._improve(self.order[n]):
                paid = True
        return paid

    cdef bint _improve(self, Py_ssize_t i) noexcept nogil:
        """The best shift or swap of one demand, if it pays."""
        cdef Py_ssize_t here = self.arc[i], a = self.arc_site[here], b, k, m, best_arc = -1, best_other = -1, back
        cdef double d = self.demand[i], e, delta, best = -1e-7, leave = self._excess(a, -d), shift
        for k in range(self.arc_ptr[i], self.arc_ptr[i + 1]):
            b = self.arc_site[k]
            if not self.open[b] or b == a:
                continue
            shift = d * (self.usd[k] - self.usd[here])
            delta = shift + self.penalty_usd * (leave + self._excess(b, d))
            if delta < best:
                best, best_arc, best_other = delta, k, -1
            m = self.head[b]
            while m >= 0:
                back = self.arc_of[m, a]
                e = self.demand[m]
                if back >= 0:
                    delta = shift + e * (self.usd[back] - self.usd[self.arc[m]])
                    if delta < best or self.overload > TINY:
                        delta += self.penalty_usd * (self._excess(a, e - d) + self._excess(b, d - e))
                        if delta < best:
                            best, best_arc, best_other = delta, k, m
                m = self.next_member[m]
        if best_arc < 0:
            return False
        self._take(i)
        if best_other >= 0:
            back = self.arc_of[best_other, a]
            self._take(best_other)
            self._put(best_other, back)
        self._put(i, best_arc)
        return True
