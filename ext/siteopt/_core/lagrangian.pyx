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
    double rate
    double gain
    double weight
    double mean
    double capital
    Py_ssize_t arc  # row of the arcs by site; -1 - p for reserve in pool p


cdef int _by_rate(const void* a, const void* b) noexcept nogil:
    cdef double x = (<const Item*>a).rate, y = (<const Item*>b).rate
    return -1 if x > y else (1 if x < y else 0)


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
    # arcs by site: what all of the demand costs and draws there, replicas being divisible
    cdef int32_t[::1] first, demand, variant, route, home_route
    cdef double[::1] flow_usd, accelerator_usd, accelerator_capex, it_mw, mean_mw, gbps, home_gbps
    # protected workloads: which of them (-1: none) by variant, load and idle replicas of an arc, most reserve by variant
    cdef int32_t[::1] cover
    cdef const int32_t[::1] tenant
    cdef const double[::1] load_rps, idle_rps, usable_rps, replica_mw, idle, usd, capex, most_replicas
    # prices and results of the last pricing
    cdef const double[::1] _cover_price, _cover_sum
    cdef double[::1] _route_price, _tenant_left
    cdef double[::1] _served, _used, _value, _gbps, _load, _reserve
    cdef int32_t[::1] _option
    cdef object _memory, _values_memory
    cdef Item* items
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
        variant = p.variant[a.pool[p.arc]]
        peak, mean = d.peak_rps[a.demand[p.arc]], d.mean_rps[a.demand[p.arc]]
        replicas = peak / instance.pool_best_rps[a.pool[p.arc]]
        self.first = np.ascontiguousarray(p.arc_ptr[s.pool_ptr])
        self.demand, self.variant = np.ascontiguousarray(a.demand[p.arc]), np.ascontiguousarray(variant)
        self.flow_usd = a.usd[p.arc]
        self.accelerator_usd, self.accelerator_capex = replicas * v.usd[variant], replicas * v.capex_usd[variant]
        self.it_mw = replicas * v.replica_mw[variant]
        self.mean_mw = v.replica_mw[variant] * (
            v.idle_fraction[variant] * replicas + (1.0 - v.idle_fraction[variant]) * mean / v.rps[variant]
        )
        self._read_links(instance)
        self._read_cover(instance, variant, peak)
        self._served, self._used = np.zeros(self.n_demand), np.zeros(self.n_limit)
        self._value, self._option = np.zeros(self.n_site), np.full(self.n_site, -1, dtype=np.int32)
        widest = int(np.diff(np.asarray(self.first)).max(initial=0)) + len(v.rps) + 1
        self._memory = np.empty(widest * sizeof(Item), dtype=np.uint8)
        self._values_memory = np.empty((self.n_site + 1) * sizeof(SiteValue), dtype=np.uint8)
        cdef unsigned char[::1] memory = self._memory, values = self._values_memory
        self.items, self.values = <Item*>&memory[0], <SiteValue*>&values[0]

    def _read_links(self, instance):
        a, p, links, arc = instance.arcs, instance.pools, instance.links, instance.pools.arc
        self.n_link, self.route_ptr, self.route_link = len(links.id), links.route_ptr, links.route_link
        self.route, self.home_route = a.route[arc], p.home_route[a.pool[arc]]
        self.gbps, self.home_gbps = a.gbps[arc], a.home_gbps[arc]
        self._route_price, self._gbps = np.zeros(len(links.route_ptr) - 1), np.zeros(self.n_link)

    def _read_cover(self, instance, variant, peak):
        v, p, tenancy = instance.variants, instance.pools, instance.tenancy
        protected = np.unique(v.workload[v.is_protected == 1])
        self.n_cover = len(protected)
        place = np.full(len(instance.workload_ids), -1, dtype=np.int32)
        place[protected] = np.arange(len(protected), dtype=np.int32)
        self.cover, self.tenant = place[v.workload], v.tenant
        self.pool_ptr, self.pool_variant = instance.sites.pool_ptr, p.variant
        best = instance.pool_best_rps[instance.arcs.pool[p.arc]]
        is_covered = np.asarray(self.cover)[variant] >= 0
        self.load_rps = np.where(is_covered, peak, 0.0)
        self.idle_rps = np.where(is_covered, peak * (v.usable_rps[variant] / best - 1.0), 0.0)
        self.usable_rps, self.replica_mw, self.idle = v.usable_rps, v.replica_mw, v.idle_fraction
        self.usd, self.capex, self.most_replicas = v.usd, v.capex_usd, instance.most_replicas
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
        cdef Py_ssize_t e, count
        cdef double mw_price = self.demand_usd[j], value, it, gain, capital_price = capital - 1.0
        cdef int modules
        for e in range(self.grid_site_ptr[j], self.grid_site_ptr[j + 1]):
            mw_price += limit_price[self.grid_site_limit[e]] * self.grid_site_coefficient[e]
        count = self._list_flows(j, o, demand_price, mw_price, capital_price)
        count = self._list_reserve(j, o, mw_price, capital_price, count)
        qsort(self.items, count, sizeof(Item), &_by_rate)
        if self.n_tenant > 0 and (self.tenant_share < INFINITY or self.tenant_site_mw < INFINITY):
            value = self._best_modules_shared(o, count, self.life_factor[o] + capital_price, &modules)
        else:
            value = self._best_modules(o, count, self.life_factor[o] + capital_price, &modules)
        if record:
            it = self._fill(j, o, count, modules, True, &gain)
            for e in range(self.grid_site_ptr[j], self.grid_site_ptr[j + 1]):
                self._used[self.grid_site_limit[e]] += self.grid_site_coefficient[e] * self.pue[o] * it
            self._capex += (
                self.fixed_capex_usd[o] + self.module_capex[self.capex_first[o] + modules] - self.sunk_capex[o]
            )
        return value + self.fixed_usd[o] + capital_price * self.fixed_capex_usd[o]

    cdef Py_ssize_t _list_flows(
        self, Py_ssize_t j, Py_ssize_t o, const double[::1] demand_price, double mw_price, double capital_price
    ) noexcept nogil:
        """Demands that gain at the site; returns their number."""
        cdef Py_ssize_t n, count = 0, w
        cdef double gain
        for n in range(self.first[j], self.first[j + 1]):
            if not self.admits[self.option_design[o], self.variant[n]]:
                continue
            gain = (
                demand_price[self.demand[n]] - self.flow_usd[n]
                - self.accelerator_usd[n] - capital_price * self.accelerator_capex[n]
                - self.pue[o] * (mw_price * self.it_mw[n] + self.power_usd[j] * self.mean_mw[n])
            )
            if self.route[n] >= 0:
                gain -= self.gbps[n] * self._route_price[self.route[n]]
            if self.home_route[n] >= 0:
                gain -= self.home_gbps[n] * self._route_price[self.home_route[n]]
            w = self.cover[self.variant[n]]
            if w >= 0:
                gain -= self._cover_price[j * self.n_cover + w] * self.load_rps[n]
                gain += (self._cover_sum[w] - self._cover_price[j * self.n_cover + w]) * self.idle_rps[n]
            if gain > 0.0:
                self.items[count] = Item(
                    gain / self.it_mw[n], gain, self.it_mw[n], self.mean_mw[n], self.accelerator_capex[n], n
                )
                count += 1
        return count

    cdef Py_ssize_t _list_reserve(
        self, Py_ssize_t j, Py_ssize_t o, double mw_price, double capital_price, Py_ssize_t count
    ) noexcept nogil:
        """Reserve that gains at the site, as many replicas as any failure could call for; returns the items so far."""
        cdef Py_ssize_t p, v, w
        cdef double worth, usd, most
        if self.n_cover == 0:
            return count
        for p in range(self.pool_ptr[j], self.pool_ptr[j + 1]):
            v = self.pool_variant[p]
            w = self.cover[v]
            if w < 0 or not self.admits[self.option_design[o], v]:
                continue
            worth = (self._cover_sum[w] - self._cover_price[j * self.n_cover + w]) * self.usable_rps[v]
            usd = self.usd[v] + capital_price * self.capex[v] + self.pue[o] * self.replica_mw[v] * (
                mw_price + self.power_usd[j] * self.idle[v]
            )
            if worth > usd:
                most = self.most_replicas[v]
                self.items[count] = Item(
                    (worth - usd) / self.replica_mw[v], most * (worth - usd), most * self.replica_mw[v], 0.0,
                    most * self.capex[v], -1 - p,
                )
                count += 1
        return count

    cdef inline double _room(self, Py_ssize_t o, int modules) noexcept nogil:
        """IT power that so many modules of an option carry, MW."""
        return min((modules - self.spare_modules[o]) * self.module_mw[o], self.capacity_mw[o])

    cdef double _best_modules(self, Py_ssize_t o, Py_ssize_t count, double weight, int* best) noexcept nogil:
        """Least cost of modules at ``weight`` times their capital less what flows gain; their number in OUT ``best``.

        Gains fall from module to module. Where their price does not fall with them, the first that does not pay ends it.
        """
        cdef Py_ssize_t n = 0, first = self.capex_first[o]
        cdef double left = 1.0, gain = 0.0, it = 0.0, room, take, usd, least = INFINITY
        cdef int modules = self.min_modules[o]
        while True:
            room = self._room(o, modules)
            while n < count and it < room:
                take = min(left, (room - it) / self.items[n].weight)
                gain += take * self.items[n].gain
                left -= take
                if left > 1e-12:
                    it = room
                else:
                    it += take * self.items[n].weight
                    n += 1
                    left = 1.0
            usd = weight * (self.module_capex[first + modules] - self.sunk_capex[o]) - gain
            if usd < least:
                least = usd
                best[0] = modules
            elif self.is_linear[o]:
                break
            if n >= count or modules >= self.max_modules[o] or room >= self.capacity_mw[o]:
                break
            modules += 1
        return least

    cdef double _best_modules_shared(self, Py_ssize_t o, Py_ssize_t count, double weight, int* best) noexcept nogil:
        """The same where no tenant may take more than its share, which grows with the modules."""
        cdef Py_ssize_t first = self.capex_first[o]
        cdef double gain, usd, least = INFINITY
        cdef int modules
        for modules in range(self.min_modules[o], self.max_modules[o] + 1):
            self._fill(0, o, count, modules, False, &gain)
            usd = weight * (self.module_capex[first + modules] - self.sunk_capex[o]) - gain
            if usd < least:
                least = usd
                best[0] = modules
            elif self.is_linear[o]:
                break
        return least

    cdef double _fill(
        self, Py_ssize_t j, Py_ssize_t o, Py_ssize_t count, int modules, bint record, double* gain
    ) noexcept nogil:
        """Power that the best items take of so many modules, MW; what they gain in OUT ``gain``.

        The limits of tenants lie within that of the site, so that taking the best first is best under them, too.
        """
        cdef Py_ssize_t n, t
        cdef double it = 0.0, take, room = self._room(o, modules), most
        gain[0] = 0.0
        most = min(self.tenant_share * (modules - self.spare_modules[o]) * self.module_mw[o], self.tenant_site_mw)
        for t in range(self.n_tenant):
            self._tenant_left[t] = most
        for n in range(count):
            if it >= room:
                break
            take = min(1.0, (room - it) / self.items[n].weight)
            t = self._tenant_of(self.items[n].arc)
            if t >= 0:
                take = min(take, self._tenant_left[t] / self.items[n].weight)
                self._tenant_left[t] -= take * self.items[n].weight
            gain[0] += take * self.items[n].gain
            it += take * self.items[n].weight
            if record:
                self._record(j, n, take)
        return it

    cdef inline Py_ssize_t _tenant_of(self, Py_ssize_t arc) noexcept nogil:
        return self.tenant[self.variant[arc] if arc >= 0 else self.pool_variant[-1 - arc]]

    cdef void _record(self, Py_ssize_t j, Py_ssize_t item, double take) noexcept nogil:
        """Add up what a part of an item serves, loads and keeps in reserve."""
        cdef Py_ssize_t n = self.items[item].arc, v, w, e
        self._capex += take * self.items[item].capital
        if n < 0:
            v = self.pool_variant[-1 - n]
            self._reserve[j * self.n_cover + self.cover[v]] += take * self.most_replicas[v] * self.usable_rps[v]
            return
        self._served[self.demand[n]] += take
        w = self.cover[self.variant[n]]
        if w >= 0:
            self._load[j * self.n_cover + w] += take * self.load_rps[n]
            self._reserve[j * self.n_cover + w] += take * self.idle_rps[n]
        if self.route[n] >= 0:
            for e in range(self.route_ptr[self.route[n]], self.route_ptr[self.route[n] + 1]):
                self._gbps[self.route_link[e]] += take * self.gbps[n]
        if self.home_route[n] >= 0:
            for e in range(self.route_ptr[self.home_route[n]], self.route_ptr[self.home_route[n] + 1]):
                self._gbps[self.route_link[e]] += take * self.home_gbps[n]
