"""Declarations that all kinds of Lagrangian subproblems of the sites share."""

from libc.stdint cimport int32_t, uint8_t


cdef struct Item:
    double rate    # gain per MW
    double weight  # MW of all of it
    int32_t pool   # with implicit flows the variant
    int32_t arc    # row of the arcs by pool, -1 for reserve in the pool; with implicit flows the demand


cdef struct SiteValue:
    double value
    Py_ssize_t site


cdef inline bint may_fall(double usd, int modules, bint is_linear, double* least, int* best) noexcept nogil:
    """Keep a number of modules if it costs less than the best so far; return whether more may cost even less."""
    if usd >= least[0]:
        return not is_linear
    least[0], best[0] = usd, modules
    return True


cdef class SiteSubproblems:
    cdef readonly Py_ssize_t n_site, n_demand, n_limit, n_link, n_cover
    cdef const int32_t[::1] option_ptr, option_design, min_modules, max_modules, spare_modules, capex_first
    # cost of opening an option: without prices, and at those of the last pricing
    cdef const double[::1] own_fixed_usd
    cdef double[::1] fixed_usd
    cdef const double[::1] fixed_capex_usd, module_capex, sunk_capex, life_factor, module_mw, pue, capacity_mw
    cdef const uint8_t[::1] is_linear, is_existing, is_forced
    cdef const uint8_t[:, ::1] admits
    cdef const double[::1] demand_usd, power_usd, grid_site_coefficient
    cdef const int32_t[::1] grid_site_ptr, grid_site_limit
    cdef Py_ssize_t max_sites
    # variants, replicas being divisible
    cdef const double[::1] rps, replica_mw, idle, usd, capex
    # results of the last pricing
    cdef double[::1] _served, _used, _value, _gbps, _load, _reserve
    cdef int32_t[::1] _option
    cdef double _capex
    # items of a site: the best ones, in order, and a heap of those not asked for yet
    cdef object _memory, _values_memory
    cdef Item* heap
    cdef Item* best
    cdef Py_ssize_t n_heap, n_best
    cdef SiteValue* values

    cdef double _price_sites(self, const double[::1] limit_price, double capital) noexcept nogil
    cdef double _site(
        self, Py_ssize_t j, Py_ssize_t o, const double[::1] limit_price, double capital, bint record
    ) noexcept nogil
    cdef double _mw_usd(self, Py_ssize_t j, const double[::1] limit_price) noexcept nogil
    cdef void _rank(self) noexcept nogil
    cdef bint _has(self, Py_ssize_t n) noexcept nogil
    cdef double _room(self, Py_ssize_t o, int modules) noexcept nogil
    cdef double _best_modules(self, Py_ssize_t o, double weight, int* best) noexcept nogil
    cdef void _record_site(
        self, Py_ssize_t j, Py_ssize_t o, int modules, double it_mw
    ) noexcept nogil
