"""The fewest sites, replicas and modules that carry given flows and moves, by the exact tails."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from siteopt.resilience import moved_loads
from siteopt.tolerances import SLACK, TINY

if TYPE_CHECKING:
    from siteopt.arrays import Indices, Masks
    from siteopt.instance import Instance, Solution

    Rooms = tuple[tuple[float, float], ...]


def trimmed(instance: Instance, solution: Solution) -> Solution:
    """Return the same flows and moves on the fewest sites, replicas and modules that the exact tails allow.

    A site without replicas is closed, which no search does where it costs nothing to have it open.

    A search sizes a pool for the longest round trip of its slack tier; here the longest one among its flows counts.
    """
    arcs, pools, variants = instance.arcs, instance.pools, instance.variants
    n = len(pools.site)
    active = solution.share > 0.0
    peak = np.bincount(
        arcs.pool, weights=solution.share * instance.demands.peak_rps[arcs.demand], minlength=n
    )
    farthest = np.zeros(n)
    np.maximum.at(farthest, arcs.pool[active], arcs.rtt_ms[active])
    served = np.zeros(n, dtype=bool)
    served[arcs.pool[active]] = True
    fewest = np.zeros(n, dtype=np.int64)
    for p in np.flatnonzero(served).tolist():
        fewest[p] = _fewest(instance, p, float(peak[p]), float(farthest[p]), variants.rooms[pools.variant[p]])
    moved = moved_loads(instance, solution.moves)
    for p, load, rtt in zip(moved.pool.tolist(), moved.load_rps, moved.rtt_ms, strict=True):
        rooms = variants.degraded_rooms[pools.variant[p]]
        needed = _fewest(instance, p, float(peak[p] + load), float(max(farthest[p], rtt)), rooms)
        fewest[p] = max(fewest[p], needed)
    replicas = np.minimum(solution.replicas, fewest).astype(np.int32)
    modules = _fewest_modules(instance, solution, replicas)
    idle = _idle_sites(instance, solution, replicas)
    option = solution.option.copy()
    option[idle], modules[idle] = -1, 0
    return replace(solution, option=option, replicas=replicas, modules=modules)


def _idle_sites(instance: Instance, solution: Solution, replicas: Indices) -> Masks:
    """Find open sites where nothing runs, unless they must be open or a rule of the planner's own counts them."""
    sites, rules = instance.sites, instance.linear_rules
    runs = np.bincount(instance.pools.site, weights=replicas, minlength=len(sites.id)) > 0.0
    is_counted = np.append(np.diff(rules.option_ptr) > 0, False)
    must_be = ((sites.is_existing | sites.is_forced) == 1) | is_counted[solution.option]
    idle: Masks = (solution.option >= 0) & ~runs & ~must_be
    return idle


def _fewest(instance: Instance, pool: int, peak_rps: float, rtt_ms: float, rooms: Rooms) -> int:
    """Return the fewest replicas of a pool; no limit where its queue cannot count so many."""
    variants, v = instance.variants, int(instance.pools.variant[pool])
    queue = variants.queue[v]
    fewest = max(1, int(np.ceil(peak_rps / variants.usable_rps[v] * (1.0 - SLACK))))
    if queue is None:
        return fewest
    rate = float(peak_rps * variants.burst_factor[v])
    counts = [queue.replicas_needed(rate, max(0.0, ms - rtt_ms), q) for ms, q in rooms]
    return np.iinfo(np.int32).max if min(counts) < 0 else max(fewest, *counts)


def _fewest_modules(instance: Instance, solution: Solution, replicas: Indices) -> Indices:
    """Return the modules that power the replicas, and enough that no tenant takes more than its share."""
    pools, options, tenancy = instance.pools, instance.options, instance.tenancy
    modules, n = solution.modules.copy(), len(instance.sites.id)
    power = replicas * instance.variants.replica_mw[pools.variant]
    load = np.bincount(pools.site, weights=power, minlength=n)
    for t in range(len(tenancy.id)):
        own = instance.variants.tenant[pools.variant] == t
        load = np.maximum(load, np.bincount(pools.site, weights=power * own, minlength=n) / tenancy.share)
    for j in np.flatnonzero(solution.option >= 0).tolist():
        o = solution.option[j]
        needed = (
            int(np.ceil(load[j] / options.module_mw[o] * (1.0 - SLACK) - TINY)) + options.spare_modules[o]
        )
        modules[j] = min(modules[j], max(int(options.min_modules[o]), needed))
    return modules
