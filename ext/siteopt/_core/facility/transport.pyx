"""Local search over sets of open sites, whose flows are kept optimal: open, close and exchange, best guess first.

A transportation problem solved by successive shortest paths in the graph of open sites (``flow_graph``,
``flow_paths``), while sites open and close (``open_sites``). Its potentials say by weak duality what a move could save
at most, before anything moves.
"""

import numpy as np

from libc.math cimport INFINITY, fabs
from libc.stdint cimport int32_t, int64_t
from libc.stdlib cimport free, malloc, qsort

from siteopt._core.facility.open_sites cimport OpenSites
from siteopt._core.tolerances cimport TINY

# A site whose opening has failed since so many changes of the plan is tried after the others.
cdef int RECENT = 12
cdef double LATER = 1e-6



cdef struct Move:
    double gain
    int32_t opened
    int32_t closed


cdef struct Item:
    double rate
    double weight


cdef int _by_gain(const void* a, const void* b) noexcept nogil:
    cdef double x = (<const Move*>a).gain, y = (<const Move*>b).gain
    return -1 if x > y else (1 if x < y else 0)


cdef int _by_rate(const void* a, const void* b) noexcept nogil:
    cdef double x = (<const Item*>a).rate, y = (<const Item*>b).rate
    return -1 if x > y else (1 if x < y else 0)


