"""Every move that the loss of a site could call for: a demand, the site that fails, the pool that takes over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from siteopt.instance import Moves
from siteopt.tolerances import SMALLEST_SHARE

if TYPE_CHECKING:
    from siteopt.arrays import Floats, Rows
    from siteopt.instance import Instance


@dataclass(frozen=True, slots=True, eq=False)
class MoveTable:
    """Table of all possible moves.

    What a demand has at a site is one group, because at most one pool serves it there.

    Attributes
    ----------
    demand, site : ndarray, shape (n_group,)
        Protected demands and the sites that may serve them, by demand, then site.
    arc, arc_group : ndarray, shape (n_protected_arc,)
        Arcs of protected demands, and the group of each.
    group, backup : ndarray, shape (n_move,)
        Group of each move, and row of the backup that it leads to, at another site; by group, then backup.
    pair : ndarray, shape (n_move,)
        Row of each move in the pairs below.
    pair_site, pair_pool : ndarray, shape (n_pair,)
        A site that fails and a pool that may take over from it.
    """

    demand: Rows
    site: Rows
    arc: Rows
    arc_group: Rows
    group: Rows
    backup: Rows
    pair: Rows
    pair_site: Rows
    pair_pool: Rows

    def shares(self, instance: Instance, moves: Moves) -> Floats:
        """Return the share of its demand that takes each move of the table, shape (n_move,)."""
        result = np.zeros(len(self.group))
        width = max(1, len(instance.backups.demand))
        group = self.arc_group[np.searchsorted(self.arc, moves.arc)]
        place = np.searchsorted(self.group * width + self.backup, group * width + moves.backup)
        np.add.at(result, place, moves.share)
        return result

    def moves(self, instance: Instance, values: Floats, share: Floats) -> Moves:
        """Return the moves of a solver's solution that belong to flows with a share, cleared of rounding errors.

        Parameters
        ----------
        instance : Instance
        values : ndarray of float64, shape (n_move,)
        share : ndarray of float64, shape (n_arc,)
        """
        arc_of = np.full(len(self.demand), -1)
        flowing = np.flatnonzero(share[self.arc] > 0.0)
        arc_of[self.arc_group[flowing]] = self.arc[flowing]
        whole = instance.demands.is_splittable[self.demand[self.group]] == 0
        kept = np.where(whole, np.round(values), values)
        kept[(kept < SMALLEST_SHARE) | (arc_of[self.group] < 0)] = 0.0
        used = np.flatnonzero(kept)
        total = np.bincount(self.group, weights=kept, minlength=len(self.demand))
        arc = arc_of[self.group[used]]
        parts = kept[used] * share[arc] / total[self.group[used]]
        return Moves(arc.astype(np.int32), self.backup[used].astype(np.int32), parts)


def move_table(instance: Instance) -> MoveTable:
    """List all moves of an instance; none where nothing is protected."""
    arcs, pools, backups, demands = instance.arcs, instance.pools, instance.backups, instance.demands
    arc = _protected_arcs(instance)
    n_site, n_pool = max(1, len(instance.sites.id)), max(1, len(pools.site))
    key = arcs.demand[arc].astype(np.int64) * n_site + pools.site[arcs.pool[arc]]
    groups, arc_group = np.unique(key, return_inverse=True)
    demand, site = groups // n_site, groups % n_site
    first = demands.backup_ptr[demand].astype(np.int64)
    count = demands.backup_ptr[demand + 1] - first
    group = np.repeat(np.arange(len(groups)), count)
    backup = np.arange(len(group)) - np.repeat(np.cumsum(count) - count, count) + first[group]
    kept = pools.site[backups.pool[backup]] != site[group]
    group, backup = group[kept], backup[kept]
    pairs, pair = np.unique(site[group] * n_pool + backups.pool[backup], return_inverse=True)
    return MoveTable(
        demand=demand,
        site=site,
        arc=arc,
        arc_group=arc_group.reshape(-1),
        group=group,
        backup=backup,
        pair=pair.reshape(-1),
        pair_site=pairs // n_pool,
        pair_pool=pairs % n_pool,
    )


def model_size(instance: Instance) -> int:
    """Count arcs and possible moves, which measure the size of the exact model."""
    arcs, pools, backups = instance.arcs, instance.pools, instance.backups
    n_site = max(1, len(instance.sites.id))
    arc = _protected_arcs(instance)
    groups = np.unique(arcs.demand[arc].astype(np.int64) * n_site + pools.site[arcs.pool[arc]])
    demand = groups // n_site
    all_backups = np.diff(instance.demands.backup_ptr)[demand].sum()
    at_home = np.isin(backups.demand.astype(np.int64) * n_site + pools.site[backups.pool], groups).sum()
    return len(arcs.demand) + int(all_backups) - int(at_home)


def _protected_arcs(instance: Instance) -> Rows:
    return np.flatnonzero(instance.variants.is_protected[instance.pools.variant[instance.arcs.pool]])
