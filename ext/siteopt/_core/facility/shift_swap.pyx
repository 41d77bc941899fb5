"""Descent of an assignment: shifts of a demand to another site, and swaps of two demands."""

import numpy as np

from libc.math cimport INFINITY
from libc.stdint cimport int32_t, uint8_t

from siteopt._core.facility.assignment_state cimport AssignmentState, excess
from siteopt._core.search.random_numbers cimport unit
from siteopt._core.tolerances cimport TINY

# Open sites that are considered for a demand, nearest first.
cdef int LOOK = 8
# Most moves of a descent: as many as anyone would wait for.
cdef int MOST_MOVES = 300_000
# Elementary steps of looking at one demand, roughly.
cdef int STEPS = 200


cdef class ShiftSwap(AssignmentState):
    """Descent over shifts and swaps; the parameters are those of :class:`AssignmentState`."""

    def load_sites(self, const uint8_t[::1] is_open not None, const int32_t[::1] site not None):
        """Open these sites and start from an assignment; demands without an open site (-1, or a closed one) get one.

        Returns
        -------
        bool
            False if a demand reaches no open site; the plan is then incomplete and must not be used.
        """
        cdef Py_ssize_t j, n, i
        cdef bint is_complete = True
        if is_open.shape[0] != self.n_site or site.shape[0] != self.n_demand:
            raise ValueError("one flag for each site and one site for each demand is needed")
        by_size = np.argsort(-np.asarray(self.demand), kind="stable").astype(np.int32)
        cdef int32_t[::1] largest = by_size
        self.flow_usd = self.fixed_usd = self.overload = self.open_capacity = 0.0
        self.head[:] = -1
        self.load[:] = 0.0
        self.count[:] = 0
        self.site[:] = -1
        self.open[:] = 0
        self._begin()
        for j in range(self.n_site):
            if is_open[j]:
                self._flip(j)
        for i in range(self.n_demand):
            if site[i] >= 0 and is_open[site[i]] and self.usd[site[i], i] < INFINITY:
                self._put(i, site[i])
        for n in range(self.n_demand):
            i = largest[n]
            if self.site[i] < 0:
                is_complete = self._put_best(i, 0.0) and is_complete
        if is_complete:
            self._close_empty()
            self._remember()
        return is_complete

    def descend(self):
        """Shift and swap until nothing pays."""
        cdef Py_ssize_t i
        self._begin()
        for i in range(self.n_demand):
            self._enqueue(i)
        with nogil:
            self._repair(MOST_MOVES)
            self._close_empty()
            self._remember()

    cdef bint _put_best(self, Py_ssize_t i, double blink) noexcept nogil:
        cdef Py_ssize_t k, j, best = -1, seen = 0
        cdef double cost, lowest = INFINITY
        for k in range(self.arc_ptr[i], self.arc_ptr[i + 1]):
            j = self.arc_site[k]
            if not self.open[j]:
                continue
            seen += 1
            if blink > 0.0 and best >= 0 and unit(&self._random) < blink:
                continue
            cost = self.usd[j, i] + self.penalty_usd * excess(self.load[j], self.capacity[j], self.demand[i])
            if cost < lowest:
                best, lowest = j, cost
            if seen >= LOOK:
                break
        if best < 0:
            return False
        self._put(i, best)
        return True

    cdef void _repair(self, Py_ssize_t most) noexcept nogil:
        """Shift and swap the demands in the queue, and those that these moves affect, until nothing pays."""
        cdef Py_ssize_t i, moves = 0
        while self.queue_size > 0:
            i = self._dequeue()
            # What is left in the queue leaves it all the same.
            if moves < most and not self.stop.after(STEPS) and self._improve(i):
                moves += 1

    cdef bint _improve(self, Py_ssize_t i) noexcept nogil:
        """Make the best shift or swap of one demand if it pays, and return whether it did."""
        cdef Py_ssize_t a = self.site[i], b, k, m, best = -1, other = -1, seen = 0
        cdef double d = self.demand[i], e, delta, least = -1e-7, leave, shift, here = self.own_usd[i]
        cdef double price = self.penalty_usd
        cdef const double* back = &self.usd[a, 0]
        cdef bint is_over = self.load[a] > self.capacity[a] + TINY
        leave = price * excess(self.load[a], self.capacity[a], -d)
        if self.count[a] == 1:
            leave -= self.fixed[a]
        for k in range(self.arc_ptr[i], self.arc_ptr[i + 1]):
            b = self.arc_site[k]
            if not self.open[b]:
                continue
            seen += 1
            if seen > LOOK:
                break
            if b == a:
                continue
            shift = self.usd[b, i] - here
            delta = shift + leave + price * excess(self.load[b], self.capacity[b], d)
            if delta < least:
                least, best, other = delta, b, -1
            m = self.head[b]
            while m >= 0:
                e = self.demand[m]
                delta = shift + back[m] - self.own_usd[m]
                if delta < least or is_over or self.load[b] > self.capacity[b] + TINY:
                    delta += price * excess(self.load[a], self.capacity[a], e - d)
                    delta += price * excess(self.load[b], self.capacity[b], d - e)
                    if delta < least:
                        least, best, other = delta, b, m
                m = self.next_member[m]
        if best < 0:
            return False
        self._log(i)
        self._take(i)
        if other >= 0:
            self._log(other)
            self._take(other)
            self._put(other, a)
            self._enqueue(other)
        self._put(i, best)
        self._enqueue(i)
        return True
