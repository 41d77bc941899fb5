"""Ruin and recreate: empty or open a few neighbouring sites, and serve anew what flowed to them."""

import numpy as np

from libc.stdint cimport uint8_t

from siteopt._core.evaluate.evaluator cimport Evaluator
from siteopt._core.evaluate.journal cimport Journal
from siteopt._core.search.flow_search cimport FlowSearch
from siteopt._core.search.random_numbers cimport below
from siteopt._core.search.site_search cimport SiteSearch
from siteopt._core.tolerances cimport CENT, NOWHERE


cdef class Ruin:
    """Ruins in the state of a search.

    Parameters
    ----------
    sites : SiteSearch
        The state of its evaluator is changed in place; it gets worse by no more than a call allows.
    """

    cdef Evaluator ev
    cdef Journal journal
    cdef FlowSearch flows
    cdef SiteSearch sites
    cdef uint8_t[::1] _is_cut

    def __init__(self, SiteSearch sites not None):
        self.ev, self.journal, self.flows, self.sites = sites.ev, sites.journal, sites.flows, sites
        self._is_cut = np.zeros(self.ev.n_demand, dtype=np.uint8)

    def recreate(self, Py_ssize_t rounds, Py_ssize_t sites, double worse_usd):
        """Empty or open a few neighbouring sites and serve their load anew, ``rounds`` times (Schrimpf et al. 2000).

        Parameters
        ----------
        rounds, sites : int
        worse_usd : float
            A round is undone if it raises the cost by more than this; 0 keeps only improvements.

        Returns
        -------
        int
            Rounds that were kept.
        """
        cdef Py_ssize_t r, paid = 0
        with nogil:
            for r in range(rounds):
                if self.flows.stop.stopped:
                    break
                paid += self._ruin(sites, worse_usd)
            self.ev.refresh()
        return paid

    # ------------------------------------------------------------------ workers

    cdef bint _ruin(self, Py_ssize_t sites, double worse_usd) noexcept nogil:
        cdef double before = self.ev.cost
        cdef Py_ssize_t short = self.ev.short_demands
        cdef Py_ssize_t i = below(&self.flows.random, self.ev.n_demand), first = self.ev.demand_arc_ptr[i]
        cdef Py_ssize_t width = self.ev.demand_arc_ptr[i + 1] - first, n, j, tries, done = 0
        if width == 0:
            return False
        self.journal.begin()
        width = min(width, 20 * sites)  # arcs are sorted by round trip: the first ones are the neighbourhood
        for tries in range(20 * sites):
            j = self.ev.pool_site[self.ev.arc_pool[first + below(&self.flows.random, width)]]
            # Most sites are closed: if each one met were flipped, ruins would do little but open sites.
            if self.ev.option[j] < 0 and below(&self.flows.random, 8) > 0:
                continue
            if done < sites and self._flip(j):
                done += 1
        n = self.journal.length
        for tries in range(n):
            if self.journal.what[tries] >= 0:
                self._is_cut[self.journal.what[tries]] = 1
        # Hardest first: demand that can only run at a hub gets its place before demand that can run anywhere.
        for tries in range(self.ev.n_demand):
            i = self.flows.hardest[tries]
            if self._is_cut[i]:
                self.flows.improve_demand(i)
        for tries in range(self.ev.n_demand):
            i = self.flows.hardest[tries]
            if self._is_cut[i]:
                self.flows.improve_demand(i)
                self._is_cut[i] = 0
        # Room that a must-serve demand gave up may be worth more to others than its penalty, but that is not a plan.
        if self.ev.short_demands > short:
            self.journal.undo(before)
            return False
        return self.journal.keep_if_below(before, before + worse_usd - CENT)

    cdef bint _flip(self, Py_ssize_t j) noexcept nogil:
        """Open a closed site with a random design, or empty an open one and, if allowed, close it."""
        cdef Py_ssize_t p, n, a, width = self.ev.option_ptr[j + 1] - self.ev.option_ptr[j]
        if self.ev.option[j] < 0:
            if width == 0 or self.ev.new_sites >= self.ev.max_sites:
                return False
            return self.journal.set_option(j, self.ev.option_ptr[j] + below(&self.flows.random, width))
        for p in range(self.ev.site_pool_ptr[j], self.ev.site_pool_ptr[j + 1]):
            if self.ev.flows[p] == 0:
                continue
            for n in range(self.ev.pool_arc_ptr[p], self.ev.pool_arc_ptr[p + 1]):
                a = self.ev.pool_arc[n]
                if self.ev.share[a] > 0.0:
                    if not self.journal.shift(self.ev.arc_demand[a], a, NOWHERE, self.ev.share[a]):
                        return False
        return self.journal.set_option(j, NOWHERE) if self.sites.may_close(j) else True
