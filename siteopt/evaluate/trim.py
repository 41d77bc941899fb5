"""The fewest replicas and modules that carry given flows, by the exact tails."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from siteopt.instance import Instance, Solution

#: Relative slack of capacities, as the evaluator's.
SLACK = 5e-7


def trimmed(instance: Instance, solution: Solution) -> Solution:
    """The same flows on the fewest replicas and modules that the exact tails allow.

    A search sizes a pool for the longest round trip of its tier; here the longest one among its flows counts.
    """
    replicas, modules = solution.replicas.copy(), solution.modules.copy()
    arcs, pools, variants = instance.arcs, instance.pools, instance.variants
    active = solution.share > 0.0
    peak = np.bincount(
        arcs.pool, weights=solution.share * instance.demands.peak_rps[arcs.demand], minlength=len(pools.site)
    )
    farthest = np.zeros(len(pools.site))
    np.maximum.at(farthest, arcs.pool[active], arcs.rtt_ms[active])
    for p in np.flatnonzero(solution.replicas > 0).tolist():
        v = int(pools.variant[p])
        queue = variants.queue[v]
        fewest = max(1, int(np.ceil(peak[p] / variants.usable_rps[v] * (1.0 - SLACK))))
        if queue is not None:
            rate = float(peak[p] * variants.burst_factor[v])
            slacks = [(max(0.0, ms - float(farthest[p])), q) for ms, q in variants.rooms[v]]
            counts = [queue.replicas_needed(rate, slack, q) for slack, q in slacks]
            if min(counts) < 0:  # more than the queue can count: nothing is known to be too many
                continue
            fewest = max(fewest, *counts)
        replicas[p] = min(replicas[p], fewest)
    it_mw = np.bincount(
        pools.site, weights=replicas * variants.replica_mw[pools.variant], minlength=len(instance.sites.id)
    )
    for j in np.flatnonzero(solution.option >= 0).tolist():
        o = solution.option[j]
        needed = int(np.ceil(it_mw[j] / instance.options.module_mw[o] * (1.0 - SLACK) - 1e-9))
        modules[j] = min(modules[j], max(int(instance.options.min_modules[o]), needed))
    return replace(solution, replicas=replicas, modules=modules)
