from libc.stdint cimport int32_t, uint8_t


# What a change of one flow does to a site.
cdef struct Effect:
    double usd
    double capex
    double it_mw
    double mean_mw


cdef class Evaluator:
    # --- the instance, read only; names as in siteopt.instance ---
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
    cdef const double[::1] arc_usd, own_usd, egress_usd, transit_usd
    cdef const int32_t[::1] rival_first, rival_last
    cdef const int32_t[::1] arc_tier, pool_first_tier, pool_tiers, table_ptr
    cdef const double[::1] carried_rps
    cdef const int32_t[::1] degraded_ptr
    cdef const double[::1] degraded_rps
    cdef const int32_t[::1] arc_route, route_ptr, route_link
    cdef const double[::1] arc_gbps, arc_home_gbps, limit_gbps
    cdef readonly double tenant_share, tenant_site_mw
    cdef const double[::1] limit_mw
    cdef const int32_t[::1] grid_ptr, grid_site, grid_site_ptr, grid_site_limit
    cdef const double[::1] grid_coefficient, grid_site_coefficient
    cdef readonly double budget_usd
    cdef readonly Py_ssize_t max_sites

    # --- the state of a search: replicas and modules always the fewest that carry the shares ---
    cdef object _arrays
    cdef double[::1] share, unserved
    cdef int32_t[::1] option, modules, replicas, flows
    # arcs with a flow, listed by demand: first, and the one after and before each
    cdef int32_t[::1] first_flow, next_flow, previous_flow
    cdef double[::1] reserve
    cdef int32_t[::1] reserve_tier, held
    cdef double[::1] tenant_mw, link_gbps
    cdef int32_t[::1] tier_flows
    cdef Py_ssize_t most_tiers
    cdef double[::1] pool_peak, pool_mean, site_it, site_mean, used_mw
    cdef double cost, capex, penalty
    cdef Py_ssize_t new_sites, short_demands

    cdef void _flows_in_full(
        self, const double[::1] share, const int32_t[::1] replicas, const double[::1] unserved, double[::1] lines,
        double[::1] peak, double[::1] mean, double[::1] gbps
    ) noexcept nogil
    cdef void _pools_in_full(
        self, const int32_t[::1] replicas, double[::1] lines, const double[::1] mean, double[::1] it_mw,
        double[::1] mean_mw, double[::1] capex, double[::1] tenants
    ) noexcept nogil
    cdef void _sites_in_full(
        self, const int32_t[::1] option, const int32_t[::1] modules, double[::1] lines, const double[::1] it_mw,
        const double[::1] mean_mw, double[::1] facility_mw, double[::1] capex, double[::1] used
    ) noexcept nogil
    cdef void add_gbps(self, Py_ssize_t route, double amount, double[::1] gbps) noexcept nogil
    cdef Py_ssize_t tightest_tier(self, Py_ssize_t pool, Py_ssize_t tier, int change) noexcept nogil
    cdef double pool_carries(self, Py_ssize_t pool, Py_ssize_t tier, Py_ssize_t replicas) noexcept nogil
    cdef double pool_room(self, Py_ssize_t pool, Py_ssize_t tier, Py_ssize_t replicas) noexcept nogil
    cdef int fewest_replicas(
        self, Py_ssize_t pool, double peak, Py_ssize_t flows, Py_ssize_t tier
    ) noexcept nogil
    cdef int fewest_modules(
        self, Py_ssize_t site, Py_ssize_t option, double it_mw, Py_ssize_t tenant, double more_mw
    ) noexcept nogil
    cdef double capex_of_modules(self, Py_ssize_t option, int modules) noexcept nogil
    cdef double site_usd(self, Py_ssize_t site, Py_ssize_t option, double it_mw, double mean_mw, int modules) noexcept nogil
    cdef bint site_fits(self, Py_ssize_t site, Py_ssize_t option, double it_mw, int modules) noexcept nogil
    cdef bint tenants_fit(self, Py_ssize_t site) noexcept nogil
    cdef bint houses(self, Py_ssize_t site, Py_ssize_t option) noexcept nogil
    cdef bint is_active(self, Py_ssize_t pool) noexcept nogil
    cdef Effect change(self, Py_ssize_t arc, double amount, int more_flows) noexcept nogil
    cdef double on_link(self, Py_ssize_t arc, double amount, int more_flows, Py_ssize_t link) noexcept nogil
    cdef bint links_hold(
        self, Py_ssize_t source, int fewer_flows, Py_ssize_t target, int more_flows, double amount
    ) noexcept nogil
    cdef bint route_holds(self, Py_ssize_t route) noexcept nogil
    cdef bint grid_holds(
        self, Py_ssize_t j, double less_mw, Py_ssize_t k, double more_mw
    ) noexcept nogil
    cdef double shift_delta(self, Py_ssize_t demand, Py_ssize_t source, Py_ssize_t target, double amount) noexcept nogil
    cdef void shift(self, Py_ssize_t demand, Py_ssize_t source, Py_ssize_t target, double amount) noexcept nogil
    cdef void put(self, Py_ssize_t arc, double amount) noexcept nogil
    cdef void _list_flow(self, Py_ssize_t arc) noexcept nogil
    cdef void _unlist_flow(self, Py_ssize_t arc) noexcept nogil
    cdef double rest_usd(self, Py_ssize_t demand, double rest) noexcept nogil
    cdef double unserved_price(self, Py_ssize_t demand) noexcept nogil
    cdef bint has_rival(self, Py_ssize_t pool, Py_ssize_t leaving) noexcept nogil
    cdef bint site_holds(self, Py_ssize_t site) noexcept nogil
    cdef double swap(
        self, Py_ssize_t source_1, Py_ssize_t target_1, Py_ssize_t source_2, Py_ssize_t target_2
    ) noexcept nogil
    cdef void set_option(self, Py_ssize_t site, Py_ssize_t option) noexcept nogil
    cdef void refresh(self) noexcept nogil
    cdef void _refresh_sites(self) noexcept nogil
