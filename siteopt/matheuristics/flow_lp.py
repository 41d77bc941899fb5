"""A linear programme that chooses all flows of a plan anew, with the reserve they need, over the pools in use.

Sites, modules and the choice of pools stay. Local search moves one or two flows at a time, and places reserve for flows
that stay where they are; here both move together. Replicas are divisible here, so that every pool in use leaves room
for one more than its load needs; cover is counted as in the Lagrangian bound, regardless of who can reach whom.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import coo_matrix

from siteopt.errors import SolverError
from siteopt.evaluate import unserved_penalty_usd
from siteopt.highs.driver import HighsDriver, Limits
from siteopt.highs.monitor import Until
from siteopt.highs.programme import Draft
from siteopt.instance import Prices
from siteopt.matheuristics.items import Listing

if TYPE_CHECKING:
    from collections.abc import Callable

    from siteopt.arrays import Floats, Rows
    from siteopt.highs.programme import Matrix
    from siteopt.instance import Instance, Solution

logger = logging.getLogger(__name__)

#: Most flows with which the programme is solved in seconds.
MOST_FLOWS = 300_000
#: Shares in the programme's solution below this are rounding errors.
LEAST_SHARE = 1e-6
#: Relative margin within which limits are kept, beyond the solver's tolerance.
MARGIN = 1e-6
#: Smallest units of rows whose limit may be 0.
SMALLEST_GBPS, SMALLEST_USD = 1e-12, 1.0


def cheapest_flows(
    instance: Instance, solution: Solution, keep_going: Callable[[], bool]
) -> tuple[Floats, Floats] | None:
    """Find the cheapest shares, and what stays unserved, for the sites, modules and pools of a solution.

    Parameters
    ----------
    instance : Instance
    solution : Solution
    keep_going : callable
        Called now and then; once it returns False, the result is None.

    Returns
    -------
    share : ndarray of float64, shape (n_arc,)
    unserved : ndarray of float64, shape (n_demand,)
        The result is None where there are too many flows, or none that leave enough room for whole replicas.
    """
    pool = np.flatnonzero(solution.replicas > 0)
    penalty_usd = instance.demands.unserved_usd
    return _solve(instance, solution, pool, penalty_usd, keep_going, leaves_room=True)


def flows_of_sites(
    instance: Instance, solution: Solution, keep_going: Callable[[], bool]
) -> tuple[Floats, Floats] | None:
    """Find the cheapest flows for the sites and modules of a solution, over any pools that they admit.

    Demand that must be served may stay unserved at a high price. No room is left for whole replicas, nor for keeping
    copies of data up to date, as most pools will not be in use.
    """
    pools, designs = instance.pools, instance.designs
    option = solution.option[pools.site]
    admits = designs.admits[instance.options.design[option], pools.variant] == 1
    pool = np.flatnonzero((option >= 0) & admits)
    penalty_usd = np.minimum(instance.demands.unserved_usd, unserved_penalty_usd(instance))
    return _solve(instance, solution, pool, penalty_usd, keep_going, leaves_room=False)


def _solve(
    instance: Instance,
    solution: Solution,
    pool: Rows,
    penalty_usd: Floats,
    keep_going: Callable[[], bool],
    *,
    leaves_room: bool,
) -> tuple[Floats, Floats] | None:
    count = np.diff(instance.pools.arc_ptr)[pool].sum()
    if not 0 < count <= MOST_FLOWS:
        return None
    programme = _Programme(instance, solution, pool, penalty_usd, leaves_room=leaves_room)
    try:
        answer = HighsDriver(programme.matrix()).solve(Limits(), Until(keep_going))
    except SolverError as error:
        logger.warning("a search goes on without the cheapest flows of its plan: %s", error)
        return None
    return None if answer.outcome != "optimal" else programme.flows(answer.values)


class _Programme:
    """The programme over shares on arcs, reserve of protected pools, unserved shares, and spare load by cover row."""

    def __init__(
        self, instance: Instance, solution: Solution, pool: Rows, penalty_usd: Floats, *, leaves_room: bool
    ) -> None:
        self._instance, self._solution, self._pool = instance, solution, pool
        self._penalty_usd, self._leaves_room = penalty_usd, leaves_room
        listing, option = (
            Listing(instance, Prices.nothing(instance)),
            solution.option[instance.pools.site[pool]],
        )
        flows = listing.flows(pool, option)
        self._flows = flows.where(flows.usd < penalty_usd[flows.demand])
        self._rounding_mw = self._largest_rest() if leaves_room else np.zeros(len(pool))
        self._reserve = listing.reserve(pool, option)
        self._items = self._flows.and_also(self._reserve)
        self._draft = Draft()

    def matrix(self) -> Matrix:
        draft = self._draft
        unit_usd = max(float(np.abs(self._flows.usd).sum()) / max(1, len(self._flows.usd)), 1e-9)
        self._column = draft.columns(self._items.usd, 1.0)
        penalty_usd = self._penalty_usd
        may_wait = np.isfinite(penalty_usd)
        self._unserved = draft.columns(np.where(may_wait, penalty_usd, 0.0), may_wait * 1.0)
        n = len(penalty_usd)
        flow = self._column[: len(self._flows.demand)]
        draft.rows(1.0, 1.0, (self._flows.demand, flow, 1.0), (np.arange(n), self._unserved, 1.0), count=n)
        self._hold_power()
        self._hold_grid()
        self._hold_links()
        self._hold_budget()
        self._cover()
        return draft.matrix(unit_usd, 0.0)

    def flows(self, values: Floats | None) -> tuple[Floats, Floats]:
        """Return shares and unserved parts, cleared of the solver's rounding errors."""
        assert values is not None
        instance, demand = self._instance, self._flows.demand
        n = len(instance.demands.region)
        part = values[self._column[: len(demand)]]
        part = np.where(part > LEAST_SHARE, part, 0.0)
        unserved = np.where(values[self._unserved] > LEAST_SHARE, values[self._unserved], 0.0)
        self._round_single_sources(part, unserved)
        served = np.bincount(demand, weights=part, minlength=n)
        scale = (1.0 - unserved) / np.maximum(served, 1e-300)
        share = np.zeros(len(instance.arcs.demand))
        share[self._flows.arc] = part * scale[demand]
        return share, np.where(served > 0.0, unserved, 1.0)

    def _round_single_sources(self, part: Floats, unserved: Floats) -> None:
        """Send each single-source demand as a whole to where most of it went."""
        demand = self._flows.demand
        single_source = np.flatnonzero(self._instance.demands.is_splittable[demand] == 0)
        order = single_source[np.lexsort((-part[single_source], demand[single_source]))]
        first = order[np.unique(demand[order], return_index=True)[1]]
        goes = part[first] > unserved[demand[first]]
        part[single_source] = 0.0
        part[first] = goes * 1.0
        unserved[demand[first]] = ~goes * 1.0

    def _largest_rest(self) -> Floats:
        """Return the room that each pool leaves, MW: a replica, or its largest single-source demand if larger."""
        instance, flows = self._instance, self._flows
        rest_mw = instance.variants.replica_mw[instance.pools.variant].copy()
        single_source = instance.demands.is_splittable[flows.demand] == 0
        np.maximum.at(rest_mw, flows.pool[single_source], flows.mw[single_source])
        return rest_mw[self._pool]

    def _hold_power(self) -> None:
        """Keep power within the modules of each site, and within what a tenant may have of them."""
        instance, solution, tenancy = self._instance, self._solution, self._instance.tenancy
        pools, variants, options = instance.pools, instance.variants, instance.options
        site, tenant = pools.site[self._items.pool], variants.tenant[pools.variant[self._items.pool]]
        stands = np.flatnonzero(solution.option >= 0)
        o = solution.option[stands]
        counted_mw = (solution.modules[stands] - options.spare_modules[o]) * options.module_mw[o]
        room_mw = np.zeros(len(solution.option))
        room_mw[stands] = np.minimum(counted_mw, instance.option_capacity_mw[o])
        self._at_most(site, self._items.mw, room_mw, pools.site[self._pool], self._rounding_mw)
        if len(tenancy.id) and min(tenancy.share, tenancy.site_mw) < np.inf:
            nameplate_mw = np.zeros(len(solution.option))
            nameplate_mw[stands] = counted_mw
            share_mw = tenancy.share * nameplate_mw if np.isfinite(tenancy.share) else np.inf
            most_mw = np.minimum(share_mw, np.full(len(solution.option), tenancy.site_mw))
            k, n = len(tenancy.id), variants.tenant[pools.variant[self._pool]]
            at = np.where(tenant >= 0, site * k + tenant, -1)
            rounding = np.where(n >= 0, pools.site[self._pool] * k + n, -1)
            self._at_most(at, self._items.mw, np.repeat(most_mw, k), rounding, self._rounding_mw)

    def _at_most(self, group: Rows, amount: Floats, limit: Floats, rounded: Rows, rounding: Floats) -> None:
        """Keep the items of each group within its limit, less the rounding of the pools in it; -1 is no group."""
        inside, reserved = np.flatnonzero(group >= 0), np.flatnonzero(rounded >= 0)
        used, row = np.unique(group[inside], return_inverse=True)
        kept = np.bincount(rounded[reserved], weights=rounding[reserved], minlength=len(limit))
        left = np.maximum(0.0, limit - kept)[used]
        entries = row.reshape(-1), self._column[inside], amount[inside]
        self._draft.rows(-np.inf, left, entries, count=len(used))

    def _hold_grid(self) -> None:
        instance, grid, option = self._instance, self._instance.grid, self._solution.option
        weights = grid.weights(np.where(option >= 0, instance.options.pue[option], 0.0))
        site, items = instance.pools.site, self._items
        by_site = coo_matrix(
            (items.mw, (site[items.pool], np.arange(len(items.mw)))), shape=(len(option), len(items.mw))
        )
        kept_mw = weights @ np.bincount(site[self._pool], weights=self._rounding_mw, minlength=len(option))
        used = (weights @ by_site).tocoo()
        left = np.maximum(0.0, grid.limit_mw - kept_mw)
        self._draft.rows(-np.inf, left, (used.row, self._column[used.col], used.data), count=len(grid.id))

    def _hold_links(self) -> None:
        """Keep the traffic of flows within what copies of data and one single-source demand leave of each link."""
        arcs, pools, links = self._instance.arcs, self._instance.pools, self._instance.links
        arc, pool = self._flows.arc, self._flows.pool
        used = links.traffic(arcs.route[arc], arcs.gbps[arc])
        used = (used + links.traffic(pools.home_route[pool], arcs.home_gbps[arc])).tocoo()
        copied = self._pool if self._leaves_room else self._pool[:0]
        copies = links.traffic(pools.home_route[copied], pools.sync_gbps[copied])
        single_source = self._instance.demands.is_splittable[self._flows.demand] == 0
        largest = np.zeros(len(links.id))
        np.maximum.at(largest, used.row, used.data * single_source[used.col])
        kept = np.asarray(copies.sum(axis=1)).ravel() + largest
        # A link may be out of service: its row is in units of what could pass.
        unit_gbps = np.full(len(links.id), SMALLEST_GBPS)
        np.maximum.at(unit_gbps, used.row, MARGIN * used.data)
        unit_gbps = np.maximum(unit_gbps, links.limit_gbps)
        left = np.maximum(0.0, links.limit_gbps / unit_gbps - MARGIN - kept / unit_gbps)
        entries = used.row, self._column[used.col], used.data / unit_gbps[used.row]
        self._draft.rows(-np.inf, left, entries, count=len(links.id))

    def _hold_budget(self) -> None:
        instance, solution, options = self._instance, self._solution, self._instance.options
        if np.isinf(instance.budget_usd):
            return
        stands = np.flatnonzero(solution.option >= 0)
        o, modules = solution.option[stands].tolist(), solution.modules[stands].tolist()
        built_usd = sum(
            options.fixed_capex_usd[at] + instance.capex_of_modules(at, n)
            for at, n in zip(o, modules, strict=True)
        )
        variants = instance.variants
        usd_per_mw = (variants.capex_usd / variants.replica_mw)[instance.pools.variant]
        usd = self._items.mw * usd_per_mw[self._items.pool]
        kept_usd = float(self._rounding_mw @ usd_per_mw[self._pool])
        left_usd = max(0.0, instance.budget_usd - built_usd - kept_usd)
        unit_usd = max(instance.budget_usd, SMALLEST_USD)
        self._draft.rows(-np.inf, left_usd / unit_usd, (0, self._column, usd / unit_usd))

    def _cover(self) -> None:
        """Require that the pools at all other sites can take, beyond their own load, what is lost with a site."""
        instance, items, draft = self._instance, self._items, self._draft
        pools, variants = instance.pools, instance.variants
        protected = variants.protected_workloads
        if not len(protected):
            return
        v = pools.variant[items.pool]
        inside = np.flatnonzero(variants.is_protected[v] == 1)
        items, v, column = items.where(variants.is_protected[v] == 1), v[inside], self._column[inside]
        k = np.searchsorted(protected, variants.workload[v])
        used, row = np.unique(pools.site[items.pool] * len(protected) + k, return_inverse=True)
        row, n, workload = row.reshape(-1), len(used), used % len(protected)
        peak_rps, n_workload = instance.demands.peak_rps, len(instance.workload_ids)
        total_rps = np.bincount(instance.demands.workload, weights=peak_rps, minlength=n_workload)[protected]
        is_flow = items.demand >= 0
        load = np.where(is_flow, instance.demands.peak_rps[items.demand], 0.0) / total_rps[k]
        could = items.mw / variants.replica_mw[v] * variants.usable_rps[v] / total_rps[k]
        spare = draft.columns(np.zeros(n), np.inf)
        every = draft.columns(np.zeros(len(protected)), np.inf)
        site = np.arange(n)
        draft.rows(0.0, 0.0, (row, column, could - load), (site, spare, -1.0), count=n)
        draft.rows(0.0, 0.0, (workload, spare, 1.0), (np.arange(len(every)), every, -1.0), count=len(every))
        taken = (row, column, load), (site, spare, 1.0), (site, every[workload], -1.0)
        draft.rows(-np.inf, 0.0, *taken, count=n)
