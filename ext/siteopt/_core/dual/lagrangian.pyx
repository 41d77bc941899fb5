"""The Lagrangian subproblem: find the best design, modules and flows of every site by itself, at given prices.

Assignment, grid limits, links, budget and the cover of failures are priced; what is left decomposes by site. Each site
chooses a design, a whole number of modules, shares of demands, and reserve (a continuous knapsack over IT power, in
which each tenant has a limit of its own); the limit on new sites is kept by choosing the best ones. Replicas are
divisible and demands may be split in the subproblem, so its value is a lower bound on the true problem at any prices.

Cover is priced through a condition that every plan meets which survives: the load of a workload at a site is at most
what the pools at all other sites can take beyond their own load. Which of them reach which demands is left out.
"""

import numpy as np

from libc.math cimport INFINITY
from libc.stdint cimport int32_t

from siteopt._core.dual.subproblem cimport Item, SiteSubproblems, may_fall


cdef class SitePricer(SiteSubproblems):
    """Solver of the subproblems of one instance.

    Parameters
    ----------
    instance : siteopt.instance.Instance
    """

    cdef readonly Py_ssize_t n_tenant
    cdef const int32_t[::1] route_ptr, route_link, pool_ptr, pool_variant
    cdef double tenant_share, tenant_site_mw
    # arcs by pool: their demand, and what all of it costs besides replicas and power
    cdef const int32_t[::1] first, home_route
    cdef int32_t[::1] demand, route
    cdef double[::1] flow_usd, gbps, home_gbps
    cdef const double[::1] peak_rps, mean_rps
    # pools and variants, replicas being divisible; protected workload (-1: none) and most reserve by variant
    cdef const double[::1] best_rps, usable_rps, most_replicas
    cdef int32_t[::1] cover
    cdef const int32_t[::1] tenant
    # prices of the last pricing
    cdef const double[::1] _demand_price, _cover_price, _cover_sum
    cdef double[::1] _route_price, _tenant_left

    def __init__(self, instance):
        s, p, d, a, v = instance.sites, instance.pools, instance.demands, instance.arcs, instance.variants
        protected = v.protected_workloads
        widest = int(np.diff(p.arc_ptr[s.pool_ptr]).max(initial=0)) + len(v.rps) + 1
        super().__init__(instance, len(protected), widest)
        self.first, self.demand, self.flow_usd = p.arc_ptr, np.ascontiguousarray(a.demand[p.arc]), a.usd[p.arc]
        self.peak_rps, self.mean_rps, self.best_rps = d.peak_rps, d.mean_rps, instance.pool_best_rps
        self.usable_rps, self.most_replicas = v.usable_rps, instance.most_replicas
        self._read_links(instance)
        self._read_cover(instance, protected)

    def _read_links(self, instance):
        a, p, links, arc = instance.arcs, instance.pools, instance.links, instance.pools.arc
        self.route_ptr, self.route_link = links.route_ptr, links.route_link
        self.route, self.home_route = a.route[arc], p.home_route
        self.gbps, self.home_gbps = a.gbps[arc], a.home_gbps[arc]
        self._route_price = np.zeros(len(links.route_ptr) - 1)

    def _read_cover(self, instance, protected):
        v, tenancy = instance.variants, instance.tenancy
        place = np.full(len(instance.workload_ids), -1, dtype=np.int32)
        place[protected] = np.arange(len(protected), dtype=np.int32)
        self.cover, self.tenant = place[v.workload], v.tenant
        self.pool_ptr, self.pool_variant = instance.sites.pool_ptr, instance.pools.variant
        self.n_tenant, self.tenant_share, self.tenant_site_mw = len(tenancy.id), tenancy.share, tenancy.site_mw
        self._tenant_left = np.zeros(self.n_tenant)

    def _take_prices(self, demand_price, link_price, cover_price):
        cdef Py_ssize_t r, e
        cdef const double[::1] link = link_price
        self._demand_price = demand_price
        self._route_price[:] = 0.0
        for r in range(self._route_price.shape[0]):
            for e in range(self.route_ptr[r], self.route_ptr[r + 1]):
                self._route_price[r] += link[self.route_link[e]]
        self._cover_price, self._cover_sum = np.ascontiguousarray(cover_price.ravel()), cover_price.sum(axis=0)

    cdef double _site(
        self, Py_ssize_t j, Py_ssize_t o, const double[::1] limit_price, double capital, bint record
    ) noexcept nogil:
        cdef Py_ssize_t k
        cdef double mw_price = self._mw_usd(j, limit_price), value, it, gain, capital_price = capital - 1.0
        cdef int modules
        self.n_heap = 0
        for k in range(self.pool_ptr[j], self.pool_ptr[j + 1]):
            if self.admits[self.option_design[o], self.pool_variant[k]]:
                self._list_flows(k, j, o, mw_price, capital_price)
                self._list_reserve(k, j, o, mw_price, capital_price)
        self._rank()
        if self.n_tenant > 0 and (self.tenant_share < INFINITY or self.tenant_site_mw < INFINITY):
            value = self._best_modules_shared(o, self.life_factor[o] + capital_price, &modules)
        else:
            value = self._best_modules(o, self.life_factor[o] + capital_price, &modules)
        if record:
            it = self._take_items(j, o, modules, True, &gain)
            self._record_site(j, o, modules, it)
        return value + self.fixed_usd[o] + capital_price * self.fixed_capex_usd[o]

    cdef void _list_flows(
        self,
        Py_ssize_t p,
        Py_ssize_t j,
        Py_ssize_t o,
        double mw_price,
        double capital_price,
    ) noexcept nogil:
        """List demands that gain at a pool: their price exceeds the cost of flow, replicas and the power of these."""
        cdef Py_ssize_t n, v = self.pool_variant[p], w = self.cover[v], i, count = self.n_heap
        cdef double replicas = 1.0 / self.best_rps[p], mw = self.replica_mw[v], gain, weight = mw * replicas
        # Cost of a call per second at peak and on average, so that the loop over the arcs is short.
        cdef double mean_usd = self.pue[o] * self.power_usd[j] * mw * (1.0 - self.idle[v]) / self.rps[v]
        cdef double peak_usd = replicas * (
            self.usd[v] + capital_price * self.capex[v]
            + self.pue[o] * mw * (mw_price + self.power_usd[j] * self.idle[v])
        )
        if w >= 0:
            # Replicas that are idle at peak can cover the loss of other sites; the load itself needs cover.
            peak_usd += self._cover_price[j * self.n_cover + w]
            peak_usd -= (self._cover_sum[w] - self._cover_price[j * self.n_cover + w]) * self._idle_rps(p)
        for n in range(self.first[p], self.first[p + 1]):
            i = self.demand[n]
            gain = self._demand_price[i] - self.flow_usd[n] - peak_usd * self.peak_rps[i] - mean_usd * self.mean_rps[i]
            if self.n_link > 0:
                gain -= self._links_usd(p, n)
            if gain > 0.0:
                self.heap[count].weight = weight * self.peak_rps[i]
                self.heap[count].rate = gain / self.heap[count].weight
                self.heap[count].pool, self.heap[count].arc = <int32_t>p, <int32_t>n
                count += 1
        self.n_heap = count

    cdef inline double _idle_rps(self, Py_ssize_t p) noexcept nogil:
        """Return the calls per second that idle replicas of a pool could take for each one of its load."""
        return self.usable_rps[self.pool_variant[p]] / self.best_rps[p] - 1.0

    cdef inline double _links_usd(self, Py_ssize_t p, Py_ssize_t n) noexcept nogil:
        """Return the price of the links that all of an arc's demand uses, USD."""
        cdef double usd = 0.0
        if self.route[n] >= 0:
            usd += self.gbps[n] * self._route_price[self.route[n]]
        if self.home_route[p] >= 0:
            usd += self.home_gbps[n] * self._route_price[self.home_route[p]]
        return usd

    cdef void _list_reserve(
        self, Py_ssize_t p, Py_ssize_t j, Py_ssize_t o, double mw_price, double capital_price
    ) noexcept nogil:
        """List the reserve of a pool if it gains, up to as many replicas as the loss of any site could require."""
        cdef Py_ssize_t v = self.pool_variant[p], w = self.cover[v]
        cdef double worth, usd
        if w < 0:
            return
        worth = (self._cover_sum[w] - self._cover_price[j * self.n_cover + w]) * self.usable_rps[v]
        usd = self.usd[v] + capital_price * self.capex[v] + self.pue[o] * self.replica_mw[v] * (
            mw_price + self.power_usd[j] * self.idle[v]
        )
        if worth > usd and self.most_replicas[v] > 0.0:
            self.heap[self.n_heap] = Item(
                (worth - usd) / self.replica_mw[v], self.most_replicas[v] * self.replica_mw[v], <int32_t>p, -1
            )
            self.n_heap += 1

    cdef double _best_modules_shared(self, Py_ssize_t o, double weight, int* best) noexcept nogil:
        """Find the best modules if no tenant may take more than its share, which grows with the modules."""
        cdef Py_ssize_t first = self.capex_first[o]
        cdef double gain, usd, least = INFINITY
        cdef int modules
        for modules in range(self.min_modules[o], self.max_modules[o] + 1):
            self._take_items(0, o, modules, False, &gain)
            usd = weight * (self.module_capex[first + modules] - self.sunk_capex[o]) - gain
            if not may_fall(usd, modules, self.is_linear[o], &least, best):
                break
        return least

    cdef double _take_items(
        self, Py_ssize_t j, Py_ssize_t o, int modules, bint record, double* gain
    ) noexcept nogil:
        """Fill modules with the best items and return their power, MW; what they gain goes to OUT ``gain``.

        The limits of tenants lie within that of the site, so that taking the best first is optimal under them too.
        """
        cdef Py_ssize_t n = 0, t
        cdef double it = 0.0, take, room = self._room(o, modules), most
        gain[0] = 0.0
        most = min(self.tenant_share * (modules - self.spare_modules[o]) * self.module_mw[o], self.tenant_site_mw)
        for t in range(self.n_tenant):
            self._tenant_left[t] = most
        while it < room and self._has(n):
            take = min(1.0, (room - it) / self.best[n].weight)
            t = self.tenant[self.pool_variant[self.best[n].pool]]
            if t >= 0:
                take = min(take, self._tenant_left[t] / self.best[n].weight)
                self._tenant_left[t] -= take * self.best[n].weight
            gain[0] += take * self.best[n].weight * self.best[n].rate
            it += take * self.best[n].weight
            if record:
                self._record(j, &self.best[n], take)
            n += 1
        return it

    cdef void _record(self, Py_ssize_t j, Item* item, double take) noexcept nogil:
        """Add up what a part of an item serves, loads and keeps in reserve."""
        cdef Py_ssize_t p = item.pool, n = item.arc, v = self.pool_variant[p], w = self.cover[v], e
        cdef double rps
        self._capex += take * item.weight / self.replica_mw[v] * self.capex[v]
        if n < 0:
            self._reserve[j * self.n_cover + w] += take * self.most_replicas[v] * self.usable_rps[v]
            return
        self._served[self.demand[n]] += take
        if w >= 0:
            rps = take * self.peak_rps[self.demand[n]]
            self._load[j * self.n_cover + w] += rps
            self._reserve[j * self.n_cover + w] += rps * self._idle_rps(p)
        if self.n_link == 0:
            return
        if self.route[n] >= 0:
            for e in range(self.route_ptr[self.route[n]], self.route_ptr[self.route[n] + 1]):
                self._gbps[self.route_link[e]] += take * self.gbps[n]
        if self.home_route[p] >= 0:
            for e in range(self.route_ptr[self.home_route[p]], self.route_ptr[self.home_route[p] + 1]):
                self._gbps[self.route_link[e]] += take * self.home_gbps[n]
