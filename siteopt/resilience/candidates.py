"""Possible moves: their reserves, and their rows in the linear programme of :mod:`siteopt.resilience.cover`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import coo_matrix, csr_matrix, vstack

if TYPE_CHECKING:
    from siteopt.arrays import Floats, Indices, Masks, Rows
    from siteopt.instance import Instance, Moves, Solution

#: Most pools without replicas that are considered for each flow, nearest first.
NEAREST = 60
#: Factor on the power taken in excess of a grid limit, which is withheld the next time.
SAFETY = 1.1
#: Power below this is rounding, MW.
NO_POWER = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Withheld:
    """Power that reserve may not count on, since whole replicas and waits take more of it than the programme sees.

    Attributes
    ----------
    site_mw : ndarray of float64, shape (n_site,)
        IT power, MW.
    limit_mw : ndarray of float64, shape (n_limit,)
        Facility power as the grid limits count it, MW.
    """

    site_mw: Floats
    limit_mw: Floats

    @classmethod
    def nothing(cls, instance: Instance) -> Withheld:
        """Withhold no power."""
        return cls(np.zeros(len(instance.sites.id)), np.zeros(len(instance.grid.id)))

    def more(self, instance: Instance, solution: Solution, room_mw: Floats) -> Withheld:
        """Withhold also the power that a solution takes beyond what there is.

        At sites it is rounded up by a replica of each protected variant there.

        Parameters
        ----------
        instance : Instance
        solution : Solution
        room_mw : ndarray of float64, shape (n_site,)
            IT power of the modules that each site was to have, MW.
        """
        pools, variants = instance.pools, instance.variants
        n, replica_mw = len(solution.option), variants.replica_mw[pools.variant]
        capacity, pue = _at_options(instance, solution.option)
        it_mw = np.bincount(pools.site, weights=solution.replicas * replica_mw, minlength=n)
        rounding = np.bincount(
            pools.site, weights=replica_mw * variants.is_protected[pools.variant], minlength=n
        )
        over = np.maximum(0.0, it_mw - np.minimum(capacity, room_mw))
        over_limit = np.maximum(0.0, instance.grid.weights(pue) @ it_mw - instance.grid.limit_mw)
        site_mw = self.site_mw + np.where(over > NO_POWER, over + rounding, 0.0)
        return Withheld(site_mw, self.limit_mw + SAFETY * over_limit)

    @property
    def total_mw(self) -> float:
        """Sum of what is withheld, MW."""
        return float(self.site_mw.sum() + self.limit_mw.sum())


def _at_options(instance: Instance, option: Indices) -> tuple[Floats, Floats]:
    """Return the most IT power and the PUE of every site with its option; 0 where it has none."""
    opened = np.flatnonzero(option >= 0)
    capacity, pue = np.zeros(len(option)), np.zeros(len(option))
    capacity[opened] = instance.option_capacity_mw[option[opened]]
    pue[opened] = instance.options.pue[option[opened]]
    return capacity, pue


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """Possible moves, the pools that they lead to, and the pairs of a failed site and a pool among them.

    Attributes
    ----------
    flow, backup, failure : ndarray, shape (n_move,)
        Flow (its place among the given flows), row of the backups, place in ``failure_pool``.
    rank : ndarray of float64, shape (n_move,)
        0 for the nearest backup of the demand, towards 1 for the farthest.
    pool : ndarray of int32, shape (n_receiver,)
        Pools that may take over.
    idle_rps, usable_rps, usd : ndarray of float64, shape (n_receiver,)
        What they can take with the replicas that stand; what one more replica carries, and costs without its room.
    failure_pool : ndarray, shape (n_pair,)
        Place in ``pool`` of each pair of a failed site and a pool.
    option : ndarray of int32, shape (n_site,)
        Option of each site, open or in standby.
    withheld : Withheld
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
    withheld: Withheld

    def options(self, instance: Instance, solution: Solution, share: Floats, moves: Moves) -> Indices:
        """Return the options of sites once those that the moves need are open, and those that serve nothing closed."""
        pools, sites = instance.pools, instance.sites
        used = sites.is_existing + sites.is_forced > 0
        used[pools.site[instance.arcs.pool[share > 0.0]]] = True
        used[pools.site[instance.backups.pool[moves.backup]]] = True
        option = np.where(solution.option < 0, self.option, solution.option)
        return np.where(used, option, -1).astype(np.int32)

    def power(
        self, instance: Instance, solution: Solution, first: int, width: int
    ) -> tuple[csr_matrix, Floats]:
        """Build the rows, and their limits, that keep reserve within the power of sites and within grid limits.

        Replicas of the pools are the columns from ``first`` on, of ``width`` in all.
        """
        variant = instance.pools.variant[self.pool]
        site = instance.pools.site[self.pool]
        replica_mw = instance.variants.replica_mw[variant]
        it_mw = np.bincount(
            instance.pools.site,
            weights=solution.replicas * instance.variants.replica_mw[instance.pools.variant],
            minlength=len(self.option),
        )
        capacity, pue = _at_options(instance, self.option)
        spare = np.maximum(0.0, capacity - it_mw - self.withheld.site_mw)
        shape = (len(capacity), width)
        by_site = coo_matrix((replica_mw, (site, first + np.arange(len(site)))), shape=shape).tocsr()
        weights = instance.grid.weights(pue)
        left = np.maximum(0.0, instance.grid.limit_mw - weights @ it_mw - self.withheld.limit_mw)
        used = np.unique(site)
        rows = vstack([by_site[used], weights @ by_site]).tocsr()
        return rows, np.concatenate([spare[used], left])


