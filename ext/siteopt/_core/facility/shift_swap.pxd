"""Declarations of shifts and swaps, for the search that takes demands out and puts them back."""

from siteopt._core.facility.assignment_state cimport AssignmentState


cdef class ShiftSwap(AssignmentState):
    cdef bint _put_best(self, Py_ssize_t i, double blink) noexcept nogil
    cdef void _repair(self, Py_ssize_t most) noexcept nogil
    cdef bint _improve(self, Py_ssize_t i) noexcept nogil
