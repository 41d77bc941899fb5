"""The best flows to a set of open sites, kept optimal while sites open and close.

A transportation problem solved by successive shortest paths in the graph of open sites: the edge from one site to
another is the cheapest change of any flow from the first to the second. Potentials keep reduced costs non-negative, so
that after a site opens or closes only what really moves is computed. Slack capacity counts as a demand that costs
nothing anywhere; hence all sites with slack share the highest potential, and a potential below it is the price of
capacity, with the opposite sign. Everything is undone from a journal if the outcome does not pay.
"""

import numpy as np

from libc.math cimport INFINITY, fabs
from libc.stdint cimport int32_t, int64_t, uint8_t
from libc.stdlib cimport free, malloc, qsort, realloc

cdef double TINY = 1e-9
# A site whose opening has failed since so many changes of the plan is tried after the others.
cdef int RECENT = 12
cdef double LATER = 1e-6


cdef struct Flow:
    int32_t arc
    int32_t demand
    int32_t slot
    int32_t next_in_slot
    int32_t prev_in_slot
    int32_t next_of_demand
    double amount


cdef struct Step:
    int32_t demand
    int32_t source    # arcs
    int32_t target
    double amount


cdef struct Move:
    double gain
    int32_t opened
    int32_t closed


cdef struct Item:
    double rate
    double weight


cdef int _by_gain(const void* a, const void* b) noexcept nogil:
    cdef double x = (<const Move*>a).gain, y = (<const Move*>b).gain
    return -1 if x > y else (1 if x < y else 0)


cdef int _by_rate(const void* a, const void* b) noexcept nogil:
    cdef double x = (<const Item*>a).rate, y = (<const Item*>b).rate
    return -1 if x > y else (1 if x < y else 0)


