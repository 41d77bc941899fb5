"""Exchange of flows between two sites, in the state of a search.

Where sites are full, no flow can move by itself, however much it would gain elsewhere. Two sites exchange as many MW
as gain in sum; unserved demand takes part as if it were at a site of its own.
"""

import numpy as np

from libc.math cimport INFINITY
from libc.stdint cimport int32_t
from libc.stdlib cimport qsort

from siteopt._core.evaluate.evaluator cimport Evaluator
from siteopt._core.evaluate.rules cimport has_rival
from siteopt._core.evaluate.journal cimport Journal
from siteopt._core.search.flow_search cimport FlowSearch
from siteopt._core.search.site_search cimport SiteSearch
from siteopt._core.tolerances cimport CENT, NOWHERE, SMALLEST_SHARE

# Shares that are tried of the MW that gain in sum; whole replicas may spoil the larger ones or the smaller ones.
cdef int TRIES = 3
cdef double LESS = 0.25
# Elementary steps of noting what a flow would gain.
cdef int STEPS = 8


cdef struct Move:
    double rate    # gain, USD per MW
    double mw      # IT power of all that moves
    double amount  # share of the demand that was taken out
    Py_ssize_t source
    Py_ssize_t target


cdef int _by_rate(const void* a, const void* b) noexcept nogil:
    cdef double x = (<const Move*>a).rate, y = (<const Move*>b).rate
    return -1 if x > y else (1 if x < y else 0)


