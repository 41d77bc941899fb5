"""Declarations of the dual function of facility location, for the ascent that climbs it."""

from libc.stdint cimport int8_t, int32_t

from siteopt._core.facility.continuous_knapsack cimport Item
from siteopt._core.facility.knapsacks cimport SiteKnapsacks


cdef class DualFunction(SiteKnapsacks):
    cdef readonly double total_demand
    cdef readonly Py_ssize_t passes
    cdef double[::1] _chosen, _reduced
    cdef double _capacity_price
    cdef object _site_memory
    cdef Item* site_items

    cdef object _check(self, const double[::1] price, const int8_t[::1] status)
    cdef double _evaluate(
        self, const double[::1] price, const int8_t[::1] status, const int32_t[::1] active
    ) noexcept nogil
    cdef double _choose(self, const int8_t[::1] status, const int32_t[::1] active) noexcept nogil
    cdef void _keep(self, const int32_t[::1] active) noexcept nogil
