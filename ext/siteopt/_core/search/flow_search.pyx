"""Search for the cheapest place of every flow at the open sites: it moves, or splits if only a part of it fits."""

import numpy as np

from libc.math cimport INFINITY, floor
from libc.stdint cimport int32_t, uint64_t

from siteopt._core.evaluate.evaluator cimport Evaluator
from siteopt._core.evaluate.journal cimport Journal
from siteopt._core.evaluate.rules cimport on_link
from siteopt._core.search.random_numbers cimport below, seeded
from siteopt._core.stopping cimport StopCheck
from siteopt._core.tolerances cimport CENT, NOWHERE, SMALLEST_SHARE, TINY

# Elementary steps of looking at one place, without grid limits.
cdef int STEPS = 20


cdef class FlowSearch:
    """Search for flows between open sites.

    Parameters
    ----------
    evaluator : Evaluator
        Its state is changed in place; it never gets worse.
    seed : int
        Seed of the random choices; the same seed, start and calls give the same result.

    Attributes
    ----------
    stop : StopCheck
        Asked by this search and by all that build on it: they end with what they have.
    steps_per_place : int
        Elementary steps of looking at one place for a flow: a few, and one for each grid limit of its site.
    """

    def __init__(self, Evaluator evaluator not None, uint64_t seed):
        self.ev, self.journal = evaluator, Journal(evaluator)
        self.random = seeded(seed)
        self.stop = StopCheck()
        self.steps_per_place = STEPS + evaluator.grid_site_limit.shape[0] // max(1, evaluator.n_site)
        self._order = np.arange(evaluator.n_demand, dtype=np.int32)
        self.hardest = np.arange(evaluator.n_demand, dtype=np.int32)

    def serve_all(self):
        """Serve unserved demand where it is cheapest at the open sites, in the order set, hardest first."""
        with nogil:
            self.journal.begin()
            self._demand_pass()

    def order_demands(self, const int32_t[::1] order not None):
        """Set the order in which unserved demands are served, hardest first; passes that improve shuffle it."""
        if sorted(order) != list(range(self.ev.n_demand)):
            raise ValueError("order is not a permutation of the demands")
        self._order[:] = order
        self.hardest[:] = order

    def improve(self):
        """Make one pass over all demands, in which every flow may move or split; return whether anything paid."""
        cdef double before = self.ev.cost
        with nogil:
            self.journal.begin()
            self._shuffle()
            self._demand_pass()
        return self.ev.cost < before - CENT

    # ------------------------------------------------------------------ workers

    cdef void _demand_pass(self) noexcept nogil:
        cdef Py_ssize_t n
        for n in range(self.ev.n_demand):
            if self.stop.stopped:
                return
            self.journal.begin()
            self.improve_demand(self._order[n])

    cdef void improve_demand(self, Py_ssize_t i) noexcept nogil:
        """Move every flow of a demand to where it costs least, the unserved part first."""
        cdef Py_ssize_t a, tries = 0
        while self.ev.unserved[i] > 0.0 and tries < 64 and self.best_shift(i, NOWHERE, self.ev.unserved[i], NOWHERE, -CENT):
            tries += 1
        for a in range(self.ev.demand_arc_ptr[i], self.ev.demand_arc_ptr[i + 1]):
            if self.ev.share[a] > 0.0:
                self.best_shift(i, a, self.ev.share[a], NOWHERE, -CENT)

    cdef bint best_shift(
        self, Py_ssize_t i, Py_ssize_t source, double amount, Py_ssize_t shunned, double worst
    ) noexcept nogil:
        """Apply the cheapest shift of (part of) a flow that changes the cost by less than ``worst``.

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
        # Once it is time to stop, no flow moves any more.
        if self.stop.after(self.steps_per_place * (self.ev.demand_arc_ptr[i + 1] - self.ev.demand_arc_ptr[i])):
            return False
        for b in range(self.ev.demand_arc_ptr[i], self.ev.demand_arc_ptr[i + 1]):
            k = self.ev.pool_site[self.ev.arc_pool[b]]
            if b == source or k == shunned or self.ev.option[k] < 0:
                continue
            if not self.ev.is_splittable[i] and self.ev.share[b] > 0.0:
                continue
            # Most sites are full, and what fits is quicker to find than what it costs. A move within a site frees room.
            most = INFINITY if k == here else self.part_that_fits(i, b, 1, False)
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
                part = self.part_that_fits(i, b, level, delta == INFINITY)
                if SMALLEST_SHARE < part < amount - SMALLEST_SHARE:
                    self.evaluated += 1
                    rate = self.ev.shift_delta(i, source, b, part) / part
                    if rate < best_rate and rate * part < worst:
                        best_rate, best_arc, best_amount = rate, b, part
        return best_amount > 0.0 and self.journal.shift(i, source, best_arc, best_amount)

    cdef double part_that_fits(self, Py_ssize_t i, Py_ssize_t b, int level, bint on_links) noexcept nogil:
        """Return the share that fills the target: its present modules (level 0), or all that site and grid allow (1).

        ``on_links`` tells whether links may limit it.
        """
        cdef Py_ssize_t p = self.ev.arc_pool[b], k = self.ev.pool_site[p], o = self.ev.option[k], e, g, slack_tier
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
        room = self.ev.replicas[p] + floor(room / self.ev.pool_replica_mw[p] + TINY)
        if room <= 0.0:
            return 0.0
        slack_tier = self.ev.tightest_slack_tier(p, self.ev.arc_slack_tier[b], 1)
        part = (self.ev.pool_room(p, slack_tier, <Py_ssize_t>room) - self.ev.pool_peak[p]) / self.ev.peak_rps[i]
        if on_links and self.ev.n_link > 0:
            part = min(part, self._part_on_route(b, self.ev.arc_route[b]))
            part = min(part, self._part_on_route(b, self.ev.pool_home_route[p]))
        return part

    cdef double _part_on_route(self, Py_ssize_t arc, Py_ssize_t route) noexcept nogil:
        """Return the share of an arc's demand that fits on the links of a route; both its routes may use one link."""
        cdef Py_ssize_t e, link
        cdef double part = INFINITY, first, full
        cdef int more = 0 if self.ev.share[arc] > 0.0 else 1
        if route >= 0:
            for e in range(self.ev.route_ptr[route], self.ev.route_ptr[route + 1]):
                link = self.ev.route_link[e]
                first = on_link(self.ev, arc, 0.0, more, link)
                full = on_link(self.ev, arc, 1.0, more, link) - first
                if full > 0.0:
                    part = min(part, (self.ev.limit_gbps[link] - self.ev.link_gbps[link] - first) / full)
        return part

    cdef void _shuffle(self) noexcept nogil:
        cdef Py_ssize_t n, m
        cdef int32_t other
        for n in range(self.ev.n_demand - 1, 0, -1):
            m = below(&self.random, n + 1)
            other = self._order[n]
            self._order[n] = self._order[m]
            self._order[m] = other