cdef class Exchanges:
    """Passes over pairs of open sites.

    Parameters
    ----------
    sites : SiteSearch
        The state of its evaluator is changed in place; it never gets worse.
    places : int
        Most sites that take part; memory grows with its square.
    moves : int
        Most flows that are considered for one pair.
    """

    cdef Evaluator ev
    cdef Journal journal
    cdef FlowSearch flows
    cdef SiteSearch sites
    cdef Py_ssize_t _most_places, _most_moves
    cdef int32_t[::1] _site, _place
    cdef double[:, ::1] _best
    cdef object _memory
    cdef Move* _moves

    def __init__(self, SiteSearch sites not None, Py_ssize_t places, Py_ssize_t moves):
        if places < 2 or moves < 2:
            raise ValueError("an exchange needs two places and two moves")
        self.ev, self.journal, self.flows, self.sites = sites.ev, sites.journal, sites.flows, sites
        self._most_places = min(places, self.ev.n_site + 1)
        self._most_moves = moves
        self._site = np.full(self._most_places, NOWHERE, dtype=np.int32)
        self._place = np.full(self.ev.n_site + 1, NOWHERE, dtype=np.int32)
        self._best = np.empty((self._most_places, self._most_places))
        self._memory = np.empty(moves * sizeof(Move), dtype=np.uint8)
        cdef unsigned char[::1] memory = self._memory
        self._moves = <Move*>&memory[0]

    def improve(self):
        """Make one pass over all pairs of open sites; return whether anything paid."""
        cdef double before = self.ev.cost
        cdef Py_ssize_t m, n, places
        with nogil:
            places = self._list_places()
            for m in range(places):
                self._note_gains(self._site[m])
            for m in range(places):
                for n in range(m + 1, places):
                    if self.flows.stop.stopped:
                        break
                    if self._best[m, n] + self._best[n, m] > 0.0:
                        self._exchange(self._site[m], self._site[n])
            self.ev.refresh()
        return self.ev.cost < before - CENT

    cdef Py_ssize_t _list_places(self) noexcept nogil:
        """Number the open sites as places; the last place stands for unserved demand."""
        cdef Py_ssize_t j, n = 0
        self._best[:, :] = -INFINITY
        for j in range(self.ev.n_site):
            self._place[j] = NOWHERE
            if self.ev.option[j] >= 0 and n < self._most_places - 1:
                self._site[n], self._place[j] = <int32_t>j, <int32_t>n
                n += 1
        self._site[n], self._place[self.ev.n_site] = NOWHERE, <int32_t>n
        return n + 1

    # ------------------------------------------------------------------ what would gain

    cdef inline bint _takes(self, Py_ssize_t pool) noexcept nogil:
        """Return whether the site of a pool may run it as the site is now."""
        if not self.ev.admits[self.ev.option_design[self.ev.option[self.ev.pool_site[pool]]], self.ev.pool_variant[pool]]:
            return False
        return self.ev.is_active(pool) or not has_rival(self.ev, pool, NOWHERE)

    cdef inline Py_ssize_t _site_of(self, Py_ssize_t arc) noexcept nogil:
        return self.ev.pool_site[self.ev.arc_pool[arc]] if arc != NOWHERE else NOWHERE

    cdef double _rate(self, Py_ssize_t source, Py_ssize_t target) noexcept nogil:
        """Return the gain by moving (part of) a demand, USD per MW that it needs at its target."""
        cdef Py_ssize_t arc = target if target != NOWHERE else source
        cdef double price = self.ev.unserved_price(self.ev.arc_demand[arc]), here = price, there = price
        if source != NOWHERE:
            here = self.sites.divisible_usd(source, self.ev.option[self._site_of(source)])
        if target != NOWHERE:
            there = self.sites.divisible_usd(target, self.ev.option[self._site_of(target)])
        return (here - there) / self.sites.divisible_mw(arc)

    cdef void _note_gains(self, Py_ssize_t k) noexcept nogil:
        """Record for every place the most that one of its flows would gain per MW at site ``k``."""
        cdef Py_ssize_t p, n, a, b, i
        if k == NOWHERE:
            for i in range(self.ev.n_demand):
                a = self.ev.first_flow[i] if self.ev.unserved_usd[i] < INFINITY else NOWHERE
                while a != NOWHERE:
                    self._note_gain(a, NOWHERE)
                    a = self.ev.next_flow[a]
            return
        for p in range(self.ev.site_pool_ptr[k], self.ev.site_pool_ptr[k + 1]):
            if not self._takes(p):
                continue
            if self.flows.stop.after(STEPS * (self.ev.pool_arc_ptr[p + 1] - self.ev.pool_arc_ptr[p])):
                return
            for n in range(self.ev.pool_arc_ptr[p], self.ev.pool_arc_ptr[p + 1]):
                b = self.ev.pool_arc[n]
                i = self.ev.arc_demand[b]
                if self.ev.unserved[i] > 0.0:
                    self._note_gain(NOWHERE, b)
                a = self.ev.first_flow[i]
                while a != NOWHERE:
                    self._note_gain(a, b)
                    a = self.ev.next_flow[a]

    cdef inline void _note_gain(self, Py_ssize_t source, Py_ssize_t target) noexcept nogil:
        cdef Py_ssize_t j = self._site_of(source), k = self._site_of(target), m, n
        cdef double rate
        m = self._place[j if j != NOWHERE else self.ev.n_site]
        n = self._place[k if k != NOWHERE else self.ev.n_site]
        if m == NOWHERE or m == n:
            return
        rate = self._rate(source, target)
        if rate > self._best[m, n]:
            self._best[m, n] = rate

    # ------------------------------------------------------------------ one pair

    cdef void _exchange(self, Py_ssize_t j, Py_ssize_t k) noexcept nogil:
        """Exchange the flows of two sites that gain by it, as far as they fit and it pays."""
        cdef double before = self.ev.cost, mw
        cdef Py_ssize_t short = self.ev.short_demands, there, back, gone, come, n
        cdef int tries
        there = self._list_moves(j, k, 0)
        back = self._list_moves(k, j, there)
        mw = self._balance_mw(there, back)
        for tries in range(TRIES):
            if mw <= 0.0:
                return
            self.journal.begin()
            gone = self._take_out(0, there, mw)
            come = self._take_out(there, back, mw)
            self._put_in(0, gone)
            self._put_in(there, come)
            for n in range(gone):
                self.flows.improve_demand(self._demand(n))
            for n in range(there, there + come):
                self.flows.improve_demand(self._demand(n))
            if self.ev.short_demands > short:
                self.journal.undo(before)
            elif self.journal.keep_if_better(before):
                return
            mw *= LESS

    cdef inline Py_ssize_t _demand(self, Py_ssize_t n) noexcept nogil:
        cdef Py_ssize_t target = self._moves[n].target
        return self.ev.arc_demand[target if target != NOWHERE else self._moves[n].source]

    cdef Py_ssize_t _list_moves(self, Py_ssize_t j, Py_ssize_t k, Py_ssize_t first) noexcept nogil:
        """List flows that could move from place ``j`` to ``k``, best first, from move ``first`` on; return how many."""
        cdef Py_ssize_t p, n, a, b, i, count = first, end
        if j == NOWHERE:
            for p in range(self.ev.site_pool_ptr[k], self.ev.site_pool_ptr[k + 1]):
                for n in range(self.ev.pool_arc_ptr[p], self.ev.pool_arc_ptr[p + 1] if self._takes(p) else 0):
                    b = self.ev.pool_arc[n]
                    if self.ev.unserved[self.ev.arc_demand[b]] > 0.0:
                        count = self._list_move(NOWHERE, b, count)
        else:
            for p in range(self.ev.site_pool_ptr[j], self.ev.site_pool_ptr[j + 1]):
                for n in range(self.ev.pool_arc_ptr[p], self.ev.pool_arc_ptr[p + 1] if self.ev.flows[p] > 0 else 0):
                    a = self.ev.pool_arc[n]
                    if self.ev.share[a] == 0.0:
                        continue
                    i = self.ev.arc_demand[a]
                    if k == NOWHERE and self.ev.unserved_usd[i] < INFINITY:
                        count = self._list_move(a, NOWHERE, count)
                    for b in range(self.ev.demand_arc_ptr[i], self.ev.demand_arc_ptr[i + 1] if k != NOWHERE else 0):
                        if self.ev.pool_site[self.ev.arc_pool[b]] == k and self._takes(self.ev.arc_pool[b]):
                            count = self._list_move(a, b, count)
        end = count - first
        qsort(self._moves + first, end, sizeof(Move), &_by_rate)
        return end

    cdef inline Py_ssize_t _list_move(self, Py_ssize_t source, Py_ssize_t target, Py_ssize_t count) noexcept nogil:
        cdef Py_ssize_t arc = target if target != NOWHERE else source
        cdef double amount = self.ev.share[source] if source != NOWHERE else self.ev.unserved[self.ev.arc_demand[arc]]
        if count == self._most_moves:
            return count
        self._moves[count] = Move(
            self._rate(source, target), amount * self.sites.divisible_mw(arc), 0.0, source, target
        )
        return count + 1

    cdef double _balance_mw(self, Py_ssize_t there, Py_ssize_t back) noexcept nogil:
        """Return how many MW gain in sum if as many move there as come back."""
        cdef Py_ssize_t m = 0, n = there
        cdef double left_m = 0.0, left_n = 0.0, step, mw = 0.0
        while m < there and n < there + back and self._moves[m].rate + self._moves[n].rate > 0.0:
            left_m = left_m if left_m > 0.0 else self._moves[m].mw
            left_n = left_n if left_n > 0.0 else self._moves[n].mw
            step = min(left_m, left_n)
            mw += step
            left_m -= step
            left_n -= step
            m += left_m <= 0.0
            n += left_n <= 0.0
        return mw

    cdef Py_ssize_t _take_out(self, Py_ssize_t first, Py_ssize_t count, double mw) noexcept nogil:
        """Leave the flows of the first moves unserved, up to ``mw`` MW in all; return the number of these moves."""
        cdef Py_ssize_t n, source
        cdef double amount
        for n in range(first, first + count):
            if mw <= 0.0:
                return n - first
            source = self._moves[n].source
            if source == NOWHERE:
                amount = self.ev.unserved[self._demand(n)]
            else:
                amount = self.ev.share[source]
                if self._moves[n].mw > mw and self.ev.is_splittable[self._demand(n)]:
                    amount *= mw / self._moves[n].mw
            # A flow is listed once for each pool that could take it; the first entry takes it out.
            self._moves[n].amount = amount
            if amount > 0.0 and source != NOWHERE and not self.journal.shift(self._demand(n), source, NOWHERE, amount):
                return n - first
            mw -= self._moves[n].mw if amount > 0.0 else 0.0
        return count

    cdef void _put_in(self, Py_ssize_t first, Py_ssize_t count) noexcept nogil:
        """Serve what was taken out at its targets, as far as it fits."""
        cdef Py_ssize_t n, i, target
        cdef double amount, part
        for n in range(first, first + count):
            i, target = self._demand(n), self._moves[n].target
            amount = min(self._moves[n].amount, self.ev.unserved[i])
            if target == NOWHERE or amount <= 0.0 or self.flows.stop.after(self.flows.steps_per_place):
                continue
            if self.ev.shift_delta(i, NOWHERE, target, amount) < INFINITY:
                self.journal.shift(i, NOWHERE, target, amount)
            elif self.ev.is_splittable[i]:
                part = self.flows.part_that_fits(i, target, 1, True)
                if SMALLEST_SHARE < part < amount and self.ev.shift_delta(i, NOWHERE, target, part) < INFINITY:
                    self.journal.shift(i, NOWHERE, target, part)
