"""Which sites may serve each demand, over all flows that an instance lists."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from siteopt.arrays import Masks, Rows
    from siteopt.instance.instance import Instance

#: Pairs of a demand and a site that are looked at together, a byte each.
PAIRS = 1 << 24


def reached_sites(instance: Instance, usable: Masks | None = None) -> Iterator[tuple[slice, Masks]]:
    """Yield the demands a few at a time, and whether each site may serve them.

    Parameters
    ----------
    instance : Instance
    usable : ndarray of bool, shape (n_arc,), optional
        Arcs that count; all of them where absent.

    Yields
    ------
    rows : slice
        Rows of demands.
    reached : ndarray of bool, shape (rows, n_site)
    """
    n_demand, n_site = len(instance.demands.region), max(1, len(instance.sites.id))
    ptr, site = instance.demands.arc_ptr, instance.pools.site[instance.arcs.pool]
    step = max(1, PAIRS // n_site)
    for first in range(0, n_demand, step):
        last = min(n_demand, first + step)
        arcs = np.arange(ptr[first], ptr[last])
        if usable is not None:
            arcs = arcs[usable[arcs]]
        reached = np.zeros((last - first, n_site), dtype=bool)
        reached[instance.arcs.demand[arcs] - first, site[arcs]] = True
        yield slice(first, last), reached


def reach_counts(instance: Instance) -> Rows:
    """Return how many sites may serve each demand, on whichever accelerator, shape (n_demand,)."""
    counts = np.zeros(len(instance.demands.region), dtype=np.int64)
    for rows, reached in reached_sites(instance):
        counts[rows] = np.count_nonzero(reached, axis=1)
    return counts
