"""What a plan costs and whether it is feasible: in full, and by how much one move changes it.

The instance's arrays are read only and shared. Full evaluation takes a plan's own replicas and modules; the search
state beside it always holds the fewest that carry its shares, so that a move needs to say only which demand goes where.

A *shift* moves an amount of one demand from a source to a target; either may be ``NOWHERE``: unserved. In the state a
demand that must be served may be unserved at a price (``penalty``) far above any real cost, so that a search can
start from anything; such a state is not feasible and is never handed out as a plan.

A pool may hold a *reserve*: load that the failure of one site would move to it. It is given from outside and stays as
it is while flows move; the pool has replicas for its own load and for both together.
"""

import numpy as np

from libc.math cimport ceil, INFINITY
from libc.stdint cimport int32_t, uint8_t

# Relative slack of capacities: half of the verifier's tolerance, more than a solver's rounding.
cdef double SLACK = 5e-7
# MW and replicas below this are rounding.
cdef double TINY = 1e-9
# Shares below this are rounding.
cdef double NOTHING = 1e-12
cdef Py_ssize_t NOWHERE = -1

N_LINES = 16


cdef inline double in_table(
    const double[::1] table, const int32_t[::1] ptr, Py_ssize_t tier, Py_ssize_t replicas
) noexcept nogil:
    """Calls per second that replicas carry in a tier; beyond the table its last step is carried on."""
    cdef Py_ssize_t base = ptr[tier], most = ptr[tier + 1] - base - 1
    if replicas <= most:
        return table[base + replicas]
    return table[base + most] + (replicas - most) * (table[base + most] - table[base + most - 1])


cdef int fewest_for(
    double peak, double usable, const double[::1] table, const int32_t[::1] ptr, Py_ssize_t tier
) noexcept nogil:
    """Fewest replicas, one at least, that carry ``peak`` within the cap and within a tier's table (-1: none)."""
    cdef Py_ssize_t low, high, middle, base
    cdef double step
    cdef int n = <int>ceil(peak / usable * (1.0 - SLACK))
    n = n if n > 1 else 1
    if tier < 0:
        return n
    base = ptr[tier]
    high = ptr[tier + 1] - base - 1
    peak = peak * (1.0 - SLACK)
    if table[base + high] < peak:
        # Beyond the table its last step is carried on: carried load is convex, so that this is safe.
        step = table[base + high] - table[base + high - 1]
        return max(n, <int>(high + ceil((peak - table[base + high]) / step)))
    if n >= high or table[base + n] >= peak:
        return n
    low = n
    while high - low > 1:
        middle = (low + high) >> 1
        if table[base + middle] >= peak:
            high = middle
        else:
            low = middle
    return <int>high


