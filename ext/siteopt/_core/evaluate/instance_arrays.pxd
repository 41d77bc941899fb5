"""Declarations of the arrays of an instance, with what follows from them alone: traffic, capital, cost of a site."""

from libc.stdint cimport int32_t, uint8_t


cdef class InstanceArrays:
    # Names as in siteopt.instance; nothing here ever changes.
    cdef readonly Py_ssize_t n_site, n_option, n_pool, n_demand, n_arc, n_limit, n_link, n_tenant
    cdef const double[::1] energy_usd, carbon_usd, demand_usd, coincident_usd, peak_usd, mean_usd
    cdef const uint8_t[::1] is_existing, is_forced
    cdef const int32_t[::1] option_ptr, site_pool_ptr
    cdef const int32_t[::1] option_site, option_design
    cdef const double[::1] headroom_mw, land_usd, connection_usd, facility_usd, staff_usd, fixed_usd, fixed_capex_usd
    cdef const double[::1] module_mw, pue, refresh_share, salvage_share, life_factor, sunk_capex, full_usd_per_mw
    cdef const int32_t[::1] min_modules, max_modules, spare_modules, capex_first, capex_most
    cdef const double[::1] module_capex
    cdef const uint8_t[:, ::1] admits
    cdef const int32_t[::1] pool_site, pool_variant, pool_arc_ptr, pool_arc
    cdef const int32_t[::1] pool_tenant, pool_home_route
    cdef const double[::1] pool_rps, pool_usable_rps, pool_replica_mw, pool_idle, pool_usd, pool_capex
    cdef const double[::1] pool_refresh, pool_salvage, pool_fixed, pool_sync_gbps
    cdef const double[::1] peak_rps, mean_rps, revenue_usd, unserved_usd
    cdef const uint8_t[::1] is_splittable
    cdef const int32_t[::1] demand_arc_ptr
    cdef const int32_t[::1] arc_demand, arc_pool
    cdef const double[::1] own_usd, egress_usd, transit_usd
    cdef const int32_t[::1] rival_first, rival_last
    cdef const int32_t[::1] arc_slack_tier, pool_first_slack_tier, pool_slack_tiers, table_ptr
    cdef const double[::1] carried_rps
    cdef const int32_t[::1] degraded_table_ptr
    cdef const double[::1] degraded_rps
    cdef const int32_t[::1] arc_route, route_ptr, route_link
    cdef const double[::1] arc_gbps, arc_home_gbps, limit_gbps
    cdef readonly double tenant_share, tenant_site_mw
    cdef const double[::1] limit_mw
    cdef const int32_t[::1] grid_ptr, grid_site, grid_site_ptr, grid_site_limit
    cdef const double[::1] grid_coefficient, grid_site_coefficient
    # linear rules over the options that stand, by option
    cdef readonly Py_ssize_t n_rule
    cdef const double[::1] rule_lower, rule_upper, option_rule_coefficient
    cdef const int32_t[::1] option_rule_ptr, option_rule
    cdef readonly double budget_usd
    cdef readonly Py_ssize_t max_sites
    # most slack tiers of a pool
    cdef Py_ssize_t most_slack_tiers

    cdef inline void add_gbps(self, Py_ssize_t route, double amount, double[::1] gbps) noexcept nogil:
        cdef Py_ssize_t e
        if route < 0:
            return
        for e in range(self.route_ptr[route], self.route_ptr[route + 1]):
            gbps[self.route_link[e]] += amount

    cdef inline double capex_of_modules(self, Py_ssize_t option, int modules) noexcept nogil:
        """Return the capital of modules beyond existing ones; those past the table's end cost as much as its last."""
        cdef int most = self.capex_most[option]
        cdef Py_ssize_t first = self.capex_first[option]
        cdef double usd
        if modules <= most:
            return self.module_capex[first + modules] - self.sunk_capex[option]
        usd = self.module_capex[first + most] - self.module_capex[first + most - 1]
        return self.module_capex[first + most] - self.sunk_capex[option] + (modules - most) * usd

    cdef inline double site_usd(
        self, Py_ssize_t site, Py_ssize_t option, double it_mw, double mean_mw, int modules
    ) noexcept nogil:
        """Return the cost of a site without its pools."""
        return (
            self.fixed_usd[option]
            + self.life_factor[option] * self.capex_of_modules(option, modules)
            + self.pue[option] * (self.peak_usd[site] * it_mw + self.mean_usd[site] * mean_mw)
        )
