"""Search over sites: open, change the design or close where that pays once the flows have followed."""

import numpy as np

from libc.math cimport INFINITY
from libc.stdlib cimport qsort

from siteopt._core.evaluate.rules cimport route_holds, site_holds
from siteopt._core.search.flow_search cimport FlowSearch
from siteopt._core.tolerances cimport CENT, NOWHERE, SMALLEST_SHARE

# Elementary steps of ranking a flow by what it would gain.
cdef int STEPS = 8


cdef int _by_rank(const void* a, const void* b) noexcept nogil:
    cdef double x = (<const Candidate*>a).rank, y = (<const Candidate*>b).rank
    return -1 if x < y else (1 if x > y else 0)


cdef class SiteSearch:
    """Search for sites to open, resize and close, together with a search for flows.

    Parameters
    ----------
    flows : FlowSearch
        The state of its evaluator is changed in place; it never gets worse.
    """

    def __init__(self, FlowSearch flows not None):
        self.ev, self.journal, self.flows = flows.ev, flows.journal, flows
        self._candidate_memory = np.empty((self.ev.n_arc + 1) * sizeof(Candidate), dtype=np.uint8)
        cdef unsigned char[::1] memory = self._candidate_memory
        self._candidates = <Candidate*>&memory[0]

    def improve(self):
        """Make one pass over all sites: close, resize, open; return whether anything paid."""
        cdef double before = self.ev.cost
        cdef Py_ssize_t j, o, p, q
        with nogil:
            for j in range(self.ev.n_site):
                if self.flows.stop.stopped:
                    break
                if self.ev.option[j] >= 0:
                    self._try_close(j)
                if self.ev.option[j] >= 0:
                    for p in range(self.ev.site_pool_ptr[j], self.ev.site_pool_ptr[j + 1]):
                        if self.ev.flows[p] > 0:
                            self._try_trim(j, p)
                        for q in range(self.ev.rival_first[p], self.ev.rival_last[p]):
                            if q != p and self.ev.flows[p] > 0 and self.ev.reserve[p] == 0.0 and self.ev.flows[q] == 0:
                                self._try_rival(p, q)
                for o in range(self.ev.option_ptr[j], self.ev.option_ptr[j + 1]):
                    if self.ev.option[j] < 0:
                        self._try_open(j, o)
                    elif self.ev.option[j] != o:
                        self._try_resize(j, o, True)
            self.ev.refresh()
        return self.ev.cost < before - CENT

    def resize_standby(self):
        """Give every site that only holds reserve the design and connection that are cheapest for it.

        A site with flows keeps what it has, as its flows may still grow.
        """
        cdef Py_ssize_t j, o
        with nogil:
            for j in range(self.ev.n_site):
                if self._has_flows(j):
                    continue
                for o in range(self.ev.option_ptr[j], self.ev.option_ptr[j + 1]):
                    if self.ev.option[j] >= 0 and self.ev.option[j] != o:
                        self._try_resize(j, o, False)

    def close_site(self, Py_ssize_t j):
        """Move all flows of a site elsewhere, whatever that costs, and close it.

        Returns
        -------
        bool
            False if a flow finds no place or the site has to stay; the state is then as before.
        """
        if not 0 <= j < self.ev.n_site:
            raise ValueError(f"there is no site {j}; the instance has {self.ev.n_site}")
        cdef double before = self.ev.cost
        cdef bint closed
        with nogil:
            self.journal.begin()
            closed = self.ev.option[j] >= 0 and self.may_close(j) and self.empty(j)
            closed = closed and self.journal.set_option(j, NOWHERE)
            if closed:
                self.journal.begin()
            else:
                self.journal.undo(before)
        return closed

    # ------------------------------------------------------------------ workers

    cdef bint empty(self, Py_ssize_t j) noexcept nogil:
        """Move all flows of a site to wherever is cheapest, one by one; return False if one finds no place."""
        cdef Py_ssize_t p, n, a, i, tries
        for p in range(self.ev.site_pool_ptr[j], self.ev.site_pool_ptr[j + 1]):
            if self.ev.flows[p] == 0:
                continue
            for n in range(self.ev.pool_arc_ptr[p], self.ev.pool_arc_ptr[p + 1]):
                a = self.ev.pool_arc[n]
                i = self.ev.arc_demand[a]
                tries = 0
                while self.ev.share[a] > 0.0:
                    tries += 1
                    if tries > 64 or not self.flows.best_shift(i, a, self.ev.share[a], j, INFINITY):
                        return False
        return True

    cdef bint _has_flows(self, Py_ssize_t j) noexcept nogil:
        cdef Py_ssize_t p
        for p in range(self.ev.site_pool_ptr[j], self.ev.site_pool_ptr[j + 1]):
            if self.ev.flows[p] > 0:
                return True
        return False

    cdef bint may_close(self, Py_ssize_t j) noexcept nogil:
        """Return whether a site may close: not if it is existing or forced, or if it holds reserve for others."""
        return not (self.ev.is_existing[j] or self.ev.is_forced[j] or self.ev.held[j])

    cdef void _try_close(self, Py_ssize_t j) noexcept nogil:
        cdef double before = self.ev.cost
        if not self.may_close(j):
            return
        self.journal.begin()
        if self.empty(j) and self.journal.set_option(j, NOWHERE):
            self.journal.keep_if_better(before)
        else:
            self.journal.undo(before)

    cdef void _try_trim(self, Py_ssize_t j, Py_ssize_t first) noexcept nogil:
        """Shed load, that of one pool first, until the site needs one module fewer, if that pays."""
        cdef double before = self.ev.cost
        cdef Py_ssize_t p = first, n, a, o = self.ev.option[j]
        cdef int modules = self.ev.modules[j]
        if modules <= self.ev.min_modules[o]:
            return
        self.journal.begin()
        while True:
            for n in range(self.ev.pool_arc_ptr[p], self.ev.pool_arc_ptr[p + 1] if self.ev.flows[p] > 0 else 0):
                a = self.ev.pool_arc[n]
                if self.ev.share[a] > 0.0:
                    self.flows.best_shift(self.ev.arc_demand[a], a, self.ev.share[a], j, INFINITY)
                if self.ev.modules[j] < modules:
                    self.journal.keep_if_better(before)
                    return
                if self.flows.stop.stopped:
                    self.journal.undo(before)
                    return
            p = p + 1 if p + 1 < self.ev.site_pool_ptr[j + 1] else self.ev.site_pool_ptr[j]
            if p == first:
                break
        self.journal.undo(before)

    cdef void _try_resize(self, Py_ssize_t j, Py_ssize_t option, bint draws) noexcept nogil:
        """Try another design or connection for the same load; a larger one may draw the load that it has room for."""
        cdef double before = self.ev.cost
        cdef Py_ssize_t n, count = 0
        self.journal.begin()
        if draws and self._capacity_mw(option) > self._capacity_mw(self.ev.option[j]):
            count = self._rank_gains(j, option)
            qsort(self._candidates, count, sizeof(Candidate), &_by_rank)
        self.journal.set_option(j, option)
        if not site_holds(self.ev, j):
            self.journal.undo(before)
            return
        for n in range(count):
            self._draw(self._candidates[n].source, self._candidates[n].target)
        self.journal.keep_if_better(before)

    cdef double _capacity_mw(self, Py_ssize_t option) noexcept nogil:
        """Return the most IT power that an option carries, MW."""
        return min(
            (self.ev.max_modules[option] - self.ev.spare_modules[option]) * self.ev.module_mw[option],
            self.ev.headroom_mw[option] / self.ev.pue[option],
        )

    cdef void _try_rival(self, Py_ssize_t pool, Py_ssize_t rival) noexcept nogil:
        """Try the whole load of a pool in another pool of its site: on another accelerator, or with data elsewhere."""
        cdef double before = self.ev.cost
        cdef Py_ssize_t n, a, b, i
        cdef bint moved
        self.journal.begin()
        for n in range(self.ev.pool_arc_ptr[pool], self.ev.pool_arc_ptr[pool + 1]):
            a = self.ev.pool_arc[n]
            if self.ev.share[a] == 0.0:
                continue
            i, moved = self.ev.arc_demand[a], False
            for b in range(self.ev.demand_arc_ptr[i], self.ev.demand_arc_ptr[i + 1]):
                if self.ev.arc_pool[b] == rival:
                    moved = self.journal.shift(i, a, b, self.ev.share[a])
                    break
            if not moved:
                self.journal.undo(before)
                return
        if not (
            site_holds(self.ev, self.ev.pool_site[pool])
            and route_holds(self.ev, self.ev.pool_home_route[rival])
            and self.journal.keep_if_better(before)
        ):
            self.journal.undo(before)

    cdef void _try_open(self, Py_ssize_t j, Py_ssize_t option) noexcept nogil:
        """Try to open a site: draw the flows that gain most per MW, then close the sites that no longer pay."""
        cdef double before = self.ev.cost
        cdef Py_ssize_t n, count, k
        if self.ev.new_sites >= self.ev.max_sites:
            return
        count = self._rank_gains(j, option)
        if count == 0 and self.ev.n_rule == 0:
            return
        qsort(self._candidates, count, sizeof(Candidate), &_by_rank)
        self.journal.begin()
        self.journal.set_option(j, option)
        for n in range(count):
            self._draw(self._candidates[n].source, self._candidates[n].target)
        # A linear rule may demand a site even if nothing flows to it.
        if self.ev.site_it[j] == 0.0 and (self.ev.n_rule == 0 or self.ev.cost >= before - CENT):
            self.journal.undo(before)
            return
        if self.ev.cost < before - CENT:
            self.journal.keep_if_better(before)
            return
        for n in range(count):
            if self._candidates[n].source < 0:
                continue
            k = self.ev.pool_site[self.ev.arc_pool[self._candidates[n].source]]
            if k == j or self.ev.option[k] < 0 or not self.may_close(k):
                continue
            if self.ev.modules[k] > self.ev.min_modules[self.ev.option[k]]:
                continue
            if not (self.empty(k) and self.journal.set_option(k, NOWHERE)):
                break
            if self.ev.cost < before - CENT:
                break
        self.journal.keep_if_better(before)

    cdef void _draw(self, Py_ssize_t source, Py_ssize_t target) noexcept nogil:
        """Move a flow to a newly opened site as far as it fits, unless it is time to stop."""
        cdef Py_ssize_t i = self.ev.arc_demand[target]
        cdef double amount = self.ev.unserved[i] if source < 0 else self.ev.share[source], part
        if amount <= 0.0 or self.flows.stop.after(self.flows.steps_per_place):
            return
        if self.ev.shift_delta(i, source, target, amount) < INFINITY:
            self.journal.shift(i, source, target, amount)
        elif self.ev.is_splittable[i]:
            part = self.flows.part_that_fits(i, target, 1, True)
            if SMALLEST_SHARE < part < amount and self.ev.shift_delta(i, source, target, part) < INFINITY:
                self.journal.shift(i, source, target, part)

    cdef Py_ssize_t _rank_gains(self, Py_ssize_t j, Py_ssize_t option) noexcept nogil:
        """Rank the flows that would gain at a site by gain per MW of IT, as if replicas and modules were divisible."""
        cdef Py_ssize_t p, n, a, i, b, count = 0
        cdef double here, gain
        for p in range(self.ev.site_pool_ptr[j], self.ev.site_pool_ptr[j + 1]):
            if self.flows.stop.after(STEPS * (self.ev.pool_arc_ptr[p + 1] - self.ev.pool_arc_ptr[p])):
                break
            for n in range(self.ev.pool_arc_ptr[p], self.ev.pool_arc_ptr[p + 1]):
                a = self.ev.pool_arc[n]
                i = self.ev.arc_demand[a]
                here = self.divisible_usd(a, option)
                if self.ev.unserved[i] > 0.0 and count < self.ev.n_arc:
                    gain = (self.ev.unserved_price(i) - here) / self.divisible_mw(a)
                    if gain > 0.0:
                        self._candidates[count] = Candidate(-gain, NOWHERE, a)
                        count += 1
                b = self.ev.first_flow[i]
                while b >= 0 and count < self.ev.n_arc:
                    if b != a:
                        gain = self.divisible_usd(b, self.ev.option[self.ev.pool_site[self.ev.arc_pool[b]]]) - here
                        if gain > 0.0:
                            self._candidates[count] = Candidate(-gain / self.divisible_mw(a), b, a)
                            count += 1
                    b = self.ev.next_flow[b]
        return count

    cdef double divisible_mw(self, Py_ssize_t a) noexcept nogil:
        """Return the IT power of all of a demand on an arc with divisible replicas, MW."""
        cdef Py_ssize_t p = self.ev.arc_pool[a]
        return self.ev.peak_rps[self.ev.arc_demand[a]] / self.ev.pool_usable_rps[p] * self.ev.pool_replica_mw[p]

    cdef double divisible_usd(self, Py_ssize_t a, Py_ssize_t option) noexcept nogil:
        """Return the cost of all of a demand on an arc with divisible replicas and modules, USD."""
        cdef Py_ssize_t p = self.ev.arc_pool[a], i = self.ev.arc_demand[a], j = self.ev.pool_site[p]
        cdef double replicas = self.ev.peak_rps[i] / self.ev.pool_usable_rps[p]
        cdef double busy = self.ev.mean_rps[i] / self.ev.pool_rps[p]
        cdef double mean_mw = self.ev.pool_replica_mw[p] * (self.ev.pool_idle[p] * replicas + (1.0 - self.ev.pool_idle[p]) * busy)
        cdef double it_mw = replicas * self.ev.pool_replica_mw[p]
        return (
            self.ev.arc_usd[a]
            + replicas * self.ev.pool_usd[p]
            + it_mw * self.ev.full_usd_per_mw[option]
            + self.ev.pue[option] * (self.ev.peak_usd[j] * it_mw + self.ev.mean_usd[j] * mean_mw)
        )
