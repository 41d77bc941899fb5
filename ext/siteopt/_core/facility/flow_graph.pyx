"""The graph of open sites: the edge between two of them is the cheapest move of any flow from the first to the second.

Flows are kept in lists by site and by demand. Shifts are recorded in a journal, from which they can be undone.
"""

import numpy as np

from libc.math cimport INFINITY
from libc.stdint cimport int32_t
from libc.stdlib cimport free, malloc, realloc

from siteopt._core.tolerances cimport TINY


cdef class FlowGraph:
    """Flows of one problem, and the edges between its open sites.

    Parameters
    ----------
    problem : siteopt.facility.FacilityProblem
    slots : int
        Most sites that may be open at once.
    """

    def __cinit__(self, problem, Py_ssize_t slots):
        self.flows = NULL
        self.steps = NULL

    def __init__(self, problem, Py_ssize_t slots):
        self.capacity, self.fixed, self.demand = problem.capacity, problem.fixed_usd, problem.demand
        self.arc_ptr, self.arc_site, self.usd = problem.arc_ptr, problem.arc_site, problem.arc_usd
        self.site_ptr, self.site_demand, self.site_usd = problem.site_ptr, problem.site_demand, problem.site_usd
        self.stop = problem.stop
        self.n_site, self.n_demand, self.n_slot = len(problem.capacity), len(problem.demand), slots
        self.edge = np.full(slots * slots, np.inf)
        self.edge_flow, self.edge_arc = np.zeros((2, slots * slots), dtype=np.int32)
        self.load, self.room = np.zeros((2, slots))
        self.site_of, self.head = np.full((2, slots), -1, dtype=np.int32)
        self.slot_of = np.full(self.n_site, -1, dtype=np.int32)
        self.head_of_demand = np.full(self.n_demand, -1, dtype=np.int32)
        self.is_touched = np.zeros(slots, dtype=np.uint8)
        self.flow_capacity, self.step_capacity = 2 * self.n_demand + 4 * slots + 64, 1024
        self.flows = <Flow*>malloc(self.flow_capacity * sizeof(Flow))
        self.steps = <Step*>malloc(self.step_capacity * sizeof(Step))
        if self.flows == NULL or self.steps == NULL:
            raise MemoryError
        self.free_flow = -1
        self.cost_usd = INFINITY

    def __dealloc__(self):
        free(self.flows)
        free(self.steps)

    def is_open(self):
        """Return whether each site is open, shape (n_site,)."""
        return (np.asarray(self.slot_of) >= 0).astype(np.uint8)

    def amounts(self):
        """Return the units of demand on each arc, shape (n_arc,)."""
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
        """Move ``amount`` of a flow onto another arc of its demand, and keep the edges out of both sites up to date."""
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

    cdef void _undo_steps(self, Py_ssize_t first) noexcept nogil:
        """Undo the journal from ``first`` on; the caller has to refresh the edges."""
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

    # ------------------------------------------------------------------ edges

    cdef void _lower_edges(self, int32_t f) noexcept nogil:
        """Lower the edges out of a flow's site along which this flow is cheaper to move than those known so far."""
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
