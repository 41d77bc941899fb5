"""The straight lines that stand in for a pool's tail in the exact model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from siteopt.physics.serving.sizing import segments, tail_table
from siteopt.tolerances import TIGHT_SLACK, TINY

if TYPE_CHECKING:
    from siteopt.arrays import Floats, Indices, Rows
    from siteopt.instance import Instance, SlackTiers

Bracket = Literal["outer", "inner"]

#: Lines are not split further once the two brackets differ by less than this, relative to the load.
SANDWICH = 1e-4


@dataclass(frozen=True, slots=True)
class Segment:
    """One line: ``first <= n <= last`` replicas in a slack tier carry at most ``slope x n + intercept`` calls/s."""

    slack_tier: int
    first: int
    last: int
    slope: float
    intercept: float


def most_replicas(instance: Instance) -> Rows:
    """Return the most replicas that each pool can power and may ever need, at least one, shape (n_pool,).

    No plan gains from more replicas than carry all demand that the pool may serve, as if all of it were as far away as
    the farthest, with all that may move to it after a failure. The lower this limit, the less of its tail a pool can
    evade in the relaxation by being open to a small fraction.
    """
    pools, variants, arcs, backups = instance.pools, instance.variants, instance.arcs, instance.backups
    replica_mw = variants.replica_mw[pools.variant]
    powered = np.floor(instance.site_capacity_mw[pools.site] / replica_mw * (1.0 + TIGHT_SLACK) + TINY)
    usual = _most_needed(instance, instance.slack_tiers, arcs.demand, arcs.pool, arcs.slack_tier)
    degraded = _most_needed(
        instance, instance.degraded_slack_tiers, backups.demand, backups.pool, backups.slack_tier
    )
    return np.maximum(1, np.minimum(powered, np.maximum(usual, degraded))).astype(np.int64)


def _most_needed(
    instance: Instance,
    slack_tiers: SlackTiers,
    demand: Indices,
    pool: Indices,
    slack_tier: Indices,
) -> Floats:
    """Count the replicas that carry all demand of each pool within its tightest slack tier, shape (n_pool,)."""
    n_pool = len(instance.pools.site)
    load = np.bincount(pool, weights=instance.demands.peak_rps[demand], minlength=n_pool)
    needed: Floats = np.ceil(load / instance.variants.usable_rps[instance.pools.variant])
    tightest = np.full(n_pool, np.iinfo(np.int32).max, dtype=np.int32)
    np.minimum.at(tightest, pool, slack_tier)
    for p in np.flatnonzero((load > 0.0) & (tightest >= 0)).tolist():
        table = slack_tiers.table(int(tightest[p]), optimistic=False)
        beyond = load[p] - table[-1]
        if beyond > 0.0:  # the last step of the table is extrapolated
            step = table[-1] - table[-2]
            count = len(table) - 1 + np.ceil(beyond / step) if step > 0.0 else np.inf
        else:
            count = float(np.searchsorted(table, load[p], side="left"))
        needed[p] = max(needed[p], count)
    return needed


def pool_segments(instance: Instance, bracket: Bracket, most: int) -> dict[int, list[Segment]]:
    """Build the segments of every pool that has a tail and that some arc leads to.

    Parameters
    ----------
    instance : Instance
    bracket : {"outer", "inner"}
    most : int
        Most segments per slack tier and pool.

    Returns
    -------
    dict of int to list of Segment
        By pool, tightest slack tier first.
    """
    arcs = instance.arcs
    reached = np.stack([arcs.pool, arcs.slack_tier], axis=1)
    return _by_pool(instance, instance.slack_tiers, reached, bracket, most)


def reserve_segments(instance: Instance, bracket: Bracket, most: int) -> dict[int, list[Segment]]:
    """Build the segments, after a failure, of the pools that may take over protected demand.

    A pool has to meet the tightest degraded slack tier among its own users and those that have moved to it. The inner
    model knows all slack tiers. The outer one counts own users only, and treats those that move as if none were nearer
    (see the family ``resilience``), so that it needs the slack tiers of the pool's arcs and the loosest one of its
    backups.
    """
    arcs, backups = instance.arcs, instance.backups
    reached = np.stack([backups.pool, backups.slack_tier], axis=1)
    if bracket == "outer":
        loosest = np.full(len(instance.pools.site), -1, dtype=np.int32)
        np.maximum.at(loosest, backups.pool, backups.slack_tier)
        own = np.stack([arcs.pool, arcs.degraded_slack_tier], axis=1)
        reached = np.concatenate([own, np.stack([np.arange(len(loosest), dtype=np.int32), loosest], axis=1)])
    return _by_pool(instance, instance.degraded_slack_tiers, reached, bracket, most)


def _by_pool(
    instance: Instance, slack_tiers: SlackTiers, reached: Indices, bracket: Bracket, most: int
) -> dict[int, list[Segment]]:
    """Build the segments for ``reached``, whose rows are a pool and a slack tier in which it is reached (-1: none)."""
    largest, saturation = most_replicas(instance), instance.variants.rps
    lines: dict[tuple[int, int], list[Segment]] = {}
    result: dict[int, list[Segment]] = {}
    for p, t in np.unique(reached[reached[:, 1] >= 0], axis=0).tolist():
        load, n = slack_tiers.table(t, optimistic=bracket == "outer"), int(largest[p])
        end = min(n, len(load) - 1)
        if (t, end) not in lines:
            lines[t, end] = _segments(
                load[: end + 1], t, float(saturation[slack_tiers.variant[t]]), bracket, most
            )
        result.setdefault(p, []).extend(lines[t, end])
        if n > end:
            result[p].append(_beyond(load, t, float(saturation[slack_tiers.variant[t]]), n, bracket))
    return result


def _segments(load: Floats, slack_tier: int, saturation: float, bracket: Bracket, most: int) -> list[Segment]:
    """Build the lines over a whole table."""
    parts = segments(tail_table(load, saturation), most, SANDWICH)
    slopes, intercepts = (
        (parts.outer_slope, parts.outer_intercept)
        if bracket == "outer"
        else (parts.inner_slope, parts.inner_intercept)
    )
    return [
        Segment(slack_tier, int(first), int(last), float(slope), float(intercept))
        for first, last, slope, intercept in zip(parts.first, parts.last, slopes, intercepts, strict=True)
    ]


def _beyond(load: Floats, slack_tier: int, saturation: float, largest: int, bracket: Bracket) -> Segment:
    """Build the line beyond the table: saturation (outer), or its last step extrapolated (inner, safe by convexity)."""
    end = len(load) - 1
    if bracket == "outer":
        return Segment(slack_tier, end + 1, largest, saturation, 0.0)
    step = float(load[end] - load[end - 1])
    return Segment(slack_tier, end + 1, largest, step, float(load[end]) - step * end)
