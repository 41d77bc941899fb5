"""Build the tables of an instance in which opening and supplying are the only costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from siteopt.instance import Arcs, Demands, Designs, Options, Pools, Sites, SlackTiers, Variants, pointer
from siteopt.tolerances import TINY

if TYPE_CHECKING:
    from siteopt.arrays import Floats, Indices

NOTHING, NO_ROW, FIRST = np.zeros(0), np.zeros(0, dtype=np.int32), np.zeros(1, dtype=np.int32)
#: Replicas are counted in 32 bits, so the finest unit of demand is this share of the largest capacity.
FINEST = 1e-8


def unit_of(capacity: Floats) -> float:
    """Return the largest power of ten up to 1 that divides all capacities, but none finer than replicas can count."""
    finest = FINEST * float(capacity.max(initial=1.0))
    unit = 1.0
    while unit / 10.0 >= finest and np.any(np.abs(capacity / unit - np.round(capacity / unit)) > 1e-9):
        unit /= 10.0
    return unit


def sites_of(capacity: Floats, pool_ptr: Indices) -> Sites:
    """Build sites with headroom for their capacity, where a unit of demand draws one MW."""
    n = len(capacity)
    free, flags = np.zeros(n), np.zeros(n, dtype=np.uint8)
    return Sites(
        id=tuple(f"site-{j}" for j in range(n)),
        headroom_mw=capacity,
        energy_usd_per_mw=free,
        carbon_usd_per_mw=free,
        demand_usd_per_mw=free,
        coincident_usd_per_mw=free,
        is_existing=flags,
        is_forced=flags,
        option_ptr=np.arange(n + 1, dtype=np.int32),
        pool_ptr=pool_ptr,
    )


def one_design() -> Designs:
    """Build a design whose single module costs nothing beyond opening."""
    return Designs(
        id=("facility",),
        capex_ptr=np.array([0, 2], dtype=np.int32),
        capex_usd=np.zeros(2),
        refresh_share=np.zeros(1),
        salvage_share=np.zeros(1),
        is_linear=np.ones(1, dtype=np.uint8),
        admits=np.ones((1, 1), dtype=np.uint8),
    )


def options_of(capacity: Floats, fixed_usd: Floats) -> Options:
    """Build one option per site, with one module as large as its capacity."""
    n = len(capacity)
    free, none = np.zeros(n), np.zeros(n, dtype=np.int32)
    return Options(
        site=np.arange(n, dtype=np.int32),
        design=none,
        connection_mw=np.full(n, np.inf),
        headroom_mw=capacity,
        energised_month=free,
        built_month=free,
        land_usd=free,
        connection_usd=free,
        facility_usd=fixed_usd,
        staff_usd=free,
        fixed_usd=fixed_usd,
        fixed_capex_usd=fixed_usd,
        module_mw=np.maximum(capacity, TINY),
        spare_modules=none,
        pue=np.ones(n),
        min_modules=none,
        max_modules=np.ones(n, dtype=np.int32),
        sunk_modules=none,
    )


def one_variant(unit: float) -> Variants:
    """Build a variant whose replicas each serve one unit of demand, draw as many MW and cost nothing."""
    no_row = np.zeros(1)
    return Variants(
        workload=np.zeros(1, dtype=np.int32),
        accelerator=("unit",),
        data=(None,),
        rps=np.array([unit]),
        usable_rps=np.array([unit]),
        replica_mw=np.array([unit]),
        idle_fraction=no_row,
        usd=no_row,
        capex_usd=no_row,
        refresh_usd=no_row,
        salvage_usd=no_row,
        tenant=np.full(1, -1, dtype=np.int32),
        slack_tier_ptr=np.zeros(2, dtype=np.int32),
        queue=(None,),
        rooms=((),),
        burst_factor=np.ones(1),
        is_protected=np.zeros(1, dtype=np.uint8),
        degraded_slack_tier_ptr=np.zeros(2, dtype=np.int32),
        degraded_rooms=((),),
    )


def no_slack_tiers() -> SlackTiers:
    """Build an empty table: no variant has a tail."""
    return SlackTiers(NO_ROW, NOTHING, NOTHING, FIRST, NOTHING, NOTHING)


def pools_of(arc_site: Indices, n_site: int) -> tuple[Indices, Pools, Indices]:
    """Return the pool of each arc, the pools, and the pointer from sites to them."""
    used, owner = np.unique(arc_site, return_inverse=True)
    arc_pool: Indices = owner.reshape(len(arc_site)).astype(np.int32)
    n = len(used)
    pools = Pools(
        site=used.astype(np.int32),
        variant=np.zeros(n, dtype=np.int32),
        fixed_usd=np.zeros(n),
        home_route=np.full(n, -1, dtype=np.int32),
        sync_gbps=np.zeros(n),
        arc_ptr=pointer(arc_pool, n),
        arc=np.argsort(arc_pool, kind="stable").astype(np.int32),
    )
    return arc_pool, pools, np.searchsorted(used, np.arange(n_site + 1)).astype(np.int32)


def demands_of(demand: Floats, splittable: bool, arc_ptr: Indices) -> Demands:
    """Build demands that all must be served."""
    n = len(demand)
    return Demands(
        region=np.arange(n, dtype=np.int32),
        workload=np.zeros(n, dtype=np.int32),
        name=tuple(f"demand-{i}" for i in range(n)),
        peak_rps=demand,
        mean_rps=demand,
        revenue_usd=np.zeros(n),
        unserved_usd=np.full(n, np.inf),
        is_left_out=np.zeros(n, dtype=np.uint8),
        is_splittable=np.full(n, splittable, dtype=np.uint8),
        arc_ptr=arc_ptr,
        backup_ptr=np.zeros(n + 1, dtype=np.int32),
    )


def arcs_of(demand: Indices, pool: Indices, usd: Floats) -> Arcs:
    """Build arcs whose only cost is egress."""
    none, no_row = np.zeros(len(usd)), np.full(len(usd), -1, dtype=np.int32)
    return Arcs(
        demand=demand,
        pool=pool,
        egress_usd=usd,
        transit_usd=none,
        usd=usd,
        rtt_ms=none,
        slack_tier=no_row,
        degraded_slack_tier=no_row,
        route=no_row,
        gbps=none,
        home_gbps=none,
    )
