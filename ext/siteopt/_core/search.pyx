"""Local search over the evaluator's state: move, split, open, close, resize, ruin and recreate.

Every compound move is written to a journal and undone from it if it does not pay, so that the state is never left
worse than it was found. Nothing is allocated while searching.
"""

import numpy as np

from libc.math cimport INFINITY, floor
from libc.stdint cimport int32_t, uint8_t, uint64_t
from libc.stdlib cimport qsort

from siteopt._core.evaluator cimport Evaluator

cdef Py_ssize_t NOWHERE = -1
# Costs are hundreds of millions of USD: improvements below a cent are rounding.
cdef double CENT = 0.01
cdef double SMALLEST_SHARE = 1e-7


cdef int _by_rank(const void* a, const void* b) noexcept nogil:
    cdef double x = (<const Candidate*>a).rank, y = (<const Candidate*>b).rank
    return -1 if x < y else (1 if x > y else 0)


cdef class LocalSearch:
    """Search from the state of an evaluator.

    Parameters
    ----------
    evaluator : Evaluator
        Its state is changed in place; it never gets worse.
    seed : int
        Of the random choices; same seed, same start, same calls: same result.
    """

    def __init__(self, Evaluator evaluator not None, uint64_t seed):
        self.ev = evaluator
        self._random = seed * 2862933555777941757u + 3037000493u
        self._capacity = 4 * (evaluator.n_arc + evaluator.n_site) + 64
        self._what, self._from, self._to = np.empty((3, self._capacity), dtype=np.int32)
        self._amount = np.empty(self._capacity)
        self._order = np.arange(evaluator.n_demand, dtype=np.int32)
        self._hardest = np.arange(evaluator.n_demand, dtype=np.int32)
        self._is_cut = np.zeros(evaluator.n_demand, dtype=np.uint8)
        self._candidate_memory = np.empty((evaluator.n_arc + 1) * sizeof(Candidate), dtype=np.uint8)
        cdef unsigned char[::1] memory = self._candidate_memory
        self._candidates = <Candidate*>&memory[0]

    # ------------------------------------------------------------------ calls

    def serve_all(self):
        """Serve what is unserved wherever it is cheapest at the open sites, hardest demands first as ordered."""
        with nogil:
            self._length = 0
            self._demand_pass()

    def open_all(self, const int32_t[::1] option not None):
        """Open every closed site ``j`` with ``option[j] >= 0``, whatever it costs."""
        cdef Py_ssize_t j
        if option.shape[0] != self.ev.n_site:
            raise ValueError(f"option has {option.shape[0]} entries; the instance has {self.ev.n_site} sites")
        for j in range(self.ev.n_site):
            if self.ev.option[j] < 0 and option[j] >= 0:
                self.ev.set_option(j, option[j])

    def order_demands(self, const int32_t[::1] order not None):
        """Set the order in which demands are served from nothing, hardest first; passes that improve shuffle it."""
        if sorted(order) != list(range(self.ev.n_demand)):
            raise ValueError("order is not a permutation of the demands")
        self._order[:] = order
        self._hardest[:] = order

    def improve_flows(self):
        """One pass over all demands: every flow may move or split; returns whether anything paid."""
        cdef double before = self.ev.cost
        with nogil:
            self._length = 0
            self._shuffle()
            self._demand_pass()
        return self.ev.cost < before - CENT

    def improve_sites(self):
        """One pass over all sites: close, resize, open; returns whether anything paid."""
        cdef double before = self.ev.cost
        cdef Py_ssize_t j, o, p, q
        with nogil:
            for j in range(self.ev.n_site):
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
        """Give every site that only holds reserve the design and connection that is cheapest for it.

        One with flows keeps what it has: they will want to grow.
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
        """Move everything that flows to a site elsewhere, whatever that costs, and close it.

        Returns
        -------
        bool
            False where something finds no place, or the site has to stay; the state is then as it was.
        """
        if not 0 <= j < self.ev.n_site:
            raise ValueError(f"there is no site {j}; the instance has {self.ev.n_site}")
        cdef double before = self.ev.cost
        cdef bint closed
        with nogil:
            self._length = 0
            closed = self.ev.option[j] >= 0 and self._may_close(j) and self._empty(j) and self._set_option(j, NOWHERE)
            if closed:
                self._length = 0
            else:
                self._undo(before)
        return closed

    def ruin_and_recreate(self, Py_ssize_t rounds, Py_ssize_t sites, double worse_usd):
        """Empty a few neighbouring sites and serve their load anew; ``rounds`` times (Schrimpf et al. 2000).

        Parameters
        ----------
        rounds, sites : int
        worse_usd : float
            A round is undone if it costs more than this in addition; 0 keeps only what is better.

        Returns
        -------
        int
            Rounds that were kept.
        """
        cdef Py_ssize_t r, paid = 0
        with nogil:
            for r in range(rounds):
                paid += self._ruin(sites, worse_usd)
            self.ev.refresh()
        return paid

    # ------------------------------------------------------------------ journal

    cdef bint _shift(self, Py_ssize_t demand, Py_ssize_t source, Py_ssize_t target, double amount) noexcept nogil:
        if self._length == self._capacity:
            return False
        self._what[self._length] = <int32_t>demand
        self._from[self._length] = <int32_t>source
        self._to[self._length] = <int32_t>target
        self._amount[self._length] = amount
        self._length += 1
        self.applied += 1
        self.ev.shift(demand, source, target, amount)
        return True

    cdef bint _set_option(self, Py_ssize_t site, Py_ssize_t option) noexcept nogil:
        if self._length == self._capacity:
            return False
        self._what[self._length] = <int32_t>(-1 - site)
        self._from[self._length] = self.ev.option[site]
        self._length += 1
        self.ev.set_option(site, option)
        return True

    cdef void _undo(self, double cost) noexcept nogil:
        """Back to the start of the journal, where the cost was ``cost``."""
        cdef Py_ssize_t n
        while self._length > 0:
            self._length -= 1
            n = self._length
            if self._what[n] < 0:
                self.ev.set_option(-1 - self._what[n], self._from[n])
            else:
                self.ev.shift(self._what[n], self._to[n], self._from[n], self._amount[n])
        self.ev.cost = cost

    cdef bint _keep_if_better(self, double cost) noexcept nogil:
        return self._keep_if_below(cost, cost - CENT)

    cdef bint _keep_if_below(self, double cost, double limit) noexcept nogil:
        # Shifts keep the budget one by one, but opening spends capital by itself.
        if self.ev.cost < limit and self.ev.capex <= self.ev.budget_usd * (1.0 + 5e-7):
            self._length = 0
            return True
        self._undo(cost)
        return False

    # ------------------------------------------------------------------ flows

    cdef void _demand_pass(self) noexcept nogil:
        cdef Py_ssize_t n
        for n in range(self.ev.n_demand):
            self._length = 0
            self._improve_demand(self._order[n])

    cdef void _improve_demand(self, Py_ssize_t i) noexcept nogil:
        """Move every flow of a demand to where it costs least, what is unserved first."""
        cdef Py_ssize_t a, tries = 0
        while self.ev.unserved[i] > 0.0 and tries < 64 and self._best_shift(i, NOWHERE, self.ev.unserved[i], NOWHERE, -CENT):
            tries += 1
        for a in range(self.ev.demand_arc_ptr[i], self.ev.demand_arc_ptr[i + 1]):
            if self.ev.share[a] > 0.0:
                self._best_shift(i, a, self.ev.share[a], NOWHERE, -CENT)

    cdef bint _best_shift(
        self, Py_ssize_t i, Py_ssize_t source, double amount, Py_ssize_t shunned, double worst
    ) noexcept nogil:
        """Apply the cheapest shift of (part of) a flow that changes cost by less than ``worst``.

        Parameters: ``shunned`` is a site that may not be the target. A part is worth its saving per unit, so parts
        compete with whole flows by their rate, and places with none at all where a demand may be left out.
        """
        cdef Py_ssize_t b, k, here, best_arc = NOWHERE
        cdef double delta, part, most, rate, best_rate = INFINITY, best_amount = 0.0
        cdef int level
        if source != NOWHERE and self.ev.unserved_usd[i] < INFINITY:
            self.evaluated += 1
            delta = self.ev.shift_delta(i, source, NOWHERE, amount)
            if delta < worst:
                best_rate, best_amount = delta / amount, amount
        here = self.ev.pool_site[self.ev.arc_pool[source]] if source != NOWHERE else NOWHERE
        for b in range(self.ev.demand_arc_ptr[i], self.ev.demand_arc_ptr[i + 1]):
            k = self.ev.pool_site[self.ev.arc_pool[b]]
            if b == source or k == shunned or self.ev.option[k] < 0:
                continue
            if not self.ev.is_splittable[i] and self.ev.share[b] > 0.0:
                continue
            # Most sites are full: what fits is cheaper to find than what it costs. A move within a site frees room there.
            most = INFINITY if k == here else self._part_that_fits(i, b, 1, False)
            if most <= SMALLEST_SHARE:
                continue
            delta = INFINITY
            if most >= amount - SMALLEST_SHARE:
                self.evaluated += 1
                delta = self.ev.shift_delta(i, source, b, amount)
                if delta / amount < best_rate and delta < worst:
                    best_rate, best_arc, best_amount = delta / amount, b, amount
            if not self.ev.is_splittable[i]:
                continue
            for level in range(2):
                if level == 1 and delta < INFINITY:
                    break
                part = self._part_that_fits(i, b, level, delta == INFINITY)
                if SMALLEST_SHARE < part < amount - SMALLEST_SHARE:
                    self.evaluated += 1
                    rate = self.ev.shift_delta(i, source, b, part) / part
                    if rate < best_rate and rate * part < worst:
                        best_rate, best_arc, best_amount = rate, b, part
        return best_amount > 0.0 and self._shift(i, source, best_arc, best_amount)

    cdef double _part_that_fits(self, Py_ssize_t i, Py_ssize_t b, int level, bint on_links) noexcept nogil:
        """Share that fills the target: its modules as they are (level 0), or all that its site and grid can take (1).

        ``on_links`` says whether links may be what limits it.
        """
        cdef Py_ssize_t p = self.ev.arc_pool[b], k = self.ev.pool_site[p], o = self.ev.option[k], e, g, tier
        cdef double room, spare, usable, part
        cdef int modules = self.ev.modules[k] if level == 0 else self.ev.max_modules[o]
        usable = (modules - self.ev.spare_modules[o]) * self.ev.module_mw[o]
        room = min(usable, self.ev.headroom_mw[o] / self.ev.pue[o]) - self.ev.site_it[k]
        if self.ev.pool_tenant[p] >= 0:
            spare = min(usable * self.ev.tenant_share, self.ev.tenant_site_mw)
            room = min(room, spare - self.ev.tenant_mw[k * self.ev.n_tenant + self.ev.pool_tenant[p]])
        for e in range(self.ev.grid_site_ptr[k], self.ev.grid_site_ptr[k + 1]):
            g = self.ev.grid_site_limit[e]
            spare = (self.ev.limit_mw[g] - self.ev.used_mw[g]) / (self.ev.grid_site_coefficient[e] * self.ev.pue[o])
            room = min(room, spare)
        room = self.ev.replicas[p] + floor(room / self.ev.pool_replica_mw[p] + 1e-9)
        if room <= 0.0:
            return 0.0
        tier = self.ev.tightest_tier(p, self.ev.arc_tier[b], 1)
        part = (self.ev.pool_room(p, tier, <Py_ssize_t>room) - self.ev.pool_peak[p]) / self.ev.peak_rps[i]
        if on_links and self.ev.n_link > 0:
            part = min(part, self._part_on_route(b, self.ev.arc_route[b]))
            part = min(part, self._part_on_route(b, self.ev.pool_home_route[p]))
        return part

    cdef double _part_on_route(self, Py_ssize_t arc, Py_ssize_t route) noexcept nogil:
        """Share of an arc's demand for which the links of a route have room; both its routes may use one link."""
        cdef Py_ssize_t e, link
        cdef double part = INFINITY, first, whole
        cdef int more = 0 if self.ev.share[arc] > 0.0 else 1
        if route >= 0:
            for e in range(self.ev.route_ptr[route], self.ev.route_ptr[route + 1]):
                link = self.ev.route_link[e]
                first = self.ev.on_link(arc, 0.0, more, link)
                whole = self.ev.on_link(arc, 1.0, more, link) - first
                if whole > 0.0:
                    part = min(part, (self.ev.limit_gbps[link] - self.ev.link_gbps[link] - first) / whole)
        return part

    # ------------------------------------------------------------------ sites

    cdef bint _empty(self, Py_ssize_t j) noexcept nogil:
        """Move everything that flows to a site elsewhere, cheapest first come; False if something finds no place."""
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
                    if tries > 64 or not self._best_shift(i, a, self.ev.share[a], j, INFINITY):
                        return False
        return True

    cdef bint _has_flows(self, Py_ssize_t j) noexcept nogil:
        cdef Py_ssize_t p
        for p in range(self.ev.site_pool_ptr[j], self.ev.site_pool_ptr[j + 1]):
            if self.ev.flows[p] > 0:
                return True
        return False

    cdef bint _may_close(self, Py_ssize_t j) noexcept nogil:
        """Existing and forced sites stay, and those that others count on in a failure."""
        return not (self.ev.is_existing[j] or self.ev.is_forced[j] or self.ev.held[j])

    cdef void _try_close(self, Py_ssize_t j) noexcept nogil:
        cdef double before = self.ev.cost
        if not self._may_close(j):
            return
        self._length = 0
        if self._empty(j) and self._set_option(j, NOWHERE):
            self._keep_if_better(before)
        else:
            self._undo(before)

    cdef void _try_trim(self, Py_ssize_t j, Py_ssize_t first) noexcept nogil:
        """Shed load, that of one pool first, until the site needs one module less."""
        cdef double before = self.ev.cost
        cdef Py_ssize_t p = first, n, a, o = self.ev.option[j]
        cdef int modules = self.ev.modules[j]
        if modules <= self.ev.min_modules[o]:
            return
        self._length = 0
        while True:
            for n in range(self.ev.pool_arc_ptr[p], self.ev.pool_arc_ptr[p + 1] if self.ev.flows[p] > 0 else 0):
                a = self.ev.pool_arc[n]
                if self.ev.share[a] > 0.0:
                    self._best_shift(self.ev.arc_demand[a], a, self.ev.share[a], j, INFINITY)
                if self.ev.modules[j] < modules:
                    self._keep_if_better(before)
                    return
            p = p + 1 if p + 1 < self.ev.site_pool_ptr[j + 1] else self.ev.site_pool_ptr[j]
            if p == first:
                break
        self._undo(before)

    cdef void _try_resize(self, Py_ssize_t j, Py_ssize_t option, bint draws) noexcept nogil:
        """Another design or connection for the same load; a larger one may draw what it has room for."""
        cdef double before = self.ev.cost
        cdef Py_ssize_t n, count = 0
        self._length = 0
        if draws and self._capacity_mw(option) > self._capacity_mw(self.ev.option[j]):
            count = self._rank_gains(j, option)
            qsort(self._candidates, count, sizeof(Candidate), &_by_rank)
        self._set_option(j, option)
        if not self.ev.site_holds(j):
            self._undo(before)
            return
        for n in range(count):
            self._draw(self._candidates[n].source, self._candidates[n].target)
        self._keep_if_better(before)

    cdef double _capacity_mw(self, Py_ssize_t option) noexcept nogil:
        """Most IT power that an option carries, MW."""
        return min(
            (self.ev.max_modules[option] - self.ev.spare_modules[option]) * self.ev.module_mw[option],
            self.ev.headroom_mw[option] / self.ev.pue[option],
        )

    cdef void _try_rival(self, Py_ssize_t pool, Py_ssize_t rival) noexcept nogil:
        """The whole load of a pool in another one of the same site: another accelerator, or data from elsewhere."""
        cdef double before = self.ev.cost
        cdef Py_ssize_t n, a, b, i
        cdef bint moved
        self._length = 0
        for n in range(self.ev.pool_arc_ptr[pool], self.ev.pool_arc_ptr[pool + 1]):
            a = self.ev.pool_arc[n]
            if self.ev.share[a] == 0.0:
                continue
            i, moved = self.ev.arc_demand[a], False
            for b in range(self.ev.demand_arc_ptr[i], self.ev.demand_arc_ptr[i + 1]):
                if self.ev.arc_pool[b] == rival:
                    moved = self._shift(i, a, b, self.ev.share[a])
                    break
            if not moved:
                self._undo(before)
                return
        if not (
            self.ev.site_holds(self.ev.pool_site[pool])
            and self.ev.route_holds(self.ev.pool_home_route[rival])
            and self._keep_if_better(before)
        ):
            self._undo(before)

    cdef void _try_open(self, Py_ssize_t j, Py_ssize_t option) noexcept nogil:
        """Open a site, draw the flows that gain most per MW, then close the sites that this left poor."""
        cdef double before = self.ev.cost
        cdef Py_ssize_t n, count, k
        if self.ev.new_sites >= self.ev.max_sites:
            return
        count = self._rank_gains(j, option)
        if count == 0:
            return
        qsort(self._candidates, count, sizeof(Candidate), &_by_rank)
        self._length = 0
        self._set_option(j, option)
        for n in range(count):
            self._draw(self._candidates[n].source, self._candidates[n].target)
        if self.ev.site_it[j] == 0.0:
            self._undo(before)
            return
        if self.ev.cost < before - CENT:
            self._keep_if_better(before)
            return
        for n in range(count):
            if self._candidates[n].source < 0:
                continue
            k = self.ev.pool_site[self.ev.arc_pool[self._candidates[n].source]]
            if k == j or self.ev.option[k] < 0 or not self._may_close(k):
                continue
            if self.ev.modules[k] > self.ev.min_modules[self.ev.option[k]]:
                continue
            if not (self._empty(k) and self._set_option(k, NOWHERE)):
                break
            if self.ev.cost < before - CENT:
                break
        self._keep_if_better(before)

    cdef void _draw(self, Py_ssize_t source, Py_ssize_t target) noexcept nogil:
        """Move a flow to a newly opened site as far as it fits."""
        cdef Py_ssize_t i = self.ev.arc_demand[target]
        cdef double amount = self.ev.unserved[i] if source < 0 else self.ev.share[source], part
        if amount <= 0.0:
            return
        if self.ev.shift_delta(i, source, target, amount) < INFINITY:
            self._shift(i, source, target, amount)
        elif self.ev.is_splittable[i]:
            part = self._part_that_fits(i, target, 1, True)
            if SMALLEST_SHARE < part < amount and self.ev.shift_delta(i, source, target, part) < INFINITY:
                self._shift(i, source, target, part)

    cdef Py_ssize_t _rank_gains(self, Py_ssize_t j, Py_ssize_t option) noexcept nogil:
        """Flows that would gain at the site if replicas and modules were divisible, ranked by gain per MW of IT."""
        cdef Py_ssize_t p, n, a, i, b, count = 0
        cdef double here, gain
        for p in range(self.ev.site_pool_ptr[j], self.ev.site_pool_ptr[j + 1]):
            for n in range(self.ev.pool_arc_ptr[p], self.ev.pool_arc_ptr[p + 1]):
                a = self.ev.pool_arc[n]
                i = self.ev.arc_demand[a]
                here = self._divisible_usd(a, option)
                if self.ev.unserved[i] > 0.0 and count < self.ev.n_arc:
                    gain = (self.ev.unserved_price(i) - here) / self._divisible_mw(a)
                    if gain > 0.0:
                        self._candidates[count] = Candidate(-gain, NOWHERE, a)
                        count += 1
                b = self.ev.first_flow[i]
                while b >= 0 and count < self.ev.n_arc:
                    if b != a:
                        gain = self._divisible_usd(b, self.ev.option[self.ev.pool_site[self.ev.arc_pool[b]]]) - here
                        if gain > 0.0:
                            self._candidates[count] = Candidate(-gain / self._divisible_mw(a), b, a)
                            count += 1
                    b = self.ev.next_flow[b]
        return count

    cdef double _divisible_mw(self, Py_ssize_t a) noexcept nogil:
        """IT power of all of a demand on an arc with divisible replicas, MW."""
        cdef Py_ssize_t p = self.ev.arc_pool[a]
        return self.ev.peak_rps[self.ev.arc_demand[a]] / self.ev.pool_usable_rps[p] * self.ev.pool_replica_mw[p]

    cdef double _divisible_usd(self, Py_ssize_t a, Py_ssize_t option) noexcept nogil:
        """Cost of all of a demand on an arc with divisible replicas and modules, USD."""
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

    # ------------------------------------------------------------------ ruin and recreate

    cdef bint _ruin(self, Py_ssize_t sites, double worse_usd) noexcept nogil:
        cdef double before = self.ev.cost
        cdef Py_ssize_t short = self.ev.short_demands
        cdef Py_ssize_t i = self._below(self.ev.n_demand), first = self.ev.demand_arc_ptr[i]
        cdef Py_ssize_t width = self.ev.demand_arc_ptr[i + 1] - first, n, j, tries, done = 0
        if width == 0:
            return False
        self._length = 0
        width = min(width, 20 * sites)  # arcs are sorted by round trip: the first ones are the neighbourhood
        for tries in range(20 * sites):
            j = self.ev.pool_site[self.ev.arc_pool[first + self._below(width)]]
            # Closed sites are the many: flipped as often as they are met, they would only ever be opened.
            if self.ev.option[j] < 0 and self._below(8) > 0:
                continue
            if done < sites and self._flip(j):
                done += 1
        n = self._length
        for tries in range(n):
            if self._what[tries] >= 0:
                self._is_cut[self._what[tries]] = 1
        # Hardest first: what may only run at a hub gets its place before what may run anywhere.
        for tries in range(self.ev.n_demand):
            i = self._hardest[tries]
            if self._is_cut[i]:
                self._improve_demand(i)
        for tries in range(self.ev.n_demand):
            i = self._hardest[tries]
            if self._is_cut[i]:
                self._improve_demand(i)
                self._is_cut[i] = 0
        # Room that a must-serve demand gave up may be worth more to others than its penalty; it is not a plan.
        if self.ev.short_demands > short:
            self._undo(before)
            return False
        return self._keep_if_below(before, before + worse_usd - CENT)

    cdef bint _flip(self, Py_ssize_t j) noexcept nogil:
        """Open a closed site with a random design, or empty an open one and, if allowed, close it."""
        cdef Py_ssize_t p, n, a, width = self.ev.option_ptr[j + 1] - self.ev.option_ptr[j]
        if self.ev.option[j] < 0:
            if width == 0 or self.ev.new_sites >= self.ev.max_sites:
                return False
            return self._set_option(j, self.ev.option_ptr[j] + self._below(width))
        for p in range(self.ev.site_pool_ptr[j], self.ev.site_pool_ptr[j + 1]):
            if self.ev.flows[p] == 0:
                continue
            for n in range(self.ev.pool_arc_ptr[p], self.ev.pool_arc_ptr[p + 1]):
                a = self.ev.pool_arc[n]
                if self.ev.share[a] > 0.0 and not self._shift(self.ev.arc_demand[a], a, NOWHERE, self.ev.share[a]):
                    return False
        return self._set_option(j, NOWHERE) if self._may_close(j) else True

    # ------------------------------------------------------------------ random numbers

    cdef uint64_t _next(self) noexcept nogil:
        """xorshift64* (Vigna 2016)."""
        self._random ^= self._random >> 12
        self._random ^= self._random << 25
        self._random ^= self._random >> 27
        return self._random * 2685821657736338717u

    cdef Py_ssize_t _below(self, Py_ssize_t n) noexcept nogil:
        return <Py_ssize_t>((self._next() >> 11) % <uint64_t>n)

    cdef void _shuffle(self) noexcept nogil:
        cdef Py_ssize_t n, m
        cdef int32_t other
        for n in range(self.ev.n_demand - 1, 0, -1):
            m = self._below(n + 1)
            other = self._order[n]
            self._order[n] = self._order[m]
            self._order[m] = other
