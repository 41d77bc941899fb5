"""Declarations of the state of a search, with the replicas and modules that its load needs, and their prices."""

from libc.math cimport INFINITY, ceil, fabs
from libc.stdint cimport int32_t

from siteopt._core.evaluate.instance_arrays cimport InstanceArrays
from siteopt._core.queueing.replica_tables cimport fewest_for
from siteopt._core.tolerances cimport NOTHING, SLACK, TINY


cdef class SearchState(InstanceArrays):
    # prices of the instance, with those that shade adds
    cdef const double[::1] arc_usd
    cdef double[::1] share, unserved
    cdef int32_t[::1] option, modules, replicas, flows
    # arcs with a flow, listed by demand: first, and the one after and before each
    cdef int32_t[::1] first_flow, next_flow, previous_flow
    cdef double[::1] reserve
    cdef int32_t[::1] reserve_slack_tier, held
    cdef double[::1] tenant_mw, link_gbps, rule_use
    cdef int32_t[::1] slack_tier_flows
    cdef double[::1] pool_peak, pool_mean, site_it, site_mean, used_mw
    cdef double cost, capex, penalty
    cdef Py_ssize_t new_sites, short_demands

    cdef double pool_carries(self, Py_ssize_t pool, Py_ssize_t slack_tier, Py_ssize_t replicas) noexcept nogil
    cdef double pool_room(self, Py_ssize_t pool, Py_ssize_t slack_tier, Py_ssize_t replicas) noexcept nogil
    cdef void _list_flow(self, Py_ssize_t arc) noexcept nogil
    cdef void _unlist_flow(self, Py_ssize_t arc) noexcept nogil
    cdef double unserved_price(self, Py_ssize_t demand) noexcept nogil
    cdef void _add_to_rules(self, Py_ssize_t option, double times) noexcept nogil
    cdef void set_option(self, Py_ssize_t site, Py_ssize_t option) noexcept nogil
    cdef void refresh(self) noexcept nogil
    cdef void _refresh_sites(self) noexcept nogil

    cdef inline Py_ssize_t tightest_slack_tier(self, Py_ssize_t pool, Py_ssize_t slack_tier, int change) noexcept nogil:
        """Return the first slack tier of a pool with a flow, after a change of those of ``slack_tier``; -1 for none."""
        cdef Py_ssize_t t, row
        for t in range(self.pool_slack_tiers[pool]):
            row = self.pool_first_slack_tier[pool] + t
            if self.slack_tier_flows[pool * self.most_slack_tiers + t] + (change if row == slack_tier else 0) > 0:
                return row
        return -1

    cdef inline bint is_active(self, Py_ssize_t pool) noexcept nogil:
        """Return whether a pool has replicas, for flows or in reserve."""
        return self.flows[pool] > 0 or self.reserve[pool] > 0.0

    cdef inline int fewest_replicas(
        self, Py_ssize_t pool, double peak, Py_ssize_t flows, Py_ssize_t slack_tier
    ) noexcept nogil:
        """Return the fewest replicas for ``peak`` calls per second in a slack tier, and for the reserve on top."""
        cdef int n = 0, held
        cdef double both
        if flows > 0:
            n = fewest_for(peak, self.pool_usable_rps[pool], self.carried_rps, self.table_ptr, slack_tier)
        if self.reserve[pool] > 0.0:
            both = self.reserve[pool] + (peak if flows > 0 else 0.0)
            held = fewest_for(
                both, self.pool_usable_rps[pool], self.degraded_rps, self.degraded_table_ptr,
                self.reserve_slack_tier[pool],
            )
            n = held if held > n else n
        return n

    cdef inline int fewest_modules(
        self, Py_ssize_t site, Py_ssize_t option, double it_mw, Py_ssize_t tenant, double more_mw
    ) noexcept nogil:
        """Return the fewest modules that carry ``it_mw`` within tenants' shares, if ``tenant`` has ``more_mw`` more."""
        cdef double load = it_mw, mw
        cdef Py_ssize_t t
        cdef int n
        if self.tenant_share < INFINITY:
            for t in range(self.n_tenant):
                mw = self.tenant_mw[site * self.n_tenant + t] + (more_mw if t == tenant else 0.0)
                load = max(load, mw / self.tenant_share)
        n = <int>ceil(load / self.module_mw[option] * (1.0 - SLACK) - TINY) + self.spare_modules[option]
        return n if n > self.min_modules[option] else self.min_modules[option]

    cdef inline double rule_excess(self, Py_ssize_t rule) noexcept nogil:
        """Return by how much the use of a linear rule lies outside its limits; 0 within rounding."""
        cdef double use = self.rule_use[rule]
        if use > self.rule_upper[rule] + SLACK * fabs(self.rule_upper[rule]) + TINY:
            return use - self.rule_upper[rule]
        if use < self.rule_lower[rule] - SLACK * fabs(self.rule_lower[rule]) - TINY:
            return self.rule_lower[rule] - use
        return 0.0

    cdef inline double rule_usd(self, Py_ssize_t rule) noexcept nogil:
        """Return the price of breaking a linear rule, far above any real cost and used in the search state only."""
        cdef double excess = self.rule_excess(rule)
        return (1.0 + excess) * self.penalty if excess > 0.0 else 0.0

    cdef inline double rest_usd(self, Py_ssize_t demand, double rest) noexcept nogil:
        """Return the cost of an unserved rest. Any rest of must-serve demand costs the whole penalty: a price by
        share alone would make it cheaper to leave a small rest than to open a site for it."""
        cdef double price = self.unserved_usd[demand]
        if rest <= NOTHING:
            return 0.0
        return rest * price if price < INFINITY else (1.0 + rest) * self.penalty
