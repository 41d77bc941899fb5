"""What the passes of other files may use of the search."""

from libc.stdint cimport int32_t, uint8_t, uint64_t

from siteopt._core.evaluator cimport Evaluator


cdef struct Candidate:
    double rank
    Py_ssize_t source
    Py_ssize_t target


cdef class LocalSearch:
    cdef Evaluator ev
    cdef uint64_t _random
    cdef int32_t[::1] _order, _hardest, _what, _from, _to
    cdef uint8_t[::1] _is_cut
    cdef double[::1] _amount
    cdef Py_ssize_t _length, _capacity
    cdef object _candidate_memory
    cdef Candidate* _candidates
    cdef readonly Py_ssize_t evaluated, applied

    cdef bint _shift(self, Py_ssize_t demand, Py_ssize_t source, Py_ssize_t target, double amount) noexcept nogil
    cdef bint _set_option(self, Py_ssize_t site, Py_ssize_t option) noexcept nogil
    cdef void _undo(self, double cost) noexcept nogil
    cdef bint _keep_if_better(self, double cost) noexcept nogil
    cdef bint _keep_if_below(self, double cost, double limit) noexcept nogil
    cdef void _demand_pass(self) noexcept nogil
    cdef void _improve_demand(self, Py_ssize_t i) noexcept nogil
    cdef bint _best_shift(self, Py_ssize_t i, Py_ssize_t source, double amount, Py_ssize_t shunned, double worst) noexcept nogil
    cdef double _part_that_fits(self, Py_ssize_t i, Py_ssize_t b, int level, bint on_links) noexcept nogil
    cdef double _part_on_route(self, Py_ssize_t arc, Py_ssize_t route) noexcept nogil
    cdef bint _empty(self, Py_ssize_t j) noexcept nogil
    cdef bint _has_flows(self, Py_ssize_t j) noexcept nogil
    cdef bint _may_close(self, Py_ssize_t j) noexcept nogil
    cdef void _try_close(self, Py_ssize_t j) noexcept nogil
    cdef void _try_trim(self, Py_ssize_t j, Py_ssize_t first) noexcept nogil
    cdef void _try_resize(self, Py_ssize_t j, Py_ssize_t option, bint draws) noexcept nogil
    cdef double _capacity_mw(self, Py_ssize_t option) noexcept nogil
    cdef void _try_rival(self, Py_ssize_t pool, Py_ssize_t rival) noexcept nogil
    cdef void _try_open(self, Py_ssize_t j, Py_ssize_t option) noexcept nogil
    cdef void _draw(self, Py_ssize_t source, Py_ssize_t target) noexcept nogil
    cdef Py_ssize_t _rank_gains(self, Py_ssize_t j, Py_ssize_t option) noexcept nogil
    cdef double _divisible_mw(self, Py_ssize_t a) noexcept nogil
    cdef double _divisible_usd(self, Py_ssize_t a, Py_ssize_t option) noexcept nogil
    cdef bint _ruin(self, Py_ssize_t sites, double worse_usd) noexcept nogil
    cdef bint _flip(self, Py_ssize_t j) noexcept nogil
    cdef uint64_t _next(self) noexcept nogil
    cdef Py_ssize_t _below(self, Py_ssize_t n) noexcept nogil
    cdef void _shuffle(self) noexcept nogil
