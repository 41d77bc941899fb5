"""Who may take over what: the moves, reserves and rows of the linear programme of :mod:`siteopt.resilience.cover`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import coo_matrix, csr_matrix, vstack

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from siteopt.instance import Instance, Moves, Solution

    Floats = NDArray[np.float64]
    Indices = NDArray[np.int32]
    Rows = NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """Possible moves, the pools that they lead to, and the (failed site, pool) pairs among them.

    Attributes
    ----------
    flow, backup, failure : ndarray, shape (n_move,)
        Flow (its place among the flows given), row of the backups, row of the pairs below.
    rank : ndarray of float64, shape (n_move,)
        0 for the nearest backup of the demand, towards 1 for the farthest.
    pool : ndarray of int32, shape (n_receiver,)
        Pools that may take over.
    idle_rps, usable_rps, usd : ndarray of float64, shape (n_receiver,)
        What they can take with the replicas that stand; what one replica more carries, and costs.
    failure_pool : ndarray, shape (n_pair,)
        Place in ``pool`` of each pair of a failed site and a pool.
    option : ndarray of int32, shape (n_site,)
        Option of each site, open or in standby.
    margin : int
    """

    flow: Rows
    backup: Indices
    failure: Rows
    rank: Floats
    pool: Indices
    idle_rps: Floats
    usable_rps: Floats
    usd: Floats
    failure_pool: Rows
    option: Indices
    margin: int

    def options(self, instance: Instance, solution: Solution, share: Floats, moves: Moves) -> Indices:
        """Options of all sites once those that the moves need are open, and those that serve nothing any more closed."""
        pools, sites = instance.pools, instance.sites
        used = sites.is_existing + sites.is_forced > 0
        used[pools.site[instance.arcs.pool[share > 0.0]]] = True
        used[pools.site[instance.backups.pool[moves.backup]]] = True
        emptied = ~used & (np.bincount(pools.site, weights=solution.replicas, minlength=len(used)) > 0)
        option = np.where(used & (solution.option < 0), self.option, solution.option)
        return np.where(emptied, -1, option).astype(np.int32)

    def power(self, instance: Instance, solution: Solution, first: int) -> tuple[csr_matrix, Floats]:
        """Rows that keep reserve within the power of sites and within grid limits; ``first`` is the pools' column."""
        variant = instance.pools.variant[self.pool]
        site = instance.pools.site[self.pool]
        replica_mw = instance.variants.replica_mw[variant]
        it_mw = np.bincount(
            instance.pools.site,
            weights=solution.replicas * instance.variants.replica_mw[instance.pools.variant],
            minlength=len(self.option),
        )
        open_sites = np.flatnonzero(self.option >= 0)
        capacity, pue = np.zeros(len(self.option)), np.zeros(len(self.option))
        capacity[open_sites] = instance.option_capacity_mw[self.option[open_sites]]
        pue[open_sites] = instance.options.pue[self.option[open_sites]]
        kept = self.margin * np.bincount(site, weights=replica_mw, minlength=len(capacity))
        spare = np.maximum(0.0, capacity - it_mw - kept)
        shape = (len(capacity), first + len(self.pool))
        by_site = coo_matrix((replica_mw, (site, first + np.arange(len(site)))), shape=shape).tocsr()
        grid = instance.grid
        of_limit = np.repeat(np.arange(len(grid.id)), np.diff(grid.ptr))
        weights = coo_matrix(
            (grid.coefficient * pue[grid.site], (of_limit, grid.site)), shape=(len(grid.id), shape[0])
        )
        left = np.maximum(0.0, grid.limit_mw - weights @ (it_mw + kept))
        used = np.unique(site)
        rows = vstack([by_site[used], weights.tocsr() @ by_site]).tocsr()
        return rows, np.concatenate([spare[used], left])


