"""The table of losses: what the loss of each open site does, in the rows of an instance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from siteopt.resilience.moved import moved_loads

if TYPE_CHECKING:
    from siteopt.arrays import Floats, Indices, Rows
    from siteopt.instance import Instance, Solution


@dataclass(frozen=True, slots=True, eq=False)
class Failure:
    """What the loss of one site does.

    Attributes
    ----------
    site : int
    moves : ndarray of int
        Rows of the solution's moves that it causes.
    load_rps : ndarray of float64, shape (n_pool,)
        Calls per second of every pool afterwards, with the protected flows moved.
    spare_mw : float
        IT power of replicas of protected workloads that still have nothing to do, MW.
    displaced_rps, kept_rps : dict of int to float
        By unprotected workload: calls per second that were served there, and those that find room elsewhere.
    """

    site: int
    moves: Rows
    load_rps: Floats
    spare_mw: float
    displaced_rps: dict[int, float]
    kept_rps: dict[int, float]


def failures(instance: Instance, solution: Solution) -> list[Failure]:
    """Return what the loss of each open site does; nothing where no workload is protected."""
    if not instance.variants.is_protected.any():
        return []
    arcs, pools = instance.arcs, instance.pools
    own: Floats = np.bincount(
        arcs.pool,
        weights=solution.share * instance.demands.peak_rps[arcs.demand],
        minlength=len(pools.site),
    ).astype(np.float64)
    moved = moved_loads(instance, solution.moves)
    move_site = pools.site[arcs.pool[solution.moves.arc]]
    return [
        _failure(
            instance,
            solution,
            j,
            own,
            (moved.pool[moved.site == j], moved.load_rps[moved.site == j]),
            np.flatnonzero(move_site == j),
        )
        for j in np.flatnonzero(solution.option >= 0).tolist()
    ]


def _failure(
    instance: Instance,
    solution: Solution,
    site: int,
    own_rps: Floats,
    moved: tuple[Indices, Floats],
    moves: Rows,
) -> Failure:
    pools, variants = instance.pools, instance.variants
    load = np.where(pools.site == site, 0.0, own_rps)
    np.add.at(load, *moved)
    v = pools.variant
    remaining = (pools.site != site) & (solution.replicas > 0) & (variants.is_protected[v] == 1)
    idle = solution.replicas * variants.usable_rps[v] - load
    spare_mw = np.maximum(0.0, idle / variants.rps[v]) * variants.replica_mw[v]
    displaced, kept = _unprotected(instance, solution, site, own_rps)
    return Failure(site, moves, load, float(spare_mw[remaining].sum()), displaced, kept)


def _unprotected(
    instance: Instance, solution: Solution, site: int, own_rps: Floats
) -> tuple[dict[int, float], dict[int, float]]:
    """Return the unprotected load that a site served, and what of it finds room elsewhere, nearest pools first.

    Room is what the replicas that stand carry within the SLO beyond their own load; nothing is added for it.
    """
    arcs, pools, variants = instance.arcs, instance.pools, instance.variants
    room = _room_rps(instance, solution, own_rps)
    displaced: dict[int, float] = {}
    kept: dict[int, float] = {}
    lost = np.flatnonzero((solution.share > 0.0) & (pools.site[arcs.pool] == site))
    for a in lost.tolist():
        if variants.is_protected[pools.variant[arcs.pool[a]]]:
            continue
        i = int(arcs.demand[a])
        k = int(instance.demands.workload[i])
        left = float(solution.share[a] * instance.demands.peak_rps[i])
        displaced[k] = displaced.get(k, 0.0) + left
        kept.setdefault(k, 0.0)
        for b in range(instance.demands.arc_ptr[i], instance.demands.arc_ptr[i + 1]):
            p = int(arcs.pool[b])
            slack_tier = int(arcs.slack_tier[b])
            if pools.site[p] == site or not room.admits(p, slack_tier):
                continue
            single_source = not instance.demands.is_splittable[i]
            taken = min(left, room.rps[p])
            if taken <= 0.0 or (single_source and taken < left):
                continue
            room.rps[p] -= taken
            kept[k] += taken
            left -= taken
            if left <= 0.0:
                break
    return displaced, kept


@dataclass(frozen=True, slots=True, eq=False)
class _Room:
    """Calls per second that each pool could still take, and the slack tier that it is sized for."""

    rps: Floats
    slack_tier: Indices

    def admits(self, pool: int, slack_tier: int) -> bool:
        """Whether a flow of a slack tier may join: one nearer its limit than the pool's own would tighten it."""
        return bool(self.rps[pool] > 0.0 and slack_tier >= self.slack_tier[pool])


def _room_rps(instance: Instance, solution: Solution, own_rps: Floats) -> _Room:
    arcs, pools, variants = instance.arcs, instance.pools, instance.variants
    active = np.flatnonzero(solution.share > 0.0)
    slack_tier = np.full(len(pools.site), np.iinfo(np.int32).max, dtype=np.int32)
    np.minimum.at(slack_tier, arcs.pool[active], arcs.slack_tier[active])
    rps = np.zeros(len(pools.site))
    for p in np.flatnonzero(solution.replicas > 0).tolist():
        n, v = int(solution.replicas[p]), int(pools.variant[p])
        carried = n * float(variants.usable_rps[v])
        if variants.slack_tier_ptr[v] < variants.slack_tier_ptr[v + 1]:
            # A pool without flows is as tight as the tightest of its slack tiers.
            t = (
                min(int(slack_tier[p]), int(variants.slack_tier_ptr[v + 1]) - 1)
                if own_rps[p]
                else int(variants.slack_tier_ptr[v])
            )
            table = instance.slack_tiers.table(t, optimistic=False)
            carried = min(carried, float(table[min(n, len(table) - 1)]))
            slack_tier[p] = t
        else:
            slack_tier[p] = -1
        rps[p] = max(0.0, carried - own_rps[p])
    return _Room(rps, slack_tier)
