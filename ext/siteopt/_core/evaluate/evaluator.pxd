"""Declarations of the moves in the state of a search, for the searches that make them."""

from siteopt._core.evaluate.search_state cimport SearchState


# What a change of one flow does to a site.
cdef struct Effect:
    double usd
    double capex
    double it_mw
    double mean_mw


cdef class Evaluator(SearchState):
    cdef Effect change(self, Py_ssize_t arc, double amount, int more_flows) noexcept nogil
    cdef double shift_delta(self, Py_ssize_t demand, Py_ssize_t source, Py_ssize_t target, double amount) noexcept nogil
    cdef void shift(self, Py_ssize_t demand, Py_ssize_t source, Py_ssize_t target, double amount) noexcept nogil
    cdef void put(self, Py_ssize_t arc, double amount) noexcept nogil
    cdef double swap(
        self, Py_ssize_t source_1, Py_ssize_t target_1, Py_ssize_t source_2, Py_ssize_t target_2
    ) noexcept nogil
