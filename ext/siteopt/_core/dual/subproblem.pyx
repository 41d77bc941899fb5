"""The Lagrangian subproblem of every site, independent of how its flows are found.

At given prices each site chooses a design, a whole number of modules, and items: parts of flows, or of reserve, with a
gain and a need of IT power (a continuous knapsack). The limit on new sites is kept by choosing the best ones.
"""

cimport cython
import numpy as np

from libc.math cimport INFINITY
from libc.stdint cimport int32_t
from libc.stdlib cimport qsort

from siteopt._core.tolerances cimport NOTHING


cdef void _sink(Item* heap, Py_ssize_t n, Py_ssize_t k) noexcept nogil:
    """Sink item ``k`` of a heap of ``n`` items, best rate first, to where it belongs."""
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


cdef int _by_value(const void* a, const void* b) noexcept nogil:
    cdef double x = (<const SiteValue*>a).value, y = (<const SiteValue*>b).value
    return -1 if x < y else (1 if x > y else 0)


cdef class SiteSubproblems:
    """Solver of the subproblems over sites, designs and modules; a subclass lists the items that each site may take.

    Parameters
    ----------
    instance : siteopt.instance.Instance
    n_cover : int
        Protected workloads whose cover has a price.
    widest : int
        Most items of one site.
    """

    def __init__(self, instance, Py_ssize_t n_cover, Py_ssize_t widest):
        s, o, g, v = instance.sites, instance.options, instance.grid, instance.variants
        designs = instance.designs
        self.n_site, self.n_demand, self.n_limit = len(s.id), len(instance.demands.region), len(g.id)
        self.n_link, self.n_cover = len(instance.links.id), n_cover
        self.option_ptr, self.min_modules, self.max_modules = s.option_ptr, o.min_modules, o.max_modules
        self.option_design, self.spare_modules = o.design, o.spare_modules
        self.own_fixed_usd, self.fixed_usd, self.fixed_capex_usd = o.fixed_usd, o.fixed_usd.copy(), o.fixed_capex_usd
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
        self.rps, self.replica_mw, self.idle, self.usd, self.capex = v.rps, v.replica_mw, v.idle_fraction, v.usd, v.capex_usd
        self._served, self._used, self._gbps = np.zeros(self.n_demand), np.zeros(self.n_limit), np.zeros(self.n_link)
        self._load, self._reserve = np.zeros(self.n_site * n_cover), np.zeros(self.n_site * n_cover)
        self._value, self._option = np.zeros(self.n_site), np.full(self.n_site, -1, dtype=np.int32)
        self._memory = np.empty((2 * widest + 1) * sizeof(Item), dtype=np.uint8)
        self._values_memory = np.empty((self.n_site + 1) * sizeof(SiteValue), dtype=np.uint8)
        cdef unsigned char[::1] memory = self._memory, values = self._values_memory
        self.heap, self.values = <Item*>&memory[0], <SiteValue*>&values[0]
        self.best = self.heap + widest

    @property
    def served(self):
        """Share of each demand that the sites took at the last prices, may exceed 1, shape (n_demand,)."""
        return np.asarray(self._served)

    @property
    def used_mw(self):
        """Use of each grid limit at the last prices, shape (n_limit,)."""
        return np.asarray(self._used)

    @property
    def used_gbps(self):
        """Traffic on each limited link at the last prices without copies of data, Gbit/s, shape (n_link,)."""
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
        """Value of each site's best option at the last prices, USD, shape (n_site,); worth opening if negative.

        For sites that are not worth opening, a subclass may give a lower bound that is not negative.
        """
        return np.asarray(self._value)

    def price(
        self,
        const double[::1] demand_price not None,
        const double[::1] limit_price not None,
        double capital_price,
        const double[::1] link_price=None,
        const double[:, ::1] cover_price=None,
        const double[::1] opening_price=None,
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
        opening_price : ndarray of float64, shape (n_option,), optional
            USD for opening an option beyond its cost: the price of linear rules for it, of either sign.

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
        if opening_price is not None and opening_price.shape[0] != self.fixed_usd.shape[0]:
            raise ValueError(f"opening_price has {opening_price.shape[0]} entries, not {self.fixed_usd.shape[0]}")
        opening = 0.0 if opening_price is None else np.asarray(opening_price)
        self.fixed_usd = np.asarray(self.own_fixed_usd) + opening
        links = np.zeros(self.n_link) if link_price is None else np.asarray(link_price)
        cover = np.zeros((self.n_site, self.n_cover)) if cover_price is None else np.asarray(cover_price)
        self._take_prices(np.asarray(demand_price), links, cover)
        cdef double total
        with nogil:
            total = self._price_sites(limit_price, 1.0 + capital_price)
        return total

    def _take_prices(self, demand_price, link_price, cover_price):
        """Prepare for new prices; a subclass does so for the items that it lists."""

    cdef double _price_sites(self, const double[::1] limit_price, double capital) noexcept nogil:
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

    cdef double _site(
        self, Py_ssize_t j, Py_ssize_t o, const double[::1] limit_price, double capital, bint record
    ) noexcept nogil:
        """Return the least cost of site ``j`` with option ``o``, here without items; ``record`` adds up what it uses.

        A subclass may return a lower bound instead if that is not negative and the site need not stand.
        """
        cdef double capital_price = capital - 1.0, value
        cdef int modules
        self.n_heap = 0
        self._rank()
        value = self._best_modules(o, self.life_factor[o] + capital_price, &modules)
        if record:
            self._record_site(j, o, modules, 0.0)
        return value + self.fixed_usd[o] + capital_price * self.fixed_capex_usd[o]

    cdef double _mw_usd(self, Py_ssize_t j, const double[::1] limit_price) noexcept nogil:
        """Return the price of a MW of facility power at peak: charges and grid limits, USD."""
        cdef Py_ssize_t e
        cdef double usd = self.demand_usd[j]
        for e in range(self.grid_site_ptr[j], self.grid_site_ptr[j + 1]):
            usd += limit_price[self.grid_site_limit[e]] * self.grid_site_coefficient[e]
        return usd

    cdef void _rank(self) noexcept nogil:
        """Turn the listed items into a heap."""
        cdef Py_ssize_t k
        self.n_best = 0
        for k in range(self.n_heap // 2 - 1, -1, -1):
            _sink(self.heap, self.n_heap, k)

    @cython.final
    cdef bint _has(self, Py_ssize_t n) noexcept nogil:
        """Put the ``n``-th best item in its place and return whether there is one; few of many are ever asked for."""
        while self.n_best <= n and self.n_heap > 0:
            self.best[self.n_best] = self.heap[0]
            self.n_best += 1
            self.n_heap -= 1
            self.heap[0] = self.heap[self.n_heap]
            _sink(self.heap, self.n_heap, 0)
        return n < self.n_best

    @cython.final
    cdef double _room(self, Py_ssize_t o, int modules) noexcept nogil:
        """Return the IT power that a number of modules of an option carries, MW."""
        return min((modules - self.spare_modules[o]) * self.module_mw[o], self.capacity_mw[o])

    cdef double _best_modules(self, Py_ssize_t o, double weight, int* best) noexcept nogil:
        """Return the least cost of modules: ``weight`` times their capital less the gain of items; number in ``best``.

        Gains fall from module to module. If their prices do not fall as well, the search ends at the first that does
        not pay.
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
                if left > NOTHING:
                    it = room
                else:
                    it += take * self.best[n].weight
                    n += 1
                    left = 1.0
            usd = weight * (self.module_capex[first + modules] - self.sunk_capex[o]) - gain
            if not may_fall(usd, modules, self.is_linear[o], &least, best):
                break
            if not self._has(n) or modules >= self.max_modules[o] or room >= self.capacity_mw[o]:
                break
            modules += 1
        return least

    cdef void _record_site(self, Py_ssize_t j, Py_ssize_t o, int modules, double it_mw) noexcept nogil:
        """Add up what an open site uses of grid limits and spends on opening and modules."""
        cdef Py_ssize_t e
        for e in range(self.grid_site_ptr[j], self.grid_site_ptr[j + 1]):
            self._used[self.grid_site_limit[e]] += self.grid_site_coefficient[e] * self.pue[o] * it_mw
        self._capex += self.fixed_capex_usd[o] + self.module_capex[self.capex_first[o] + modules] - self.sunk_capex[o]
