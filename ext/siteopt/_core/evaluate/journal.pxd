"""Declarations of the journal of a search, for the moves that are written to it."""

from libc.stdint cimport int32_t

from siteopt._core.evaluate.evaluator cimport Evaluator


cdef class Journal:
    cdef Evaluator ev
    cdef int32_t[::1] what, _from, _to
    cdef double[::1] _amount
    cdef Py_ssize_t length, _capacity

    cdef void begin(self) noexcept nogil
    cdef bint shift(self, Py_ssize_t demand, Py_ssize_t source, Py_ssize_t target, double amount) noexcept nogil
    cdef bint set_option(self, Py_ssize_t site, Py_ssize_t option) noexcept nogil
    cdef void undo(self, double cost) noexcept nogil
    cdef bint keep_if_better(self, double cost) noexcept nogil
    cdef bint keep_if_below(self, double cost, double limit) noexcept nogil
