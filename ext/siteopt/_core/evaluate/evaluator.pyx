"""Moves in the state of a search: what they would cost, and how they change the state.

A *shift* moves an amount of one demand from a source to a target, either of which may be ``NOWHERE``: unserved.
"""

import numpy as np

from libc.math cimport INFINITY
from libc.stdint cimport int32_t

from siteopt._core.evaluate.rules cimport (
    all_hold, grid_holds, has_rival, links_hold, route_holds, site_fits, site_holds,
)
from siteopt._core.evaluate.search_state cimport SearchState
from siteopt._core.tolerances cimport NOTHING, NOWHERE, SLACK, TINY


cdef class Evaluator(SearchState):
    """Evaluator of the moves of a search in one instance.

    Parameters
    ----------
    instance : siteopt.instance.Instance
    penalty_usd : float
        Price of leaving anything of a demand that must be served unserved, in the search state only; the share
        that is left out comes on top, times the same.
    """

    def load(
        self,
        const int32_t[::1] option not None,
        const double[::1] share not None,
        const double[::1] unserved not None,
    ):
        """Load the sites and shares of a plan, with the fewest replicas and modules that carry them.

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
        return all_hold(self)

    def move_deltas(self, const int32_t[::1] source not None, const int32_t[::1] target not None):
        """Return the change of cost, USD, if all flow on arc ``source[k]`` moved to ``target[k]``, for each k alone.

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
        """Move the whole flow on ``source`` to ``target``; the caller has made sure that its delta is finite."""
        pair = np.array([source, target], dtype=np.int32)
        self._check_arcs(pair[:1], pair[1:])
        self.shift(self.arc_demand[source], source, target, self.share[source])

    def swap_delta(self, Py_ssize_t source_1, Py_ssize_t target_1, Py_ssize_t source_2, Py_ssize_t target_2):
        """Return the change of cost, USD, if two demands move at once; ``inf`` if the outcome is not feasible.

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

    def is_feasible(self):
        """Return whether every rule holds: power, headroom, grid, linear rules, budget, number of sites, all served."""
        return all_hold(self)

    # ------------------------------------------------------------------ workers

    cdef inline Effect change(self, Py_ssize_t arc, double amount, int more_flows) noexcept nogil:
        """Return the effect of ``amount`` (may be negative) on the pool of an arc and on the power of its site.

        ``more_flows`` says whether the arc begins (1) or ceases (-1) to carry a flow.
        """
        cdef Py_ssize_t p = self.arc_pool[arc], i = self.arc_demand[arc]
        cdef Py_ssize_t slack_tier = self.tightest_slack_tier(p, self.arc_slack_tier[arc], more_flows)
        cdef int more = self.fewest_replicas(
            p, self.pool_peak[p] + amount * self.peak_rps[i], self.flows[p] + more_flows, slack_tier
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

    cdef double shift_delta(
        self, Py_ssize_t demand, Py_ssize_t source, Py_ssize_t target, double amount
    ) noexcept nogil:
        """Return the change of cost by a shift, ``INFINITY`` if it would break a rule; the state stays as it is."""
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
            if has_rival(self, p, source if source != NOWHERE and self.share[source] <= amount else NOWHERE):
                return INFINITY
        more_flows = 1 if self.share[target] == 0.0 else 0
        if self.n_link > 0 and not links_hold(self, source, fewer_flows, target, more_flows, amount):
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
            if not site_fits(self, k, o, self.site_it[k] + more.it_mw, modules):
                return INFINITY
            if self.pool_tenant[p] >= 0 and (
                self.tenant_mw[k * self.n_tenant + self.pool_tenant[p]] + more.it_mw
                > self.tenant_site_mw * (1.0 + SLACK) + TINY
            ):
                return INFINITY
            if not grid_holds(self, j, less.it_mw, k, more.it_mw):
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

    cdef double swap(
        self, Py_ssize_t source_1, Py_ssize_t target_1, Py_ssize_t source_2, Py_ssize_t target_2
    ) noexcept nogil:
        """Return the change of cost if the whole flows on two arcs of two demands move; the state stays as it is."""
        cdef Py_ssize_t i = self.arc_demand[source_1], k = self.arc_demand[source_2]
        cdef double before = self.cost, after, amount_1 = self.share[source_1], amount_2 = self.share[source_2]
        self.shift(i, source_1, target_1, amount_1)
        self.shift(k, source_2, target_2, amount_2)
        after = self.cost
        if not (
            site_holds(self, self.pool_site[self.arc_pool[target_1]])
            and site_holds(self, self.pool_site[self.arc_pool[target_2]])
            and route_holds(self, self.arc_route[target_1])
            and route_holds(self, self.arc_route[target_2])
            and route_holds(self, self.pool_home_route[self.arc_pool[target_1]])
            and route_holds(self, self.pool_home_route[self.arc_pool[target_2]])
            and self.capex <= self.budget_usd * (1.0 + SLACK)
        ) or has_rival(self, self.arc_pool[target_1], NOWHERE) or has_rival(self, self.arc_pool[target_2], NOWHERE):
            after = INFINITY
        self.shift(k, target_2, source_2, amount_2)
        self.shift(i, target_1, source_1, amount_1)
        self.cost = before
        return after - before

    cdef void put(self, Py_ssize_t arc, double amount) noexcept nogil:
        """Add ``amount`` (may be negative) to an arc and update pool, site, grid, links, capital and cost."""
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
        if self.arc_slack_tier[arc] >= 0:
            self.slack_tier_flows[
                p * self.most_slack_tiers + self.arc_slack_tier[arc] - self.pool_first_slack_tier[p]
            ] += more_flows
        self.pool_peak[p] = self.pool_peak[p] + amount * self.peak_rps[i] if self.flows[p] else 0.0
        self.pool_mean[p] = self.pool_mean[p] + amount * self.mean_rps[i] if self.flows[p] else 0.0
        self.replicas[p] = self.fewest_replicas(
            p, self.pool_peak[p], self.flows[p], self.tightest_slack_tier(p, -1, 0)
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
