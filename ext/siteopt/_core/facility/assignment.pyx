"""Search for plans of single-source problems by annealing: ruin and recreate around one place after another.

Sites near a place close and open, some demands there are taken out and put back where they cost least, shifts and
swaps repair the neighbourhood, and annealing decides whether the change stays (Schrimpf et al. 2000). The price of
overload follows how often the plan is feasible, which keeps the search along the edge of what fits.
"""

import numpy as np

from libc.math cimport log
from libc.stdint cimport int32_t, uint64_t

from siteopt._core.search.random_numbers cimport below, unit
from siteopt._core.facility.shift_swap cimport ShiftSwap
from siteopt._core.tolerances cimport TINY

# Sites around a place whose demands may be taken out.
cdef int AROUND = 6
# Share of their demands: at least, and at most on top of that; demands in all after which no more sites are taken.
cdef double LEAST_OUT = 0.1, MORE_OUT = 0.5
cdef int MOST_OUT = 30
# Cumulative chances of an exchange of one site for one, of one or two for one or two, and of one more or one fewer.
cdef double ONE_FOR_ONE = 0.4, SEVERAL = 0.65, ONE_MORE = 0.7
# A rise of the fixed costs by more than the mean flow cost of this many demands is not expected to be won back.
cdef double WORTH = 6.0
# Demands that a newly opened site is offered to.
cdef int PULLED = 15
# Most moves of a repair.
cdef int MOST_MOVES = 300
# Iterations between changes of the price of overload, shares of feasible plans above and below which it changes, steps.
cdef int SPAN = 100
cdef double OFTEN = 0.5, SELDOM = 0.3, RISE = 1.1, FALL = 0.93
# Chance to pass over a site while a demand is put back (Christiaens and Vanden Berghe 2020).
cdef double BLINK = 0.02


