"""Declarations of the knapsacks of the sites, for the dual function that chooses among the sites."""

from libc.stdint cimport int32_t, uint8_t

from siteopt._core.facility.continuous_knapsack cimport Item
from siteopt._core.stopping cimport StopCheck


cdef class SiteKnapsacks:
    cdef readonly Py_ssize_t n_site, n_demand
    cdef readonly bint is_zero_one
    cdef const double[::1] capacity, fixed, demand, usd
    cdef const int32_t[::1] first, customer
    cdef double[::1] _value, _critical_rate, _gradient
    cdef uint8_t[::1] _banned, _taken, _is_exact
    cdef int32_t[::1] _position
    cdef double[::1] _best
    cdef uint8_t* _choice
    cdef StopCheck stop
    cdef object _memory
    cdef Item* items

    cdef void _solve_knapsack(self, Py_ssize_t j, const double[::1] price, double highest, bint is_open) noexcept nogil
    cdef double _pack(self, Py_ssize_t j, const double[::1] price, Py_ssize_t count) noexcept nogil
    cdef void _spend(self, Py_ssize_t j, const double[::1] price, double highest, double share) noexcept nogil