def candidates(
    instance: Instance, solution: Solution, flows: Indices, standby: Indices, withheld: Withheld
) -> Candidates | None:
    """Find the possible moves of the given flows; None where a flow that must be served has none.

    Parameters
    ----------
    instance : Instance
    solution : Solution
    flows : ndarray of int32
        Arcs with a protected flow.
    standby : ndarray of int32, shape (n_site,)
        Options with which closed sites may be opened.
    withheld : Withheld
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
    kept = np.flatnonzero(may[pool] & (pools.site[pool] != failed))
    stands = solution.replicas[pool[kept]] > 0
    kept = kept[stands | (_place_in_group(flow[kept]) < NEAREST)]
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
        idle_rps=_idle_rps(instance, solution, receivers, withheld),
        usable_rps=instance.variants.usable_rps[pools.variant[receivers]],
        usd=_replica_usd(instance, solution, option, receivers),
        failure_pool=(pairs % len(receivers)).astype(np.intp),
        option=option,
        withheld=withheld,
    )


def _place_in_group(group: Rows) -> Rows:
    """Return the place of each entry within its group, whose entries are adjacent."""
    start = np.flatnonzero(np.diff(group, prepend=-1))
    place: Rows = np.arange(len(group)) - np.repeat(start, np.diff(start, append=len(group)))
    return place


def _receivers(instance: Instance, solution: Solution, option: Indices) -> Masks:
    """Find the pools that may take over: at each site the one in use by a workload, else the cheapest it can house."""
    pools, variants = instance.pools, instance.variants
    at = option[pools.site]
    may = (variants.is_protected[pools.variant] == 1) & (at >= 0)
    may[may] &= instance.designs.admits[instance.options.design[at[may]], pools.variant[may]] == 1
    in_use = solution.replicas > 0
    price = variants.usd / variants.usable_rps
    group = pools.site.astype(np.int64) * len(instance.workload_ids) + variants.workload[pools.variant]
    # In use first, then by price: the first of each group is chosen.
    rows = np.flatnonzero(may)
    order = rows[np.lexsort((price[pools.variant[rows]], ~in_use[rows], group[rows]))]
    chosen = np.zeros(len(may), dtype=bool)
    chosen[order[np.unique(group[order], return_index=True)[1]]] = True
    taken = np.zeros(int(group.max(initial=0)) + 1, dtype=bool)
    taken[group[in_use]] = True
    receivers: Masks = chosen & (in_use | ~taken[group])
    return receivers


def _idle_rps(instance: Instance, solution: Solution, pool: Indices, withheld: Withheld) -> Floats:
    """Return the load that standing replicas could take beyond the pool's own, below the utilisation cap.

    Withheld power counts as replicas that do not stand, since waits may allow a pool less than the cap does.
    """
    arcs, variants, variant = instance.arcs, instance.variants, instance.pools.variant[pool]
    peak = np.bincount(
        arcs.pool,
        weights=solution.share * instance.demands.peak_rps[arcs.demand],
        minlength=len(instance.pools.site),
    )
    standing = (
        solution.replicas[pool] - withheld.site_mw[instance.pools.site[pool]] / variants.replica_mw[variant]
    )
    idle: Floats = np.maximum(0.0, variants.usable_rps[variant] * standing - peak[pool])
    return idle


def _replica_usd(instance: Instance, solution: Solution, option: Indices, pool: Indices) -> Floats:
    """Return the cost of a replica in reserve and the power it idles on; its room in a module is counted apart."""
    pools, variants, options, sites = instance.pools, instance.variants, instance.options, instance.sites
    site, v = pools.site[pool], pools.variant[pool]
    yearly = (sites.energy_usd_per_mw + sites.carbon_usd_per_mw)[site] * variants.idle_fraction[v]
    charges = (sites.demand_usd_per_mw + sites.coincident_usd_per_mw)[site]
    per_mw = options.pue[option[site]] * (yearly + charges)
    standby = np.where(solution.replicas[pool] > 0, 0.0, pools.fixed_usd[pool])
    usd: Floats = variants.usd[v] + variants.replica_mw[v] * per_mw + standby
    return usd
