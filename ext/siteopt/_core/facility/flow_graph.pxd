"""Declarations of the graph of open sites, for the files that push flows along its edges."""

from libc.stdint cimport int32_t, uint8_t

from siteopt._core.stopping cimport StopCheck


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


cdef class FlowGraph:
    # --- the problem, read only; names as in siteopt.facility ---
    cdef readonly Py_ssize_t n_site, n_demand
    cdef const double[::1] capacity, fixed, demand, usd, site_usd
    cdef const int32_t[::1] arc_ptr, arc_site, site_ptr, site_demand

    # --- slots of open sites ---
    cdef readonly Py_ssize_t n_slot, top
    cdef double[::1] load, room
    cdef int32_t[::1] slot_of, site_of, head, head_of_demand
    cdef uint8_t[::1] is_touched

    # --- edges from slot to slot, by rows of n_slot: the cheapest change, the flow that makes it, and its new arc ---
    cdef double[::1] edge
    cdef int32_t[::1] edge_flow, edge_arc

    # --- flows, and the journal of what was shifted ---
    cdef Flow* flows
    cdef Step* steps
    cdef Py_ssize_t n_flow, flow_capacity, n_step, step_capacity
    cdef int32_t free_flow
    cdef readonly double cost_usd
    cdef StopCheck stop

    cdef int32_t _new_flow(self, Py_ssize_t slot, Py_ssize_t arc, Py_ssize_t demand) noexcept nogil
    cdef void _drop_flow(self, int32_t f) noexcept nogil
    cdef int32_t _flow_on(self, Py_ssize_t demand, Py_ssize_t arc) noexcept nogil
    cdef void _shift(self, int32_t f, Py_ssize_t target, double amount) noexcept nogil
    cdef void _log(self, int32_t demand, Py_ssize_t source, Py_ssize_t target, double amount) noexcept nogil
    cdef void _undo_steps(self, Py_ssize_t first) noexcept nogil
    cdef void _lower_edges(self, int32_t f) noexcept nogil
    cdef void _edges(self, Py_ssize_t s) noexcept nogil
    cdef void _refresh_edges(self) noexcept nogil
