"""The Lagrangian subproblem: at given prices, the best design, modules and flows of every site by itself.

Assignment, grid limits, links, budget and the cover of failures are priced; what is left falls apart into sites. Each
site chooses a design, a whole number of modules, shares of demands, and reserve (a continuous knapsack over IT power, in
which each tenant has a limit of its own); the number of new sites stays in as a choice of the best. Replicas are divisible
and demands may be split in the subproblem, so its value is a lower bound on the true problem at any prices.

Cover is priced through what every plan that survives has to meet: the load of a workload at a site is at most what the
pools at all other sites can take beyond their own load. Which of them reach whom is left out.
"""

import numpy as np

from libc.math cimport INFINITY
from libc.stdint cimport int32_t, uint8_t
from libc.stdlib cimport qsort


cdef struct Item:
    double rate    # gain per MW
    double weight  # MW of all of it
    int32_t pool
    int32_t arc    # row of the arcs by pool, -1 for reserve in the pool


cdef void _sink(Item* heap, Py_ssize_t n, Py_ssize_t k) noexcept nogil:
    """Put item ``k`` of a heap of ``n``, best rate first, where it belongs below."""
    cdef Item item = heap[k]
    cdef Py_ssize_t child
    while True:
        child = 2 * k + 1
        if child >= n:
            break
        if child + 1 < n and heap[child + 1].rate > heap[child].rate:
            child += 1
        if heap[child].rate <= item.rate:
            break
        heap[k] = heap[child]
        k = child
    heap[k] = item


cdef struct SiteValue:
    double value
    Py_ssize_t site


cdef int _by_value(const void* a, const void* b) noexcept nogil:
    cdef double x = (<const SiteValue*>a).value, y = (<const SiteValue*>b).value
    return -1 if x < y else (1 if x > y else 0)


