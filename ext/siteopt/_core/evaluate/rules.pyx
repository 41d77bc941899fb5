"""Checks of a plan's rules in the state of a search: whether they hold now, and whether they would after a shift.

The rules are power and headroom of a site, what its racks may house, shares of tenants, one pool of a workload at a
site, links, grid limits, linear rules, budget, number of sites, and that all must-serve demand is served.
"""

from libc.math cimport INFINITY

from siteopt._core.evaluate.search_state cimport SearchState
from siteopt._core.tolerances cimport NOWHERE, SLACK, TINY


cdef bint all_hold(SearchState state) noexcept nogil:
    """Return whether every rule holds: power, headroom, grid, linear rules, budget, number of sites, all served."""
    cdef Py_ssize_t i, j, g
    for j in range(state.n_site):
        if state.option[j] < 0:
            if state.site_it[j] > TINY or state.is_existing[j] or state.is_forced[j]:
                return False
        elif not (
            site_fits(state, j, state.option[j], state.site_it[j], state.modules[j])
            and tenants_fit(state, j)
            and houses(state, j, state.option[j])
        ):
            return False
    for i in range(state.n_pool):
        if state.is_active(i) and has_rival(state, i, NOWHERE):
            return False
    for g in range(state.n_limit):
        if state.used_mw[g] > state.limit_mw[g] * (1.0 + SLACK) + TINY:
            return False
    for g in range(state.n_link):
        if state.link_gbps[g] > state.limit_gbps[g] * (1.0 + SLACK) + TINY:
            return False
    for g in range(state.n_rule):
        if state.rule_excess(g) > 0.0:
            return False
    for i in range(state.n_demand):
        if state.unserved[i] > 0.0 and state.unserved_usd[i] == INFINITY:
            return False
    return state.capex <= state.budget_usd * (1.0 + SLACK) and state.new_sites <= state.max_sites


cdef bint tenants_fit(SearchState state, Py_ssize_t site) noexcept nogil:
    """Return whether no tenant has more at a site than it may lose with the site."""
    cdef Py_ssize_t t
    for t in range(state.n_tenant):
        if state.tenant_mw[site * state.n_tenant + t] > state.tenant_site_mw * (1.0 + SLACK) + TINY:
            return False
    return True


cdef bint houses(SearchState state, Py_ssize_t site, Py_ssize_t option) noexcept nogil:
    """Return whether the racks of an option can house every pool in use at the site."""
    cdef Py_ssize_t p
    for p in range(state.site_pool_ptr[site], state.site_pool_ptr[site + 1]):
        if state.is_active(p) and not state.admits[state.option_design[option], state.pool_variant[p]]:
            return False
    return True


cdef double on_link(SearchState state, Py_ssize_t arc, double amount, int more_flows, Py_ssize_t link) noexcept nogil:
    """Return the traffic that a change of a flow puts on a link, Gbit/s."""
    cdef Py_ssize_t p = state.arc_pool[arc], r = state.arc_route[arc], e
    cdef double gbps = 0.0, home
    if r >= 0:
        for e in range(state.route_ptr[r], state.route_ptr[r + 1]):
            if state.route_link[e] == link:
                gbps += amount * state.arc_gbps[arc]
    r = state.pool_home_route[p]
    if r >= 0:
        home = amount * state.arc_home_gbps[arc]
        if state.reserve[p] <= 0.0:
            home += ((state.flows[p] + more_flows > 0) - (state.flows[p] > 0)) * state.pool_sync_gbps[p]
        for e in range(state.route_ptr[r], state.route_ptr[r + 1]):
            if state.route_link[e] == link:
                gbps += home
    return gbps


cdef bint links_hold(
    SearchState state, Py_ssize_t source, int fewer_flows, Py_ssize_t target, int more_flows, double amount
) noexcept nogil:
    """Return whether every link that a shift loads stays within its limit, given what the shift takes off it."""
    cdef Py_ssize_t e, n, link, p = state.arc_pool[target]
    cdef Py_ssize_t[2] routes
    cdef double used, most = amount * (state.arc_gbps[target] + state.arc_home_gbps[target])
    routes[0], routes[1] = state.arc_route[target], state.pool_home_route[p]
    if more_flows > 0 and state.flows[p] == 0:
        most += state.pool_sync_gbps[p]
    for n in range(2):
        if routes[n] < 0:
            continue
        for e in range(state.route_ptr[routes[n]], state.route_ptr[routes[n] + 1]):
            link = state.route_link[e]
            if state.link_gbps[link] + most <= state.limit_gbps[link]:
                continue  # whatever the routes of both ends share
            used = state.link_gbps[link] + on_link(state, target, amount, more_flows, link)
            if source != NOWHERE:
                used += on_link(state, source, -amount, fewer_flows, link)
            if used > state.limit_gbps[link] * (1.0 + SLACK) + TINY and used > state.link_gbps[link]:
                return False
    return True


cdef bint route_holds(SearchState state, Py_ssize_t route) noexcept nogil:
    """Return whether every link of a route is within its limit."""
    cdef Py_ssize_t e
    if route >= 0:
        for e in range(state.route_ptr[route], state.route_ptr[route + 1]):
            if state.link_gbps[state.route_link[e]] > state.limit_gbps[state.route_link[e]] * (1.0 + SLACK) + TINY:
                return False
    return True


cdef bint grid_holds(SearchState state, Py_ssize_t j, double less_mw, Py_ssize_t k, double more_mw) noexcept nogil:
    """Return whether the grid limits over site ``k`` hold with more IT power there and less at ``j`` (-1: nowhere)."""
    cdef Py_ssize_t e, f
    cdef double used
    for e in range(state.grid_site_ptr[k], state.grid_site_ptr[k + 1]):
        used = state.used_mw[state.grid_site_limit[e]]
        used += state.grid_site_coefficient[e] * state.pue[state.option[k]] * more_mw
        if j != NOWHERE:
            for f in range(state.grid_site_ptr[j], state.grid_site_ptr[j + 1]):
                if state.grid_site_limit[f] == state.grid_site_limit[e]:
                    used += state.grid_site_coefficient[f] * state.pue[state.option[j]] * less_mw
        if used > state.limit_mw[state.grid_site_limit[e]] * (1.0 + SLACK) + TINY:
            return False
    return True


cdef bint site_holds(SearchState state, Py_ssize_t site) noexcept nogil:
    """Return whether a site is within its own limits and the grid within those that the site counts towards."""
    cdef Py_ssize_t e, g
    if state.option[site] < 0:
        return state.site_it[site] <= TINY
    if not site_fits(state, site, state.option[site], state.site_it[site], state.modules[site]):
        return False
    if not (tenants_fit(state, site) and houses(state, site, state.option[site])):
        return False
    for e in range(state.grid_site_ptr[site], state.grid_site_ptr[site + 1]):
        g = state.grid_site_limit[e]
        if state.used_mw[g] > state.limit_mw[g] * (1.0 + SLACK) + TINY:
            return False
    return True
