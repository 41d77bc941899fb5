"""Local search over the evaluator's state: passes over flows and over sites, and ruin and recreate.

The passes over flows are in ``flow_search``, those over sites in ``site_search``. Nothing is allocated while searching.
"""

import numpy as np

from libc.stdint cimport uint64_t

from siteopt._core.evaluate.evaluator cimport Evaluator
from siteopt._core.search.random_numbers cimport below
from siteopt._core.search.site_search cimport SiteSearch
from siteopt._core.tolerances cimport CENT, NOWHERE


cdef class LocalSearch(SiteSearch):
    """Search from the state of an evaluator.

    Parameters
    ----------
    evaluator : Evaluator
        Its state is changed in place; it never gets worse.
    seed : int
        Of the random choices; same seed, same start, same calls: same result.
    """

    def __init__(self, Evaluator evaluator not None, uint64_t seed):
        super().__init__(evaluator, seed)
        self._is_cut = np.zeros(evaluator.n_demand, dtype=np.uint8)

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

    # ------------------------------------------------------------------ workers

    cdef bint _ruin(self, Py_ssize_t sites, double worse_usd) noexcept nogil:
        cdef double before = self.ev.cost
        cdef Py_ssize_t short = self.ev.short_demands
        cdef Py_ssize_t i = below(&self._random, self.ev.n_demand), first = self.ev.demand_arc_ptr[i]
        cdef Py_ssize_t width = self.ev.demand_arc_ptr[i + 1] - first, n, j, tries, done = 0
        if width == 0:
            return False
        self._length = 0
        width = min(width, 20 * sites)  # arcs are sorted by round trip: the first ones are the neighbourhood
        for tries in range(20 * sites):
            j = self.ev.pool_site[self.ev.arc_pool[first + below(&self._random, width)]]
            # Closed sites are the many: flipped as often as they are met, they would only ever be opened.
            if self.ev.option[j] < 0 and below(&self._random, 8) > 0:
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
            return self._set_option(j, self.ev.option_ptr[j] + below(&self._random, width))
        for p in range(self.ev.site_pool_ptr[j], self.ev.site_pool_ptr[j + 1]):
            if self.ev.flows[p] == 0:
                continue
            for n in range(self.ev.pool_arc_ptr[p], self.ev.pool_arc_ptr[p + 1]):
                a = self.ev.pool_arc[n]
                if self.ev.share[a] > 0.0 and not self._shift(self.ev.arc_demand[a], a, NOWHERE, self.ev.share[a]):
                    return False
        return self._set_option(j, NOWHERE) if self._may_close(j) else True
