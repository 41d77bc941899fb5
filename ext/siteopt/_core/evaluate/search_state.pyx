"""The state of a search: which sites are open, what flows where, and all that follows from it.

The state always holds the fewest replicas and modules that carry its shares, so that a move needs to say only which
demand goes where. It may leave a must-serve demand unserved at a price (``penalty``) far above any real cost, so that
a search can start from any state; such a state is not feasible and never becomes a plan.

A pool may hold a *reserve*: load that the loss of one site would move to it. The caller sets it, and it stays the same
while flows move; the pool has replicas for its own load and for both together.
"""

import numpy as np

from libc.math cimport INFINITY
from libc.stdint cimport int32_t

from siteopt._core.evaluate.instance_arrays cimport InstanceArrays
from siteopt._core.queueing.replica_tables cimport in_table
from siteopt._core.tolerances cimport NOWHERE


cdef class SearchState(InstanceArrays):
    """State of a search in one instance.

    Parameters
    ----------
    instance : siteopt.instance.Instance
    penalty_usd : float
        Price of leaving anything of a demand that must be served unserved, in the search state only; the share
        that is left out comes on top, times the same.
    """

    def __init__(self, instance, double penalty_usd):
        super().__init__(instance)
        self.arc_usd = self.own_usd
        self.penalty = penalty_usd
        self._allocate()

    def _allocate(self):
        self.share, self.unserved = np.zeros(self.n_arc), np.ones(self.n_demand)
        self.first_flow = np.full(self.n_demand, NOWHERE, dtype=np.int32)
        self.next_flow, self.previous_flow = np.full((2, self.n_arc), NOWHERE, dtype=np.int32)
        self.option = np.full(self.n_site, NOWHERE, dtype=np.int32)
        self.modules = np.zeros(self.n_site, dtype=np.int32)
        self.replicas, self.flows = np.zeros(self.n_pool, dtype=np.int32), np.zeros(self.n_pool, dtype=np.int32)
        self.slack_tier_flows = np.zeros(self.n_pool * self.most_slack_tiers, dtype=np.int32)
        self.pool_peak, self.pool_mean = np.zeros(self.n_pool), np.zeros(self.n_pool)
        self.site_it, self.site_mean = np.zeros(self.n_site), np.zeros(self.n_site)
        self.used_mw = np.zeros(self.n_limit)
        self.reserve, self.reserve_slack_tier = np.zeros(self.n_pool), np.full(self.n_pool, NOWHERE, dtype=np.int32)
        self.held = np.zeros(self.n_site, dtype=np.int32)
        self.tenant_mw, self.link_gbps = np.zeros(self.n_site * self.n_tenant), np.zeros(self.n_link)
        self.rule_use = np.zeros(self.n_rule)

    def hold(self, const double[::1] reserve_rps not None, const int32_t[::1] slack_tier not None):
        """Set the reserve of every pool, which takes effect at the next :meth:`load`.

        Parameters
        ----------
        reserve_rps : ndarray of float64, shape (n_pool,)
            Calls per second that the loss of one site would move to the pool.
        slack_tier : ndarray of int32, shape (n_pool,)
            Degraded slack tier that the pool has to meet then, -1 where it has no tail.
        """
        cdef Py_ssize_t p
        if reserve_rps.shape[0] != self.n_pool or slack_tier.shape[0] != self.n_pool:
            raise ValueError(f"reserve and slack tier must have one entry for each of {self.n_pool} pools")
        self.reserve[:], self.reserve_slack_tier[:], self.held[:] = reserve_rps, slack_tier, 0
        for p in range(self.n_pool):
            self.held[self.pool_site[p]] += reserve_rps[p] > 0.0

    def shade(self, const double[::1] extra_usd not None):
        """Add a price to every arc in the search state from the next :meth:`load` on; the full evaluation ignores it.

        Parameters
        ----------
        extra_usd : ndarray of float64, shape (n_arc,)
            For all of the demand: what a flow there costs beyond its own cost, such as reserve elsewhere.
        """
        if extra_usd.shape[0] != self.n_arc:
            raise ValueError(f"extra_usd must have one entry for each of {self.n_arc} arcs")
        self.arc_usd = np.asarray(self.own_usd) + np.asarray(extra_usd)

    def state(self):
        """Return copies of ``option, modules, replicas, share, unserved`` of the state."""
        return (
            np.array(self.option), np.array(self.modules), np.array(self.replicas),
            np.array(self.share), np.array(self.unserved),
        )

    @property
    def cost_usd(self):
        """Cost of the state, USD, including the penalty for unserved must-serve demand."""
        return self.cost

    cdef inline double pool_carries(self, Py_ssize_t pool, Py_ssize_t slack_tier, Py_ssize_t replicas) noexcept nogil:
        """Return the calls per second that replicas of a pool carry in a slack tier (-1: without tail)."""
        cdef double capped = replicas * self.pool_usable_rps[pool]
        if slack_tier < 0:
            return capped
        return min(capped, in_table(self.carried_rps, self.table_ptr, slack_tier, replicas))

    cdef inline double pool_room(self, Py_ssize_t pool, Py_ssize_t slack_tier, Py_ssize_t replicas) noexcept nogil:
        """Return the calls per second that a pool can take in all, without what its reserve needs."""
        cdef double carried = self.pool_carries(pool, slack_tier, replicas), degraded
        if self.reserve[pool] <= 0.0:
            return carried
        degraded = replicas * self.pool_usable_rps[pool]
        if self.reserve_slack_tier[pool] >= 0:
            degraded = min(
                degraded,
                in_table(self.degraded_rps, self.degraded_table_ptr, self.reserve_slack_tier[pool], replicas),
            )
        return min(carried, degraded - self.reserve[pool])

    cdef inline double unserved_price(self, Py_ssize_t demand) noexcept nogil:
        cdef double price = self.unserved_usd[demand]
        return price if price < INFINITY else self.penalty

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
        """Open a site with an option, change its option, or close it (``NOWHERE``) once nothing flows to it."""
        cdef Py_ssize_t old = self.option[site], e
        cdef double it_mw = self.site_it[site], pue = 0.0
        if old >= 0:
            self.cost -= self.site_usd(site, old, it_mw, self.site_mean[site], self.modules[site])
            self.capex -= self.fixed_capex_usd[old] + self.capex_of_modules(old, self.modules[site])
            self.new_sites -= not self.is_existing[site]
            self._add_to_rules(old, -1.0)
            pue -= self.pue[old]
        self.option[site] = option
        self.modules[site] = 0
        if option >= 0:
            self.modules[site] = self.fewest_modules(site, option, it_mw, NOWHERE, 0.0)
            self.cost += self.site_usd(site, option, it_mw, self.site_mean[site], self.modules[site])
            self.capex += self.fixed_capex_usd[option] + self.capex_of_modules(option, self.modules[site])
            self.new_sites += not self.is_existing[site]
            self._add_to_rules(option, 1.0)
            pue += self.pue[option]
        for e in range(self.grid_site_ptr[site], self.grid_site_ptr[site + 1]):
            self.used_mw[self.grid_site_limit[e]] += self.grid_site_coefficient[e] * pue * it_mw

    cdef void _add_to_rules(self, Py_ssize_t option, double times) noexcept nogil:
        """Count an option that opens (1) or closes (-1) in the linear rules, and adapt the cost of breaking them."""
        cdef Py_ssize_t e, r
        for e in range(self.option_rule_ptr[option], self.option_rule_ptr[option + 1]):
            r = self.option_rule[e]
            self.cost -= self.rule_usd(r)
            self.rule_use[r] += times * self.option_rule_coefficient[e]
            self.cost += self.rule_usd(r)

    cdef void refresh(self) noexcept nogil:
        """Recompute all that follows from ``option``, ``share`` and ``unserved`` from scratch, which removes drift."""
        cdef Py_ssize_t a, i, p
        self.pool_peak[:] = 0.0
        self.pool_mean[:] = 0.0
        self.flows[:] = 0
        self.slack_tier_flows[:] = 0
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
                if self.arc_slack_tier[a] >= 0:
                    self.slack_tier_flows[
                        p * self.most_slack_tiers + self.arc_slack_tier[a] - self.pool_first_slack_tier[p]
                    ] += 1
                self.cost += self.share[a] * self.arc_usd[a]
                self.add_gbps(self.arc_route[a], self.share[a] * self.arc_gbps[a], self.link_gbps)
                self.add_gbps(self.pool_home_route[p], self.share[a] * self.arc_home_gbps[a], self.link_gbps)
        for i in range(self.n_demand):
            if self.unserved[i] > 0.0:
                self.cost += self.rest_usd(i, self.unserved[i])
                self.short_demands += self.unserved_usd[i] == INFINITY
        self._refresh_sites()

    cdef void _refresh_sites(self) noexcept nogil:
        """Recompute replicas, power, modules, capital and cost of all sites from the loads of their pools."""
        cdef Py_ssize_t j, o, p, e
        self.rule_use[:] = 0.0
        self.site_it[:] = 0.0
        self.site_mean[:] = 0.0
        self.tenant_mw[:] = 0.0
        self.used_mw[:] = 0.0
        self.new_sites = 0
        for p in range(self.n_pool):
            self.replicas[p] = self.fewest_replicas(
                p, self.pool_peak[p], self.flows[p], self.tightest_slack_tier(p, -1, 0)
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
            for e in range(self.option_rule_ptr[o], self.option_rule_ptr[o + 1]):
                self.rule_use[self.option_rule[e]] += self.option_rule_coefficient[e]
            for e in range(self.grid_site_ptr[j], self.grid_site_ptr[j + 1]):
                self.used_mw[self.grid_site_limit[e]] += (
                    self.grid_site_coefficient[e] * self.pue[o] * self.site_it[j]
                )
        for e in range(self.n_rule):
            self.cost += self.rule_usd(e)
