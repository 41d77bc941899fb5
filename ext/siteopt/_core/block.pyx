"""The Lagrangian subproblem of every site where flows are too many to list: they are priced from a block.

The same subproblem as in ``lagrangian.pyx``, without links, cover and tenants. Few flows of a variant are listed by site.
Of the others, demands are ranked once for each pricing by the optimistic worth of one call per second of their peak; a
site walks down such a list only until what follows cannot be part of its knapsack any more. Sites that would not pay even
if each such list gained at the rate of its first demand are not walked at all.
"""

import numpy as np

from libc.math cimport INFINITY
from libc.stdint cimport int32_t, uint8_t
from libc.stdlib cimport qsort


cdef struct Item:
    double rate
    double gain
    double weight
    double capital
    int32_t demand


cdef int _by_rate(const void* a, const void* b) noexcept nogil:
    cdef double x = (<const Item*>a).rate, y = (<const Item*>b).rate
    return -1 if x > y else (1 if x < y else 0)


cdef struct SiteValue:
    double value
    Py_ssize_t site


cdef int _by_value(const void* a, const void* b) noexcept nogil:
    cdef double x = (<const SiteValue*>a).value, y = (<const SiteValue*>b).value
    return -1 if x < y else (1 if x > y else 0)


cdef class BlockPricer:
    """Subproblems of one block.

    Parameters
    ----------
    block : siteopt.compile.block.Block
    """

    cdef readonly Py_ssize_t n_site, n_demand, n_limit, n_variant, n_node
    cdef readonly Py_ssize_t walked  # options whose lists the last pricing walked
    cdef const int32_t[::1] option_ptr, option_design, min_modules, max_modules, spare_modules, capex_first
    cdef const double[::1] fixed_usd, fixed_capex_usd, module_capex, sunk_capex, life_factor, module_mw, pue, capacity_mw
    cdef const uint8_t[::1] is_linear, is_existing, is_forced
    cdef const uint8_t[:, ::1] admits
    cdef const double[::1] demand_usd, power_usd, grid_site_coefficient
    cdef const int32_t[::1] grid_site_ptr, grid_site_limit
    cdef Py_ssize_t max_sites
    # flows: blocks, constants of variant and site, constants of demands per call per second of their peak
    cdef const float[:, :, ::1] rtt_ms
    cdef const float[:, ::1] reach_ms
    cdef const double[:, ::1] best_rps, flow_usd
    cdef const double[::1] transit_usd, replica_mw, idle, rps, usd, capex
    cdef const int32_t[::1] rule, workload, region, region_node, site_node
    cdef const double[::1] peak, ratio, least_ratio
    # flows of the variants that have few, by site
    cdef const int32_t[:, ::1] listed_ptr
    cdef const int32_t[::1] listed
    cdef const uint8_t[::1] is_listed
    # demands by workload, and by workload and node, ranked by what a call per second is worth; their first rows
    cdef int32_t[::1] far, near, far_ptr, near_ptr
    # worth in the order of the lists, and running sums of worth and of load along them
    cdef double[::1] worth, far_worth, near_worth, far_sum, near_sum, far_load, near_load
    cdef double slack
    cdef double[::1] _served, _used, _value
    cdef int32_t[::1] _option
    cdef object _memory, _values_memory, _workload_of, _node_of, _transit_of, _revenue, _is_lost, _every
    cdef Item* items
    cdef SiteValue* values
    cdef double _capex

    def __init__(self, block):
        instance = block.instance
        s, o, d, g, v = instance.sites, instance.options, instance.demands, instance.grid, instance.variants
        designs = instance.designs
        self.n_site, self.n_demand, self.n_limit = len(s.id), len(d.region), len(g.id)
        self.n_variant = len(v.rps)
        self.option_ptr, self.min_modules, self.max_modules = s.option_ptr, o.min_modules, o.max_modules
        self.option_design, self.spare_modules = o.design, o.spare_modules
        self.fixed_usd, self.fixed_capex_usd = o.fixed_usd, o.fixed_capex_usd
        self.capex_first, self.module_capex = designs.capex_ptr[o.design], designs.capex_usd
        self.sunk_capex = designs.capex_usd[designs.capex_ptr[o.design] + o.sunk_modules]
        self.is_linear, self.admits, self.life_factor = designs.is_linear[o.design], designs.admits, instance.life_factor
        self.module_mw, self.pue, self.capacity_mw = o.module_mw, o.pue, instance.option_capacity_mw
        self.demand_usd = s.demand_usd_per_mw + s.coincident_usd_per_mw
        self.power_usd = s.energy_usd_per_mw + s.carbon_usd_per_mw
        self.is_existing, self.is_forced = s.is_existing, s.is_forced
        self.grid_site_ptr, self.grid_site_limit = g.site_ptr, g.site_limit
        self.grid_site_coefficient = g.site_coefficient
        self.max_sites = instance.max_sites
        self.rtt_ms, self.reach_ms, self.rule = block.rtt_ms, block.reach_ms, block.rule
        self.best_rps, self.flow_usd, self.transit_usd = block.best_rps, block.flow_usd_per_rps, block.transit_usd_per_rps
        self.replica_mw, self.idle, self.rps, self.usd, self.capex = v.replica_mw, v.idle_fraction, v.rps, v.usd, v.capex_usd
        self.workload, self.region = v.workload, d.region
        self.region_node, self.site_node = block.region_node, block.site_node
        self.listed_ptr, self.listed, self.is_listed = block.listed_ptr, block.listed, block.is_listed
        self._read_demands(block, d, v, len(instance.workload_ids))
        self._every = np.arange(self.n_site, dtype=np.int32)
        self._served, self._used = np.zeros(self.n_demand), np.zeros(self.n_limit)
        self._value, self._option = np.zeros(self.n_site), np.full(self.n_site, -1, dtype=np.int32)
        asked = np.bincount(d.workload, minlength=len(instance.workload_ids))
        self._memory = np.empty((int(asked[v.workload].sum()) + 2 * self.n_variant) * sizeof(Item), dtype=np.uint8)
        self._values_memory = np.empty((self.n_site + 1) * sizeof(SiteValue), dtype=np.uint8)
        cdef unsigned char[::1] memory = self._memory, values = self._values_memory
        self.items, self.values = <Item*>&memory[0], <SiteValue*>&values[0]

    def _read_demands(self, block, d, v, n_workload):
        peak, ratio = d.peak_rps, d.mean_rps / d.peak_rps
        least = np.full(n_workload, np.inf)
        np.minimum.at(least, d.workload, ratio)
        self.peak, self.ratio, self.least_ratio = peak, ratio, least
        self._is_lost = block.is_lost
        self._revenue, self.n_node = d.revenue_usd, int(block.region_node.max(initial=0)) + 1
        self._workload_of, self._node_of = d.workload.astype(np.int64), block.region_node[d.region].astype(np.int64)
        # All variants of a workload share its traffic, hence its transit.
        transit = np.zeros(n_workload)
        transit[v.workload] = block.transit_usd_per_rps
        self._transit_of = transit[d.workload] * ratio
        cell = self._workload_of * self.n_node + self._node_of
        self.far_ptr = np.searchsorted(np.sort(self._workload_of), np.arange(n_workload + 1)).astype(np.int32)
        self.near_ptr = np.searchsorted(np.sort(cell), np.arange(n_workload * self.n_node + 1)).astype(np.int32)
        self.worth, self.far, self.near = np.zeros(len(peak)), np.zeros(len(peak), np.int32), np.zeros(len(peak), np.int32)

    @property
    def served(self):
        """Share of each demand that the sites took at the last prices, shape (n_demand,); may exceed 1."""
        return np.asarray(self._served)

    @property
    def used_mw(self):
        """Use of each grid limit at the last prices, shape (n_limit,)."""
        return np.asarray(self._used)

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
        """Value of each site's best design at the last prices, USD, shape (n_site,); at least that where positive."""
        return np.asarray(self._value)

    def price(
        self,
        const double[::1] demand_price not None,
        const double[::1] limit_price not None,
        double capital_price,
        const int32_t[::1] sites=None,
    ):
        """Solve every site's subproblem, or only those of some.

        Parameters
        ----------
        demand_price : ndarray of float64, shape (n_demand,)
            What serving all of a demand is worth, USD.
        limit_price : ndarray of float64, shape (n_limit,)
            USD per MW of each grid limit, not negative.
        capital_price : float
            USD per USD of capital beyond its cost, not negative.
        sites : ndarray of int32, optional
            Sites to price; the others stay closed. Without it all.

        Returns
        -------
        float
            Sum of the sites' values, USD; the constant terms of the prices are the caller's.
        """
        if demand_price.shape[0] != self.n_demand or limit_price.shape[0] != self.n_limit:
            raise ValueError("one price for each demand and each grid limit is needed")
        if sites is None:
            sites = self._every
        worth = np.where(self._is_lost, -np.inf, (np.asarray(demand_price) + self._revenue) / np.asarray(self.peak))
        self.worth = worth
        away = worth - self._transit_of
        self.far = np.lexsort((-away, self._workload_of)).astype(np.int32)
        self.near = np.lexsort((-worth, self._node_of, self._workload_of)).astype(np.int32)
        self.far_worth, self.far_sum, self.far_load = self._along(self.far, away)
        self.near_worth, self.near_sum, self.near_load = self._along(self.near, worth)
        self.slack = 1e-12 * float(np.abs(demand_price).sum())
        cdef double total
        with nogil:
            total = self._price(sites, limit_price, 1.0 + capital_price)
        return total

    def _along(self, rows, worth):
        """Worth in the order of a list, and running sums along it of worth times load and of load."""
        load = np.where(self._is_lost, 0.0, self.peak)
        usd = load * np.where(self._is_lost, 0.0, worth)
        return worth[rows], np.concatenate(([0.0], np.cumsum(usd[rows]))), np.concatenate(([0.0], np.cumsum(load[rows])))

    def cheapest(self, const double[::1] usd_per_mw not None):
        """Each demand at its cheapest site and variant, capacity at so much per MW of IT power.

        Parameters
        ----------
        usd_per_mw : ndarray of float64, shape (n_option,)

        Returns
        -------
        usd : ndarray of float64, shape (n_demand,)
            ``inf`` where no site may serve it.
        site : ndarray of int32, shape (n_demand,)
            -1 there.
        """
        if usd_per_mw.shape[0] != self.pue.shape[0]:
            raise ValueError("one price for each option is needed")
        cdef double[::1] least = np.full(self.n_demand, np.inf)
        cdef int32_t[::1] where = np.full(self.n_demand, -1, dtype=np.int32)
        cdef const int32_t[::1] ranked = np.argsort(self._workload_of, kind="stable").astype(np.int32)
        cdef Py_ssize_t j, o, v, n
        cdef double alpha, beta, usd
        cdef int32_t i, k
        with nogil:
            for j in range(self.n_site):
                for o in range(self.option_ptr[j], self.option_ptr[j + 1]):
                    for v in range(self.n_variant):
                        if not self.admits[self.option_design[o], v]:
                            continue
                        self._constants(j, o, v, self.demand_usd[j], 0.0, &alpha, &beta)
                        alpha += usd_per_mw[o] * self.replica_mw[v] / self.best_rps[v, j]
                        k = self.workload[v]
                        for n in range(self.far_ptr[k], self.far_ptr[k + 1]):
                            i = ranked[n]
                            usd = self.peak[i] * (alpha + self.ratio[i] * beta)
                            if not self._is_at_home(j, i):
                                usd += self.peak[i] * self.ratio[i] * self.transit_usd[v]
                            if usd < least[i] and self.rtt_ms[self.rule[v], j, self.region[i]] <= self.reach_ms[v, j]:
                                least[i] = usd
                                where[i] = <int32_t>j
        return np.asarray(least) - self._revenue, np.asarray(where)

    cdef double _price(self, const int32_t[::1] sites, const double[::1] limit_price, double capital) noexcept nogil:
        cdef Py_ssize_t j, o, best_option, count = 0, n, taken = 0
        cdef double value, best, total = 0.0
        self._served[:] = 0.0
        self._used[:] = 0.0
        self._capex = 0.0
        self._option[:] = -1
        self.walked = 0
        for n in range(sites.shape[0]):
            j = sites[n]
            best, best_option = INFINITY, -1
            for o in range(self.option_ptr[j], self.option_ptr[j + 1]):
                value = self._site(j, o, limit_price, capital, False)
                if value < best:
                    best, best_option = value, o
            self._value[j] = best
            self._option[j] = <int32_t>best_option
            if best_option < 0:
                continue
            if self.is_existing[j] or self.is_forced[j]:
                total += self._site(j, best_option, limit_price, capital, True)
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
                total += self._site(j, self._option[j], limit_price, capital, True)
                taken += 1
            else:
                self._option[j] = -1
        return total

    cdef inline void _constants(
        self, Py_ssize_t j, Py_ssize_t o, Py_ssize_t v, double mw_price, double capital_price, double* alpha, double* beta
    ) noexcept nogil:
        """What a call per second of peak, and one of the mean, costs at a site, USD."""
        alpha[0] = (
            self.usd[v] + capital_price * self.capex[v]
            + self.pue[o] * self.replica_mw[v] * (mw_price + self.power_usd[j] * self.idle[v])
        ) / self.best_rps[v, j]
        beta[0] = (
            self.flow_usd[v, j]
            + self.pue[o] * self.power_usd[j] * self.replica_mw[v] * (1.0 - self.idle[v]) / self.rps[v]
        )

    cdef double _site(
        self, Py_ssize_t j, Py_ssize_t o, const double[::1] limit_price, double capital, bint record
    ) noexcept nogil:
        """Least cost of site ``j`` with design ``o``, or a bound of it that is not negative; see ``SitePricer``."""
        cdef Py_ssize_t e, count
        cdef double mw_price = self.demand_usd[j], capital_price = capital - 1.0, weight = self.life_factor[o] + capital_price
        cdef double opening = self.fixed_usd[o] + capital_price * self.fixed_capex_usd[o], value, it
        cdef int modules
        for e in range(self.grid_site_ptr[j], self.grid_site_ptr[j + 1]):
            mw_price += limit_price[self.grid_site_limit[e]] * self.grid_site_coefficient[e]
        if not self.is_existing[j] and not self.is_forced[j]:
            count = self._list_optimistic(j, o, mw_price, capital_price)
            qsort(self.items, count, sizeof(Item), &_by_rate)
            value = opening + self._best_modules(o, count, weight, &modules)
            if value >= 0.0:
                return value
        self.walked += 1
        count = self._list_flows(j, o, mw_price, capital_price)
        qsort(self.items, count, sizeof(Item), &_by_rate)
        value = self._best_modules(o, count, weight, &modules)
        if record:
            it = self._fill(o, count, modules)
            for e in range(self.grid_site_ptr[j], self.grid_site_ptr[j + 1]):
                self._used[self.grid_site_limit[e]] += self.grid_site_coefficient[e] * self.pue[o] * it
            self._capex += self.fixed_capex_usd[o] + self.module_capex[self.capex_first[o] + modules] - self.sunk_capex[o]
        return value + opening

    cdef inline bint _stands(self, Py_ssize_t j, Py_ssize_t o, Py_ssize_t v) noexcept nogil:
        return self.admits[self.option_design[o], v] and self.reach_ms[v, j] > -INFINITY

    cdef Py_ssize_t _list_optimistic(self, Py_ssize_t j, Py_ssize_t o, double mw_price, double capital_price) noexcept nogil:
        """Listed flows, and one item for each ranked list, as if all sites were in reach; their number."""
        cdef Py_ssize_t v, k, cell, count = 0
        cdef double alpha, beta, cost
        for v in range(self.n_variant):
            if not self._stands(j, o, v):
                continue
            self._constants(j, o, v, mw_price, capital_price, &alpha, &beta)
            if self.is_listed[v]:
                count = self._look_up(j, v, alpha, beta, count, capital_price)
                continue
            k = self.workload[v]
            cost = alpha + self.least_ratio[k] * beta
            count = self._add_list(
                j, v, cost, &self.far_worth[0], &self.far_sum[0], &self.far_load[0], self.far_ptr[k], self.far_ptr[k + 1], count
            )
            if self.site_node[j] >= 0 and self.site_node[j] < self.n_node:
                cell = k * self.n_node + self.site_node[j]
                count = self._add_list(
                    j, v, cost, &self.near_worth[0], &self.near_sum[0], &self.near_load[0],
                    self.near_ptr[cell], self.near_ptr[cell + 1], count,
                )
        return count

    cdef Py_ssize_t _add_list(
        self, Py_ssize_t j, Py_ssize_t v, double cost, const double* worth, const double* usd, const double* load,
        Py_ssize_t first, Py_ssize_t last, Py_ssize_t count,
    ) noexcept nogil:
        """One item for the part of a list that is worth more than a call per second costs, all at the rate of its first."""
        cdef Py_ssize_t low = first, high = last, middle
        cdef double gain, rate
        if first == last or worth[first] <= cost:
            return count
        while low < high:
            middle = (low + high) // 2
            if worth[middle] > cost:
                low = middle + 1
            else:
                high = middle
        gain = usd[low] - usd[first] - cost * (load[low] - load[first]) + self.slack
        rate = (worth[first] - cost) * self.best_rps[v, j] / self.replica_mw[v]
        self.items[count] = Item(rate, gain, gain / rate, 0.0, -1)
        return count + 1

    cdef Py_ssize_t _list_flows(self, Py_ssize_t j, Py_ssize_t o, double mw_price, double capital_price) noexcept nogil:
        """All flows that can be part of the site's knapsack; returns their number."""
        cdef Py_ssize_t v, k, cell, count = 0
        cdef double alpha, beta
        for v in range(self.n_variant):
            if not self._stands(j, o, v):
                continue
            self._constants(j, o, v, mw_price, capital_price, &alpha, &beta)
            if self.is_listed[v]:
                count = self._look_up(j, v, alpha, beta, count, capital_price)
                continue
            k = self.workload[v]
            count = self._walk(j, v, alpha, beta, self.capacity_mw[o], False, self.far_ptr[k], self.far_ptr[k + 1], count, capital_price)
            if self.site_node[j] >= 0 and self.site_node[j] < self.n_node:
                cell = k * self.n_node + self.site_node[j]
                count = self._walk(
                    j, v, alpha, beta, self.capacity_mw[o], True, self.near_ptr[cell], self.near_ptr[cell + 1], count, capital_price
                )
        return count

    cdef Py_ssize_t _look_up(
        self, Py_ssize_t j, Py_ssize_t v, double alpha, double beta, Py_ssize_t count, double capital_price
    ) noexcept nogil:
        """Listed flows of a variant that gain at a site."""
        cdef double best = self.best_rps[v, j], mw = self.replica_mw[v] / best, per_rps
        cdef Py_ssize_t n
        cdef int32_t i
        for n in range(self.listed_ptr[v, j], self.listed_ptr[v, j + 1]):
            i = self.listed[n]
            per_rps = self.worth[i] - alpha - self.ratio[i] * beta
            if not self._is_at_home(j, i):
                per_rps -= self.transit_usd[v] * self.ratio[i]
            if per_rps > 0.0:
                self.items[count] = Item(
                    per_rps / mw, per_rps * self.peak[i], self.peak[i] * mw, self.peak[i] / best * self.capex[v], i
                )
                count += 1
        return count

    cdef Py_ssize_t _walk(
        self, Py_ssize_t j, Py_ssize_t v, double alpha, double beta, double room, bint is_near, Py_ssize_t first,
        Py_ssize_t last, Py_ssize_t count, double capital_price,
    ) noexcept nogil:
        """Demands of a ranked list that gain at a site, until those listed fill it and none after them gains more.

        The far list counts transit, and leaves out the demands of the site's own node, which the near list holds.
        """
        cdef const int32_t* ranked = &self.near[0] if is_near else &self.far[0]
        cdef const float* rtt = &self.rtt_ms[self.rule[v], j, 0]
        cdef float reach = self.reach_ms[v, j]
        cdef double best = self.best_rps[v, j], it = 0.0, lowest = INFINITY
        cdef double transit = 0.0 if is_near else self.transit_usd[v], least = self.least_ratio[self.workload[v]] * beta
        cdef double per_rps, mw = self.replica_mw[v] / best
        cdef Py_ssize_t n
        cdef int32_t i
        for n in range(first, last):
            i = ranked[n]
            per_rps = self.worth[i] - transit * self.ratio[i] - least - alpha
            if per_rps <= 0.0 or (it >= room and per_rps <= lowest):
                break
            if not rtt[self.region[i]] <= reach or (not is_near and self._is_at_home(j, i)):
                continue
            per_rps -= self.ratio[i] * beta - least
            if per_rps <= 0.0:
                continue
            self.items[count] = Item(
                per_rps / mw, per_rps * self.peak[i], self.peak[i] * mw, self.peak[i] / best * self.capex[v], i
            )
            count += 1
            it += self.peak[i] * mw
            lowest = min(lowest, per_rps)
        return count

    cdef inline bint _is_at_home(self, Py_ssize_t j, int32_t i) noexcept nogil:
        return self.region_node[self.region[i]] == self.site_node[j]

    cdef inline double _room(self, Py_ssize_t o, int modules) noexcept nogil:
        """IT power that so many modules of an option carry, MW."""
        return min((modules - self.spare_modules[o]) * self.module_mw[o], self.capacity_mw[o])

    cdef double _best_modules(self, Py_ssize_t o, Py_ssize_t count, double weight, int* best) noexcept nogil:
        """Least cost of modules at ``weight`` times their capital less what flows gain; their number in OUT ``best``."""
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

    cdef double _fill(self, Py_ssize_t o, Py_ssize_t count, int modules) noexcept nogil:
        """Power that the best items take of so many modules, MW; what they serve and cost in capital is added up."""
        cdef Py_ssize_t n
        cdef double it = 0.0, take, room = self._room(o, modules)
        for n in range(count):
            if it >= room:
                break
            take = min(1.0, (room - it) / self.items[n].weight)
            it += take * self.items[n].weight
            self._served[self.items[n].demand] += take
            self._capex += take * self.items[n].capital
        return it