cdef class Evaluator:
    """Evaluator of one instance.

    Parameters
    ----------
    instance : siteopt.instance.Instance
    penalty_usd : float
        Price of leaving anything of a demand that must be served unserved, in the search state only; the share
        that is left out comes on top, times the same.
    """

    def __init__(self, instance, double penalty_usd):
        s, o, p, d, a, g = (
            instance.sites, instance.options, instance.pools, instance.demands, instance.arcs, instance.grid
        )
        v = instance.variants
        self.n_site, self.n_option, self.n_pool = len(s.id), len(o.site), len(p.site)
        self.n_demand, self.n_arc, self.n_limit = len(d.region), len(a.demand), len(g.id)
        self.energy_usd, self.carbon_usd = s.energy_usd_per_mw, s.carbon_usd_per_mw
        self.demand_usd, self.coincident_usd = s.demand_usd_per_mw, s.coincident_usd_per_mw
        self.peak_usd = s.demand_usd_per_mw + s.coincident_usd_per_mw
        self.mean_usd = s.energy_usd_per_mw + s.carbon_usd_per_mw
        self.is_existing, self.is_forced = s.is_existing, s.is_forced
        self.option_ptr, self.site_pool_ptr = s.option_ptr, s.pool_ptr
        self._read_options(instance)
        self.pool_site, self.pool_variant, self.pool_arc_ptr, self.pool_arc = p.site, p.variant, p.arc_ptr, p.arc
        self.pool_rps, self.pool_usable_rps = v.rps[p.variant], v.usable_rps[p.variant]
        self.pool_replica_mw, self.pool_idle = v.replica_mw[p.variant], v.idle_fraction[p.variant]
        self.pool_usd, self.pool_capex = v.usd[p.variant], v.capex_usd[p.variant]
        self.pool_refresh, self.pool_salvage = v.refresh_usd[p.variant], v.salvage_usd[p.variant]
        self.pool_fixed, self.pool_sync_gbps, self.pool_home_route = p.fixed_usd, p.sync_gbps, p.home_route
        self.pool_tenant = v.tenant[p.variant]
        self.peak_rps, self.mean_rps, self.revenue_usd = d.peak_rps, d.mean_rps, d.revenue_usd
        self.unserved_usd, self.is_splittable, self.demand_arc_ptr = d.unserved_usd, d.is_splittable, d.arc_ptr
        self.arc_demand, self.arc_pool, self.arc_usd, self.own_usd = a.demand, a.pool, a.usd, a.usd
        self.egress_usd, self.transit_usd = a.egress_usd, a.transit_usd
        self.arc_tier, self.table_ptr, self.carried_rps = a.tier, instance.tiers.table_ptr, instance.tiers.inner_rps
        self.degraded_ptr, self.degraded_rps = instance.degraded.table_ptr, instance.degraded.inner_rps
        self.pool_first_tier, self.pool_tiers = v.tier_ptr[p.variant], np.diff(v.tier_ptr)[p.variant]
        self.most_tiers = int(np.diff(v.tier_ptr).max(initial=0))
        self.rival_first, self.rival_last = instance.rivals
        self.limit_mw, self.grid_ptr, self.grid_site = g.limit_mw, g.ptr, g.site
        self.grid_coefficient, self.grid_site_ptr = g.coefficient, g.site_ptr
        self.grid_site_limit, self.grid_site_coefficient = g.site_limit, g.site_coefficient
        self.n_link, self.limit_gbps = len(instance.links.id), instance.links.limit_gbps
        self.route_ptr, self.route_link = instance.links.route_ptr, instance.links.route_link
        self.arc_route, self.arc_gbps, self.arc_home_gbps = a.route, a.gbps, a.home_gbps
        self.n_tenant, self.tenant_share = len(instance.tenancy.id), instance.tenancy.share
        self.tenant_site_mw = instance.tenancy.site_mw
        self.budget_usd, self.max_sites = instance.budget_usd, instance.max_sites
        self.penalty = penalty_usd
        self._allocate()

    def _read_options(self, instance):
        o, d = instance.options, instance.designs
        self.option_site, self.option_design, self.headroom_mw = o.site, o.design, o.headroom_mw
        self.land_usd, self.connection_usd, self.facility_usd = o.land_usd, o.connection_usd, o.facility_usd
        self.staff_usd, self.fixed_usd, self.fixed_capex_usd = o.staff_usd, o.fixed_usd, o.fixed_capex_usd
        self.module_mw, self.pue, self.spare_modules = o.module_mw, o.pue, o.spare_modules
        self.min_modules, self.max_modules = o.min_modules, o.max_modules
        self.capex_first, self.module_capex = d.capex_ptr[o.design], d.capex_usd
        self.capex_most = np.diff(d.capex_ptr)[o.design] - 1
        self.sunk_capex = d.capex_usd[d.capex_ptr[o.design] + o.sunk_modules]
        self.refresh_share, self.salvage_share = d.refresh_share[o.design], d.salvage_share[o.design]
        self.life_factor, self.admits = instance.life_factor, d.admits
        full = d.capex_usd[d.capex_ptr[o.design] + o.max_modules]
        counted = np.maximum(o.max_modules - o.spare_modules, 1)
        self.full_usd_per_mw = instance.life_factor * full / (counted * o.module_mw)

    def _allocate(self):
        self.share, self.unserved = np.zeros(self.n_arc), np.ones(self.n_demand)
        self.first_flow = np.full(self.n_demand, NOWHERE, dtype=np.int32)
        self.next_flow, self.previous_flow = np.full((2, self.n_arc), NOWHERE, dtype=np.int32)
        self.option = np.full(self.n_site, NOWHERE, dtype=np.int32)
        self.modules = np.zeros(self.n_site, dtype=np.int32)
        self.replicas, self.flows = np.zeros(self.n_pool, dtype=np.int32), np.zeros(self.n_pool, dtype=np.int32)
        self.tier_flows = np.zeros(self.n_pool * self.most_tiers, dtype=np.int32)
        self.pool_peak, self.pool_mean = np.zeros(self.n_pool), np.zeros(self.n_pool)
        self.site_it, self.site_mean = np.zeros(self.n_site), np.zeros(self.n_site)
        self.used_mw = np.zeros(self.n_limit)
        self.reserve, self.reserve_tier = np.zeros(self.n_pool), np.full(self.n_pool, NOWHERE, dtype=np.int32)
        self.held = np.zeros(self.n_site, dtype=np.int32)
        self.tenant_mw, self.link_gbps = np.zeros(self.n_site * self.n_tenant), np.zeros(self.n_link)

    # ------------------------------------------------------------------ full evaluation

    def evaluate(
        self,
        const int32_t[::1] option not None,
        const int32_t[::1] modules not None,
        const int32_t[::1] replicas not None,
        const double[::1] share not None,
        const double[::1] unserved not None,
    ):
        """Figures of a plan as it stands, with its own replicas and modules.

        Parameters
        ----------
        option, modules : ndarray of int32, shape (n_site,)
        replicas : ndarray of int32, shape (n_pool,)
        share : ndarray of float64, shape (n_arc,)
        unserved : ndarray of float64, shape (n_demand,)

        Returns
        -------
        lines : ndarray of float64, shape (16,)
            Cost lines, USD, in the order of ``siteopt.plan.COST_LINES``.
        it_mw, facility_mw, capex_usd : ndarray of float64, shape (n_site,)
        load_erlang : ndarray of float64, shape (n_pool,)
        used_mw : ndarray of float64, shape (n_limit,)
        used_gbps : ndarray of float64, shape (n_link,)
        tenant_mw : ndarray of float64, shape (n_site, n_tenant)
        """
        found = (option.shape[0], modules.shape[0], replicas.shape[0], share.shape[0], unserved.shape[0])
        expected = (self.n_site, self.n_site, self.n_pool, self.n_arc, self.n_demand)
        if found != expected:
            raise ValueError(f"option, modules, replicas, share, unserved have {found} entries, not {expected}")
        lines, used, gbps = np.zeros(N_LINES), np.zeros(self.n_limit), np.zeros(self.n_link)
        it_mw, mean_mw, facility, capex = np.zeros((4, self.n_site))
        peak, mean, tenants = np.zeros(self.n_pool), np.zeros(self.n_pool), np.zeros(self.n_site * self.n_tenant)
        cdef double[::1] c_lines = lines, c_used = used, c_it = it_mw, c_mean = mean_mw, c_gbps = gbps
        cdef double[::1] c_facility = facility, c_capex = capex, c_peak = peak, c_load = mean, c_tenants = tenants
        with nogil:
            self._flows_in_full(share, replicas, unserved, c_lines, c_peak, c_load, c_gbps)
            self._pools_in_full(replicas, c_lines, c_load, c_it, c_mean, c_capex, c_tenants)
            self._sites_in_full(option, modules, c_lines, c_it, c_mean, c_facility, c_capex, c_used)
        return lines, it_mw, facility, capex, peak, used, gbps, tenants.reshape(self.n_site, self.n_tenant)

    cdef void _flows_in_full(
        self,
        const double[::1] share,      # IN
        const int32_t[::1] replicas,  # IN
        const double[::1] unserved,   # IN
        double[::1] lines,            # OUT egress, transit, unserved, revenue
        double[::1] peak,             # OUT replicas kept busy at peak, by pool
        double[::1] mean,             # OUT the same on average
        double[::1] gbps,             # OUT traffic, by link
    ) noexcept nogil:
        cdef Py_ssize_t a, i, p
        for a in range(self.n_arc):
            if share[a] == 0.0:
                continue
            i, p = self.arc_demand[a], self.arc_pool[a]
            peak[p] += share[a] * self.peak_rps[i] / self.pool_rps[p]
            mean[p] += share[a] * self.mean_rps[i] / self.pool_rps[p]
            lines[10] += share[a] * self.egress_usd[a]
            lines[11] += share[a] * self.transit_usd[a]
            lines[14] -= share[a] * self.revenue_usd[i]
            self.add_gbps(self.arc_route[a], share[a] * self.arc_gbps[a], gbps)
            self.add_gbps(self.pool_home_route[p], share[a] * self.arc_home_gbps[a], gbps)
        for p in range(self.n_pool):
            if replicas[p] > 0:
                self.add_gbps(self.pool_home_route[p], self.pool_sync_gbps[p], gbps)
        for i in range(self.n_demand):
            if unserved[i] > 0.0:
                lines[13] += unserved[i] * self.unserved_usd[i]

    cdef inline void add_gbps(self, Py_ssize_t route, double amount, double[::1] gbps) noexcept nogil:
        cdef Py_ssize_t e
        if route < 0:
            return
        for e in range(self.route_ptr[route], self.route_ptr[route + 1]):
            gbps[self.route_link[e]] += amount

    cdef void _pools_in_full(
        self,
        const int32_t[::1] replicas,  # IN
        double[::1] lines,            # INOUT accelerators, refresh, data replicas, salvage
        const double[::1] mean,       # IN
        double[::1] it_mw,            # OUT
        double[::1] mean_mw,          # OUT
        double[::1] capex,            # OUT
        double[::1] tenants,          # OUT IT power by site and tenant
    ) noexcept nogil:
        cdef Py_ssize_t j, p
        cdef double power
        for p in range(self.n_pool):
            j = self.pool_site[p]
            power = replicas[p] * self.pool_replica_mw[p]
            it_mw[j] += power
            mean_mw[j] += self.pool_replica_mw[p] * (
                self.pool_idle[p] * replicas[p] + (1.0 - self.pool_idle[p]) * mean[p]
            )
            capex[j] += replicas[p] * self.pool_capex[p]
            lines[3] += replicas[p] * self.pool_capex[p]
            lines[4] += replicas[p] * self.pool_refresh[p]
            lines[15] -= replicas[p] * self.pool_salvage[p]
            if replicas[p] > 0:
                lines[12] += self.pool_fixed[p]
            if self.pool_tenant[p] >= 0:
                tenants[j * self.n_tenant + self.pool_tenant[p]] += power

    cdef void _sites_in_full(
        self,
        const int32_t[::1] option,   # IN
        const int32_t[::1] modules,  # IN
        double[::1] lines,           # INOUT
        const double[::1] it_mw,     # IN
        const double[::1] mean_mw,   # IN
        double[::1] facility_mw,     # OUT
        double[::1] capex,           # INOUT
        double[::1] used,            # OUT
    ) noexcept nogil:
        cdef Py_ssize_t j, o, e
        cdef double new_modules, facility
        for j in range(self.n_site):
            o = option[j]
            if o < 0:
                continue
            new_modules = self.capex_of_modules(o, modules[j])
            facility = self.facility_usd[o] + new_modules
            facility_mw[j] = it_mw[j] * self.pue[o]
            capex[j] += self.fixed_capex_usd[o] + new_modules
            lines[0] += self.land_usd[o]
            lines[1] += self.connection_usd[o]
            lines[2] += facility
            lines[4] += facility * self.refresh_share[o]
            lines[5] += self.energy_usd[j] * self.pue[o] * mean_mw[j]
            lines[6] += self.demand_usd[j] * facility_mw[j]
            lines[7] += self.coincident_usd[j] * facility_mw[j]
            lines[8] += self.staff_usd[o]
            lines[9] += self.carbon_usd[j] * self.pue[o] * mean_mw[j]
            lines[15] -= facility * self.salvage_share[o]
            for e in range(self.grid_site_ptr[j], self.grid_site_ptr[j + 1]):
                used[self.grid_site_limit[e]] += self.grid_site_coefficient[e] * facility_mw[j]

    # ------------------------------------------------------------------ the state of a search

    def load(
        self,
        const int32_t[::1] option not None,
        const double[::1] share not None,
        const double[::1] unserved not None,
    ):
        """Take over a plan's sites and shares; replicas and modules become the fewest that carry them.

        Returns
        -------
        bool
            Whether the state is feasible (see :meth:`is_feasible`).
        """
        if option.shape[0] != self.n_site or share.shape[0] != self.n_arc or unserved.shape[0] != self.n_demand:
            raise ValueError("option, share and unserved must have one entry for each site, arc and demand")
        self.option[:], self.share[:], self.unserved[:] = option, share, unserved
        with nogil:
            self.refresh()
        return self.is_feasible()

    def hold(self, const double[::1] reserve_rps not None, const int32_t[::1] tier not None):
        """Set the reserve of every pool; the state is as it was until the next :meth:`load`.

        Parameters
        ----------
        reserve_rps : ndarray of float64, shape (n_pool,)
            Calls per second that the failure of one site would move to the pool.
        tier : ndarray of int32, shape (n_pool,)
            Degraded tier that the pool has to meet then, -1 where it has no tail.
        """
        cdef Py_ssize_t p
        if reserve_rps.shape[0] != self.n_pool or tier.shape[0] != self.n_pool:
            raise ValueError(f"reserve and tier must have one entry for each of {self.n_pool} pools")
        self.reserve[:], self.reserve_tier[:], self.held[:] = reserve_rps, tier, 0
        for p in range(self.n_pool):
            self.held[self.pool_site[p]] += reserve_rps[p] > 0.0

    def shade(self, const double[::1] extra_usd not None):
        """Add a price to every arc in the search state, from the next :meth:`load` on; full evaluation ignores it.

        Parameters
        ----------
        extra_usd : ndarray of float64, shape (n_arc,)
            For all of the demand: what a flow there costs beyond its own cost, such as reserve elsewhere.
        """
        if extra_usd.shape[0] != self.n_arc:
            raise ValueError(f"extra_usd must have one entry for each of {self.n_arc} arcs")
        self.arc_usd = np.asarray(self.own_usd) + np.asarray(extra_usd)

    def state(self):
        """Copies of ``option, modules, replicas, share, unserved`` of the state."""
        return (
            np.array(self.option), np.array(self.modules), np.array(self.replicas),
            np.array(self.share), np.array(self.unserved),
        )

    @property
    def cost_usd(self):
        """Cost of the state, USD; includes the penalty for must-serve demand that is unserved."""
        return self.cost

    def is_feasible(self):
        """Whether every rule holds: power, headroom, grid, budget, number of sites, all served that must be."""
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
        for i in range(self.n_demand):
            if self.unserved[i] > 0.0 and self.unserved_usd[i] == INFINITY:
                return False
        return self.capex <= self.budget_usd * (1.0 + SLACK) and self.new_sites <= self.max_sites

    def move_deltas(self, const int32_t[::1] source not None, const int32_t[::1] target not None):
        """Change of cost, USD, if all that flows on arc ``source[k]`` moved to arc ``target[k]``, one k at a time.

        Parameters
        ----------
        source, target : ndarray of int32, shape (n,)
            Two arcs of one demand each.

        Returns
        -------
        ndarray of float64, shape (n,)
            ``inf`` where the move is not feasible.
        """
        if source.shape[0] != target.shape[0]:
            raise ValueError("source and target must have one length")
        result = np.empty(source.shape[0])
        cdef double[::1] out = result
        cdef Py_ssize_t k
        self._check_arcs(source, target)
        with nogil:
            for k in range(source.shape[0]):
                out[k] = self.shift_delta(self.arc_demand[source[k]], source[k], target[k], self.share[source[k]])
        return result

    def move(self, Py_ssize_t source, Py_ssize_t target):
        """Apply a move of all that flows on ``source``; the caller has seen that its delta is finite."""
        pair = np.array([source, target], dtype=np.int32)
        self._check_arcs(pair[:1], pair[1:])
        self.shift(self.arc_demand[source], source, target, self.share[source])

    def swap_delta(self, Py_ssize_t source_1, Py_ssize_t target_1, Py_ssize_t source_2, Py_ssize_t target_2):
        """Change of cost, USD, if two demands move at once; ``inf`` where the outcome is not feasible.

        The first move may be infeasible by itself, as when two full sites exchange demands.
        """
        pairs = np.array([source_1, source_2, target_1, target_2], dtype=np.int32)
        self._check_arcs(pairs[:2], pairs[2:])
        if self.arc_demand[source_1] == self.arc_demand[source_2]:
            raise ValueError("a swap takes two different demands")
        return self.swap(source_1, target_1, source_2, target_2)

    def _check_arcs(self, const int32_t[::1] source, const int32_t[::1] target):
        cdef Py_ssize_t k
        for k in range(source.shape[0]):
            if not (0 <= source[k] < self.n_arc and 0 <= target[k] < self.n_arc):
                raise ValueError(f"there is no arc {source[k]} or {target[k]}; the instance has {self.n_arc}")
            if self.arc_demand[source[k]] != self.arc_demand[target[k]]:
                raise ValueError(f"arcs {source[k]} and {target[k]} belong to different demands")

    # ------------------------------------------------------------------ workers

    cdef inline Py_ssize_t tightest_tier(self, Py_ssize_t pool, Py_ssize_t tier, int change) noexcept nogil:
        """First tier of the pool with a flow, once the flows of ``tier`` have changed; -1 where there is none."""
        cdef Py_ssize_t t, row
        for t in range(self.pool_tiers[pool]):
            row = self.pool_first_tier[pool] + t
            if self.tier_flows[pool * self.most_tiers + t] + (change if row == tier else 0) > 0:
                return row
        return -1

    cdef inline bint is_active(self, Py_ssize_t pool) noexcept nogil:
        """Whether the pool has replicas: for flows, or in reserve."""
        return self.flows[pool] > 0 or self.reserve[pool] > 0.0

    cdef inline double pool_carries(self, Py_ssize_t pool, Py_ssize_t tier, Py_ssize_t replicas) noexcept nogil:
        """Calls per second that a pool of a tier (-1: without tail) carries."""
        cdef double capped = replicas * self.pool_usable_rps[pool]
        if tier < 0:
            return capped
        return min(capped, in_table(self.carried_rps, self.table_ptr, tier, replicas))

    cdef inline double pool_room(self, Py_ssize_t pool, Py_ssize_t tier, Py_ssize_t replicas) noexcept nogil:
        """Calls per second that a pool takes in all, its reserve set aside."""
        cdef double carried = self.pool_carries(pool, tier, replicas), degraded
        if self.reserve[pool] <= 0.0:
            return carried
        degraded = replicas * self.pool_usable_rps[pool]
        if self.reserve_tier[pool] >= 0:
            degraded = min(degraded, in_table(self.degraded_rps, self.degraded_ptr, self.reserve_tier[pool], replicas))
        return min(carried, degraded - self.reserve[pool])

    cdef inline int fewest_replicas(
        self, Py_ssize_t pool, double peak, Py_ssize_t flows, Py_ssize_t tier
    ) noexcept nogil:
        """Replicas that carry ``peak`` calls per second in a tier, and the reserve on top of it after a failure."""
        cdef int n = 0, held
        cdef double both
        if flows > 0:
            n = fewest_for(peak, self.pool_usable_rps[pool], self.carried_rps, self.table_ptr, tier)
        if self.reserve[pool] > 0.0:
            both = self.reserve[pool] + (peak if flows > 0 else 0.0)
            held = fewest_for(
                both, self.pool_usable_rps[pool], self.degraded_rps, self.degraded_ptr, self.reserve_tier[pool]
            )
            n = held if held > n else n
        return n

    cdef inline int fewest_modules(
        self, Py_ssize_t site, Py_ssize_t option, double it_mw, Py_ssize_t tenant, double more_mw
    ) noexcept nogil:
        """Modules that carry ``it_mw`` and leave every tenant below its share; ``tenant`` has ``more_mw`` more."""
        cdef double load = it_mw, mw
        cdef Py_ssize_t t
        cdef int n
        if self.tenant_share < INFINITY:
            for t in range(self.n_tenant):
                mw = self.tenant_mw[site * self.n_tenant + t] + (more_mw if t == tenant else 0.0)
                load = max(load, mw / self.tenant_share)
        n = <int>ceil(load / self.module_mw[option] * (1.0 - SLACK) - TINY) + self.spare_modules[option]
        return n if n > self.min_modules[option] else self.min_modules[option]

    cdef inline double capex_of_modules(self, Py_ssize_t option, int modules) noexcept nogil:
        """Capital of modules beyond those that stand there; past the table's end, each as much as the last one."""
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
        """Cost of a site less its pools."""
        return (
            self.fixed_usd[option]
            + self.life_factor[option] * self.capex_of_modules(option, modules)
            + self.pue[option] * (self.peak_usd[site] * it_mw + self.mean_usd[site] * mean_mw)
        )

    cdef inline bint site_fits(self, Py_ssize_t site, Py_ssize_t option, double it_mw, int modules) noexcept nogil:
        return (
            modules <= self.max_modules[option]
            and it_mw * self.pue[option] <= self.headroom_mw[option] * (1.0 + SLACK) + TINY
        )

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

    cdef inline double unserved_price(self, Py_ssize_t demand) noexcept nogil:
        cdef double price = self.unserved_usd[demand]
        return price if price < INFINITY else self.penalty

    cdef inline double rest_usd(self, Py_ssize_t demand, double rest) noexcept nogil:
        """Cost of an unserved rest. Of must-serve demand the last crumb still costs the whole penalty: a price by
        share alone would make it cheaper to leave a small rest than to open a site for it."""
        cdef double price = self.unserved_usd[demand]
        if rest <= NOTHING:
            return 0.0
        return rest * price if price < INFINITY else (1.0 + rest) * self.penalty

    cdef inline Effect change(self, Py_ssize_t arc, double amount, int more_flows) noexcept nogil:
        """Effect of ``amount`` (may be negative) on the arc's pool, and on the power of its site.

        ``more_flows`` says whether the arc begins (1) or ceases (-1) to carry a flow.
        """
        cdef Py_ssize_t p = self.arc_pool[arc], i = self.arc_demand[arc]
        cdef Py_ssize_t tier = self.tightest_tier(p, self.arc_tier[arc], more_flows)
        cdef int more = self.fewest_replicas(
            p, self.pool_peak[p] + amount * self.peak_rps[i], self.flows[p] + more_flows, tier
        ) - self.replicas[p]
        cdef double busy = amount * self.mean_rps[i] / self.pool_rps[p]
        cdef Effect effect
        effect.it_mw = more * self.pool_replica_mw[p]
        effect.mean_mw = self.pool_replica_mw[p] * (self.pool_idle[p] * more + (1.0 - self.pool_idle[p]) * busy)
        effect.capex = more * self.pool_capex[p]
        effect.usd = more * self.pool_usd[p] + amount * self.arc_usd[arc]
        if self.reserve[p] <= 0.0:
            effect.usd += ((self.flows[p] + more_flows > 0) - (self.flows[p] > 0)) * self.pool_fixed[p]
        return effect

    cdef inline bint has_rival(self, Py_ssize_t pool, Py_ssize_t leaving) noexcept nogil:
        """Whether the site serves the pool's workload in another pool already; ``leaving`` is a flow's arc
        whose whole flow goes away."""
        cdef Py_ssize_t q
        for q in range(self.rival_first[pool], self.rival_last[pool]):
            if q == pool:
                continue
            if self.reserve[q] > 0.0 or self.flows[q] > (1 if leaving >= 0 and self.arc_pool[leaving] == q else 0):
                return True
        return False

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

    cdef double shift_delta(
        self, Py_ssize_t demand, Py_ssize_t source, Py_ssize_t target, double amount
    ) noexcept nogil:
        """Change of cost by a shift, ``INFINITY`` where it would break a rule. Reads the state, changes nothing."""
        cdef Py_ssize_t p, j = NOWHERE, k, o
        cdef double delta = 0.0
        cdef Effect less = Effect(0.0, 0.0, 0.0, 0.0), more
        cdef int modules, fewer_flows = 0, more_flows
        if source == target:
            return 0.0
        if source == NOWHERE:
            delta += self.rest_usd(demand, self.unserved[demand] - amount)
            delta -= self.rest_usd(demand, self.unserved[demand])
        else:
            p = self.arc_pool[source]
            j = self.pool_site[p]
            o = self.option[j]
            fewer_flows = -1 if self.share[source] <= amount else 0
            less = self.change(source, -amount, fewer_flows)
            delta += less.usd
            if target == NOWHERE or self.pool_site[self.arc_pool[target]] != j:
                modules = self.fewest_modules(j, o, self.site_it[j] + less.it_mw, self.pool_tenant[p], less.it_mw)
                less.capex += self.capex_of_modules(o, modules) - self.capex_of_modules(o, self.modules[j])
                delta += self.site_usd(j, o, self.site_it[j] + less.it_mw, self.site_mean[j] + less.mean_mw, modules)
                delta -= self.site_usd(j, o, self.site_it[j], self.site_mean[j], self.modules[j])
        if target == NOWHERE:
            delta -= self.rest_usd(demand, self.unserved[demand])
            return delta + self.rest_usd(demand, self.unserved[demand] + amount)
        p = self.arc_pool[target]
        k = self.pool_site[p]
        o = self.option[k]
        if o < 0 or not self.admits[self.option_design[o], self.pool_variant[p]]:
            return INFINITY
        if self.rival_last[p] - self.rival_first[p] > 1 and not self.is_active(p):
            if self.has_rival(p, source if source != NOWHERE and self.share[source] <= amount else NOWHERE):
                return INFINITY
        more_flows = 1 if self.share[target] == 0.0 else 0
        if self.n_link > 0 and not self.links_hold(source, fewer_flows, target, more_flows, amount):
            return INFINITY
        more = self.change(target, amount, more_flows)
        delta += more.usd
        more.capex += less.capex
        if k == j:  # the same site in another pool: one site changes, by the sum of both
            more.it_mw += less.it_mw
            more.mean_mw += less.mean_mw
            j = NOWHERE
        modules = self.fewest_modules(k, o, self.site_it[k] + more.it_mw, self.pool_tenant[p], more.it_mw)
        if more.it_mw > 0.0:
            if not self.site_fits(k, o, self.site_it[k] + more.it_mw, modules):
                return INFINITY
            if self.pool_tenant[p] >= 0 and (
                self.tenant_mw[k * self.n_tenant + self.pool_tenant[p]] + more.it_mw
                > self.tenant_site_mw * (1.0 + SLACK) + TINY
            ):
                return INFINITY
            if not self.grid_holds(j, less.it_mw, k, more.it_mw):
                return INFINITY
        more.capex += self.capex_of_modules(o, modules) - self.capex_of_modules(o, self.modules[k])
        if more.capex > 0.0 and self.capex + more.capex > self.budget_usd * (1.0 + SLACK):
            return INFINITY
        delta += self.site_usd(k, o, self.site_it[k] + more.it_mw, self.site_mean[k] + more.mean_mw, modules)
        return delta - self.site_usd(k, o, self.site_it[k], self.site_mean[k], self.modules[k])

    cdef void shift(self, Py_ssize_t demand, Py_ssize_t source, Py_ssize_t target, double amount) noexcept nogil:
        """Apply a shift to the state, whether it is feasible or not."""
        cdef double rest = self.unserved[demand]
        if source == target:
            return
        if source == NOWHERE:
            rest -= amount
        else:
            self.put(source, -amount)
        if target == NOWHERE:
            rest += amount
        else:
            self.put(target, amount)
        rest = rest if rest > NOTHING else 0.0
        self.cost += self.rest_usd(demand, rest) - self.rest_usd(demand, self.unserved[demand])
        if self.unserved_usd[demand] == INFINITY:
            self.short_demands += (rest > 0.0) - (self.unserved[demand] > 0.0)
        self.unserved[demand] = rest

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

    cdef double swap(
        self, Py_ssize_t source_1, Py_ssize_t target_1, Py_ssize_t source_2, Py_ssize_t target_2
    ) noexcept nogil:
        """Change of cost if all that flows on two arcs of two demands moves; the state is left as it was."""
        cdef Py_ssize_t i = self.arc_demand[source_1], k = self.arc_demand[source_2]
        cdef double before = self.cost, after, amount_1 = self.share[source_1], amount_2 = self.share[source_2]
        self.shift(i, source_1, target_1, amount_1)
        self.shift(k, source_2, target_2, amount_2)
        after = self.cost
        if not (
            self.site_holds(self.pool_site[self.arc_pool[target_1]])
            and self.site_holds(self.pool_site[self.arc_pool[target_2]])
            and self.route_holds(self.arc_route[target_1])
            and self.route_holds(self.arc_route[target_2])
            and self.route_holds(self.pool_home_route[self.arc_pool[target_1]])
            and self.route_holds(self.pool_home_route[self.arc_pool[target_2]])
            and self.capex <= self.budget_usd * (1.0 + SLACK)
        ) or self.has_rival(self.arc_pool[target_1], NOWHERE) or self.has_rival(self.arc_pool[target_2], NOWHERE):
            after = INFINITY
        self.shift(k, target_2, source_2, amount_2)
        self.shift(i, target_1, source_1, amount_1)
        self.cost = before
        return after - before

    cdef void put(self, Py_ssize_t arc, double amount) noexcept nogil:
        """Add ``amount`` (may be negative) to an arc and carry it through pool, site, grid, links, capital and cost."""
        cdef Py_ssize_t p = self.arc_pool[arc], i = self.arc_demand[arc], j, o, e
        cdef double before = self.share[arc]
        cdef bint was_active = self.is_active(p)
        cdef Effect effect
        cdef int modules, more_flows
        self.share[arc] = before + amount if before + amount > NOTHING else 0.0
        more_flows = (self.share[arc] > 0.0) - (before > 0.0)
        if more_flows > 0:
            self._list_flow(arc)
        elif more_flows < 0:
            self._unlist_flow(arc)
        effect = self.change(arc, amount, more_flows)
        self.cost += effect.usd
        self.flows[p] += more_flows
        if self.arc_tier[arc] >= 0:
            self.tier_flows[p * self.most_tiers + self.arc_tier[arc] - self.pool_first_tier[p]] += more_flows
        self.pool_peak[p] = self.pool_peak[p] + amount * self.peak_rps[i] if self.flows[p] else 0.0
        self.pool_mean[p] = self.pool_mean[p] + amount * self.mean_rps[i] if self.flows[p] else 0.0
        self.replicas[p] = self.fewest_replicas(
            p, self.pool_peak[p], self.flows[p], self.tightest_tier(p, -1, 0)
        )
        if self.n_link > 0:
            self.add_gbps(self.arc_route[arc], amount * self.arc_gbps[arc], self.link_gbps)
            self.add_gbps(
                self.pool_home_route[p],
                amount * self.arc_home_gbps[arc] + (self.is_active(p) - was_active) * self.pool_sync_gbps[p],
                self.link_gbps,
            )
        j = self.pool_site[p]
        o = self.option[j]
        if self.pool_tenant[p] >= 0:
            self.tenant_mw[j * self.n_tenant + self.pool_tenant[p]] += effect.it_mw
        if o < 0:
            self.site_it[j] += effect.it_mw
            self.site_mean[j] += effect.mean_mw
            self.capex += effect.capex
            return
        self.cost -= self.site_usd(j, o, self.site_it[j], self.site_mean[j], self.modules[j])
        self.site_it[j] += effect.it_mw
        self.site_mean[j] += effect.mean_mw
        modules = self.fewest_modules(j, o, self.site_it[j], NOWHERE, 0.0)
        self.capex += effect.capex + self.capex_of_modules(o, modules) - self.capex_of_modules(o, self.modules[j])
        self.modules[j] = modules
        self.cost += self.site_usd(j, o, self.site_it[j], self.site_mean[j], modules)
        for e in range(self.grid_site_ptr[j], self.grid_site_ptr[j + 1]):
            self.used_mw[self.grid_site_limit[e]] += self.grid_site_coefficient[e] * self.pue[o] * effect.it_mw

    cdef void _list_flow(self, Py_ssize_t arc) noexcept nogil:
        cdef Py_ssize_t i = self.arc_demand[arc]
        cdef int32_t after = self.first_flow[i]
        self.next_flow[arc], self.previous_flow[arc] = after, NOWHERE
        if after >= 0:
            self.previous_flow[after] = <int32_t>arc
        self.first_flow[i] = <int32_t>arc

    cdef void _unlist_flow(self, Py_ssize_t arc) noexcept nogil:
        cdef int32_t before = self.previous_flow[arc], after = self.next_flow[arc]
        if before >= 0:
            self.next_flow[before] = after
        else:
            self.first_flow[self.arc_demand[arc]] = after
        if after >= 0:
            self.previous_flow[after] = before

    cdef void set_option(self, Py_ssize_t site, Py_ssize_t option) noexcept nogil:
        """Open a site with a design, change its design, or close it (``NOWHERE``) once nothing flows to it."""
        cdef Py_ssize_t old = self.option[site], e
        cdef double it_mw = self.site_it[site], pue = 0.0
        if old >= 0:
            self.cost -= self.site_usd(site, old, it_mw, self.site_mean[site], self.modules[site])
            self.capex -= self.fixed_capex_usd[old] + self.capex_of_modules(old, self.modules[site])
            self.new_sites -= not self.is_existing[site]
            pue -= self.pue[old]
        self.option[site] = option
        self.modules[site] = 0
        if option >= 0:
            self.modules[site] = self.fewest_modules(site, option, it_mw, NOWHERE, 0.0)
            self.cost += self.site_usd(site, option, it_mw, self.site_mean[site], self.modules[site])
            self.capex += self.fixed_capex_usd[option] + self.capex_of_modules(option, self.modules[site])
            self.new_sites += not self.is_existing[site]
            pue += self.pue[option]
        for e in range(self.grid_site_ptr[site], self.grid_site_ptr[site + 1]):
            self.used_mw[self.grid_site_limit[e]] += self.grid_site_coefficient[e] * pue * it_mw

    cdef void refresh(self) noexcept nogil:
        """Everything that follows from ``option``, ``share`` and ``unserved``, from scratch: no drift survives it."""
        cdef Py_ssize_t a, i, p
        self.pool_peak[:] = 0.0
        self.pool_mean[:] = 0.0
        self.flows[:] = 0
        self.tier_flows[:] = 0
        self.link_gbps[:] = 0.0
        self.cost = 0.0
        self.capex = 0.0
        self.short_demands = 0
        self.first_flow[:] = NOWHERE
        # Backwards, so that each list begins with the first of its arcs.
        for a in range(self.n_arc - 1, -1, -1):
            if self.share[a] > 0.0:
                i, p = self.arc_demand[a], self.arc_pool[a]
                self._list_flow(a)
                self.pool_peak[p] += self.share[a] * self.peak_rps[i]
                self.pool_mean[p] += self.share[a] * self.mean_rps[i]
                self.flows[p] += 1
                if self.arc_tier[a] >= 0:
                    self.tier_flows[p * self.most_tiers + self.arc_tier[a] - self.pool_first_tier[p]] += 1
                self.cost += self.share[a] * self.arc_usd[a]
                self.add_gbps(self.arc_route[a], self.share[a] * self.arc_gbps[a], self.link_gbps)
                self.add_gbps(self.pool_home_route[p], self.share[a] * self.arc_home_gbps[a], self.link_gbps)
        for i in range(self.n_demand):
            if self.unserved[i] > 0.0:
                self.cost += self.rest_usd(i, self.unserved[i])
                self.short_demands += self.unserved_usd[i] == INFINITY
        self._refresh_sites()

    cdef void _refresh_sites(self) noexcept nogil:
        """Replicas, power, modules, capital and cost of all sites, from the loads of their pools."""
        cdef Py_ssize_t j, o, p, e
        self.site_it[:] = 0.0
        self.site_mean[:] = 0.0
        self.tenant_mw[:] = 0.0
        self.used_mw[:] = 0.0
        self.new_sites = 0
        for p in range(self.n_pool):
            self.replicas[p] = self.fewest_replicas(
                p, self.pool_peak[p], self.flows[p], self.tightest_tier(p, -1, 0)
            )
            j = self.pool_site[p]
            self.site_it[j] += self.replicas[p] * self.pool_replica_mw[p]
            self.site_mean[j] += self.pool_replica_mw[p] * (
                self.pool_idle[p] * self.replicas[p]
                + (1.0 - self.pool_idle[p]) * self.pool_mean[p] / self.pool_rps[p]
            )
            self.cost += self.replicas[p] * self.pool_usd[p]
            self.capex += self.replicas[p] * self.pool_capex[p]
            if self.pool_tenant[p] >= 0:
                self.tenant_mw[j * self.n_tenant + self.pool_tenant[p]] += self.replicas[p] * self.pool_replica_mw[p]
            if self.is_active(p):
                self.cost += self.pool_fixed[p]
                self.add_gbps(self.pool_home_route[p], self.pool_sync_gbps[p], self.link_gbps)
        for j in range(self.n_site):
            o = self.option[j]
            self.modules[j] = 0
            if o < 0:
                continue
            self.modules[j] = self.fewest_modules(j, o, self.site_it[j], NOWHERE, 0.0)
            self.new_sites += not self.is_existing[j]
            self.capex += self.fixed_capex_usd[o] + self.capex_of_modules(o, self.modules[j])
            self.cost += self.site_usd(j, o, self.site_it[j], self.site_mean[j], self.modules[j])
            for e in range(self.grid_site_ptr[j], self.grid_site_ptr[j + 1]):
                self.used_mw[self.grid_site_limit[e]] += (
                    self.grid_site_coefficient[e] * self.pue[o] * self.site_it[j]
                )
