"""Declarations of the search for the best place of each flow, for the searches that open and close sites."""

from libc.stdint cimport int32_t, uint64_t

from siteopt._core.evaluate.evaluator cimport Evaluator
from siteopt._core.evaluate.journal cimport Journal
from siteopt._core.stopping cimport StopCheck


cdef class FlowSearch:
    cdef Evaluator ev
    cdef Journal journal
    cdef uint64_t random
    cdef int32_t[::1] _order, hardest
    cdef readonly Py_ssize_t evaluated
    cdef public StopCheck stop
    cdef readonly long steps_per_place

    cdef void _demand_pass(self) noexcept nogil
    cdef void improve_demand(self, Py_ssize_t i) noexcept nogil
    cdef bint best_shift(
        self, Py_ssize_t i, Py_ssize_t source, double amount, Py_ssize_t shunned, double worst
    ) noexcept nogil
    cdef double part_that_fits(self, Py_ssize_t i, Py_ssize_t b, int level, bint on_links) noexcept nogil
    cdef double _part_on_route(self, Py_ssize_t arc, Py_ssize_t route) noexcept nogil
    cdef void _shuffle(self) noexcept nogil
