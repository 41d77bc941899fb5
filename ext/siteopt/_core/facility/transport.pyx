"""Open and close sites while the best flows follow; all of it can be undone if the outcome does not pay.

Only what really moves is computed: a site that opens draws load along paths that lower the cost, one that closes sheds
its load along the cheapest ones.
"""

import numpy as np

from libc.math cimport INFINITY
from libc.stdint cimport int32_t, uint8_t

from siteopt._core.facility.flow_paths cimport FlowPaths
from siteopt._core.tolerances cimport TIGHT_SLACK


cdef class Transport(FlowPaths):
    """Open sites of one problem and the best flows to them.

    Parameters
    ----------
    problem : siteopt.facility.FacilityProblem
    slots : int
        Most sites that may be open at once.
    """

    def __init__(self, problem, Py_ssize_t slots):
        super().__init__(problem, slots)
        self.total_demand = float(np.sum(problem.demand))
        self.saved_potential, self.marked_potential, self.saved_room = np.zeros((3, slots))
        self.is_new = np.zeros(slots, dtype=np.uint8)
        self.version = 0

    def load_sites(self, const int32_t[::1] sites not None):
        """Open exactly these sites and find their best flows from scratch; return the cost, ``inf`` if impossible."""
        if sites.shape[0] > self.n_slot:
            raise ValueError(f"{sites.shape[0]} sites are more than the {self.n_slot} slots")
        with nogil:
            self._load(sites)
        return self.cost_usd

    def change_sites(self, const uint8_t[::1] is_open not None, double limit):
        """Open and close sites until exactly these are open; undo it if the cost would exceed ``limit``.

        Returns
        -------
        float
            The new cost, ``inf`` if nothing was changed.
        """
        cdef double cost
        if is_open.shape[0] != self.n_site:
            raise ValueError("one flag for each site is needed")
        if self.cost_usd == INFINITY:
            raise ValueError("there are no flows to change: load sites that can carry the demand first")
        with nogil:
            cost = self._change(is_open, limit)
        return cost

    def prices(self):
        """Return the worth of one unit of each demand in the dual of the flows, USD, shape (n_demand,)."""
        price = np.zeros(self.n_demand)
        cdef double[::1] out = price
        with nogil:
            self.dual_prices(out)
        return price

    # ------------------------------------------------------------------ workers

    cdef double dual_prices(self, double[::1] price) noexcept nogil:
        """Compute the worth of a unit of each demand; return the potential that stands for a price of zero."""
        cdef Py_ssize_t s, i
        cdef double highest = -INFINITY
        for s in range(self.top):
            if self.site_of[s] >= 0:
                highest = max(highest, self.potential[s])
        for i in range(self.n_demand):
            s = self.flows[self.head_of_demand[i]].slot
            price[i] = self.usd[self.flows[self.head_of_demand[i]].arc] + highest - self.potential[s]
        return highest

    cdef Py_ssize_t open_site(self, Py_ssize_t j) noexcept nogil:
        """Give a site a slot without flows, and return that; -1 if there is none left."""
        cdef Py_ssize_t s = 0, u, k, i
        cdef int32_t f
        cdef double change, lowest = INFINITY, highest = -INFINITY
        while s < self.top and self.site_of[s] >= 0:
            s += 1
        if s == self.n_slot:
            return -1
        if s == self.top:
            self.top += 1
            for u in range(self.top):
                self.edge[u * self.n_slot + s] = INFINITY
        self.site_of[s], self.slot_of[j] = <int32_t>j, <int32_t>s
        self.head[s], self.load[s], self.room[s] = -1, 0.0, self.capacity[j]
        self.is_touched[s], self.is_new[s] = False, True
        for u in range(self.top):
            self.edge[s * self.n_slot + u] = INFINITY
            self.edge[u * self.n_slot + s] = INFINITY
        for k in range(self.site_ptr[j], self.site_ptr[j + 1]):
            i = self.site_demand[k]
            f = self.head_of_demand[i]
            while f >= 0:
                u = self.flows[f].slot
                change = self.site_usd[k] - self.usd[self.flows[f].arc]
                if change < self.edge[u * self.n_slot + s]:
                    self.edge[u * self.n_slot + s] = change
                    self.edge_flow[u * self.n_slot + s] = f
                f = self.flows[f].next_of_demand
        for u in range(self.top):
            if u == s or self.site_of[u] < 0:
                continue
            highest = max(highest, self.potential[u])
            if self.edge[u * self.n_slot + s] < INFINITY:
                lowest = min(lowest, self.potential[u] + self.edge[u * self.n_slot + s])
                self.edge_arc[u * self.n_slot + s] = self._arc(self.flows[self.edge_flow[u * self.n_slot + s]].demand, j)
        self.potential[s] = min(lowest, highest)
        self.open_capacity += self.capacity[j]
        self.cost_usd += self.fixed[j]
        return s

    cdef int32_t _arc(self, Py_ssize_t i, Py_ssize_t j) noexcept nogil:
        cdef Py_ssize_t k
        for k in range(self.arc_ptr[i], self.arc_ptr[i + 1]):
            if self.arc_site[k] == j:
                return <int32_t>k
        return -1

    cdef void _remove(self, Py_ssize_t s) noexcept nogil:
        """Free the slot of a site without flows."""
        cdef Py_ssize_t u
        self.slot_of[self.site_of[s]] = -1
        self.site_of[s] = -1
        self.is_new[s] = self.is_touched[s] = False
        for u in range(self.top):
            self.edge[u * self.n_slot + s] = INFINITY
            self.edge[s * self.n_slot + u] = INFINITY
        while self.top > 0 and self.site_of[self.top - 1] < 0:
            self.top -= 1

    cdef void begin(self) noexcept nogil:
        cdef Py_ssize_t s
        self.n_step = 0
        self.saved_cost, self.saved_capacity = self.cost_usd, self.open_capacity
        for s in range(self.top):
            self.saved_potential[s] = self.potential[s]
            self.saved_room[s] = self.room[s]
            self.is_new[s] = False

    cdef bint close_site(self, Py_ssize_t s, double limit) noexcept nogil:
        """Empty a site, which keeps its slot, without room, until the move is committed."""
        cdef Py_ssize_t j = self.site_of[s]
        self.open_capacity -= self.capacity[j]
        self.cost_usd -= self.fixed[j]
        self.room[s] = 0.0
        if self.open_capacity < self.total_demand * (1.0 - TIGHT_SLACK):
            return False
        return self._shed(s, limit)

    cdef void mark(self) noexcept nogil:
        """Mark the current plan within a move, for :meth:`reopen` to return to."""
        cdef Py_ssize_t s
        self.marked_step, self.marked_cost, self.marked_capacity = self.n_step, self.cost_usd, self.open_capacity
        for s in range(self.top):
            self.marked_potential[s] = self.potential[s]

    cdef void reopen(self, Py_ssize_t s) noexcept nogil:
        """Undo the closing of a site since the mark."""
        cdef Py_ssize_t t
        self._undo_steps(self.marked_step)
        self.room[s] = self.capacity[self.site_of[s]]
        self.cost_usd, self.open_capacity = self.marked_cost, self.marked_capacity
        for t in range(self.top):
            self.potential[t] = self.marked_potential[t]
        self._refresh_edges()

    cdef void commit(self) noexcept nogil:
        cdef Py_ssize_t s
        self.version += 1
        for s in range(self.top - 1, -1, -1):
            self.is_new[s] = False
            if self.site_of[s] >= 0 and self.room[s] == 0.0 and self.capacity[self.site_of[s]] > 0.0:
                # What is left of its flows is rounding; if that stayed, the site would be closed again and again.
                while self.head[s] >= 0:
                    self._drop_flow(self.head[s])
                self._remove(s)

    cdef void rollback(self) noexcept nogil:
        cdef Py_ssize_t s
        self._undo_steps(0)
        for s in range(self.top - 1, -1, -1):
            if self.is_new[s] and self.site_of[s] >= 0:
                self._remove(s)
        self.cost_usd, self.open_capacity = self.saved_cost, self.saved_capacity
        for s in range(self.top):
            if self.site_of[s] >= 0:
                self.potential[s] = self.saved_potential[s]
                self.room[s] = self.saved_room[s]
        self._refresh_edges()

    cdef void _load(self, const int32_t[::1] sites) noexcept nogil:
        cdef Py_ssize_t s, k, i, a
        cdef int32_t f
        self.n_flow, self.free_flow, self.top, self.n_step = 0, -1, 0, 0
        self.version += 1
        self.cost_usd, self.open_capacity = 0.0, 0.0
        self.slot_of[:] = -1
        self.site_of[:] = -1
        self.head_of_demand[:] = -1
        for k in range(sites.shape[0]):
            self.open_site(sites[k])
        for s in range(self.top):
            self.potential[s] = 0.0
        for i in range(self.n_demand):
            a = -1
            for k in range(self.arc_ptr[i], self.arc_ptr[i + 1]):
                if self.slot_of[self.arc_site[k]] >= 0 and (a < 0 or self.usd[k] < self.usd[a]):
                    a = k
            if a < 0:
                self.cost_usd = INFINITY
                return
            s = self.slot_of[self.arc_site[a]]
            f = self._new_flow(s, a, i)
            self.flows[f].amount = self.demand[i]
            self.load[s] += self.demand[i]
            self.cost_usd += self.demand[i] * self.usd[a]
        for s in range(self.top):
            self._edges(s)
        if self.open_capacity < self.total_demand * (1.0 - TIGHT_SLACK):
            self.cost_usd = INFINITY
            return
        for s in range(self.top):
            if not self._shed(s, INFINITY):
                self.cost_usd = INFINITY
                return
            self.n_step = 0
        self.begin()

    cdef double _change(self, const uint8_t[::1] is_open, double limit) noexcept nogil:
        cdef Py_ssize_t j, s
        self.begin()
        for j in range(self.n_site):
            if is_open[j] and self.slot_of[j] < 0:
                s = self.open_site(j)
                if s < 0:
                    self.rollback()
                    return INFINITY
                self.draw(s)
        for s in range(self.top):
            if self.site_of[s] >= 0 and not is_open[self.site_of[s]]:
                # Closing the other sites may still save an unknown amount, so that no limit can apply before the end.
                if not self.close_site(s, INFINITY):
                    self.rollback()
                    return INFINITY
        if self.cost_usd > limit or self.stop.stopped:
            self.rollback()
            return INFINITY
        self.commit()
        return self.cost_usd
