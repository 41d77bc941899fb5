"""The straight lines that stand in for a pool's tail in the exact model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from siteopt.serving.sizing import segments, tail_table

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from siteopt.instance import Instance
    from siteopt.milp.model import Bracket

#: Lines are not split further once the two brackets differ by less than this, relative to the load.
SANDWICH = 1e-4
#: Tier of a segment that stands for a pool without tail.
NO_TIER = -1


@dataclass(frozen=True, slots=True)
class Segment:
    """For ``first <= n <= last`` replicas in a tier, calls per second are at most ``slope x n + intercept``."""

    tier: int
    first: int
    last: int
    slope: float
    intercept: float


def pool_segments(instance: Instance, bracket: Bracket, most: int) -> dict[int, list[Segment]]:
    """Segments of every pool that needs a choice: those with a tail, and those with a rival accelerator.

    Parameters
    ----------
    instance : Instance
    bracket : {"outer", "inner"}
    most : int
        Segments per tier and pool at most.

    Returns
    -------
    dict of int to list of Segment
        By pool, tightest tier first.
    """
    pools, variants = instance.pools, instance.variants
    capacity = np.zeros(len(instance.sites.id))
    np.maximum.at(capacity, instance.options.site, instance.option_capacity_mw)
    powered = np.floor(capacity[pools.site] / variants.replica_mw[pools.variant] * (1.0 + 1e-9) + 1e-9)
    lines: dict[tuple[int, int], list[Segment]] = {}
    result: dict[int, list[Segment]] = {}
    rivals = _with_rivals(instance)
    for p in range(len(pools.site)):
        v, largest = int(pools.variant[p]), max(1, int(powered[p]))
        tiers = range(int(variants.tier_ptr[v]), int(variants.tier_ptr[v + 1]))
        if tiers:
            used = set(instance.arcs.tier[pools.arc[pools.arc_ptr[p] : pools.arc_ptr[p + 1]]].tolist())
            result[p] = []
            for t in tiers:
                if t in used:
                    key = (t, largest)
                    if key not in lines:
                        lines[key] = _segments(instance, t, float(variants.rps[v]), largest, bracket, most)
                    result[p] += lines[key]
        elif rivals[p]:
            result[p] = [Segment(NO_TIER, 1, largest, 0.0, 0.0)]
    return result


def _with_rivals(instance: Instance) -> NDArray[np.bool_]:
    """Whether another pool at the site serves the same workload on another accelerator, shape (n_pool,)."""
    key = np.stack([instance.pools.site, instance.variants.workload[instance.pools.variant]])
    _, group, size = np.unique(key, axis=1, return_inverse=True, return_counts=True)
    return np.asarray(size[group.reshape(-1)] > 1)


def _segments(
    instance: Instance, tier: int, saturation: float, largest: int, bracket: Bracket, most: int
) -> list[Segment]:
    load = instance.tiers.table(tier, optimistic=bracket == "outer")
    end = min(largest, len(load) - 1)
    parts = segments(tail_table(load[: end + 1], saturation), most, SANDWICH)
    slopes, intercepts = (
        (parts.outer_slope, parts.outer_intercept)
        if bracket == "outer"
        else (parts.inner_slope, parts.inner_intercept)
    )
    result = [
        Segment(tier, int(first), int(last), float(slope), float(intercept))
        for first, last, slope, intercept in zip(parts.first, parts.last, slopes, intercepts, strict=True)
    ]
    if largest > end:
        # Beyond the table: no more than saturation (outer), or its last step carried on (inner, safe by convexity).
        step = saturation if bracket == "outer" else float(load[end] - load[end - 1])
        start = 0.0 if bracket == "outer" else float(load[end]) - step * end
        result.append(Segment(tier, end + 1, largest, step, start))
    return result
