"""The load that moves to each pool, failure by failure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from siteopt.arrays import Floats, Indices
    from siteopt.instance import Instance, Moves


@dataclass(frozen=True, slots=True, eq=False)
class MovedLoads:
    """The load that moves; one row for each pair of a failed site and a pool that takes some of it over.

    Attributes
    ----------
    site, pool : the site that fails, the pool that takes over
    load_rps : calls per second that move
    rtt_ms : longest round trip among them
    slack_tier : tightest degraded slack tier among them, -1 where the pool's variant has no tail
    """

    site: Indices
    pool: Indices
    load_rps: Floats
    rtt_ms: Floats
    slack_tier: Indices


def moved_loads(instance: Instance, moves: Moves) -> MovedLoads:
    """Sum the moves of each failure by pool."""
    arcs, backups, pools = instance.arcs, instance.backups, instance.pools
    failed = pools.site[arcs.pool[moves.arc]].astype(np.int64)
    target = backups.pool[moves.backup]
    key, row = np.unique(failed * max(1, len(pools.site)) + target, return_inverse=True)
    row = row.reshape(-1)
    load, rtt = np.zeros(len(key)), np.zeros(len(key))
    slack_tier = np.full(len(key), np.iinfo(np.int32).max, dtype=np.int32)
    np.add.at(load, row, moves.share * instance.demands.peak_rps[arcs.demand[moves.arc]])
    np.maximum.at(rtt, row, backups.rtt_ms[moves.backup])
    np.minimum.at(slack_tier, row, backups.slack_tier[moves.backup])
    width = max(1, len(pools.site))
    return MovedLoads((key // width).astype(np.int32), (key % width).astype(np.int32), load, rtt, slack_tier)


def reserves(instance: Instance, moves: Moves, share: Floats) -> tuple[Floats, Indices]:
    """Find the largest load that any one failure moves to each pool, and the degraded slack tier it then has to meet.

    Parameters
    ----------
    instance : Instance
    moves : Moves
    share : ndarray of float64, shape (n_arc,)
        The flows as they are without a failure: the pool's own users count too.

    Returns
    -------
    reserve_rps : ndarray of float64, shape (n_pool,)
    slack_tier : ndarray of int32, shape (n_pool,)
        -1 where there is no reserve or no tail.
    """
    moved, n = moved_loads(instance, moves), len(instance.pools.site)
    reserve_rps = np.zeros(n)
    slack_tier = np.full(n, np.iinfo(np.int32).max, dtype=np.int32)
    np.maximum.at(reserve_rps, moved.pool, moved.load_rps)
    np.minimum.at(slack_tier, moved.pool, moved.slack_tier)
    own = np.flatnonzero(share > 0.0)
    np.minimum.at(slack_tier, instance.arcs.pool[own], instance.arcs.degraded_slack_tier[own])
    return reserve_rps, np.where(reserve_rps > 0.0, slack_tier, -1).astype(np.int32)
