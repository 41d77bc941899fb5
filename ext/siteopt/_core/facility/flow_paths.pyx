"""Push flows along shortest paths between open sites, so that they stay optimal for the load and room of each.

Potentials keep reduced costs non-negative. Slack capacity counts as a demand that costs nothing anywhere; hence all
sites with slack share the highest potential, and a potential below it is the price of capacity, with the opposite sign.
"""

import numpy as np

from libc.math cimport INFINITY
from libc.stdint cimport int32_t

from siteopt._core.facility.flow_graph cimport FlowGraph
from siteopt._core.tolerances cimport TINY


cdef class FlowPaths(FlowGraph):
    """Shortest paths in the graph of open sites.

    Parameters
    ----------
    problem : siteopt.facility.FacilityProblem
    slots : int
        Most sites that may be open at once.
    """

    def __init__(self, problem, Py_ssize_t slots):
        super().__init__(problem, slots)
        self.potential, self.distance = np.zeros((2, slots))
        self.previous = np.full(slots, -1, dtype=np.int32)
        self.is_done = np.zeros(slots, dtype=np.uint8)

    cdef bint _shed(self, Py_ssize_t s, double limit) noexcept nogil:
        """Send the excess at ``s`` along cheapest paths to slack; False if impossible or more costly than ``limit``."""
        cdef Py_ssize_t t
        while self.load[s] > self.room[s] + TINY:
            t = self._nearest_slack(s)
            if t < 0 or self.cost_usd > limit or self.stop.stopped:
                return False
            self._push_forward(s, t)
            self._refresh_edges()
        return self.cost_usd <= limit

    cdef Py_ssize_t _nearest_slack(self, Py_ssize_t s) noexcept nogil:
        """Find the site with slack nearest to ``s`` by Dijkstra's algorithm, and bring the potentials up to date."""
        cdef Py_ssize_t u, v, k, found = -1, base
        cdef double d, best, shift
        for v in range(self.top):
            self.distance[v] = INFINITY
            self.is_done[v] = self.site_of[v] < 0
        self.distance[s] = 0.0
        while True:
            u, best = -1, INFINITY
            for v in range(self.top):
                if not self.is_done[v] and self.distance[v] < best:
                    u, best = v, self.distance[v]
            if u < 0:
                return -1
            self.stop.after(self.top)
            self.is_done[u] = True
            if u != s and self.load[u] < self.room[u] - TINY:
                found = u
                break
            base = u * self.n_slot
            shift = self.potential[u]
            for v in range(self.top):
                d = self.edge[base + v] + (shift - self.potential[v])
                d = best + (d if d > 0.0 else 0.0)
                if d < self.distance[v] and not self.is_done[v]:
                    self.distance[v] = d
                    self.previous[v] = <int32_t>u
        self.paths += 1
        for v in range(self.top):
            self.potential[v] += min(self.distance[v], best)
        return found

    cdef void _push_forward(self, Py_ssize_t s, Py_ssize_t t) noexcept nogil:
        cdef Py_ssize_t v = t, u, e
        cdef double amount = min(self.load[s] - self.room[s], self.room[t] - self.load[t])
        while v != s:
            u = self.previous[v]
            amount = min(amount, self.flows[self.edge_flow[u * self.n_slot + v]].amount)
            v = u
        v = t
        while v != s:
            u = self.previous[v]
            e = u * self.n_slot + v
            self._shift_edge(e, amount)
            v = u

    cdef inline void _shift_edge(self, Py_ssize_t e, double amount) noexcept nogil:
        self._shift(self.edge_flow[e], self.edge_arc[e], amount)

    cdef void draw(self, Py_ssize_t s) noexcept nogil:
        """Draw load to ``s``, which has slack, along paths that lower the cost."""
        cdef Py_ssize_t u
        while self.load[s] < self.room[s] - TINY:
            u = self._best_source(s)
            if u < 0 or self.stop.stopped:
                return
            self._push_backward(u, s)
            self._refresh_edges()

    cdef Py_ssize_t _best_source(self, Py_ssize_t s) noexcept nogil:
        """Find the site from which moving a unit to ``s`` saves most, by Dijkstra's algorithm; -1 if none saves."""
        cdef Py_ssize_t u, v, found = -1
        cdef double d, w, near, highest = -INFINITY, best = -1e-9, value
        for v in range(self.top):
            self.distance[v] = INFINITY
            self.is_done[v] = self.site_of[v] < 0
            if not self.is_done[v] and self.potential[v] > highest:
                highest = self.potential[v]
        self.distance[s] = 0.0
        near = 0.0
        while True:
            v, d = -1, INFINITY
            for u in range(self.top):
                if not self.is_done[u] and self.distance[u] < d:
                    v, d = u, self.distance[u]
            if v < 0:
                near = max(near, highest - self.potential[s])
                break
            self.stop.after(self.top)
            near = d
            value = d - self.potential[v] + self.potential[s]
            if v != s and value < best:
                found, best = v, value
            if d - highest + self.potential[s] >= best:
                break
            self.is_done[v] = True
            for u in range(self.top):
                if self.is_done[u]:
                    continue
                w = self.edge[u * self.n_slot + v]
                if w > 0.0 and self.load[u] < self.room[u] - TINY:
                    w = 0.0
                w += self.potential[u] - self.potential[v]
                w = d + (w if w > 0.0 else 0.0)
                if w < self.distance[u]:
                    self.distance[u] = w
                    self.previous[u] = <int32_t>v
        self.paths += 1
        for v in range(self.top):
            if self.site_of[v] >= 0:
                self.potential[v] -= min(self.distance[v], near)
        return found

    cdef inline bint _is_slack_edge(self, Py_ssize_t u, Py_ssize_t v) noexcept nogil:
        return self.edge[u * self.n_slot + v] > 0.0 and self.load[u] < self.room[u] - TINY

    cdef void _push_backward(self, Py_ssize_t u, Py_ssize_t s) noexcept nogil:
        cdef Py_ssize_t v = u, t, e
        cdef double amount = self.room[s] - self.load[s]
        while v != s:
            t = self.previous[v]
            if self._is_slack_edge(v, t):
                amount = min(amount, self.room[v] - self.load[v])
            else:
                amount = min(amount, self.flows[self.edge_flow[v * self.n_slot + t]].amount)
            v = t
        # From the end backwards, so that loads still tell which edges are slack when they are reached.
        self._push_along(u, s, amount)

    cdef void _push_along(self, Py_ssize_t u, Py_ssize_t s, double amount) noexcept nogil:
        cdef Py_ssize_t v = u, t, n = 0, k
        # is_done is free between searches: it marks the slack edges of this path, decided before any load changes.
        while v != s:
            self.is_done[v] = self._is_slack_edge(v, self.previous[v])
            v = self.previous[v]
        v = u
        while v != s:
            t = self.previous[v]
            if not self.is_done[v]:
                self._shift_edge(v * self.n_slot + t, amount)
            v = t