cdef class Assignment(ShiftSwap):
    """Annealing search for an assignment of demands to sites.

    Parameters
    ----------
    problem : siteopt.facility.FacilityProblem
    near : ndarray of int32, shape (n_site, n_near)
        The sites nearest to each site, itself first.
    seed : int
    """

    cdef const int32_t[:, ::1] near
    # Demands taken out.
    cdef int32_t[::1] out
    cdef double[::1] out_key
    cdef Py_ssize_t n_out

    def __init__(self, problem, const int32_t[:, ::1] near not None, uint64_t seed):
        super().__init__(problem, seed)
        if near.shape[0] != self.n_site or near.shape[1] < 1:
            raise ValueError("a row of near sites for each site is needed")
        self.near = near
        self.out, self.out_key = np.zeros(self.n_demand, dtype=np.int32), np.zeros(self.n_demand)

    def anneal(self, Py_ssize_t iterations, double heat_usd):
        """Ruin and recreate ``iterations`` times at one temperature."""
        if not heat_usd > 0.0:
            raise ValueError("the temperature must be positive")
        with nogil:
            self._anneal(iterations, heat_usd)

    cdef void _anneal(self, Py_ssize_t iterations, double heat) noexcept nogil:
        cdef Py_ssize_t n, feasible = 0
        cdef double before, flow, fixed, overload, share
        for n in range(iterations):
            if self.stop.stopped:
                break
            flow, fixed, overload = self.flow_usd, self.fixed_usd, self.overload
            before = flow + fixed + self.penalty_usd * overload
            self._begin()
            if (
                not self._change()
                or self.flow_usd + self.fixed_usd + self.penalty_usd * self.overload - before
                > -heat * log(unit(&self._random) + 1e-300)
            ):
                self._undo()
                self.flow_usd, self.fixed_usd, self.overload = flow, fixed, overload
            else:
                self._remember()
            feasible += self._fits()
            if n % SPAN == SPAN - 1:
                share = feasible / <double>SPAN
                self.penalty_usd *= FALL if share > OFTEN else (RISE if share < SELDOM else 1.0)
                feasible = 0

    cdef bint _change(self) noexcept nogil:
        """Ruin and recreate around one place; return whether every demand has a site afterwards."""
        cdef Py_ssize_t place = below(&self._random, self.n_site), n, j, taken = 0
        cdef double part = LEAST_OUT + MORE_OUT * unit(&self._random)
        self.n_out = 0
        if not self._exchange(place):
            return False
        for n in range(self.near.shape[1]):
            j = self.near[place, n]
            if self.open[j] and self.site_stamp[j] != self._turn:
                self._take_out(j, part)
                taken += 1
                if taken >= AROUND or self.n_out > MOST_OUT:
                    break
        if not self._put_back():
            return False
        self._repair(MOST_MOVES)
        self._close_empty()
        return True

    cdef bint _exchange(self, Py_ssize_t place) noexcept nogil:
        """Close and open some sites near a place; return False if too little is open then, or it costs too much."""
        cdef Py_ssize_t n, j, close = 0, opens = 0
        cdef double before = self.fixed_usd, needed = min(self.open_capacity, self.total_demand), dice = unit(&self._random)
        if dice < ONE_FOR_ONE:
            close = opens = 1
        elif dice < SEVERAL:
            close, opens = 1 + below(&self._random, 2), 1 + below(&self._random, 2)
        elif dice < ONE_MORE:
            close = below(&self._random, 2)
            opens = 1 - close
        for n in range(close):
            j = self._near_site(place, 1)
            if j >= 0:
                self._take_out(j, 1.0)
                self._flip(j)
        for n in range(opens):
            j = self._near_site(place, 0)
            if j >= 0:
                self._open_site(j)
        return (
            self.open_capacity >= needed - TINY
            and self.fixed_usd - before <= WORTH * self.flow_usd / self.n_demand
        )

    cdef void _open_site(self, Py_ssize_t j) noexcept nogil:
        """Open a site and queue the demands nearest to it for repair."""
        cdef Py_ssize_t n
        self._flip(j)
        for n in range(self.site_ptr[j], min(self.site_ptr[j + 1], self.site_ptr[j] + PULLED)):
            self._enqueue(self.site_demand[n])

    cdef Py_ssize_t _near_site(self, Py_ssize_t place, bint is_open) noexcept nogil:
        """Draw an open or a closed site near a place, nearer ones more likely; -1 if there is none."""
        cdef Py_ssize_t n, j, found = -1, rank = 0
        for n in range(self.near.shape[1]):
            j = self.near[place, n]
            if j >= 0 and self.open[j] == is_open and self.site_stamp[j] != self._turn:
                found = j
                if unit(&self._random) < 0.3:
                    break
        return found

    cdef void _take_out(self, Py_ssize_t j, double part) noexcept nogil:
        """Take each demand of a site out with probability ``part``."""
        cdef Py_ssize_t i = self.head[j], following
        while i >= 0:
            following = self.next_member[i]
            if part >= 1.0 or unit(&self._random) < part:
                self._log(i)
                self._take(i)
                self.out[self.n_out] = <int32_t>i
                self.n_out += 1
            else:
                self._enqueue(i)
            i = following

    cdef bint _put_back(self) noexcept nogil:
        """Put back the demands that were taken out, larger ones rather first, each where it costs least."""
        cdef Py_ssize_t n, k, i
        cdef double key, spread = 2.0 * unit(&self._random)
        cdef int32_t held
        for n in range(self.n_out):
            self.out_key[n] = self.demand[self.out[n]] * (1.0 + spread * unit(&self._random))
        for n in range(1, self.n_out):
            key, held, k = self.out_key[n], self.out[n], n
            while k > 0 and self.out_key[k - 1] < key:
                self.out_key[k], self.out[k] = self.out_key[k - 1], self.out[k - 1]
                k -= 1
            self.out_key[k], self.out[k] = key, held
        for n in range(self.n_out):
            i = self.out[n]
            if not self._put_best(i, BLINK):
                return False
            self._enqueue(i)
        return True