cdef class Transport(OpenSites):
    """Flows of one problem.

    Parameters
    ----------
    problem : siteopt.facility.FacilityProblem
    slots : int
        Most sites that may be open at a time.
    """

    cdef double[::1] marked_potential
    cdef int64_t[::1] failed
    cdef Item* items
    cdef readonly Py_ssize_t tried

    def __cinit__(self, problem, Py_ssize_t slots):
        self.items = NULL

    def __init__(self, problem, Py_ssize_t slots):
        super().__init__(problem, slots)
        self.marked_potential = np.zeros(slots)
        widest = int(np.diff(problem.site_ptr).max(initial=0)) + 1
        self.items = <Item*>malloc(widest * sizeof(Item))
        if self.items == NULL:
            raise MemoryError
        self.failed = np.full(self.n_site, -RECENT - 1, dtype=np.int64)

    def __dealloc__(self):
        free(self.items)

    def prices(self):
        """Worth of one unit of each demand in the dual of the flows, USD, shape (n_demand,)."""
        price = np.zeros(self.n_demand)
        cdef double[::1] out = price
        with nogil:
            self._prices(out)
        return price

    def improve(self, Py_ssize_t tries):
        """Local search: open, close and exchange sites, best guess first, as long as that pays.

        Parameters
        ----------
        tries : int
            Moves that are worked out before it ends; what has begun is finished, and what failed is not repeated by the
            next call.

        Returns
        -------
        bool
            Whether no move is left that could pay.
        """
        memory = np.empty((self.n_site + self.n_slot + 1) * sizeof(Move), dtype=np.uint8)
        if self.cost_usd == INFINITY:
            raise ValueError("there are no flows to improve: load sites that can carry the demand first")
        price, gain = np.zeros(self.n_demand), np.zeros(self.n_site)
        cdef unsigned char[::1] c_memory = memory
        cdef double[::1] c_price = price, c_gain = gain
        cdef bint is_local_optimum
        with nogil:
            is_local_optimum = self._improve(tries, <Move*>&c_memory[0], c_price, c_gain)
        return is_local_optimum

    # ------------------------------------------------------------------ workers

    cdef double _prices(self, double[::1] price) noexcept nogil:
        """Worth of a unit of each demand; the potential that stands for a price of zero is returned."""
        cdef Py_ssize_t s, i
        cdef double highest = -INFINITY
        for s in range(self.top):
            if self.site_of[s] >= 0:
                highest = max(highest, self.potential[s])
        for i in range(self.n_demand):
            s = self.flows[self.head_of_demand[i]].slot
            price[i] = self.usd[self.flows[self.head_of_demand[i]].arc] + highest - self.potential[s]
        return highest

    cdef double _worth(self, Py_ssize_t j, const double[::1] price) noexcept nogil:
        """Most that opening a site could save, by weak duality: a continuous knapsack at the dual's prices."""
        cdef Py_ssize_t k, count = 0
        cdef double rate, gain = 0.0, room = self.capacity[j], take
        for k in range(self.site_ptr[j], self.site_ptr[j + 1]):
            rate = price[self.site_demand[k]] - self.site_usd[k]
            if rate > 0.0:
                self.items[count].rate = rate
                self.items[count].weight = self.demand[self.site_demand[k]]
                count += 1
        qsort(self.items, count, sizeof(Item), &_by_rate)
        for k in range(count):
            take = min(room, self.items[k].weight)
            gain += take * self.items[k].rate
            room -= take
            if room <= 0.0:
                break
        return gain - self.fixed[j]

    cdef Py_ssize_t _list_openings(
        self, Move* moves, double[::1] price, double[::1] gain, double least
    ) noexcept nogil:
        """Sites whose opening could pay, alone or against the closing of one, best first."""
        cdef Py_ssize_t j, s, n = 0
        cdef double highest = self._prices(price), best, saved, slack = self.open_capacity - self.total_demand
        for s in range(self.top):
            self.distance[s] = -INFINITY
            if self.site_of[s] >= 0:
                j = self.site_of[s]
                self.distance[s] = self.fixed[j] - (highest - self.potential[s]) * self.capacity[j]
        for j in range(self.n_site):
            if self.slot_of[j] >= 0 or self.failed[j] == self.version:
                continue
            gain[j] = self._worth(j, price)
            best = gain[j]
            for s in range(self.top):
                saved = gain[j] + self.distance[s]
                if saved > best and self.capacity[self.site_of[s]] <= slack + self.capacity[j] + TINY:
                    best = saved
            if best > least:
                if self.version - self.failed[j] < RECENT:
                    best *= LATER
                moves[n] = Move(best, <int32_t>j, -1)
                n += 1
        qsort(moves, n, sizeof(Move), &_by_gain)
        return n

    cdef Py_ssize_t _list_closings(self, Move* moves, double limit, bint is_alone) noexcept nogil:
        """Sites whose closing could bring the cost below ``limit``: it saves at most their fixed cost less the price
        of their capacity, by weak duality."""
        cdef Py_ssize_t j, s, n = 0
        cdef double highest = -INFINITY, saved, slack = self.open_capacity - self.total_demand
        for s in range(self.top):
            if self.site_of[s] >= 0:
                highest = max(highest, self.potential[s])
        for s in range(self.top):
            j = self.site_of[s]
            if j < 0 or self.is_new[s] or self.capacity[j] > slack + TINY:
                continue
            if is_alone and self.failed[j] == self.version:
                continue
            saved = self.fixed[j] - (highest - self.potential[s]) * self.capacity[j]
            if self.cost_usd - saved < limit:
                moves[n] = Move(saved, -1, <int32_t>j)
                n += 1
        qsort(moves, n, sizeof(Move), &_by_gain)
        return n

    cdef bint _close_best(self, Move* moves, double limit, bint is_alone, Py_ssize_t* tries) noexcept nogil:
        """Close the first site that brings the cost below ``limit``; what happened since the mark is undone if none."""
        cdef Py_ssize_t k, s, t, n = self._list_closings(moves, limit, is_alone), first = self.n_step
        cdef double cost = self.cost_usd, capacity = self.open_capacity
        for s in range(self.top):
            self.marked_potential[s] = self.potential[s]
        for k in range(n):
            tries[0] -= 1
            self.tried += 1
            s = self.slot_of[moves[k].closed]
            if self._close(s, limit):
                return True
            if is_alone:
                self.failed[moves[k].closed] = self.version
            self._undo_steps(first)
            self.room[s] = self.capacity[moves[k].closed]
            self.cost_usd, self.open_capacity = cost, capacity
            for t in range(self.top):
                self.potential[t] = self.marked_potential[t]
            self._refresh_edges()
        return False

    cdef bint _exchange(self, Py_ssize_t j, Move* moves, double limit, Py_ssize_t* tries) noexcept nogil:
        """Open ``j`` and close what then pays; undone unless the cost falls below ``limit``."""
        cdef Py_ssize_t s
        self._begin()
        s = self._open(j)
        if s < 0:
            return False
        tries[0] -= 1
        self.tried += 1
        self._draw(s)
        if self.cost_usd < limit or self._close_best(moves, limit, False, tries):
            self._commit()
            return True
        self._rollback()
        return False

    cdef bint _improve(
        self, Py_ssize_t tries, Move* moves, double[::1] price, double[::1] gain
    ) noexcept nogil:
        cdef Py_ssize_t k, n
        cdef double limit
        cdef bint paid = True
        while paid:
            paid = False
            limit = self.cost_usd - 1e-9 * fabs(self.cost_usd)
            self._begin()
            if self._close_best(moves + self.n_site, limit, True, &tries):
                self._commit()
                paid = True
                continue
            n = self._list_openings(moves, price, gain, self.cost_usd - limit)
            for k in range(n):
                if tries <= 0:
                    return False
                if self._exchange(moves[k].opened, moves + self.n_site, limit, &tries):
                    paid = True
                    break
                self.failed[moves[k].opened] = self.version
        return True
