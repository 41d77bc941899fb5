"""Local search over sets of open sites with optimal flows: open, close and exchange, most promising first.

Its flows are a transportation problem (``transport``), solved by successive shortest paths in the graph of open sites
(``flow_graph``, ``flow_paths``). By weak duality, the potentials bound what a move could save before anything moves.
"""

import numpy as np

from libc.math cimport INFINITY, fabs
from libc.stdint cimport int32_t, int64_t
from libc.stdlib cimport free, malloc, qsort

from siteopt._core.facility.transport cimport Transport
from siteopt._core.tolerances cimport TINY

# A site whose opening has failed within the last so many changes of the plan is tried after the others.
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


cdef class Interchange:
    """Local search over the open sites of one plan.

    Parameters
    ----------
    plan : Transport
        With sites loaded that can carry the demand; it is changed in place and never gets worse.
    """

    cdef Transport plan
    cdef double[::1] saved
    cdef int64_t[::1] failed
    cdef Item* items
    cdef readonly Py_ssize_t tried

    def __cinit__(self, Transport plan not None):
        self.items = NULL

    def __init__(self, Transport plan not None):
        self.plan = plan
        self.saved = np.zeros(plan.n_slot)
        widest = int(np.diff(plan.site_ptr).max(initial=0)) + 1
        self.items = <Item*>malloc(widest * sizeof(Item))
        if self.items == NULL:
            raise MemoryError
        self.failed = np.full(plan.n_site, -RECENT - 1, dtype=np.int64)

    def __dealloc__(self):
        free(self.items)

    def improve(self, Py_ssize_t tries):
        """Open, close and exchange sites, most promising first, as long as that pays.

        Parameters
        ----------
        tries : int
            Moves to try before it ends; a move that has begun is finished, and the next call does not repeat those
            that failed.

        Returns
        -------
        bool
            Whether no move is left that could pay.
        """
        memory = np.empty((self.plan.n_site + self.plan.n_slot + 1) * sizeof(Move), dtype=np.uint8)
        if self.plan.cost_usd == INFINITY:
            raise ValueError("there are no flows to improve: load sites that can carry the demand first")
        price, gain = np.zeros(self.plan.n_demand), np.zeros(self.plan.n_site)
        cdef unsigned char[::1] c_memory = memory
        cdef double[::1] c_price = price, c_gain = gain
        cdef bint is_local_optimum
        with nogil:
            is_local_optimum = self._improve(tries, <Move*>&c_memory[0], c_price, c_gain)
        return is_local_optimum

    # ------------------------------------------------------------------ workers

    cdef double _worth(self, Py_ssize_t j, const double[::1] price) noexcept nogil:
        """Bound what opening a site could save, by weak duality: a continuous knapsack at the dual's prices."""
        cdef Py_ssize_t k, count = 0
        cdef double rate, gain = 0.0, room = self.plan.capacity[j], take
        for k in range(self.plan.site_ptr[j], self.plan.site_ptr[j + 1]):
            rate = price[self.plan.site_demand[k]] - self.plan.site_usd[k]
            if rate > 0.0:
                self.items[count].rate = rate
                self.items[count].weight = self.plan.demand[self.plan.site_demand[k]]
                count += 1
        qsort(self.items, count, sizeof(Item), &_by_rate)
        for k in range(count):
            take = min(room, self.items[k].weight)
            gain += take * self.items[k].rate
            room -= take
            if room <= 0.0:
                break
        return gain - self.plan.fixed[j]

    cdef Py_ssize_t _list_openings(
        self, Move* moves, double[::1] price, double[::1] gain, double least
    ) noexcept nogil:
        """List sites whose opening could pay, alone or in exchange for closing one, most promising first."""
        cdef Py_ssize_t j, s, n = 0
        cdef double slack = self.plan.open_capacity - self.plan.total_demand
        cdef double highest = self.plan.dual_prices(price), best, saved
        for s in range(self.plan.top):
            self.saved[s] = -INFINITY
            if self.plan.site_of[s] >= 0:
                j = self.plan.site_of[s]
                self.saved[s] = self.plan.fixed[j] - (highest - self.plan.potential[s]) * self.plan.capacity[j]
        for j in range(self.plan.n_site):
            if self.plan.slot_of[j] >= 0 or self.failed[j] == self.plan.version:
                continue
            if self.plan.stop.after(self.plan.top + 8 * (self.plan.site_ptr[j + 1] - self.plan.site_ptr[j])):
                break
            gain[j] = self._worth(j, price)
            best = gain[j]
            for s in range(self.plan.top):
                saved = gain[j] + self.saved[s]
                if saved > best and self.plan.capacity[self.plan.site_of[s]] <= slack + self.plan.capacity[j] + TINY:
                    best = saved
            if best > least:
                if self.plan.version - self.failed[j] < RECENT:
                    best *= LATER
                moves[n] = Move(best, <int32_t>j, -1)
                n += 1
        qsort(moves, n, sizeof(Move), &_by_gain)
        return n

    cdef Py_ssize_t _list_closings(self, Move* moves, double limit, bint is_alone) noexcept nogil:
        """List sites whose closing could bring the cost below ``limit``: by weak duality it saves at most their fixed
        cost less the price of their capacity."""
        cdef Py_ssize_t j, s, n = 0
        cdef double highest = -INFINITY, saved, slack = self.plan.open_capacity - self.plan.total_demand
        for s in range(self.plan.top):
            if self.plan.site_of[s] >= 0:
                highest = max(highest, self.plan.potential[s])
        for s in range(self.plan.top):
            j = self.plan.site_of[s]
            if j < 0 or self.plan.is_new[s] or self.plan.capacity[j] > slack + TINY:
                continue
            if is_alone and self.failed[j] == self.plan.version:
                continue
            saved = self.plan.fixed[j] - (highest - self.plan.potential[s]) * self.plan.capacity[j]
            if self.plan.cost_usd - saved < limit:
                moves[n] = Move(saved, -1, <int32_t>j)
                n += 1
        qsort(moves, n, sizeof(Move), &_by_gain)
        return n

    cdef bint _close_best(self, Move* moves, double limit, bint is_alone, Py_ssize_t* tries) noexcept nogil:
        """Close the first site that brings the cost below ``limit``; if none does, leave everything as it was."""
        cdef Py_ssize_t k, s, n = self._list_closings(moves, limit, is_alone)
        self.plan.mark()
        for k in range(n):
            if self.plan.stop.stopped:
                break
            tries[0] -= 1
            self.tried += 1
            s = self.plan.slot_of[moves[k].closed]
            if self.plan.close_site(s, limit):
                return True
            if is_alone:
                self.failed[moves[k].closed] = self.plan.version
            self.plan.reopen(s)
        return False

    cdef bint _exchange(self, Py_ssize_t j, Move* moves, double limit, Py_ssize_t* tries) noexcept nogil:
        """Open ``j`` and close the sites that then pay to close; undo it unless the cost falls below ``limit``."""
        cdef Py_ssize_t s
        self.plan.begin()
        s = self.plan.open_site(j)
        if s < 0:
            return False
        tries[0] -= 1
        self.tried += 1
        self.plan.draw(s)
        if not self.plan.stop.stopped and (
            self.plan.cost_usd < limit or self._close_best(moves, limit, False, tries)
        ):
            self.plan.commit()
            return True
        self.plan.rollback()
        return False

    cdef bint _improve(
        self, Py_ssize_t tries, Move* moves, double[::1] price, double[::1] gain
    ) noexcept nogil:
        cdef Py_ssize_t k, n
        cdef double limit
        cdef bint paid = True
        while paid:
            paid = False
            limit = self.plan.cost_usd - 1e-9 * fabs(self.plan.cost_usd)
            self.plan.begin()
            if self._close_best(moves + self.plan.n_site, limit, True, &tries):
                self.plan.commit()
                paid = True
                continue
            n = self._list_openings(moves, price, gain, self.plan.cost_usd - limit)
            for k in range(n):
                if tries <= 0 or self.plan.stop.stopped:
                    return False
                if self._exchange(moves[k].opened, moves + self.plan.n_site, limit, &tries):
                    paid = True
                    break
                self.failed[moves[k].opened] = self.plan.version
        return not self.plan.stop.stopped
