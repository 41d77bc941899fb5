"""Plans for demands that may not be split: ruin and recreate around one site after another, under annealing.

Sites near a place close and open, some demands there are taken out and put back where they cost least, shifts and
swaps repair what is near, and the change stays if annealing says so (Schrimpf et al. 2000). Overload has a price
that follows how often the plan is feasible, so that the search walks along the edge of what fits.
"""

import numpy as np

from libc.math cimport INFINITY, log
from libc.stdint cimport int32_t, uint8_t, uint64_t

cdef double TINY = 1e-9
# Relative slack of capacities, and overload that is rounding.
cdef double SLACK = 1e-9, FITS = 1e-6
# Open sites that a demand looks at, nearest first; sites around a place whose demands may be taken out.
cdef int LOOK = 8, AROUND = 6
# Share of their demands, at least and on top of it at most, and demands in all after which no more sites are taken.
cdef double LEAST_OUT = 0.1, MORE_OUT = 0.5
cdef int MOST_OUT = 30
# Chances, summed up, of an exchange of one site for one, of one or two for one or two, and of one more or less.
cdef double ONE_FOR_ONE = 0.4, SEVERAL = 0.65, ONE_MORE = 0.7
# More fixed costs than so many demands' flows cost are not won back.
cdef double WORTH = 6.0
# Demands that a newly opened site is offered to.
cdef int PULLED = 15
# Moves of a repair at most, per demand taken out and in all.
cdef int MOST_MOVES = 300
# Between two looks at the price of overload; shares of feasible plans below and above which it changes, and its steps.
cdef int SPAN = 100
cdef double OFTEN = 0.5, SELDOM = 0.3, RISE = 1.1, FALL = 0.93
# Chance to pass over a site while a demand is put back (Christiaens and Vanden Berghe 2020).
cdef double BLINK = 0.02


