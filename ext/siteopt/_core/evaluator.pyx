"""What a plan costs and whether it is feasible: in full, and by how much one move changes it.

The instance's arrays are read only and shared. Full evaluation takes a plan's own replicas and modules; the search
state beside it always holds the fewest that carry its shares, so that a move needs to say only which demand goes where.

A *shift* moves an amount of one demand from a source to a target; either may be ``NOWHERE``: unserved. In the state a
demand that must be served may be unserved at a price (``penalty``) far above any real cost, so that a search can
start from anything; such a state is not feasible and is never handed out as a plan.
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

N_LINES = 12


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
        self.headroom_mw, self.energy_usd, self.carbon_usd = s.headroom_mw, s.energy_usd_per_mw, s.carbon_usd_per_mw
        self.demand_usd, self.is_existing, self.is_forced = s.demand_usd_per_mw, s.is_existing, s.is_forced
        self.option_ptr, self.site_pool_ptr = s.option_ptr, s.pool_ptr
        self.option_site = o.site
        self.land_usd, self.connection_usd, self.facility_usd = o.land_usd, o.connection_usd, o.facility_usd
        self.staff_usd, self.fixed_usd, self.fixed_capex_usd = o.staff_usd, o.fixed_usd, o.fixed_capex_usd
        self.module_usd, self.module_mw, self.pue = o.module_usd, o.module_mw, o.pue
        self.min_modules, self.max_modules, self.sunk_modules = o.min_modules, o.max_modules, o.sunk_modules
        self.pool_site, self.pool_variant, self.pool_arc_ptr, self.pool_arc = p.site, p.variant, p.arc_ptr, p.arc
        self.pool_rps, self.pool_usable_rps = v.rps[p.variant], v.usable_rps[p.variant]
        self.pool_replica_mw, self.pool_idle = v.replica_mw[p.variant], v.idle_fraction[p.variant]
        self.pool_usd = v.usd[p.variant]
        self.peak_rps, self.mean_rps, self.revenue_usd = d.peak_rps, d.mean_rps, d.revenue_usd
        self.unserved_usd, self.is_splittable, self.demand_arc_ptr = d.unserved_usd, d.is_splittable, d.arc_ptr
        self.arc_demand, self.arc_pool, self.arc_usd = a.demand, a.pool, a.usd
        self.egress_usd, self.transit_usd = a.egress_usd, a.transit_usd
        self.arc_tier, self.table_ptr, self.carried_rps = a.tier, instance.tiers.table_ptr, instance.tiers.inner_rps
        self.pool_first_tier, self.pool_tiers = v.tier_ptr[p.variant], np.diff(v.tier_ptr)[p.variant]
        self.most_tiers = int(np.diff(v.tier_ptr).max(initial=0))
        self.rival_first, self.rival_last = instance.rivals
        self.limit_mw, self.grid_ptr, self.grid_site = g.limit_mw, g.ptr, g.site
        self.grid_coefficient, self.grid_site_ptr = g.coefficient, g.site_ptr
        self.grid_site_limit, self.grid_site_coefficient = g.site_limit, g.site_coefficient
        self.budget_usd, self.max_sites = instance.budget_usd, instance.max_sites
        self.penalty = penalty_usd
        self._allocate()

    def _allocate(self):
        self.share, self.unserved = np.zeros(self.n_arc), np.ones(self.n_demand)
        self.option = np.full(self.n_site, NOWHERE, dtype=np.int32)
        self.modules = np.zeros(self.n_site, dtype=np.int32)
        self.replicas, self.flows = np.zeros(self.n_pool, dtype=np.int32), np.zeros(self.n_pool, dtype=np.int32)
        self.tier_flows = np.zeros(self.n_pool * self.most_tiers, dtype=np.int32)
        self.pool_peak, self.pool_mean = np.zeros(self.n_pool), np.zeros(self.n_pool)
        self.site_it, self.site_mean = np.zeros(self.n_site), np.zeros(self.n_site)
        self.used_mw = np.zeros(self.n_limit)

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
        lines : ndarray of float64, shape (12,)
            Cost lines, USD, in the order of ``siteopt.plan.COST_LINES``.
        it_mw, facility_mw, capex_usd : ndarray of float64, shape (n_site,)
        load_erlang : ndarray of float64, shape (n_pool,)
        used_mw : ndarray of float64, shape (n_limit,)
        """
        found = (option.shape[0], modules.shape[0], replicas.shape[0], share.shape[0], unserved.shape[0])
        expected = (self.n_site, self.n_site, self.n_pool, self.n_arc, self.n_demand)
        if found != expected:
            raise ValueError(f"option, modules, replicas, share, unserved have {found} entries, not {expected}")
        lines, used = np.zeros(N_LINES), np.zeros(self.n_limit)
        it_mw, mean_mw, facility, capex = np.zeros((4, self.n_site))
        peak, mean = np.zeros(self.n_pool), np.zeros(self.n_pool)
        cdef double[::1] c_lines = lines, c_used = used, c_it = it_mw, c_mean = mean_mw
        cdef double[::1] c_facility = facility, c_capex = capex, c_peak = peak, c_load = mean
        with nogil:
            self._flows_in_full(share, unserved, c_lines, c_peak, c_load)
            self._sites_in_full(
                option, modules, replicas, c_lines, c_peak, c_load, c_it, c_mean, c_facility, c_capex, c_used
            )
        return lines, it_mw, facility, capex, peak, used

    cdef void _flows_in_full(
        self,
        const double[::1] share,     # IN
        const double[::1] unserved,  # IN
        double[::1] lines,           # OUT egress, transit, unserved, revenue
        double[::1] peak,            # OUT replicas kept busy at peak, by pool
        double[::1] mean,            # OUT the same on average
    ) noexcept nogil:
        cdef Py_ssize_t a, i, p
        for a in range(self.n_arc):
            if share[a] == 0.0:
                continue
            i, p = self.arc_demand[a], self.arc_pool[a]
            peak[p] += share[a] * self.peak_rps[i] / self.pool_rps[p]
            mean[p] += share[a] * self.mean_rps[i] / self.pool_rps[p]
            lines[8] += share[a] * self.egress_usd[a]
            lines[9] += share[a] * self.transit_usd[a]
            lines[11] -= share[a] * self.revenue_usd[i]
        for i in range(self.n_demand):
            if unserved[i] > 0.0:
                lines[10] += unserved[i] * self.unserved_usd[i]

    cdef void _sites_in_full(
        self,
        const int32_t[::1] option,    # IN
        const int32_t[::1] modules,   # IN
        const int32_t[::1] replicas,  # IN
        double[::1] lines,            # INOUT
        const double[::1] peak,       # IN
        const double[::1] mean,       # IN
        double[::1] it_mw,            # OUT
        double[::1] mean_mw,          # OUT
        double[::1] facility_mw,      # OUT
        double[::1] capex,            # OUT
        double[::1] used,             # OUT
    ) noexcept nogil:
        cdef Py_ssize_t j, o, p, e
        cdef double new_modules
        for p in range(self.n_pool):
            j = self.pool_site[p]
            it_mw[j] += replicas[p] * self.pool_replica_mw[p]
            mean_mw[j] += self.pool_replica_mw[p] * (
                self.pool_idle[p] * replicas[p] + (1.0 - self.pool_idle[p]) * mean[p]
            )
            capex[j] += replicas[p] * self.pool_usd[p]
            lines[3] += replicas[p] * self.pool_usd[p]
        for j in range(self.n_site):
            o = option[j]
            if o < 0:
                continue
            new_modules = modules[j] - self.sunk_modules[o]
            facility_mw[j] = it_mw[j] * self.pue[o]
            capex[j] += self.fixed_capex_usd[o] + new_modules * self.module_usd[o]
            lines[0] += self.land_usd[o]
            lines[1] += self.connection_usd[o]
            lines[2] += self.facility_usd[o] + new_modules * self.module_usd[o]
            lines[4] += self.energy_usd[j] * self.pue[o] * mean_mw[j]
            lines[5] += self.demand_usd[j] * facility_mw[j]
            lines[6] += self.staff_usd[o]
            lines[7] += self.carbon_usd[j] * self.pue[o] * mean_mw[j]
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
            elif not self.site_fits(j, self.option[j], self.site_it[j], self.modules[j]):
                return False
        for i in range(self.n_pool):
            if self.flows[i] > 0 and self.has_rival(i, NOWHERE):
                return False
        for g in range(self.n_limit):
            if self.used_mw[g] > self.limit_mw[g] * (1.0 + SLACK) + TINY:
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

    cdef inline double pool_carries(self, Py_ssize_t pool, Py_ssize_t tier, Py_ssize_t replicas) noexcept nogil:
        """Calls per second that a pool of a tier (-1: without tail) carries."""
        cdef double capped = replicas * self.pool_usable_rps[pool], last
        cdef Py_ssize_t most
        if tier < 0:
            return capped
        most = self.table_ptr[tier + 1] - self.table_ptr[tier] - 1
        if replicas <= most:
            return min(capped, self.carried_rps[self.table_ptr[tier] + replicas])
        last = self.carried_rps[self.table_ptr[tier] + most]
        return min(capped, last + (replicas - most) * (last - self.carried_rps[self.table_ptr[tier] + most - 1]))

    cdef inline int fewest_replicas(
        self, Py_ssize_t pool, double peak, Py_ssize_t flows, Py_ssize_t tier
    ) noexcept nogil:
        """Replicas that carry ``peak`` calls per second in a tier; a pool with a flow has one at least."""
        cdef Py_ssize_t low, high, middle, base
        cdef double step
        cdef int n
        if flows == 0:
            return 0
        n = <int>ceil(peak / self.pool_usable_rps[pool] * (1.0 - SLACK))
        n = n if n > 1 else 1
        if tier < 0:
            return n
        base = self.table_ptr[tier]
        high = self.table_ptr[tier + 1] - base - 1
        peak = peak * (1.0 - SLACK)
        if self.carried_rps[base + high] < peak:
            # Beyond the table its last step is carried on: carried load is convex, so that this is safe.
            step = self.carried_rps[base + high] - self.carried_rps[base + high - 1]
            return max(n, <int>(high + ceil((peak - self.carried_rps[base + high]) / step)))
        if n >= high or self.carried_rps[base + n] >= peak:
            return n
        low = n
        while high - low > 1:
            middle = (low + high) >> 1
            if self.carried_rps[base + middle] >= peak:
                high = middle
            else:
                low = middle
        return <int>high

    cdef inline int fewest_modules(self, Py_ssize_t option, double it_mw) noexcept nogil:
        cdef int n = <int>ceil(it_mw / self.module_mw[option] * (1.0 - SLACK) - TINY)
        return n if n > self.min_modules[option] else self.min_modules[option]

    cdef inline double site_usd(
        self, Py_ssize_t site, Py_ssize_t option, double it_mw, double mean_mw, int modules
    ) noexcept nogil:
        """Cost of a site less its accelerators."""
        return (
            self.fixed_usd[option]
            + (modules - self.sunk_modules[option]) * self.module_usd[option]
            + self.pue[option]
            * (self.demand_usd[site] * it_mw + (self.energy_usd[site] + self.carbon_usd[site]) * mean_mw)
        )

    cdef inline bint site_fits(self, Py_ssize_t site, Py_ssize_t option, double it_mw, int modules) noexcept nogil:
        return (
            modules <= self.max_modules[option]
            and it_mw * self.pue[option] <= self.headroom_mw[site] * (1.0 + SLACK) + TINY
        )

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

    cdef inline double change(
        self, Py_ssize_t arc, double amount, int more_flows, double* it_mw, double* mean_mw, double* capex
    ) noexcept nogil:
        """Effect of ``amount`` (may be negative) on the arc's pool: its own cost returned, its site's power in OUT.

        ``more_flows`` says whether the arc begins (1) or ceases (-1) to carry a flow.
        """
        cdef Py_ssize_t p = self.arc_pool[arc], i = self.arc_demand[arc]
        cdef Py_ssize_t tier = self.tightest_tier(p, self.arc_tier[arc], more_flows)
        cdef int more = self.fewest_replicas(
            p, self.pool_peak[p] + amount * self.peak_rps[i], self.flows[p] + more_flows, tier
        ) - self.replicas[p]
        cdef double busy = amount * self.mean_rps[i] / self.pool_rps[p]
        it_mw[0] = more * self.pool_replica_mw[p]
        mean_mw[0] = self.pool_replica_mw[p] * (self.pool_idle[p] * more + (1.0 - self.pool_idle[p]) * busy)
        capex[0] += more * self.pool_usd[p]
        return more * self.pool_usd[p] + amount * self.arc_usd[arc]

    cdef inline bint has_rival(self, Py_ssize_t pool, Py_ssize_t leaving) noexcept nogil:
        """Whether the site serves the pool's workload on another accelerator already; ``leaving`` is a flow's arc
        whose whole flow goes away."""
        cdef Py_ssize_t q
        for q in range(self.rival_first[pool], self.rival_last[pool]):
            if q != pool and self.flows[q] > (1 if leaving >= 0 and self.arc_pool[leaving] == q else 0):
                return True
        return False

    cdef double shift_delta(
        self, Py_ssize_t demand, Py_ssize_t source, Py_ssize_t target, double amount
    ) noexcept nogil:
        """Change of cost by a shift, ``INFINITY`` where it would break a rule. Reads the state, changes nothing."""
        cdef Py_ssize_t p, j = NOWHERE, k, o, e, f
        cdef double delta = 0.0, capex = 0.0, less_it = 0.0, less_mean = 0.0, it_mw = 0.0, mean_mw = 0.0, used
        cdef int modules
        if source == target:
            return 0.0
        if source == NOWHERE:
            delta += self.rest_usd(demand, self.unserved[demand] - amount)
            delta -= self.rest_usd(demand, self.unserved[demand])
        else:
            p = self.arc_pool[source]
            j = self.pool_site[p]
            o = self.option[j]
            delta += self.change(
                source, -amount, -1 if self.share[source] <= amount else 0, &less_it, &less_mean, &capex
            )
            if target == NOWHERE or self.pool_site[self.arc_pool[target]] != j:
                modules = self.fewest_modules(o, self.site_it[j] + less_it)
                capex += (modules - self.modules[j]) * self.module_usd[o]
                delta += self.site_usd(j, o, self.site_it[j] + less_it, self.site_mean[j] + less_mean, modules)
                delta -= self.site_usd(j, o, self.site_it[j], self.site_mean[j], self.modules[j])
        if target == NOWHERE:
            delta -= self.rest_usd(demand, self.unserved[demand])
            return delta + self.rest_usd(demand, self.unserved[demand] + amount)
        p = self.arc_pool[target]
        k = self.pool_site[p]
        o = self.option[k]
        if o < 0:
            return INFINITY
        if self.rival_last[p] - self.rival_first[p] > 1 and self.flows[p] == 0:
            if self.has_rival(p, source if source != NOWHERE and self.share[source] <= amount else NOWHERE):
                return INFINITY
        delta += self.change(target, amount, 1 if self.share[target] == 0.0 else 0, &it_mw, &mean_mw, &capex)
        if k == j:  # the same site on another accelerator: one site changes, by the sum of both
            it_mw += less_it
            mean_mw += less_mean
            less_it = 0.0
            j = NOWHERE
        modules = self.fewest_modules(o, self.site_it[k] + it_mw)
        if it_mw > 0.0:
            if not self.site_fits(k, o, self.site_it[k] + it_mw, modules):
                return INFINITY
            for e in range(self.grid_site_ptr[k], self.grid_site_ptr[k + 1]):
                used = self.used_mw[self.grid_site_limit[e]] + self.grid_site_coefficient[e] * self.pue[o] * it_mw
                if j != NOWHERE:
                    for f in range(self.grid_site_ptr[j], self.grid_site_ptr[j + 1]):
                        if self.grid_site_limit[f] == self.grid_site_limit[e]:
                            used += self.grid_site_coefficient[f] * self.pue[self.option[j]] * less_it
                if used > self.limit_mw[self.grid_site_limit[e]] * (1.0 + SLACK) + TINY:
                    return INFINITY
        capex += (modules - self.modules[k]) * self.module_usd[o]
        if capex > 0.0 and self.capex + capex > self.budget_usd * (1.0 + SLACK):
            return INFINITY
        delta += self.site_usd(k, o, self.site_it[k] + it_mw, self.site_mean[k] + mean_mw, modules)
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
            and self.capex <= self.budget_usd * (1.0 + SLACK)
        ) or self.has_rival(self.arc_pool[target_1], NOWHERE) or self.has_rival(self.arc_pool[target_2], NOWHERE):
            after = INFINITY
        self.shift(k, target_2, source_2, amount_2)
        self.shift(i, target_1, source_1, amount_1)
        self.cost = before
        return after - before

    cdef void put(self, Py_ssize_t arc, double amount) noexcept nogil:
        """Add ``amount`` (may be negative) to an arc and carry it through pool, site, grid, capital and cost."""
        cdef Py_ssize_t p = self.arc_pool[arc], i = self.arc_demand[arc], j, o, e
        cdef double before = self.share[arc], it_mw = 0.0, mean_mw = 0.0, capex = 0.0
        cdef int modules, more_flows
        self.share[arc] = before + amount if before + amount > NOTHING else 0.0
        more_flows = (self.share[arc] > 0.0) - (before > 0.0)
        self.cost += self.change(arc, amount, more_flows, &it_mw, &mean_mw, &capex)
        self.flows[p] += more_flows
        if self.arc_tier[arc] >= 0:
            self.tier_flows[p * self.most_tiers + self.arc_tier[arc] - self.pool_first_tier[p]] += more_flows
        self.pool_peak[p] = self.pool_peak[p] + amount * self.peak_rps[i] if self.flows[p] else 0.0
        self.pool_mean[p] = self.pool_mean[p] + amount * self.mean_rps[i] if self.flows[p] else 0.0
        self.replicas[p] = self.fewest_replicas(
            p, self.pool_peak[p], self.flows[p], self.tightest_tier(p, -1, 0)
        )
        j = self.pool_site[p]
        o = self.option[j]
        if o < 0:
            self.site_it[j] += it_mw
            self.site_mean[j] += mean_mw
            self.capex += capex
            return
        self.cost -= self.site_usd(j, o, self.site_it[j], self.site_mean[j], self.modules[j])
        self.site_it[j] += it_mw
        self.site_mean[j] += mean_mw
        modules = self.fewest_modules(o, self.site_it[j])
        self.capex += capex + (modules - self.modules[j]) * self.module_usd[o]
        self.modules[j] = modules
        self.cost += self.site_usd(j, o, self.site_it[j], self.site_mean[j], modules)
        for e in range(self.grid_site_ptr[j], self.grid_site_ptr[j + 1]):
            self.used_mw[self.grid_site_limit[e]] += self.grid_site_coefficient[e] * self.pue[o] * it_mw

    cdef void set_option(self, Py_ssize_t site, Py_ssize_t option) noexcept nogil:
        """Open a site with a design, change its design, or close it (``NOWHERE``) once nothing flows to it."""
        cdef Py_ssize_t old = self.option[site], e
        cdef double it_mw = self.site_it[site], pue = 0.0
        if old >= 0:
            self.cost -= self.site_usd(site, old, it_mw, self.site_mean[site], self.modules[site])
            self.capex -= self.fixed_capex_usd[old]
            self.capex -= (self.modules[site] - self.sunk_modules[old]) * self.module_usd[old]
            self.new_sites -= not self.is_existing[site]
            pue -= self.pue[old]
        self.option[site] = option
        self.modules[site] = 0
        if option >= 0:
            self.modules[site] = self.fewest_modules(option, it_mw)
            self.cost += self.site_usd(site, option, it_mw, self.site_mean[site], self.modules[site])
            self.capex += self.fixed_capex_usd[option]
            self.capex += (self.modules[site] - self.sunk_modules[option]) * self.module_usd[option]
            self.new_sites += not self.is_existing[site]
            pue += self.pue[option]
        for e in range(self.grid_site_ptr[site], self.grid_site_ptr[site + 1]):
            self.used_mw[self.grid_site_limit[e]] += self.grid_site_coefficient[e] * pue * it_mw

    cdef void refresh(self) noexcept nogil:
        """Everything that follows from ``option``, ``share`` and ``unserved``, from scratch: no drift survives it."""
        cdef Py_ssize_t a, i, j, o, p, e
        self.pool_peak[:] = 0.0
        self.pool_mean[:] = 0.0
        self.flows[:] = 0
        self.tier_flows[:] = 0
        self.site_it[:] = 0.0
        self.site_mean[:] = 0.0
        self.used_mw[:] = 0.0
        self.cost = 0.0
        self.capex = 0.0
        self.new_sites = 0
        self.short_demands = 0
        for a in range(self.n_arc):
            if self.share[a] > 0.0:
                i, p = self.arc_demand[a], self.arc_pool[a]
                self.pool_peak[p] += self.share[a] * self.peak_rps[i]
                self.pool_mean[p] += self.share[a] * self.mean_rps[i]
                self.flows[p] += 1
                if self.arc_tier[a] >= 0:
                    self.tier_flows[p * self.most_tiers + self.arc_tier[a] - self.pool_first_tier[p]] += 1
                self.cost += self.share[a] * self.arc_usd[a]
        for i in range(self.n_demand):
            if self.unserved[i] > 0.0:
                self.cost += self.rest_usd(i, self.unserved[i])
                self.short_demands += self.unserved_usd[i] == INFINITY
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
            self.capex += self.replicas[p] * self.pool_usd[p]
        for j in range(self.n_site):
            o = self.option[j]
            self.modules[j] = 0
            if o < 0:
                continue
            self.modules[j] = self.fewest_modules(o, self.site_it[j])
            self.new_sites += not self.is_existing[j]
            self.capex += self.fixed_capex_usd[o] + (self.modules[j] - self.sunk_modules[o]) * self.module_usd[o]
            self.cost += self.site_usd(j, o, self.site_it[j], self.site_mean[j], self.modules[j])
            for e in range(self.grid_site_ptr[j], self.grid_site_ptr[j + 1]):
                self.used_mw[self.grid_site_limit[e]] += (
                    self.grid_site_coefficient[e] * self.pue[o] * self.site_it[j]
                )
