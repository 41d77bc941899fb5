"""Declarations of the search for sites to open, resize and close, for the searches that build on it."""

from siteopt._core.evaluate.evaluator cimport Evaluator
from siteopt._core.evaluate.journal cimport Journal
from siteopt._core.search.flow_search cimport FlowSearch


cdef struct Candidate:
    double rank
    Py_ssize_t source
    Py_ssize_t target


cdef class SiteSearch:
    cdef Evaluator ev
    cdef Journal journal
    cdef FlowSearch flows
    cdef object _candidate_memory
    cdef Candidate* _candidates

    cdef bint empty(self, Py_ssize_t j) noexcept nogil
    cdef bint _has_flows(self, Py_ssize_t j) noexcept nogil
    cdef bint may_close(self, Py_ssize_t j) noexcept nogil
    cdef void _try_close(self, Py_ssize_t j) noexcept nogil
    cdef void _try_trim(self, Py_ssize_t j, Py_ssize_t first) noexcept nogil
    cdef void _try_resize(self, Py_ssize_t j, Py_ssize_t option, bint draws) noexcept nogil
    cdef double _capacity_mw(self, Py_ssize_t option) noexcept nogil
    cdef void _try_rival(self, Py_ssize_t pool, Py_ssize_t rival) noexcept nogil
    cdef void _try_open(self, Py_ssize_t j, Py_ssize_t option) noexcept nogil
    cdef void _draw(self, Py_ssize_t source, Py_ssize_t target) noexcept nogil
    cdef Py_ssize_t _rank_gains(self, Py_ssize_t j, Py_ssize_t option) noexcept nogil
    cdef double divisible_mw(self, Py_ssize_t a) noexcept nogil
    cdef double divisible_usd(self, Py_ssize_t a, Py_ssize_t option) noexcept nogil
