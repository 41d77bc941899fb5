"""Declarations of flows to sites that open and close, for the search that decides which do."""

from libc.stdint cimport int32_t, int64_t, uint8_t

from siteopt._core.facility.flow_paths cimport FlowPaths


cdef class Transport(FlowPaths):
    cdef double[::1] saved_potential, marked_potential, saved_room
    cdef uint8_t[::1] is_new
    # changes that were kept
    cdef int64_t version
    cdef double open_capacity, total_demand
    # before the move, and at a mark within it
    cdef double saved_cost, saved_capacity, marked_cost, marked_capacity
    cdef Py_ssize_t marked_step

    cdef double dual_prices(self, double[::1] price) noexcept nogil
    cdef Py_ssize_t open_site(self, Py_ssize_t j) noexcept nogil
    cdef int32_t _arc(self, Py_ssize_t i, Py_ssize_t j) noexcept nogil
    cdef void _remove(self, Py_ssize_t s) noexcept nogil
    cdef void begin(self) noexcept nogil
    cdef bint close_site(self, Py_ssize_t s, double limit) noexcept nogil
    cdef void mark(self) noexcept nogil
    cdef void reopen(self, Py_ssize_t s) noexcept nogil
    cdef void commit(self) noexcept nogil
    cdef void rollback(self) noexcept nogil
    cdef void _load(self, const int32_t[::1] sites) noexcept nogil
    cdef double _change(self, const uint8_t[::1] is_open, double limit) noexcept nogil