cdef class Assignment:
    """Assignment of one problem's demands, each to one site.

    Parameters
    ----------
    problem : siteopt.facility_location.FacilityProblem
    near : ndarray of int32, shape (n_site, n_near)
        The sites nearest to each one, itself first.
    seed : int
    """

    cdef readonly Py_ssize_t n_site, n_demand
    cdef const double[::1] capacity, fixed, demand
    cdef const int32_t[:, ::1] near
    # Cost of serving all of a demand: by site and demand, and where it is now.
    cdef double[:, ::1] usd
    cdef double[::1] own_usd
    cdef const int32_t[::1] site_ptr, site_demand
    cdef int32_t[::1] arc_ptr, arc_site
    cdef int32_t[::1] site, head, next_member, previous_member, count, best_site
    cdef double[::1] load
    cdef uint8_t[::1] open
    # Undo: demands and sites changed in this iteration, and what they were.
    cdef int32_t[::1] changed, was_site, flipped, stamp, site_stamp
    cdef Py_ssize_t n_changed, n_flipped
    # Demands to look at, as a ring; demands taken out.
    cdef int32_t[::1] queue, out
    cdef uint8_t[::1] is_queued
    cdef double[::1] out_key
    cdef Py_ssize_t queue_head, queue_size, n_out
    cdef int32_t _turn
    cdef uint64_t _random
    cdef double total_demand, open_capacity
    cdef public double penalty_usd
    cdef readonly double flow_usd, fixed_usd, overload, best_usd

    def __init__(self, problem, const int32_t[:, ::1] near not None, uint64_t seed):
        self.capacity, self.fixed, self.demand = problem.capacity, problem.fixed_usd, problem.demand
        self.n_site, self.n_demand = len(problem.capacity), len(problem.demand)
        if near.shape[0] != self.n_site or near.shape[1] < 1:
            raise ValueError("a row of near sites for each site is needed")
        self.near, self.site_ptr, self.site_demand = near, problem.site_ptr, problem.site_demand
        arc_demand = problem.arc_demand
        fits = problem.demand[arc_demand] <= problem.capacity[problem.arc_site] + 1e-9
        whole_usd = problem.arc_usd * problem.demand[arc_demand]
        order = np.lexsort((whole_usd, arc_demand))
        order = order[fits[order]]
        counts = np.bincount(arc_demand[order], minlength=self.n_demand)
        self.arc_ptr = np.concatenate(([0], np.cumsum(counts))).astype(np.int32)
        self.arc_site = problem.arc_site[order].astype(np.int32)
        table = np.full((self.n_site, self.n_demand), np.inf)
        table[problem.arc_site[order], arc_demand[order]] = whole_usd[order]
        self.usd = table
        self.total_demand = float(np.sum(problem.demand))
        (self.site, self.next_member, self.previous_member, self.changed, self.was_site, self.stamp, self.queue,
         self.out, self.best_site) = np.full((9, self.n_demand), -1, dtype=np.int32)
        self.head, self.flipped, self.site_stamp = np.full((3, self.n_site), -1, dtype=np.int32)
        self.count = np.zeros(self.n_site, dtype=np.int32)
        self.load, self.open = np.zeros(self.n_site), np.zeros(self.n_site, dtype=np.uint8)
        self.is_queued, self.out_key = np.zeros(self.n_demand, dtype=np.uint8), np.zeros(self.n_demand)
        self.own_usd = np.zeros(self.n_demand)
        self._random = seed * 2862933555777941757u + 3037000493u
        self.best_usd = np.inf
        self.penalty_usd = 1.0

    def sites(self):
        """The site of each demand now, shape (n_demand,)."""
        return np.asarray(self.site).copy()

    def best_sites(self):
        """The site of each demand in the cheapest feasible plan so far, shape (n_demand,)."""
        return np.asarray(self.best_site).copy()

    def load_sites(self, const uint8_t[::1] is_open not None, const int32_t[::1] site not None):
        """Open these sites and start from these assignments; demands without one (-1, or to a closed site) are put in.

        Returns
        -------
        bool
            False where a demand reaches no open site; the plan is then not complete, and nothing may be done with it.
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
        """Shifts and swaps until none pays."""
        cdef Py_ssize_t i
        self._begin()
        for i in range(self.n_demand):
            self._enqueue(i)
        with nogil:
            self._repair(1000 * MOST_MOVES)
            self._close_empty()
            self._remember()

    def anneal(self, Py_ssize_t iterations, double heat_usd):
        """Ruin and recreate so many times at one temperature."""
        if not heat_usd > 0.0:
            raise ValueError("the temperature must be positive")
        with nogil:
            self._anneal(iterations, heat_usd)

    cdef void _anneal(self, Py_ssize_t iterations, double heat) noexcept nogil:
        cdef Py_ssize_t n, feasible = 0
        cdef double before, flow, fixed, overload, share
        for n in range(iterations):
            flow, fixed, overload = self.flow_usd, self.fixed_usd, self.overload
            before = flow + fixed + self.penalty_usd * overload
            self._begin()
            if (
                not self._change()
                or self.flow_usd + self.fixed_usd + self.penalty_usd * self.overload - before
                > -heat * log(self._unit() + 1e-300)
            ):
                self._undo()
                self.flow_usd, self.fixed_usd, self.overload = flow, fixed, overload
            else:
                self._remember()
            feasible += self.overload <= FITS
            if n % SPAN == SPAN - 1:
                share = feasible / <double>SPAN
                self.penalty_usd *= FALL if share > OFTEN else (RISE if share < SELDOM else 1.0)
                feasible = 0

    cdef bint _change(self) noexcept nogil:
        """Ruin and recreate around one place; whether every demand has a site afterwards."""
        cdef Py_ssize_t place = self._below(self.n_site), n, j, taken = 0
        cdef double part = LEAST_OUT + MORE_OUT * self._unit()
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
        """Close and open some sites near a place; False where too little is open then, or it costs too much to pay."""
        cdef Py_ssize_t n, j, close = 0, opens = 0
        cdef double before = self.fixed_usd, needed = min(self.open_capacity, self.total_demand), dice = self._unit()
        if dice < ONE_FOR_ONE:
            close = opens = 1
        elif dice < SEVERAL:
            close, opens = 1 + self._below(2), 1 + self._below(2)
        elif dice < ONE_MORE:
            close = self._below(2)
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
        """Open a site; the demands that are nearest to it are looked at."""
        cdef Py_ssize_t n
        self._flip(j)
        for n in range(self.site_ptr[j], min(self.site_ptr[j + 1], self.site_ptr[j] + PULLED)):
            self._enqueue(self.site_demand[n])

    cdef Py_ssize_t _near_site(self, Py_ssize_t place, bint is_open) noexcept nogil:
        """An open or a closed site near a place, nearer ones more likely; -1 where there is none."""
        cdef Py_ssize_t n, j, found = -1, rank = 0
        for n in range(self.near.shape[1]):
            j = self.near[place, n]
            if j >= 0 and self.open[j] == is_open and self.site_stamp[j] != self._turn:
                found = j
                if self._unit() < 0.3:
                    break
        return found

    cdef void _take_out(self, Py_ssize_t j, double part) noexcept nogil:
        """Take each demand of a site out with this probability."""
        cdef Py_ssize_t i = self.head[j], following
        while i >= 0:
            following = self.next_member[i]
            if part >= 1.0 or self._unit() < part:
                self._log(i)
                self._take(i)
                self.out[self.n_out] = <int32_t>i
                self.n_out += 1
            else:
                self._enqueue(i)
            i = following

    cdef bint _put_back(self) noexcept nogil:
        """Put what was taken out back, large ones rather first, each where it costs least."""
        cdef Py_ssize_t n, k, i
        cdef double key, spread = 2.0 * self._unit()
        cdef int32_t held
        for n in range(self.n_out):
            self.out_key[n] = self.demand[self.out[n]] * (1.0 + spread * self._unit())
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

    cdef bint _put_best(self, Py_ssize_t i, double blink) noexcept nogil:
        cdef Py_ssize_t k, j, best = -1, seen = 0
        cdef double cost, lowest = INFINITY
        for k in range(self.arc_ptr[i], self.arc_ptr[i + 1]):
            j = self.arc_site[k]
            if not self.open[j]:
                continue
            seen += 1
            if blink > 0.0 and best >= 0 and self._unit() < blink:
                continue
            cost = self.usd[j, i] + self.penalty_usd * self._excess(j, self.demand[i])
            if cost < lowest:
                best, lowest = j, cost
            if seen >= LOOK:
                break
        if best < 0:
            return False
        self._put(i, best)
        return True

    cdef void _repair(self, Py_ssize_t most) noexcept nogil:
        """Shifts and swaps of the demands in the queue, and of those that these concern, until none pays."""
        cdef Py_ssize_t i, moves = 0
        while self.queue_size > 0:
            i = self.queue[self.queue_head]
            self.queue_head = self.queue_head + 1 if self.queue_head + 1 < self.n_demand else 0
            self.queue_size -= 1
            self.is_queued[i] = False
            if moves < most and self._improve(i):
                moves += 1

    cdef bint _improve(self, Py_ssize_t i) noexcept nogil:
        """The best shift or swap of one demand, if it pays."""
        cdef Py_ssize_t a = self.site[i], b, k, m, best = -1, other = -1, seen = 0
        cdef double d = self.demand[i], e, delta, least = -1e-7, leave, shift, here = self.own_usd[i]
        cdef double price = self.penalty_usd
        cdef const double* back = &self.usd[a, 0]
        cdef bint is_over = self.load[a] > self.capacity[a] + TINY
        leave = price * self._excess(a, -d)
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
            delta = shift + leave + price * self._excess(b, d)
            if delta < least:
                least, best, other = delta, b, -1
            m = self.head[b]
            while m >= 0:
                e = self.demand[m]
                delta = shift + back[m] - self.own_usd[m]
                if delta < least or is_over or self.load[b] > self.capacity[b] + TINY:
                    delta += price * (self._excess(a, e - d) + self._excess(b, d - e))
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

    cdef void _enqueue(self, Py_ssize_t i) noexcept nogil:
        cdef Py_ssize_t tail
        if not self.is_queued[i]:
            self.is_queued[i] = True
            tail = self.queue_head + self.queue_size
            self.queue[tail if tail < self.n_demand else tail - self.n_demand] = <int32_t>i
            self.queue_size += 1

    cdef void _close_empty(self) noexcept nogil:
        cdef Py_ssize_t j
        for j in range(self.n_site):
            if self.open[j] and self.count[j] == 0:
                self._flip(j)

    cdef void _remember(self) noexcept nogil:
        """Keep the plan if it is the cheapest feasible one; counted anew, for sums drift."""
        if self.overload > FITS or self.flow_usd + self.fixed_usd >= self.best_usd - 1e-6:
            return
        self._recount()
        if self.overload <= 0.0 and self.flow_usd + self.fixed_usd < self.best_usd - 1e-6:
            self.best_usd = self.flow_usd + self.fixed_usd
            self.best_site[:] = self.site

    cdef void _recount(self) noexcept nogil:
        """Costs, loads and overload of the plan as it stands, from nothing."""
        cdef Py_ssize_t i, j
        self.flow_usd = self.fixed_usd = self.overload = self.open_capacity = 0.0
        self.load[:] = 0.0
        for i in range(self.n_demand):
            self.load[self.site[i]] += self.demand[i]
            self.flow_usd += self.own_usd[i]
        for j in range(self.n_site):
            self.overload += max(0.0, self.load[j] - self.capacity[j] * (1.0 + SLACK))
            if self.open[j]:
                self.fixed_usd += self.fixed[j]
                self.open_capacity += self.capacity[j]

    cdef void _begin(self) noexcept nogil:
        self._turn += 1
        self.n_changed = self.n_flipped = self.queue_head = self.queue_size = 0

    cdef void _log(self, Py_ssize_t i) noexcept nogil:
        """Note where a demand was before this iteration."""
        if self.stamp[i] != self._turn:
            self.stamp[i] = self._turn
            self.changed[self.n_changed] = <int32_t>i
            self.was_site[self.n_changed] = self.site[i]
            self.n_changed += 1

    cdef void _undo(self) noexcept nogil:
        cdef Py_ssize_t n
        while self.queue_size > 0:
            self.is_queued[self.queue[self.queue_head]] = False
            self.queue_head = self.queue_head + 1 if self.queue_head + 1 < self.n_demand else 0
            self.queue_size -= 1
        for n in range(self.n_changed):
            if self.site[self.changed[n]] >= 0:
                self._take(self.changed[n])
        for n in range(self.n_flipped):
            self._toggle(self.flipped[n])
        for n in range(self.n_changed):
            self._put(self.changed[n], self.was_site[n])

    cdef void _flip(self, Py_ssize_t j) noexcept nogil:
        """Open or close a site. One that was flipped before in this iteration is as it was at first again."""
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

    cdef Py_ssize_t _below(self, Py_ssize_t n) noexcept nogil:
        self._random = self._random * 6364136223846793005u + 1442695040888963407u
        return <Py_ssize_t>((self._random >> 33) % <uint64_t>n)

    cdef double _unit(self) noexcept nogil:
        self._random = self._random * 6364136223846793005u + 1442695040888963407u
        return (self._random >> 11) * (1.0 / 9007199254740992.0)

    cdef inline double _excess(self, Py_ssize_t j, double change) noexcept nogil:
        """Change of overload at a site if its load changed."""
        cdef double before = self.load[j] - self.capacity[j], after = before + change
        return (after if after > TINY else 0.0) - (before if before > TINY else 0.0)

    cdef void _put(self, Py_ssize_t i, Py_ssize_t j) noexcept nogil:
        self.overload += self._excess(j, self.demand[i])
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
        self.overload += self._excess(j, -self.demand[i])
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
