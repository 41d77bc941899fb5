"""Declarations of the shortest paths between open sites, for the file that opens and closes them."""

from libc.stdint cimport int32_t, uint8_t

from siteopt._core.facility.flow_graph cimport FlowGraph


cdef class FlowPaths(FlowGraph):
    cdef double[::1] potential, distance
    cdef int32_t[::1] previous
    cdef uint8_t[::1] is_done
    cdef readonly Py_ssize_t paths

    cdef bint _shed(self, Py_ssize_t s, double limit) noexcept nogil
    cdef Py_ssize_t _nearest_slack(self, Py_ssize_t s) noexcept nogil
    cdef void _push_forward(self, Py_ssize_t s, Py_ssize_t t) noexcept nogil
    cdef void _shift_edge(self, Py_ssize_t e, double amount) noexcept nogil
    cdef void draw(self, Py_ssize_t s) noexcept nogil
    cdef Py_ssize_t _best_source(self, Py_ssize_t s) noexcept nogil
    cdef bint _is_slack_edge(self, Py_ssize_t u, Py_ssize_t v) noexcept nogil
    cdef void _push_backward(self, Py_ssize_t u, Py_ssize_t s) noexcept nogil
    cdef void _push_along(self, Py_ssize_t u, Py_ssize_t s, double amount) noexcept nogil
