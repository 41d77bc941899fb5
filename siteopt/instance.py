"""The same problem as flat arrays: what the model, the bounds, the search and the evaluator read.

All arrays are C-contiguous and read-only. Rows refer to each other by 32-bit index, and lists of rows are compressed
(``ptr[i]:ptr[i + 1]``). Nothing is dense in demands x sites. Every amount of money is net present USD, so that no
reader of an instance needs to know horizon or discount rate.

::

    site  1-n option (a design that may be built there)
    site  1-n pool (a variant that may run there)      variant = workload on an accelerator
    demand 1-n arc n-1 pool                            demand  = region x workload
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from siteopt.serving.pool import PoolQueue

    Floats = NDArray[np.float64]
    Indices = NDArray[np.int32]
    Flags = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Sites:
    """Places that may host; one row a site, in the order of the scenario.

    Attributes
    ----------
    id : tuple of str
    headroom_mw : firm facility power, MW
    energy_usd_per_mw, carbon_usd_per_mw : cost of 1 MW of *mean* facility power over the horizon
    demand_usd_per_mw : demand charge of 1 MW of *peak* facility power over the horizon
    is_existing, is_forced : flags; existing sites are open and sunk, forced ones must be built
    option_ptr, pool_ptr : rows of :class:`Options` and :class:`Pools` of each site
    """

    id: tuple[str, ...]
    headroom_mw: Floats
    energy_usd_per_mw: Floats
    carbon_usd_per_mw: Floats
    demand_usd_per_mw: Floats
    is_existing: Flags
    is_forced: Flags
    option_ptr: Indices
    pool_ptr: Indices


@dataclass(frozen=True, slots=True, eq=False)
class Options:
    """Designs that may stand at a site; one row a (site, design), sites in order.

    Attributes
    ----------
    site : row of the site
    design : tuple of str
    land_usd, connection_usd, facility_usd, staff_usd : what opening costs (zero where sunk)
    fixed_usd : their sum
    fixed_capex_usd : the part of it that is capital
    module_usd : one module
    module_mw : IT power that one module can carry (nameplate x usable fraction), MW
    pue : facility power over IT power
    min_modules, max_modules, sunk_modules : counts; more modules than the headroom can feed are never needed
    """

    site: Indices
    design: tuple[str, ...]
    land_usd: Floats
    connection_usd: Floats
    facility_usd: Floats
    staff_usd: Floats
    fixed_usd: Floats
    fixed_capex_usd: Floats
    module_usd: Floats
    module_mw: Floats
    pue: Floats
    min_modules: Indices
    max_modules: Indices
    sunk_modules: Indices


@dataclass(frozen=True, slots=True, eq=False)
class Variants:
    """Workloads on accelerators.

    Attributes
    ----------
    workload : row of the workload
    accelerator : tuple of str
    rps : calls per second of one replica at full load
    usable_rps : the same times the utilisation cap; a pool of n replicas carries n times it
    replica_mw : IT power of a replica at full load, MW
    idle_fraction : share of it that is drawn without load
    usd : purchase of one replica
    tier_ptr : rows of :class:`Tiers` of each variant; none where it has no tail
    queue : tuple
        The physics of a pool, None where the variant has no tail.
    rooms : tuple of tuple of (float, float)
        For each SLO that waiting counts towards: ms left to one round trip and wait, and its percentile.
    burst_factor : rate that tails are sized for, over the peak
    """

    workload: Indices
    accelerator: tuple[str, ...]
    rps: Floats
    usable_rps: Floats
    replica_mw: Floats
    idle_fraction: Floats
    usd: Floats
    tier_ptr: Indices
    queue: tuple[PoolQueue | None, ...]
    rooms: tuple[tuple[tuple[float, float], ...], ...]
    burst_factor: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Tiers:
    """Slack tiers of the variants that are sized by their tail; tightest first within a variant.

    An arc belongs to the tier of its round trip. A pool is sized for the tightest tier among its active arcs; a
    row of ``inner_rps`` counts the tier's longest round trip (safe), one of ``outer_rps`` its shortest (optimistic).

    Attributes
    ----------
    variant : row of the variant
    longest_rtt_ms, shortest_rtt_ms : of the tier's arcs
    table_ptr : entries of each tier in the two tables
    inner_rps, outer_rps : calls per second that n = 0, 1, ... replicas carry, never falling
    """

    variant: Indices
    longest_rtt_ms: Floats
    shortest_rtt_ms: Floats
    table_ptr: Indices
    inner_rps: Floats
    outer_rps: Floats

    def table(self, tier: int, optimistic: bool) -> Floats:
        """Calls per second that n = 0..n_max replicas carry within a tier."""
        rows = slice(self.table_ptr[tier], self.table_ptr[tier + 1])
        return self.outer_rps[rows] if optimistic else self.inner_rps[rows]


@dataclass(frozen=True, slots=True, eq=False)
class Pools:
    """Variants at sites that at least one arc can reach, sites in order.

    Attributes
    ----------
    site, variant : rows
    arc_ptr, arc : arcs of each pool
    """

    site: Indices
    variant: Indices
    arc_ptr: Indices
    arc: Indices


@dataclass(frozen=True, slots=True, eq=False)
class Demands:
    """Regions' demand for workloads, in the order of the scenario.

    Attributes
    ----------
    region, workload : rows
    name : tuple of str
        ``region.workload``
    peak_rps, mean_rps : calls (not requests) per second
    revenue_usd : what serving all of it earns
    unserved_usd : what serving none of it costs; ``inf`` where it must be served
    is_splittable : flags
    arc_ptr : rows of :class:`Arcs` of each demand
    """

    region: Indices
    workload: Indices
    name: tuple[str, ...]
    peak_rps: Floats
    mean_rps: Floats
    revenue_usd: Floats
    unserved_usd: Floats
    is_splittable: Flags
    arc_ptr: Indices


@dataclass(frozen=True, slots=True, eq=False)
class Arcs:
    """Admissible (demand, pool) pairs, demands in order, each demand's arcs by round trip.

    Attributes
    ----------
    demand, pool : rows
    egress_usd, transit_usd : cost of sending all of the demand over the arc
    usd : their sum less the demand's revenue
    rtt_ms : round trip
    tier : row of :class:`Tiers`, -1 where the pool's variant has no tail
    """

    demand: Indices
    pool: Indices
    egress_usd: Floats
    transit_usd: Floats
    usd: Floats
    rtt_ms: Floats
    tier: Indices


@dataclass(frozen=True, slots=True, eq=False)
class GridLimits:
    """Rows ``sum of coefficient x facility power <= limit_mw``, by limit (``ptr``) and by site (``site_ptr``)."""

    id: tuple[str, ...]
    limit_mw: Floats
    ptr: Indices
    site: Indices
    coefficient: Floats
    site_ptr: Indices
    site_limit: Indices
    site_coefficient: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Instance:
    """The whole problem. ``budget_usd`` is ``inf`` and ``max_sites`` the number of sites where unlimited."""

    sites: Sites
    options: Options
    variants: Variants
    tiers: Tiers
    pools: Pools
    demands: Demands
    arcs: Arcs
    grid: GridLimits
    workload_ids: tuple[str, ...]
    budget_usd: float
    max_sites: int

    def __post_init__(self) -> None:
        for table in (
            self.sites,
            self.options,
            self.variants,
            self.tiers,
            self.pools,
            self.demands,
            self.arcs,
            self.grid,
        ):
            for field in fields(table):
                value = getattr(table, field.name)
                if isinstance(value, np.ndarray):
                    if not value.flags.c_contiguous:
                        raise ValueError(f"{type(table).__name__}.{field.name} is not C-contiguous")
                    value.setflags(write=False)

    @property
    def option_capacity_mw(self) -> Floats:
        """Most IT power that each option can ever carry: modules and headroom, MW, shape (n_option,)."""
        options = self.options
        return np.minimum(
            options.max_modules * options.module_mw, self.sites.headroom_mw[options.site] / options.pue
        )

    @property
    def rivals(self) -> tuple[Indices, Indices]:
        """First and one past the last of the pools that serve one workload at one site, for each pool; adjacent."""
        key = (
            self.pools.site.astype(np.int64) * len(self.workload_ids)
            + self.variants.workload[self.pools.variant]
        )
        first = np.searchsorted(key, key, side="left").astype(np.int32)
        return first, np.searchsorted(key, key, side="right").astype(np.int32)

    @property
    def pool_best_rps(self) -> Floats:
        """Highest rate per replica that each pool can ever reach, calls per second, shape (n_pool,).

        The utilisation cap, and the pooling of the most replicas that its site can power, at the shortest round
        trip: carried load per replica rises with their number, so that no smaller pool does better.
        """
        pools, variants = self.pools, self.variants
        most_mw = np.zeros(len(self.sites.id))
        np.maximum.at(most_mw, self.options.site, self.option_capacity_mw)
        most = np.maximum(
            1, np.floor(most_mw[pools.site] / variants.replica_mw[pools.variant] + 1e-6)
        ).astype(int)
        best = variants.usable_rps[pools.variant].copy()
        for v in np.flatnonzero(np.diff(variants.tier_ptr)):
            table = self.tiers.table(int(variants.tier_ptr[v + 1]) - 1, optimistic=True)
            rate = np.maximum.accumulate(table[1:] / np.arange(1, len(table)))
            rows = np.flatnonzero((pools.variant == v) & (most < len(table)))
            best[rows] = np.minimum(best[rows], np.maximum(rate[most[rows] - 1], 1e-9 * best[rows]))
        return best

    @property
    def size(self) -> dict[str, int]:
        """Row counts, for people."""
        return {
            "sites": len(self.sites.id),
            "options": len(self.options.site),
            "pools": len(self.pools.site),
            "demands": len(self.demands.region),
            "arcs": len(self.arcs.demand),
            "grid limits": len(self.grid.id),
        }


@dataclass(frozen=True, slots=True, eq=False)
class Solution:
    """Decisions on an instance, as arrays.

    Attributes
    ----------
    option : ndarray of int32, shape (n_site,)
        Row of the option that stands at each site, -1 where closed.
    modules : ndarray of int32, shape (n_site,)
        Modules at each site, those of existing sites included; 0 where closed.
    replicas : ndarray of int32, shape (n_pool,)
    share : ndarray of float64, shape (n_arc,)
    unserved : ndarray of float64, shape (n_demand,)
    """

    option: Indices
    modules: Indices
    replicas: Indices
    share: Floats
    unserved: Floats


def pointer(owner: NDArray[Any], n: int) -> Indices:
    """Start of each owner's rows, shape (n + 1,), for rows sorted by owner."""
    return np.concatenate(([0], np.cumsum(np.bincount(owner, minlength=n)))).astype(np.int32)
