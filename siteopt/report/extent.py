"""How large a scenario is and which sites its demands can reach, whether its flows are listed or implicit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from siteopt.instance.reach import reached_sites

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from siteopt.arrays import Rows
    from siteopt.compile.implicit_flows import ImplicitFlows
    from siteopt.instance import Instance

#: Number of sites handled at a time.
SITES = 4096


@dataclass(frozen=True, slots=True, eq=False)
class Extent:
    """The size of a scenario, in counts.

    Attributes
    ----------
    instance : Instance
        Its flows need not be listed.
    flows, backups, links : int
        Admissible flows, flows that may take over, limited links and uplinks.
    reach : ndarray of int64, shape (n_demand,)
        Sites that may serve each demand, on whichever accelerator.
    sites : tuple of ndarray
        Rows of the sites that may serve any demand of each workload.
    """

    instance: Instance
    flows: int
    backups: int
    links: int
    reach: NDArray[np.int64]
    sites: tuple[Rows, ...]


def listed_extent(instance: Instance) -> Extent:
    """Measure the extent of a scenario whose flows are listed."""
    workload, n_workload = instance.demands.workload, len(instance.workload_ids)
    reach = np.zeros(len(workload), dtype=np.int64)
    used = np.zeros((n_workload, len(instance.sites.id)), dtype=bool)
    for rows, reached in reached_sites(instance):
        reach[rows] = np.count_nonzero(reached, axis=1)
        for k in range(n_workload):
            used[k] |= reached[workload[rows] == k].any(axis=0)
    return Extent(
        instance=instance,
        flows=len(instance.arcs.demand),
        backups=len(instance.backups.demand),
        links=len(instance.links.id),
        reach=reach,
        sites=tuple(map(np.flatnonzero, used)),
    )


def implicit_extent(implicit: ImplicitFlows) -> Extent:
    """Measure the extent of a scenario whose flows are implicit; backups and links are not counted."""
    demands, workload = implicit.instance.demands, implicit.instance.variants.workload
    reach = np.zeros(len(demands.region), dtype=np.int64)
    sites = []
    for k in range(len(implicit.instance.workload_ids)):
        region = demands.region[demands.workload == k]
        is_used = np.zeros(implicit.rtt_ms.shape[1], dtype=bool)
        variants = np.flatnonzero(workload == k)
        for first in range(0, len(is_used), SITES):
            rows = slice(first, first + SITES)
            near = np.zeros((len(is_used[rows]), implicit.rtt_ms.shape[2]), dtype=bool)
            for rule in np.unique(implicit.rule[variants]):
                # Of the accelerators under one rule, the one with the longest reach decides.
                longest_ms = implicit.reach_ms[variants[implicit.rule[variants] == rule], rows].max(axis=0)
                near |= implicit.rtt_ms[rule, rows] <= longest_ms[:, None]
            reach[demands.workload == k] += near.sum(axis=0)[region]
            is_used[rows] = near[:, region].any(axis=1)
        sites.append(np.flatnonzero(is_used))
    return Extent(implicit.instance, implicit.flow_count, 0, 0, reach, tuple(sites))
