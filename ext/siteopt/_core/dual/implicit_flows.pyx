"""The Lagrangian subproblem of every site for flows that are too many to list, which stay implicit.

The subproblem is that of ``lagrangian.pyx``, without links, cover and tenants. Variants with few flows have these
listed by site. For the others, each pricing ranks demands once by the optimistic worth of a call per second of their
peak; a site walks down such a list only until nothing that follows can still be part of its knapsack. Sites that would
not pay even if each such list gained at the rate of its first demand are not walked at all.
"""

import numpy as np

from libc.math cimport INFINITY
from libc.stdint cimport int32_t, uint8_t

from siteopt._core.dual.subproblem cimport Item, SiteSubproblems
from siteopt._core.tolerances cimport ROUNDING


cdef class ImplicitPricer(SiteSubproblems):
    """Solver of the subproblems of one problem with implicit flows.

    Parameters
    ----------
    implicit : siteopt.compile.implicit_flows.ImplicitFlows
    """

    cdef readonly Py_ssize_t n_variant, n_node
    cdef readonly Py_ssize_t walked  # options whose lists the last pricing walked
    # flows: round trips, constants by variant and site, and constants by demand for a call per second of its peak
    cdef const float[:, :, ::1] rtt_ms
    cdef const float[:, ::1] reach_ms
    cdef const double[:, ::1] best_rps, flow_usd
    cdef const double[::1] transit_usd
    cdef const int32_t[::1] rule, workload, region, region_node, site_node
    cdef const double[::1] peak, ratio, least_ratio
    # flows, by site, of the variants that have few
    cdef const int32_t[:, ::1] listed_ptr
    cdef const int32_t[::1] listed
    cdef const uint8_t[::1] is_listed
    # demands by workload, and by workload and node, ranked by what a call per second is worth; their first rows
    cdef int32_t[::1] far, near, far_ptr, near_ptr
    # worth in the order of the lists, and running sums of worth and of load along them
    cdef double[::1] worth, far_worth, near_worth, far_sum, near_sum, far_load, near_load
    cdef double slack
    cdef object _workload_of, _node_of, _transit_of, _revenue, _is_lost

    def __init__(self, implicit):
        instance = implicit.instance
        d, v = instance.demands, instance.variants
        asked = np.bincount(d.workload, minlength=len(instance.workload_ids))
        super().__init__(instance, 0, int(asked[v.workload].sum()) + 2 * len(v.rps))
        self.n_variant = len(v.rps)
        self.rtt_ms, self.reach_ms, self.rule = implicit.rtt_ms, implicit.reach_ms, implicit.rule
        self.best_rps, self.flow_usd = implicit.best_rps, implicit.flow_usd_per_rps
        self.transit_usd = implicit.transit_usd_per_rps
        self.workload, self.region = v.workload, d.region
        self.region_node, self.site_node = implicit.region_node, implicit.site_node
        self.listed_ptr, self.listed, self.is_listed = implicit.listed_ptr, implicit.listed, implicit.is_listed
        self._read_demands(implicit, d, v, len(instance.workload_ids))

    def _read_demands(self, implicit, d, v, n_workload):
        peak, ratio = d.peak_rps, d.mean_rps / d.peak_rps
        least = np.full(n_workload, np.inf)
        np.minimum.at(least, d.workload, ratio)
        self.peak, self.ratio, self.least_ratio = peak, ratio, least
        self._is_lost = implicit.is_lost
        self._revenue, self.n_node = d.revenue_usd, int(implicit.region_node.max(initial=0)) + 1
        self._workload_of = d.workload.astype(np.int64)
        self._node_of = implicit.region_node[d.region].astype(np.int64)
        # All variants of a workload share its traffic, hence its transit.
        transit = np.zeros(n_workload)
        transit[v.workload] = implicit.transit_usd_per_rps
        self._transit_of = transit[d.workload] * ratio
        cell = self._workload_of * self.n_node + self._node_of
        self.far_ptr = np.searchsorted(np.sort(self._workload_of), np.arange(n_workload + 1)).astype(np.int32)
        self.near_ptr = np.searchsorted(np.sort(cell), np.arange(n_workload * self.n_node + 1)).astype(np.int32)
        self.worth, self.far, self.near = np.zeros(len(peak)), np.zeros(len(peak), np.int32), np.zeros(len(peak), np.int32)

    def _take_prices(self, demand_price, link_price, cover_price):
        """Rank demands; there are no links and no cover to price."""
        worth = np.where(self._is_lost, -np.inf, (demand_price + self._revenue) / np.asarray(self.peak))
        self.worth = worth
        away = worth - self._transit_of
        self.far = np.lexsort((-away, self._workload_of)).astype(np.int32)
        self.near = np.lexsort((-worth, self._node_of, self._workload_of)).astype(np.int32)
        self.far_worth, self.far_sum, self.far_load = self._along(self.far, away)
        self.near_worth, self.near_sum, self.near_load = self._along(self.near, worth)
        self.slack = ROUNDING * float(np.abs(demand_price).sum())
        self.walked = 0

    def _along(self, rows, worth):
        """Return the worth in the order of a list, and running sums along it of worth times load and of load."""
        load = np.where(self._is_lost, 0.0, self.peak)
        usd = load * np.where(self._is_lost, 0.0, worth)
        return worth[rows], np.concatenate(([0.0], np.cumsum(usd[rows]))), np.concatenate(([0.0], np.cumsum(load[rows])))

    def cheapest(self, const double[::1] usd_per_mw not None):
        """Find the cheapest site and variant for each demand, if capacity costs ``usd_per_mw`` per MW of IT power.

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

    cdef inline void _constants(
        self, Py_ssize_t j, Py_ssize_t o, Py_ssize_t v, double mw_price, double capital_price, double* alpha, double* beta
    ) noexcept nogil:
        """Compute what a call per second of the peak, and one of the mean, costs at a site, USD."""
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
        cdef double mw_price = self._mw_usd(j, limit_price), capital_price = capital - 1.0
        cdef double weight = self.life_factor[o] + capital_price, value
        cdef double opening = self.fixed_usd[o] + capital_price * self.fixed_capex_usd[o]
        cdef int modules
        if not self.is_existing[j] and not self.is_forced[j]:
            self._list_optimistic(j, o, mw_price, capital_price)
            value = opening + self._best_modules(o, weight, &modules)
            if value >= 0.0:
                return value
        self.walked += 1
        self._list_flows(j, o, mw_price, capital_price)
        value = self._best_modules(o, weight, &modules)
        if record:
            self._record_site(j, o, modules, self._take_items(j, o, modules))
        return value + opening

    cdef inline bint _stands(self, Py_ssize_t j, Py_ssize_t o, Py_ssize_t v) noexcept nogil:
        return self.admits[self.option_design[o], v] and self.reach_ms[v, j] > -INFINITY

    cdef void _list_optimistic(self, Py_ssize_t j, Py_ssize_t o, double mw_price, double capital_price) noexcept nogil:
        """List the listed flows, and one item for each ranked list as if all of its demands were in reach."""
        cdef Py_ssize_t v, k, cell
        cdef double alpha, beta, cost
        self.n_heap = 0
        for v in range(self.n_variant):
            if not self._stands(j, o, v):
                continue
            self._constants(j, o, v, mw_price, capital_price, &alpha, &beta)
            if self.is_listed[v]:
                self._look_up(j, v, alpha, beta)
                continue
            k = self.workload[v]
            cost = alpha + self.least_ratio[k] * beta
            self._add_list(
                j, v, cost, &self.far_worth[0], &self.far_sum[0], &self.far_load[0], self.far_ptr[k], self.far_ptr[k + 1]
            )
            if self._has_node(j):
                cell = k * self.n_node + self.site_node[j]
                self._add_list(
                    j, v, cost, &self.near_worth[0], &self.near_sum[0], &self.near_load[0],
                    self.near_ptr[cell], self.near_ptr[cell + 1],
                )
        self._rank()

    cdef void _add_list(
        self, Py_ssize_t j, Py_ssize_t v, double cost, const double* worth, const double* usd, const double* load,
        Py_ssize_t first, Py_ssize_t last,
    ) noexcept nogil:
        """Add one item for the part of a list that is worth more than it costs, all at the rate of its first demand."""
        cdef Py_ssize_t low = first, high = last, middle
        cdef double gain, rate
        if first == last or worth[first] <= cost:
            return
        while low < high:
            middle = (low + high) // 2
            if worth[middle] > cost:
                low = middle + 1
            else:
                high = middle
        gain = usd[low] - usd[first] - cost * (load[low] - load[first]) + self.slack
        rate = (worth[first] - cost) * self.best_rps[v, j] / self.replica_mw[v]
        self._add(v, -1, rate, gain / rate)

    cdef inline void _add(self, Py_ssize_t v, Py_ssize_t demand, double rate, double weight) noexcept nogil:
        self.heap[self.n_heap] = Item(rate, weight, <int32_t>v, <int32_t>demand)
        self.n_heap += 1

    cdef void _list_flows(self, Py_ssize_t j, Py_ssize_t o, double mw_price, double capital_price) noexcept nogil:
        """List all flows that can be part of a site's knapsack."""
        cdef Py_ssize_t v, k, cell
        cdef double alpha, beta
        self.n_heap = 0
        for v in range(self.n_variant):
            if not self._stands(j, o, v):
                continue
            self._constants(j, o, v, mw_price, capital_price, &alpha, &beta)
            if self.is_listed[v]:
                self._look_up(j, v, alpha, beta)
                continue
            k = self.workload[v]
            self._walk(j, v, alpha, beta, self.capacity_mw[o], False, self.far_ptr[k], self.far_ptr[k + 1])
            if self._has_node(j):
                cell = k * self.n_node + self.site_node[j]
                self._walk(j, v, alpha, beta, self.capacity_mw[o], True, self.near_ptr[cell], self.near_ptr[cell + 1])
        self._rank()

    cdef inline bint _has_node(self, Py_ssize_t j) noexcept nogil:
        """Return whether regions may be attached to the site's backbone node."""
        return 0 <= self.site_node[j] < self.n_node

    cdef void _look_up(self, Py_ssize_t j, Py_ssize_t v, double alpha, double beta) noexcept nogil:
        """List the listed flows of a variant that gain at a site."""
        cdef double mw = self.replica_mw[v] / self.best_rps[v, j], per_rps
        cdef Py_ssize_t n
        cdef int32_t i
        for n in range(self.listed_ptr[v, j], self.listed_ptr[v, j + 1]):
            i = self.listed[n]
            per_rps = self.worth[i] - alpha - self.ratio[i] * beta
            if not self._is_at_home(j, i):
                per_rps -= self.transit_usd[v] * self.ratio[i]
            if per_rps > 0.0:
                self._add(v, i, per_rps / mw, self.peak[i] * mw)

    cdef void _walk(
        self, Py_ssize_t j, Py_ssize_t v, double alpha, double beta, double room, bint is_near, Py_ssize_t first,
        Py_ssize_t last,
    ) noexcept nogil:
        """List demands of a ranked list that gain at a site, until they fill it and none after them can gain more.

        The far list counts transit, and leaves out the demands of the site's own node, which the near list holds.
        """
        cdef const int32_t* ranked = &self.near[0] if is_near else &self.far[0]
        cdef const float* rtt = &self.rtt_ms[self.rule[v], j, 0]
        cdef float reach = self.reach_ms[v, j]
        cdef double mw = self.replica_mw[v] / self.best_rps[v, j], it = 0.0, lowest = INFINITY, per_rps
        cdef double transit = 0.0 if is_near else self.transit_usd[v], least = self.least_ratio[self.workload[v]] * beta
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
            self._add(v, i, per_rps / mw, self.peak[i] * mw)
            it += self.peak[i] * mw
            lowest = min(lowest, per_rps)

    cdef inline bint _is_at_home(self, Py_ssize_t j, int32_t i) noexcept nogil:
        return self.region_node[self.region[i]] == self.site_node[j]

    cdef double _take_items(self, Py_ssize_t j, Py_ssize_t o, int modules) noexcept nogil:
        """Fill modules with the best items and return their power, MW; add up what they serve and cost in capital."""
        cdef Py_ssize_t n = 0, v
        cdef double it = 0.0, take, room = self._room(o, modules)
        while it < room and self._has(n):
            take = min(1.0, (room - it) / self.best[n].weight)
            it += take * self.best[n].weight
            v = self.best[n].pool
            self._served[self.best[n].arc] += take
            self._capex += take * self.best[n].weight / self.replica_mw[v] * self.capex[v]
            n += 1
        return it