cdef class Transport:
    """Flows of one problem.

    Parameters
    ----------
    problem : siteopt.facility_location.FacilityProblem
    slots : int
        Most sites that may be open at a time.
    """

    cdef readonly Py_ssize_t n_site, n_demand, n_slot, top
    cdef const double[::1] capacity, fixed, demand, usd, site_usd
    cdef const int32_t[::1] arc_ptr, arc_site, site_ptr, site_demand
    cdef double[::1] edge, potential, distance, load, room, saved_potential, saved_room, marked_potential
    cdef int32_t[::1] edge_flow, edge_arc, previous, slot_of, site_of, head, head_of_demand
    cdef uint8_t[::1] is_done, is_touched, is_new
    cdef int64_t[::1] failed
    cdef int64_t version
    cdef Flow* flows
    cdef Step* steps
    cdef Item* items
    cdef Py_ssize_t n_flow, flow_capacity, n_step, step_capacity
    cdef int32_t free_flow
    cdef double saved_cost, open_capacity, saved_capacity, total_demand
    cdef readonly double cost_usd
    cdef readonly Py_ssize_t tried, paths

    def __cinit__(self, problem, Py_ssize_t slots):
        self.flows = NULL
        self.steps = NULL
        self.items = NULL

    def __init__(self, problem, Py_ssize_t slots):
        self.capacity, self.fixed, self.demand = problem.capacity, problem.fixed_usd, problem.demand
        self.arc_ptr, self.arc_site, self.usd = problem.arc_ptr, problem.arc_site, problem.arc_usd
        self.site_ptr, self.site_demand, self.site_usd = problem.site_ptr, problem.site_demand, problem.site_usd
        self.n_site, self.n_demand, self.n_slot = len(problem.capacity), len(problem.demand), slots
        self.total_demand = float(np.sum(problem.demand))
        self.edge = np.full(slots * slots, np.inf)
        self.edge_flow, self.edge_arc = np.zeros((2, slots * slots), dtype=np.int32)
        self.potential, self.distance, self.load, self.room, self.saved_potential, self.saved_room = np.zeros((6, slots))
        self.marked_potential = np.zeros(slots)
        self.previous, self.site_of, self.head = np.full((3, slots), -1, dtype=np.int32)
        self.slot_of = np.full(self.n_site, -1, dtype=np.int32)
        self.head_of_demand = np.full(self.n_demand, -1, dtype=np.int32)
        self.is_done, self.is_touched, self.is_new = np.zeros((3, slots), dtype=np.uint8)
        self.flow_capacity, self.step_capacity = 2 * self.n_demand + 4 * slots + 64, 1024
        widest = int(np.diff(problem.site_ptr).max(initial=0)) + 1
        self.flows = <Flow*>malloc(self.flow_capacity * sizeof(Flow))
        self.steps = <Step*>malloc(self.step_capacity * sizeof(Step))
        self.items = <Item*>malloc(widest * sizeof(Item))
        if self.flows == NULL or self.steps == NULL or self.items == NULL:
            raise MemoryError
        self.failed, self.version = np.full(self.n_site, -RECENT - 1, dtype=np.int64), 0
        self.free_flow = -1
        self.cost_usd = INFINITY

    def __dealloc__(self):
        free(self.flows)
        free(self.steps)
        free(self.items)

    # ------------------------------------------------------------------ calls

    def load_sites(self, const int32_t[::1] sites not None):
        """Open exactly these sites and find their best flows from nothing; returns the cost, ``inf`` if impossible."""
        if sites.shape[0] > self.n_slot:
            raise ValueError(f"{sites.shape[0]} sites are more than the {self.n_slot} slots")
        with nogil:
            self._load(sites)
        return self.cost_usd

    def change_sites(self, const uint8_t[::1] is_open not None, double limit):
        """Open and close sites until the open ones are these; undone where the cost would exceed ``limit``.

        Returns
        -------
        float
            The new cost, ``inf`` where nothing was changed.
        """
        cdef double cost
        if is_open.shape[0] != self.n_site:
            raise ValueError("one flag for each site is needed")
        if self.cost_usd == INFINITY:
            raise ValueError("there are no flows to change: load sites that can carry the demand first")
        with nogil:
            cost = self._change(is_open, limit)
        return cost

    def is_open(self):
        """Flag of each site, shape (n_site,)."""
        return (np.asarray(self.slot_of) >= 0).astype(np.uint8)

    def amounts(self):
        """Units of demand on each arc, shape (n_arc,)."""
        amount = np.zeros(self.usd.shape[0])
        cdef double[::1] out = amount
        cdef Py_ssize_t s
        cdef int32_t f
        for s in range(self.top):
            f = self.head[s] if self.site_of[s] >= 0 else -1
            while f >= 0:
                out[self.flows[f].arc] += self.flows[f].amount
                f = self.flows[f].next_in_slot
        return amount

    def prices(self):
        """Worth of one unit of each demand in the dual of the flows, USD, shape (n_demand,)."""
        price = np.zeros(self.n_demand)
        cdef double[::1] out = price
        with nogil:
            self._prices(out)
        return price

    def improve(self, Py_ssize_t tries):
        """Local search: open, close and exchange sites, best guess first, as long as that pays.

        Parameters
        ----------
        tries : int
            Moves that are worked out before it ends; what has begun is finished, and what failed is not repeated by the
            next call.

        Returns
        -------
        bool
            Whether no move is left that could pay.
        """
        memory = np.empty((self.n_site + self.n_slot + 1) * sizeof(Move), dtype=np.uint8)
        if self.cost_usd == INFINITY:
            raise ValueError("there are no flows to improve: load sites that can carry the demand first")
        price, gain = np.zeros(self.n_demand), np.zeros(self.n_site)
        cdef unsigned char[::1] c_memory = memory
        cdef double[::1] c_price = price, c_gain = gain
        cdef bint is_local_optimum
        with nogil:
            is_local_optimum = self._improve(tries, <Move*>&c_memory[0], c_price, c_gain)
        return is_local_optimum

    # ------------------------------------------------------------------ flows

    cdef int32_t _new_flow(self, Py_ssize_t slot, Py_ssize_t arc, Py_ssize_t demand) noexcept nogil:
        cdef int32_t f
        cdef Flow* memory
        if self.free_flow >= 0:
            f = self.free_flow
            self.free_flow = self.flows[f].next_in_slot
        else:
            if self.n_flow == self.flow_capacity:
                memory = <Flow*>realloc(self.flows, 2 * self.flow_capacity * sizeof(Flow))
                if memory == NULL:
                    return -1
                self.flows = memory
                self.flow_capacity *= 2
            f = <int32_t>self.n_flow
            self.n_flow += 1
        self.flows[f].arc = <int32_t>arc
        self.flows[f].demand = <int32_t>demand
        self.flows[f].slot = <int32_t>slot
        self.flows[f].amount = 0.0
        self.flows[f].prev_in_slot = -1
        self.flows[f].next_in_slot = self.head[slot]
        if self.head[slot] >= 0:
            self.flows[self.head[slot]].prev_in_slot = f
        self.head[slot] = f
        self.flows[f].next_of_demand = self.head_of_demand[demand]
        self.head_of_demand[demand] = f
        return f

    cdef void _drop_flow(self, int32_t f) noexcept nogil:
        cdef int32_t g
        cdef Flow flow = self.flows[f]
        if flow.prev_in_slot >= 0:
            self.flows[flow.prev_in_slot].next_in_slot = flow.next_in_slot
        else:
            self.head[flow.slot] = flow.next_in_slot
        if flow.next_in_slot >= 0:
            self.flows[flow.next_in_slot].prev_in_slot = flow.prev_in_slot
        g = self.head_of_demand[flow.demand]
        if g == f:
            self.head_of_demand[flow.demand] = flow.next_of_demand
        else:
            while self.flows[g].next_of_demand != f:
                g = self.flows[g].next_of_demand
            self.flows[g].next_of_demand = flow.next_of_demand
        self.flows[f].next_in_slot = self.free_flow
        self.free_flow = f

    cdef int32_t _flow_on(self, Py_ssize_t demand, Py_ssize_t arc) noexcept nogil:
        cdef int32_t f = self.head_of_demand[demand]
        while f >= 0 and self.flows[f].arc != arc:
            f = self.flows[f].next_of_demand
        return f

    cdef void _shift(self, int32_t f, Py_ssize_t target, double amount) noexcept nogil:
        """Move ``amount`` of a flow onto another arc of its demand; edges out of both sites are kept right."""
        cdef Py_ssize_t s = self.flows[f].slot, t = self.slot_of[self.arc_site[target]]
        cdef int32_t demand = self.flows[f].demand, source = self.flows[f].arc, g = self._flow_on(demand, target)
        cdef bint is_empty = self.flows[f].amount - amount <= TINY
        self._log(demand, source, target, amount)
        self.load[s] -= amount
        self.load[t] += amount
        self.cost_usd += amount * (self.usd[target] - self.usd[source])
        if g < 0:
            g = self._new_flow(t, target, demand)
            self._lower_edges(g)
        self.flows[g].amount += amount
        if is_empty:
            self._drop_flow(f)
            self.is_touched[s] = True
        else:
            self.flows[f].amount -= amount

    cdef void _log(self, int32_t demand, Py_ssize_t source, Py_ssize_t target, double amount) noexcept nogil:
        cdef Step* memory
        if self.n_step == self.step_capacity:
            memory = <Step*>realloc(self.steps, 2 * self.step_capacity * sizeof(Step))
            if memory == NULL:
                return
            self.steps = memory
            self.step_capacity *= 2
        self.steps[self.n_step].demand = demand
        self.steps[self.n_step].source = <int32_t>source
        self.steps[self.n_step].target = <int32_t>target
        self.steps[self.n_step].amount = amount
        self.n_step += 1

    # ------------------------------------------------------------------ edges

    cdef void _lower_edges(self, int32_t f) noexcept nogil:
        """Edges out of the site of a flow, given that it has this flow too."""
        cdef Py_ssize_t k, t, base = self.flows[f].slot * self.n_slot, i = self.flows[f].demand
        cdef double here = self.usd[self.flows[f].arc], change
        for k in range(self.arc_ptr[i], self.arc_ptr[i + 1]):
            t = self.slot_of[self.arc_site[k]]
            if t >= 0:
                change = self.usd[k] - here
                if change < self.edge[base + t]:
                    self.edge[base + t] = change
                    self.edge_flow[base + t] = f
                    self.edge_arc[base + t] = <int32_t>k

    cdef void _edges(self, Py_ssize_t s) noexcept nogil:
        cdef Py_ssize_t t, base = s * self.n_slot
        cdef int32_t f = self.head[s]
        for t in range(self.top):
            self.edge[base + t] = INFINITY
        while f >= 0:
            self._lower_edges(f)
            f = self.flows[f].next_in_slot
        self.edge[base + s] = INFINITY
        self.is_touched[s] = False

    cdef void _refresh_edges(self) noexcept nogil:
        cdef Py_ssize_t s
        for s in range(self.top):
            if self.is_touched[s] and self.site_of[s] >= 0:
                self._edges(s)

    # ------------------------------------------------------------------ paths

    cdef bint _shed(self, Py_ssize_t s, double limit) noexcept nogil:
        """Send what is too much at ``s`` along cheapest paths to slack; False if impossible or dearer than ``limit``."""
        cdef Py_ssize_t t
        while self.load[s] > self.room[s] + TINY:
            t = self._nearest_slack(s)
            if t < 0 or self.cost_usd > limit:
                return False
            self._push_forward(s, t)
            self._refresh_edges()
        return self.cost_usd <= limit

    cdef Py_ssize_t _nearest_slack(self, Py_ssize_t s) noexcept nogil:
        """Dijkstra from ``s`` to the nearest site with slack; potentials are brought up to date."""
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

    cdef void _draw(self, Py_ssize_t s) noexcept nogil:
        """Draw load to ``s``, which has slack, along paths that save money."""
        cdef Py_ssize_t u
        while self.load[s] < self.room[s] - TINY:
            u = self._best_source(s)
            if u < 0:
                return
            self._push_backward(u, s)
            self._refresh_edges()

    cdef Py_ssize_t _best_source(self, Py_ssize_t s) noexcept nogil:
        """Dijkstra towards ``s``; the site from which a unit would save most, or -1 if none would save anything."""
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

    # ------------------------------------------------------------------ sites

    cdef Py_ssize_t _open(self, Py_ssize_t j) noexcept nogil:
        """Give a site a slot, without flows; -1 if there is none left."""
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
        """Take the slot of a site without flows away."""
        cdef Py_ssize_t u
        self.slot_of[self.site_of[s]] = -1
        self.site_of[s] = -1
        self.is_new[s] = self.is_touched[s] = False
        for u in range(self.top):
            self.edge[u * self.n_slot + s] = INFINITY
            self.edge[s * self.n_slot + u] = INFINITY
        while self.top > 0 and self.site_of[self.top - 1] < 0:
            self.top -= 1

    cdef void _begin(self) noexcept nogil:
        cdef Py_ssize_t s
        self.n_step = 0
        self.saved_cost, self.saved_capacity = self.cost_usd, self.open_capacity
        for s in range(self.top):
            self.saved_potential[s] = self.potential[s]
            self.saved_room[s] = self.room[s]
            self.is_new[s] = False

    cdef bint _close(self, Py_ssize_t s, double limit) noexcept nogil:
        """Empty a site; it keeps its slot, without room, until the move is kept."""
        cdef Py_ssize_t j = self.site_of[s]
        self.open_capacity -= self.capacity[j]
        self.cost_usd -= self.fixed[j]
        self.room[s] = 0.0
        if self.open_capacity < self.total_demand * (1.0 - 1e-9):
            return False
        return self._shed(s, limit)

    cdef void _commit(self) noexcept nogil:
        cdef Py_ssize_t s
        self.version += 1
        for s in range(self.top - 1, -1, -1):
            self.is_new[s] = False
            if self.site_of[s] >= 0 and self.room[s] == 0.0 and self.capacity[self.site_of[s]] > 0.0:
                # What is left of its flows is rounding; with it the site would stay, and be closed again and again.
                while self.head[s] >= 0:
                    self._drop_flow(self.head[s])
                self._remove(s)

    cdef void _undo_steps(self, Py_ssize_t first) noexcept nogil:
        """Take back the journal from ``first`` on; edges are left to be refreshed."""
        cdef Py_ssize_t n, s
        cdef int32_t f, g
        cdef Step step
        for n in range(self.n_step - 1, first - 1, -1):
            step = self.steps[n]
            f, g = self._flow_on(step.demand, step.target), self._flow_on(step.demand, step.source)
            s = self.slot_of[self.arc_site[step.source]]
            if g < 0:
                g = self._new_flow(s, step.source, step.demand)
            self.flows[g].amount += step.amount
            self.load[s] += step.amount
            self.is_touched[s] = True
            s = self.flows[f].slot
            self.flows[f].amount -= step.amount
            self.load[s] -= step.amount
            self.is_touched[s] = True
            if self.flows[f].amount <= TINY:
                self._drop_flow(f)
        self.n_step = first

    cdef void _rollback(self) noexcept nogil:
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
            self._open(sites[k])
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
        if self.open_capacity < self.total_demand * (1.0 - 1e-9):
            self.cost_usd = INFINITY
            return
        for s in range(self.top):
            if not self._shed(s, INFINITY):
                self.cost_usd = INFINITY
                return
            self.n_step = 0
        self._begin()

    cdef double _change(self, const uint8_t[::1] is_open, double limit) noexcept nogil:
        cdef Py_ssize_t j, s
        self._begin()
        for j in range(self.n_site):
            if is_open[j] and self.slot_of[j] < 0:
                s = self._open(j)
                if s < 0:
                    self._rollback()
                    return INFINITY
                self._draw(s)
        for s in range(self.top):
            if self.site_of[s] >= 0 and not is_open[self.site_of[s]]:
                # What the closing of others still saves is not known, so that only the last may be cut short.
                if not self._close(s, INFINITY):
                    self._rollback()
                    return INFINITY
        if self.cost_usd > limit:
            self._rollback()
            return INFINITY
        self._commit()
        return self.cost_usd

    # ------------------------------------------------------------------ local search

    cdef double _prices(self, double[::1] price) noexcept nogil:
        """Worth of a unit of each demand; the potential that stands for a price of zero is returned."""
        cdef Py_ssize_t s, i
        cdef double highest = -INFINITY
        for s in range(self.top):
            if self.site_of[s] >= 0:
                highest = max(highest, self.potential[s])
        for i in range(self.n_demand):
            s = self.flows[self.head_of_demand[i]].slot
            price[i] = self.usd[self.flows[self.head_of_demand[i]].arc] + highest - self.potential[s]
        return highest

    cdef double _worth(self, Py_ssize_t j, const double[::1] price) noexcept nogil:
        """Most that opening a site could save, by weak duality: a continuous knapsack at the dual's prices."""
        cdef Py_ssize_t k, count = 0
        cdef double rate, gain = 0.0, room = self.capacity[j], take
        for k in range(self.site_ptr[j], self.site_ptr[j + 1]):
            rate = price[self.site_demand[k]] - self.site_usd[k]
            if rate > 0.0:
                self.items[count].rate = rate
                self.items[count].weight = self.demand[self.site_demand[k]]
                count += 1
        qsort(self.items, count, sizeof(Item), &_by_rate)
        for k in range(count):
            take = min(room, self.items[k].weight)
            gain += take * self.items[k].rate
            room -= take
            if room <= 0.0:
                break
        return gain - self.fixed[j]

    cdef Py_ssize_t _list_openings(
        self, Move* moves, double[::1] price, double[::1] gain, double least
    ) noexcept nogil:
        """Sites whose opening could pay, alone or against the closing of one, best first."""
        cdef Py_ssize_t j, s, n = 0
        cdef double highest = self._prices(price), best, saved, slack = self.open_capacity - self.total_demand
        for s in range(self.top):
            self.distance[s] = -INFINITY
            if self.site_of[s] >= 0:
                j = self.site_of[s]
                self.distance[s] = self.fixed[j] - (highest - self.potential[s]) * self.capacity[j]
        for j in range(self.n_site):
            if self.slot_of[j] >= 0 or self.failed[j] == self.version:
                continue
            gain[j] = self._worth(j, price)
            best = gain[j]
            for s in range(self.top):
                saved = gain[j] + self.distance[s]
                if saved > best and self.capacity[self.site_of[s]] <= slack + self.capacity[j] + TINY:
                    best = saved
            if best > least:
                if self.version - self.failed[j] < RECENT:
                    best *= LATER
                moves[n] = Move(best, <int32_t>j, -1)
                n += 1
        qsort(moves, n, sizeof(Move), &_by_gain)
        return n

    cdef Py_ssize_t _list_closings(self, Move* moves, double limit, bint is_alone) noexcept nogil:
        """Sites whose closing could bring the cost below ``limit``: it saves at most their fixed cost less the price
        of their capacity, by weak duality."""
        cdef Py_ssize_t j, s, n = 0
        cdef double highest = -INFINITY, saved, slack = self.open_capacity - self.total_demand
        for s in range(self.top):
            if self.site_of[s] >= 0:
                highest = max(highest, self.potential[s])
        for s in range(self.top):
            j = self.site_of[s]
            if j < 0 or self.is_new[s] or self.capacity[j] > slack + TINY:
                continue
            if is_alone and self.failed[j] == self.version:
                continue
            saved = self.fixed[j] - (highest - self.potential[s]) * self.capacity[j]
            if self.cost_usd - saved < limit:
                moves[n] = Move(saved, -1, <int32_t>j)
                n += 1
        qsort(moves, n, sizeof(Move), &_by_gain)
        return n

    cdef bint _close_best(self, Move* moves, double limit, bint is_alone, Py_ssize_t* tries) noexcept nogil:
        """Close the first site that brings the cost below ``limit``; what happened since the mark is undone if none."""
        cdef Py_ssize_t k, s, t, n = self._list_closings(moves, limit, is_alone), first = self.n_step
        cdef double cost = self.cost_usd, capacity = self.open_capacity
        for s in range(self.top):
            self.marked_potential[s] = self.potential[s]
        for k in range(n):
            tries[0] -= 1
            self.tried += 1
            s = self.slot_of[moves[k].closed]
            if self._close(s, limit):
                return True
            if is_alone:
                self.failed[moves[k].closed] = self.version
            self._undo_steps(first)
            self.room[s] = self.capacity[moves[k].closed]
            self.cost_usd, self.open_capacity = cost, capacity
            for t in range(self.top):
                self.potential[t] = self.marked_potential[t]
            self._refresh_edges()
        return False

    cdef bint _exchange(self, Py_ssize_t j, Move* moves, double limit, Py_ssize_t* tries) noexcept nogil:
        """Open ``j`` and close what then pays; undone unless the cost falls below ``limit``."""
        cdef Py_ssize_t s
        self._begin()
        s = self._open(j)
        if s < 0:
            return False
        tries[0] -= 1
        self.tried += 1
        self._draw(s)
        if self.cost_usd < limit or self._close_best(moves, limit, False, tries):
            self._commit()
            return True
        self._rollback()
        return False

    cdef bint _improve(
        self, Py_ssize_t tries, Move* moves, double[::1] price, double[::1] gain
    ) noexcept nogil:
        cdef Py_ssize_t k, n
        cdef double limit
        cdef bint paid = True
        while paid:
            paid = False
            limit = self.cost_usd - 1e-9 * fabs(self.cost_usd)
            self._begin()
            if self._close_best(moves + self.n_site, limit, True, &tries):
                self._commit()
                paid = True
                continue
            n = self._list_openings(moves, price, gain, self.cost_usd - limit)
            for k in range(n):
                if tries <= 0:
                    return False
                if self._exchange(moves[k].opened, moves + self.n_site, limit, &tries):
                    paid = True
                    break
                self.failed[moves[k].opened] = self.version
        return True
