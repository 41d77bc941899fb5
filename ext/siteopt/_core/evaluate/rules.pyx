"""The rules of a plan in the state of a search: whether they hold, and whether they would still hold after a shift.

Power and headroom of a site, what its racks may house, shares of tenants, one pool of a workload at a site, links, grid
limits, linear rules, budget, number of sites, and all served that must be.
"""

from libc.math cimport INFINITY

from siteopt._core.evaluate.search_state cimport SearchState
from siteopt._core.tolerances cimport NOWHERE, SLACK, TINY


cdef class StateRules(SearchState):
    """State of a search with the rules that it has to keep.

    Parameters
    ----------
    instance : siteopt.instance.Instance
    penalty_usd : float
        As in :class:`siteopt._core.evaluate.search_state.SearchState`.
    """

    def is_feasible(self):
        """Whether every rule holds: power, headroom, grid, linear rules, budget, number of sites, all served."""
        cdef Py_ssize_t i, j, g
        for j in range(self.n_site):
            if self.option[j] < 0:
                if self.site_it[j] > TINY or self.is_existing[j] or self.is_forced[j]:
                    return False
            elif not (
                self.site_fits(j, self.option[j], self.site_it[j], self.modules[j])
                and self.tenants_fit(j)
                and self.houses(j, self.option[j])
            ):
                return False
        for i in range(self.n_pool):
            if self.is_active(i) and self.has_rival(i, NOWHERE):
                return False
        for g in range(self.n_limit):
            if self.used_mw[g] > self.limit_mw[g] * (1.0 + SLACK) + TINY:
                return False
        for g in range(self.n_link):
            if self.link_gbps[g] > self.limit_gbps[g] * (1.0 + SLACK) + TINY:
                return False
        for g in range(self.n_rule):
            if self.rule_excess(g) > 0.0:
                return False
        for i in range(self.n_demand):
            if self.unserved[i] > 0.0 and self.unserved_usd[i] == INFINITY:
                return False
        return self.capex <= self.budget_usd * (1.0 + SLACK) and self.new_sites <= self.max_sites

    cdef inline bint tenants_fit(self, Py_ssize_t site) noexcept nogil:
        """Whether no tenant has more at a site than it may lose with it."""
        cdef Py_ssize_t t
        for t in range(self.n_tenant):
            if self.tenant_mw[site * self.n_tenant + t] > self.tenant_site_mw * (1.0 + SLACK) + TINY:
                return False
        return True

    cdef bint houses(self, Py_ssize_t site, Py_ssize_t option) noexcept nogil:
        """Whether the racks of an option can house every pool in use at the site."""
        cdef Py_ssize_t p
        for p in range(self.site_pool_ptr[site], self.site_pool_ptr[site + 1]):
            if self.is_active(p) and not self.admits[self.option_design[option], self.pool_variant[p]]:
                return False
        return True

    cdef double on_link(self, Py_ssize_t arc, double amount, int more_flows, Py_ssize_t link) noexcept nogil:
        """Traffic that a change of a flow puts on a link, Gbit/s."""
        cdef Py_ssize_t p = self.arc_pool[arc], r = self.arc_route[arc], e
        cdef double gbps = 0.0, home
        if r >= 0:
            for e in range(self.route_ptr[r], self.route_ptr[r + 1]):
                if self.route_link[e] == link:
                    gbps += amount * self.arc_gbps[arc]
        r = self.pool_home_route[p]
        if r >= 0:
            home = amount * self.arc_home_gbps[arc]
            if self.reserve[p] <= 0.0:
                home += ((self.flows[p] + more_flows > 0) - (self.flows[p] > 0)) * self.pool_sync_gbps[p]
            for e in range(self.route_ptr[r], self.route_ptr[r + 1]):
                if self.route_link[e] == link:
                    gbps += home
        return gbps

    cdef bint links_hold(
        self, Py_ssize_t source, int fewer_flows, Py_ssize_t target, int more_flows, double amount
    ) noexcept nogil:
        """Whether every link that a shift loads still holds; what the shift relieves counts."""
        cdef Py_ssize_t e, n, link, p = self.arc_pool[target]
        cdef Py_ssize_t[2] routes
        cdef double used, most = amount * (self.arc_gbps[target] + self.arc_home_gbps[target])
        routes[0], routes[1] = self.arc_route[target], self.pool_home_route[p]
        if more_flows > 0 and self.flows[p] == 0:
            most += self.pool_sync_gbps[p]
        for n in range(2):
            if routes[n] < 0:
                continue
            for e in range(self.route_ptr[routes[n]], self.route_ptr[routes[n] + 1]):
                link = self.route_link[e]
                if self.link_gbps[link] + most <= self.limit_gbps[link]:
                    continue  # whatever the routes of both ends share
                used = self.link_gbps[link] + self.on_link(target, amount, more_flows, link)
                if source != NOWHERE:
                    used += self.on_link(source, -amount, fewer_flows, link)
                if used > self.limit_gbps[link] * (1.0 + SLACK) + TINY and used > self.link_gbps[link]:
                    return False
        return True

    cdef bint route_holds(self, Py_ssize_t route) noexcept nogil:
        """Whether every link of a route holds in the state."""
        cdef Py_ssize_t e
        if route >= 0:
            for e in range(self.route_ptr[route], self.route_ptr[route + 1]):
                if self.link_gbps[self.route_link[e]] > self.limit_gbps[self.route_link[e]] * (1.0 + SLACK) + TINY:
                    return False
        return True

    cdef bint grid_holds(self, Py_ssize_t j, double less_mw, Py_ssize_t k, double more_mw) noexcept nogil:
        """Whether the limits over site ``k`` hold with more IT power there, and less at site ``j`` (-1: nowhere)."""
        cdef Py_ssize_t e, f
        cdef double used
        for e in range(self.grid_site_ptr[k], self.grid_site_ptr[k + 1]):
            used = self.used_mw[self.grid_site_limit[e]]
            used += self.grid_site_coefficient[e] * self.pue[self.option[k]] * more_mw
            if j != NOWHERE:
                for f in range(self.grid_site_ptr[j], self.grid_site_ptr[j + 1]):
                    if self.grid_site_limit[f] == self.grid_site_limit[e]:
                        used += self.grid_site_coefficient[f] * self.pue[self.option[j]] * less_mw
            if used > self.limit_mw[self.grid_site_limit[e]] * (1.0 + SLACK) + TINY:
                return False
        return True

    cdef bint site_holds(self, Py_ssize_t site) noexcept nogil:
        """Whether a site and the grid limits that it is under hold."""
        cdef Py_ssize_t e, g
        if self.option[site] < 0:
            return self.site_it[site] <= TINY
        if not self.site_fits(site, self.option[site], self.site_it[site], self.modules[site]):
            return False
        if not (self.tenants_fit(site) and self.houses(site, self.option[site])):
            return False
        for e in range(self.grid_site_ptr[site], self.grid_site_ptr[site + 1]):
            g = self.grid_site_limit[e]
            if self.used_mw[g] > self.limit_mw[g] * (1.0 + SLACK) + TINY:
                return False
        return True
