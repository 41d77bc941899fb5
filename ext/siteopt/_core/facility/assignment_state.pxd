"""Declarations of an assignment of each demand to one site, for the searches that change it."""

from libc.stdint cimport int32_t, uint8_t, uint64_t

from siteopt._core.stopping cimport StopCheck
from siteopt._core.tolerances cimport TINY


cdef inline double excess(double load, double capacity, double change) noexcept nogil:
    """Return the change of overload at a site if its load changes by ``change``."""
    cdef double before = load - capacity, after = before + change
    return (after if after > TINY else 0.0) - (before if before > TINY else 0.0)


cdef class AssignmentState:
    cdef readonly Py_ssize_t n_site, n_demand
    cdef const double[::1] capacity, fixed, demand
    # Cost of serving all of a demand: by site and demand, and at its current site.
    cdef double[:, ::1] usd
    cdef double[::1] own_usd
    cdef const int32_t[::1] site_ptr, site_demand
    cdef int32_t[::1] arc_ptr, arc_site
    cdef int32_t[::1] site, head, next_member, previous_member, count, best_site
    cdef double[::1] load
    cdef uint8_t[::1] open
    # Undo: demands and sites changed in this iteration, and what they were.
    cdef int32_t[::1] changed, was_site, flipped, stamp, site_stamp
    cdef Py_ssize_t n_changed, n_flipped
    # Queue of demands to examine, as a ring.
    cdef int32_t[::1] queue
    cdef uint8_t[::1] is_queued
    cdef Py_ssize_t queue_head, queue_size
    cdef int32_t _turn
    cdef StopCheck stop
    cdef uint64_t _random
    cdef double total_demand, open_capacity
    cdef public double penalty_usd
    cdef readonly double flow_usd, fixed_usd, overload, best_usd

    cdef void _begin(self) noexcept nogil
    cdef void _enqueue(self, Py_ssize_t i) noexcept nogil
    cdef Py_ssize_t _dequeue(self) noexcept nogil
    cdef void _close_empty(self) noexcept nogil
    cdef bint _fits(self) noexcept nogil
    cdef void _remember(self) noexcept nogil
    cdef void _recount(self) noexcept nogil
    cdef void _log(self, Py_ssize_t i) noexcept nogil
    cdef void _undo(self) noexcept nogil
    cdef void _flip(self, Py_ssize_t j) noexcept nogil
    cdef void _toggle(self, Py_ssize_t j) noexcept nogil
    cdef void _put(self, Py_ssize_t i, Py_ssize_t j) noexcept nogil
    cdef void _take(self, Py_ssize_t i) noexcept nogil
