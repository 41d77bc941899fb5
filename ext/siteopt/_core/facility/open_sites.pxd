"""Opening and closing of sites, for the search that decides which."""

from libc.stdint cimport int32_t, int64_t, uint8_t

from siteopt._core.facility.flow_paths cimport FlowPaths


cdef class OpenSites(FlowPaths):
    cdef double[::1] saved_potential, saved_room
    cdef uint8_t[::1] is_new
    # changes that were kept
    cdef int64_t version
    cdef double saved_cost, open_capacity, saved_capacity, total_demand

    cdef Py_ssize_t _open(self, Py_ssize_t j) noexcept nogil
    cdef int32_t _arc(self, Py_ssize_t i, Py_ssize_t j) noexcept nogil
    cdef void _remove(self, Py_ssize_t s) noexcept nogil
    cdef void _begin(self) noexcept nogil
    cdef bint _close(self, Py_ssize_t s, double limit) noexcept nogil
    cdef void _commit(self) noexcept nogil
    cdef void _rollback(self) noexcept nogil
    cdef void _load(self, const int32_t[::1] sites) noexcept nogil
    cdef double _change(self, const uint8_t[::1] is_open, double limit) noexcept nogil