def candidates(
    instance: Instance, solution: Solution, flows: Indices, standby: Indices, margin: int
) -> Candidates | None:
    """Possible moves of the given flows; None where one has none that must be served.

    Parameters
    ----------
    instance : Instance
    solution : Solution
    flows : ndarray of int32
        Arcs with a protected flow.
    standby : ndarray of int32, shape (n_site,)
        Options with which closed sites may be opened.
    margin : int
        See :func:`siteopt.resilience.cover.cover`.
    """
    arcs, backups, pools = instance.arcs, instance.backups, instance.pools
    option = np.where(solution.option >= 0, solution.option, standby).astype(np.int32)
    may = _receivers(instance, solution, option)
    demand = arcs.demand[flows]
    first = instance.demands.backup_ptr[demand].astype(np.int64)
    count = instance.demands.backup_ptr[demand + 1] - first
    flow = np.repeat(np.arange(len(flows)), count)
    offset = np.arange(len(flow)) - np.repeat(np.cumsum(count) - count, count)
    backup = (first[flow] + offset).astype(np.int32)
    pool, failed = backups.pool[backup], pools.site[arcs.pool[flows]][flow]
    kept = may[pool] & (pools.site[pool] != failed)
    stuck = np.bincount(flow[kept], minlength=len(flows)) == 0
    if (stuck & np.isinf(instance.demands.unserved_usd[demand])).any():
        return None
    flow, backup, pool, failed = flow[kept], backup[kept], pool[kept], failed[kept]
    rank = offset[kept] / np.maximum(1, count[flow])
    receivers, place = np.unique(pool, return_inverse=True)
    pairs, failure = np.unique(
        failed.astype(np.int64) * len(receivers) + place.reshape(-1), return_inverse=True
    )
    return Candidates(
        flow=flow,
        backup=backup,
        failure=failure.reshape(-1),
        rank=rank,
        pool=receivers.astype(np.int32),
        idle_rps=_idle_rps(instance, solution, receivers),
        usable_rps=instance.variants.usable_rps[pools.variant[receivers]],
        usd=_replica_usd(instance, solution, option, receivers),
        failure_pool=(pairs % len(receivers)).astype(np.intp),
        option=option,
        margin=margin,
    )


def _receivers(instance: Instance, solution: Solution, option: Indices) -> NDArray[np.bool_]:
    """Pools that may take over: the one in use, or the cheapest that the site's racks house, by site and workload."""
    pools, variants = instance.pools, instance.variants
    at = option[pools.site]
    may = (variants.is_protected[pools.variant] == 1) & (at >= 0)
    may[may] &= instance.designs.admits[instance.options.design[at[may]], pools.variant[may]] == 1
    in_use = solution.replicas > 0
    price = variants.usd / variants.usable_rps
    group = pools.site.astype(np.int64) * len(instance.workload_ids) + variants.workload[pools.variant]
    # In use first, then by price; the first of each group is the one.
    rows = np.flatnonzero(may)
    order = rows[np.lexsort((price[pools.variant[rows]], ~in_use[rows], group[rows]))]
    chosen = np.zeros(len(may), dtype=bool)
    chosen[order[np.unique(group[order], return_index=True)[1]]] = True
    taken = np.zeros(int(group.max(initial=0)) + 1, dtype=bool)
    taken[group[in_use]] = True
    receivers: NDArray[np.bool_] = chosen & (in_use | ~taken[group])
    return receivers


def _idle_rps(instance: Instance, solution: Solution, pool: Indices) -> Floats:
    """What the replicas that stand could take beyond the pool's own load, below the utilisation cap."""
    arcs = instance.arcs
    peak = np.bincount(
        arcs.pool,
        weights=solution.share * instance.demands.peak_rps[arcs.demand],
        minlength=len(instance.pools.site),
    )
    usable = instance.variants.usable_rps[instance.pools.variant[pool]] * solution.replicas[pool]
    idle: Floats = np.maximum(0.0, usable - peak[pool])
    return idle


def _replica_usd(instance: Instance, solution: Solution, option: Indices, pool: Indices) -> Floats:
    """Cost of a replica in reserve, with idle power and modules; with opening, where the site stands for nothing else."""
    pools, variants, options, designs = instance.pools, instance.variants, instance.options, instance.designs
    site, v = pools.site[pool], pools.variant[pool]
    o = option[site]
    first = designs.capex_ptr[options.design[o]]
    capacity = np.maximum(instance.option_capacity_mw[o], 1e-9)
    module = instance.life_factor[o] * designs.capex_usd[first + options.max_modules[o]] / capacity
    serves = np.bincount(pools.site, weights=solution.replicas, minlength=len(option)) > 0
    opening = np.where(serves[site], 0.0, options.fixed_usd[o] / capacity)
    sites = instance.sites
    yearly = (sites.energy_usd_per_mw + sites.carbon_usd_per_mw)[site] * variants.idle_fraction[v]
    charges = (sites.demand_usd_per_mw + sites.coincident_usd_per_mw)[site]
    per_mw = module + opening + options.pue[o] * (yearly + charges)
    standby = np.where(solution.replicas[pool] > 0, 0.0, pools.fixed_usd[pool])
    usd: Floats = variants.usd[v] + variants.replica_mw[v] * per_mw + standby
    return usd
