"""Variants and pools as arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from siteopt.compile.arrays import floats, indices
from siteopt.instance import Pools, Variants, pointer

if TYPE_CHECKING:
    from siteopt.arrays import Indices
    from siteopt.compile.flows import Flows
    from siteopt.compile.gravity import PoolData
    from siteopt.compile.variants import Room, Variant
    from siteopt.scenario.schema import Scenario


def tenants_of(scenario: Scenario) -> tuple[str, ...]:
    """Return the tenants that some workload names, in the order of the scenario."""
    return tuple(dict.fromkeys(w.tenant for w in scenario.workloads if w.tenant is not None))


def pools_of(found: Flows, n_variant: int) -> tuple[Indices, Indices, Indices]:
    """Return site and variant of every pool that some demand reaches, and the pool of each flow."""
    key = found.site.astype(np.int64) * n_variant + found.variant
    used, flow_pool = np.unique(key, return_inverse=True)
    site, variant = (used // n_variant).astype(np.int32), (used % n_variant).astype(np.int32)
    return site, variant, flow_pool.reshape(len(key)).astype(np.int32)


def build_pools(site: Indices, variant: Indices, arc_pool: Indices, data: PoolData) -> Pools:
    """Build the pools with their arcs; those that only take over after a failure have none."""
    return Pools(
        site=site,
        variant=variant,
        fixed_usd=data.copy_usd,
        home_route=data.home_route,
        sync_gbps=data.sync_gbps,
        arc_ptr=pointer(arc_pool, len(site)),
        arc=np.argsort(arc_pool, kind="stable").astype(np.int32),
    )


def build_variants(
    scenario: Scenario,
    resolved: tuple[Variant, ...],
    slack_tier_ptr: Indices,
    degraded_slack_tier_ptr: Indices,
) -> Variants:
    """Build the variants as arrays."""
    workloads = [scenario.workloads[v.workload] for v in resolved]
    pairs = list(zip(resolved, workloads, strict=True))
    tenant = {name: t for t, name in enumerate(tenants_of(scenario))}
    rps = floats(v.rps for v in resolved)
    cap = np.where([w.sizing != "linear" for w in workloads], scenario.policy.utilisation_cap, 1.0)
    return Variants(
        workload=indices(v.workload for v in resolved),
        accelerator=tuple(v.accelerator for v in resolved),
        data=tuple(v.data for v in resolved),
        rps=rps,
        usable_rps=rps * cap,
        replica_mw=floats(v.replica_mw for v in resolved),
        idle_fraction=floats(v.idle_fraction for v in resolved),
        usd=floats(v.capex_usd + v.refresh_usd - v.salvage_usd for v in resolved),
        capex_usd=floats(v.capex_usd for v in resolved),
        refresh_usd=floats(v.refresh_usd for v in resolved),
        salvage_usd=floats(v.salvage_usd for v in resolved),
        tenant=indices(-1 if w.tenant is None else tenant[w.tenant] for w in workloads),
        slack_tier_ptr=slack_tier_ptr,
        queue=tuple(v.queue for v in resolved),
        rooms=tuple(_plain(v.rooms(w)) for v, w in pairs),
        burst_factor=floats(w.burst_factor for w in workloads),
        is_protected=np.array([w.protect is not None for w in workloads], dtype=np.uint8),
        degraded_slack_tier_ptr=degraded_slack_tier_ptr,
        degraded_rooms=tuple(_plain(v.rooms(w, degraded=True)) for v, w in pairs),
    )


def _plain(rooms: tuple[Room, ...]) -> tuple[tuple[float, float], ...]:
    return tuple((room.ms, room.percentile) for room in rooms)