cdef class SitePricer:
    """Subproblems of one instance.

    Parameters
    ----------
    instance : siteopt.instance.Instance
    """

    cdef readonly Py_ssize_t n_site, n_demand, n_limit
    cdef const int32_t[::1] option_ptr, option_design, min_modules, max_modules, spare_modules, capex_first
    cdef const double[::1] fixed_usd, fixed_capex_usd, module_capex, sunk_capex, life_factor, module_mw, pue, capacity_mw
    cdef const uint8_t[::1] is_linear
    cdef const uint8_t[:, ::1] admits
    cdef const double[::1] demand_usd, power_usd
    cdef const uint8_t[::1] is_existing, is_forced
    cdef const int32_t[::1] grid_site_ptr, grid_site_limit
    cdef const double[::1] grid_site_coefficient
    cdef Py_ssize_t max_sites
    cdef readonly Py_ssize_t n_link, n_cover, n_tenant
    cdef const int32_t[::1] route_ptr, route_link, pool_ptr, pool_variant
    cdef double tenant_share, tenant_site_mw
    # arcs by pool: whose they are, and what all of the demand costs besides replicas and power
    cdef const int32_t[::1] first, home_route
    cdef int32_t[::1] demand, route
    cdef double[::1] flow_usd, gbps, home_gbps
    cdef const double[::1] peak_rps, mean_rps
    # pools and variants, replicas being divisible; protected workload (-1: none) and most reserve by variant
    cdef const double[::1] best_rps
    cdef int32_t[::1] cover
    cdef const int32_t[::1] tenant
    cdef const double[::1] rps, usable_rps, replica_mw, idle, usd, capex, most_replicas
    # prices and results of the last pricing
    cdef const double[::1] _cover_price, _cover_sum
    cdef double[::1] _route_price, _tenant_left
    cdef double[::1] _served, _used, _value, _gbps, _load, _reserve
    cdef int32_t[::1] _option
    cdef object _memory, _values_memory
    # items of a site: those that no one asked for yet, as a heap, and the best ones in order
    cdef Item* heap
    cdef Item* best
    cdef Py_ssize_t n_heap, n_best
    cdef SiteValue* values
    cdef double _capex

    def __init__(self, instance):
        s, o, p, d, a, g = (
            instance.sites, instance.options, instance.pools, instance.demands, instance.arcs, instance.grid
        )
        v = instance.variants
        self.n_site, self.n_demand, self.n_limit = len(s.id), len(d.region), len(g.id)
        self.option_ptr, self.min_modules, self.max_modules = s.option_ptr, o.min_modules, o.max_modules
        self.option_design, self.spare_modules = o.design, o.spare_modules
        self.fixed_usd, self.fixed_capex_usd = o.fixed_usd, o.fixed_capex_usd
        designs = instance.designs
        self.capex_first, self.module_capex = designs.capex_ptr[o.design], designs.capex_usd
        self.sunk_capex = designs.capex_usd[designs.capex_ptr[o.design] + o.sunk_modules]
        self.is_linear, self.admits, self.life_factor = designs.is_linear[o.design], designs.admits, instance.life_factor
        self.module_mw, self.pue = o.module_mw, o.pue
        self.capacity_mw = instance.option_capacity_mw
        self.demand_usd = s.demand_usd_per_mw + s.coincident_usd_per_mw
        self.power_usd = s.energy_usd_per_mw + s.carbon_usd_per_mw
        self.is_existing, self.is_forced = s.is_existing, s.is_forced
        self.grid_site_ptr, self.grid_site_limit = g.site_ptr, g.site_limit
        self.grid_site_coefficient = g.site_coefficient
        self.max_sites = instance.max_sites
        self.first, self.demand, self.flow_usd = p.arc_ptr, np.ascontiguousarray(a.demand[p.arc]), a.usd[p.arc]
        self.peak_rps, self.mean_rps, self.best_rps = d.peak_rps, d.mean_rps, instance.pool_best_rps
        self.rps, self.usable_rps, self.replica_mw, self.idle = v.rps, v.usable_rps, v.replica_mw, v.idle_fraction
        self.usd, self.capex, self.most_replicas = v.usd, v.capex_usd, instance.most_replicas
        self._read_links(instance)
        self._read_cover(instance)
        self._served, self._used = np.zeros(self.n_demand), np.zeros(self.n_limit)
        self._value, self._option = np.zeros(self.n_site), np.full(self.n_site, -1, dtype=np.int32)
        cdef Py_ssize_t widest = int(np.diff(np.asarray(self.first)[s.pool_ptr]).max(initial=0)) + len(v.rps) + 1
        self._memory = np.empty(2 * widest * sizeof(Item), dtype=np.uint8)
        self._values_memory = np.empty((self.n_site + 1) * sizeof(SiteValue), dtype=np.uint8)
        cdef unsigned char[::1] memory = self._memory, values = self._values_memory
        self.heap, self.values = <Item*>&memory[0], <SiteValue*>&values[0]
        self.best = self.heap + <Py_ssize_t>widest

    def _read_links(self, instance):
        a, p, links, arc = instance.arcs, instance.pools, instance.links, instance.pools.arc
        self.n_link, self.route_ptr, self.route_link = len(links.id), links.route_ptr, links.route_link
        self.route, self.home_route = a.route[arc], p.home_route
        self.gbps, self.home_gbps = a.gbps[arc], a.home_gbps[arc]
        self._route_price, self._gbps = np.zeros(len(links.route_ptr) - 1), np.zeros(self.n_link)

    def _read_cover(self, instance):
        v, tenancy = instance.variants, instance.tenancy
        protected = np.unique(v.workload[v.is_protected == 1])
        self.n_cover = len(protected)
        place = np.full(len(instance.workload_ids), -1, dtype=np.int32)
        place[protected] = np.arange(len(protected), dtype=np.int32)
        self.cover, self.tenant = place[v.workload], v.tenant
        self.pool_ptr, self.pool_variant = instance.sites.pool_ptr, instance.pools.variant
        self._cover_price = np.zeros(self.n_site * self.n_cover)
        self._cover_sum = np.zeros(self.n_cover)
        self._load, self._reserve = np.zeros(self.n_site * self.n_cover), np.zeros(self.n_site * self.n_cover)
        self.n_tenant, self.tenant_share, self.tenant_site_mw = len(tenancy.id), tenancy.share, tenancy.site_mw
        self._tenant_left = np.zeros(self.n_tenant)

    @property
    def served(self):
        """Share of each demand that the sites took at the last prices, shape (n_demand,); may exceed 1."""
        return np.asarray(self._served)

    @property
    def used_mw(self):
        """Use of each grid limit at the last prices, shape (n_limit,)."""
        return np.asarray(self._used)

    @property
    def used_gbps(self):
        """Traffic on each limited link at the last prices, copies of data left out, shape (n_link,)."""
        return np.asarray(self._gbps)

    @property
    def uncovered_rps(self):
        """Load of each protected workload at each site beyond what all others could take, shape (n_site, n_cover)."""
        load = np.asarray(self._load).reshape(self.n_site, self.n_cover)
        reserve = np.asarray(self._reserve).reshape(self.n_site, self.n_cover)
        return load + reserve - reserve.sum(axis=0)

    @property
    def capex_usd(self):
        """Capital spent at the last prices, USD."""
        return self._capex

    @property
    def option(self):
        """Option taken by each site at the last prices, -1 for none, shape (n_site,)."""
        return np.asarray(self._option)

    @property
    def site_value(self):
        """Value of each site's best design at the last prices, USD, shape (n_site,); worth opening where negative."""
        return np.asarray(self._value)

    def price(
        self,
        const double[::1] demand_price not None,
        const double[::1] limit_price not None,
        double capital_price,
        const double[::1] link_price=None,
        const double[:, ::1] cover_price=None,
    ):
        """Solve every site's subproblem.

        Parameters
        ----------
        demand_price : ndarray of float64, shape (n_demand,)
            What serving all of a demand is worth, USD.
        limit_price : ndarray of float64, shape (n_limit,)
            USD per MW of each grid limit, not negative.
        capital_price : float
            USD per USD of capital beyond its cost, not negative.
        link_price : ndarray of float64, shape (n_link,), optional
            USD per Gbit/s, not negative; nothing where absent.
        cover_price : ndarray of float64, shape (n_site, n_cover), optional
            USD per call per second of a protected workload that fails with a site, not negative.

        Returns
        -------
        float
            Sum of the sites' values, USD; the constant terms of the prices are the caller's.
        """
        if demand_price.shape[0] != self.n_demand or limit_price.shape[0] != self.n_limit:
            raise ValueError("one price for each demand and each grid limit is needed")
        if link_price is not None and link_price.shape[0] != self.n_link:
            raise ValueError(f"link_price has {link_price.shape[0]} entries, not {self.n_link}")
        if cover_price is not None and (cover_price.shape[0], cover_price.shape[1]) != (self.n_site, self.n_cover):
            raise ValueError(f"cover_price must have the shape ({self.n_site}, {self.n_cover})")
        cdef double total
        cdef Py_ssize_t r, e
        self._route_price[:] = 0.0
        if link_price is not None:
            for r in range(self._route_price.shape[0]):
                for e in range(self.route_ptr[r], self.route_ptr[r + 1]):
                    self._route_price[r] += link_price[self.route_link[e]]
        prices = np.zeros((self.n_site, self.n_cover)) if cover_price is None else np.asarray(cover_price)
        self._cover_price, self._cover_sum = np.ascontiguousarray(prices.ravel()), prices.sum(axis=0)
        with nogil:
            total = self._price(demand_price, limit_price, 1.0 + capital_price)
        return total

    cdef double _price(
        self, const double[::1] demand_price, const double[::1] limit_price, double capital
    ) noexcept nogil:
        cdef Py_ssize_t j, o, best_option, count = 0, n, taken = 0
        cdef double value, best, total = 0.0
        self._served[:] = 0.0
        self._used[:] = 0.0
        self._gbps[:] = 0.0
        self._load[:] = 0.0
        self._reserve[:] = 0.0
        self._capex = 0.0
        for j in range(self.n_site):
            best, best_option = INFINITY, -1
            for o in range(self.option_ptr[j], self.option_ptr[j + 1]):
                value = self._site(j, o, demand_price, limit_price, capital, False)
                if value < best:
                    best, best_option = value, o
            self._value[j] = best
            self._option[j] = <int32_t>best_option
            if best_option < 0:
                continue
            if self.is_existing[j] or self.is_forced[j]:
                total += self._site(j, best_option, demand_price, limit_price, capital, True)
                taken += self.is_forced[j]
            elif best < 0.0:
                self.values[count] = SiteValue(best, j)
                count += 1
            else:
                self._option[j] = -1
        if taken + count > self.max_sites:
            qsort(self.values, count, sizeof(SiteValue), &_by_value)
        for n in range(count):
            j = self.values[n].site
            if taken < self.max_sites:
                total += self._site(j, self._option[j], demand_price, limit_price, capital, True)
                taken += 1
            else:
                self._option[j] = -1
        return total

    cdef double _site(
        self,
        Py_ssize_t j,
        Py_ssize_t o,
        const double[::1] demand_price,
        const double[::1] limit_price,
        double capital,
        bint record,
    ) noexcept nogil:
        """Least cost of site ``j`` with design ``o``; with ``record`` its flows, power and capital are added up."""
        cdef Py_ssize_t e, k
        cdef double mw_price = self.demand_usd[j], value, it, gain, capital_price = capital - 1.0
        cdef int modules
        for e in range(self.grid_site_ptr[j], self.grid_site_ptr[j + 1]):
            mw_price += limit_price[self.grid_site_limit[e]] * self.grid_site_coefficient[e]
        self.n_heap = self.n_best = 0
        for k in range(self.pool_ptr[j], self.pool_ptr[j + 1]):
            if self.admits[self.option_design[o], self.pool_variant[k]]:
                self._list_flows(k, j, o, demand_price, mw_price, capital_price)
                self._list_reserve(k, j, o, mw_price, capital_price)
        for k in range(self.n_heap // 2 - 1, -1, -1):
            _sink(self.heap, self.n_heap, k)
        if self.n_tenant > 0 and (self.tenant_share < INFINITY or self.tenant_site_mw < INFINITY):
            value = self._best_modules_shared(o, self.life_factor[o] + capital_price, &modules)
        else:
            value = self._best_modules(o, self.life_factor[o] + capital_price, &modules)
        if record:
            it = self._fill(j, o, modules, True, &gain)
            for e in range(self.grid_site_ptr[j], self.grid_site_ptr[j + 1]):
                self._used[self.grid_site_limit[e]] += self.grid_site_coefficient[e] * self.pue[o] * it
            self._capex += (
                self.fixed_capex_usd[o] + self.module_capex[self.capex_first[o] + modules] - self.sunk_capex[o]
            )
        return value + self.fixed_usd[o] + capital_price * self.fixed_capex_usd[o]

    cdef void _list_flows(
        self,
        Py_ssize_t p,
        Py_ssize_t j,
        Py_ssize_t o,
        const double[::1] demand_price,
        double mw_price,
        double capital_price,
    ) noexcept nogil:
        """Demands that gain at a pool: their price, less what their flow, their replicas and the power of those cost."""
        cdef Py_ssize_t n, v = self.pool_variant[p], w = self.cover[v], i, count = self.n_heap
        cdef double replicas = 1.0 / self.best_rps[p], mw = self.replica_mw[v], gain, weight = mw * replicas
        # Cost of a call per second at peak and on average, so that the loop over the arcs is short.
        cdef double mean_usd = self.pue[o] * self.power_usd[j] * mw * (1.0 - self.idle[v]) / self.rps[v]
        cdef double peak_usd = replicas * (
            self.usd[v] + capital_price * self.capex[v]
            + self.pue[o] * mw * (mw_price + self.power_usd[j] * self.idle[v])
        )
        if w >= 0:
            # Replicas that stand idle at peak cover others' failures; the load itself has to be covered.
            peak_usd += self._cover_price[j * self.n_cover + w]
            peak_usd -= (self._cover_sum[w] - self._cover_price[j * self.n_cover + w]) * self._idle_rps(p)
        for n in range(self.first[p], self.first[p + 1]):
            i = self.demand[n]
            gain = demand_price[i] - self.flow_usd[n] - peak_usd * self.peak_rps[i] - mean_usd * self.mean_rps[i]
            if self.n_link > 0:
                gain -= self._links_usd(p, n)
            if gain > 0.0:
                self.heap[count].weight = weight * self.peak_rps[i]
                self.heap[count].rate = gain / self.heap[count].weight
                self.heap[count].pool, self.heap[count].arc = <int32_t>p, <int32_t>n
                count += 1
        self.n_heap = count

    cdef inline double _idle_rps(self, Py_ssize_t p) noexcept nogil:
        """Calls per second that idle replicas of a pool could take for each one of its load."""
        return self.usable_rps[self.pool_variant[p]] / self.best_rps[p] - 1.0

    cdef inline double _links_usd(self, Py_ssize_t p, Py_ssize_t n) noexcept nogil:
        """Price of the links that all of an arc's demand uses."""
        cdef double usd = 0.0
        if self.route[n] >= 0:
            usd += self.gbps[n] * self._route_price[self.route[n]]
        if self.home_route[p] >= 0:
            usd += self.home_gbps[n] * self._route_price[self.home_route[p]]
        return usd

    cdef void _list_reserve(
        self, Py_ssize_t p, Py_ssize_t j, Py_ssize_t o, double mw_price, double capital_price
    ) noexcept nogil:
        """Reserve of a pool if it gains, as many replicas as any failure could call for."""
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

    cdef inline bint _has(self, Py_ssize_t n) noexcept nogil:
        """Whether there is an ``n``-th best item; it is in its place then. Few of many are ever asked for."""
        while self.n_best <= n and self.n_heap > 0:
            self.best[self.n_best] = self.heap[0]
            self.n_best += 1
            self.n_heap -= 1
            self.heap[0] = self.heap[self.n_heap]
            _sink(self.heap, self.n_heap, 0)
        return n < self.n_best

    cdef inline double _room(self, Py_ssize_t o, int modules) noexcept nogil:
        """IT power that so many modules of an option carry, MW."""
        return min((modules - self.spare_modules[o]) * self.module_mw[o], self.capacity_mw[o])

    cdef double _best_modules(self, Py_ssize_t o, double weight, int* best) noexcept nogil:
        """Least cost of modules at ``weight`` times their capital less what flows gain; their number in OUT ``best``.

        Gains fall from module to module. Where their price does not fall with them, the first that does not pay ends it.
        """
        cdef Py_ssize_t n = 0, first = self.capex_first[o]
        cdef double left = 1.0, gain = 0.0, it = 0.0, room, take, usd, least = INFINITY
        cdef int modules = self.min_modules[o]
        while True:
            room = self._room(o, modules)
            while it < room and self._has(n):
                take = min(left, (room - it) / self.best[n].weight)
                gain += take * self.best[n].weight * self.best[n].rate
                left -= take
                if left > 1e-12:
                    it = room
                else:
                    it += take * self.best[n].weight
                    n += 1
                    left = 1.0
            usd = weight * (self.module_capex[first + modules] - self.sunk_capex[o]) - gain
            if usd < least:
                least = usd
                best[0] = modules
            elif self.is_linear[o]:
                break
            if not self._has(n) or modules >= self.max_modules[o] or room >= self.capacity_mw[o]:
                break
            modules += 1
        return least

    cdef double _best_modules_shared(self, Py_ssize_t o, double weight, int* best) noexcept nogil:
        """The same where no tenant may take more than its share, which grows with the modules."""
        cdef Py_ssize_t first = self.capex_first[o]
        cdef double gain, usd, least = INFINITY
        cdef int modules
        for modules in range(self.min_modules[o], self.max_modules[o] + 1):
            self._fill(0, o, modules, False, &gain)
            usd = weight * (self.module_capex[first + modules] - self.sunk_capex[o]) - gain
            if usd < least:
                least = usd
                best[0] = modules
            elif self.is_linear[o]:
                break
        return least

    cdef double _fill(
        self, Py_ssize_t j, Py_ssize_t o, int modules, bint record, double* gain
    ) noexcept nogil:
        """Power that the best items take of so many modules, MW; what they gain in OUT ``gain``.

        The limits of tenants lie within that of the site, so that taking the best first is best under them, too.
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
