"""What serves: workloads on accelerators, how much their pools carry, and where pools may stand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from siteopt.arrays import Flags, Floats, Indices
    from siteopt.physics.serving.pool import PoolQueue


@dataclass(frozen=True, slots=True, eq=False)
class Variants:
    """Workloads on accelerators, with their data at home or in a replica.

    Attributes
    ----------
    workload : row of the workload
    accelerator : tuple of str
    data : tuple of str or None
        ``home``, ``replica``, or None where the workload's data travel with the request.
    rps : calls per second of one replica at full load
    usable_rps : the same times the utilisation cap; a pool of n replicas carries n times it
    replica_mw : IT power of a replica at full load, MW
    idle_fraction : share of it that is drawn without load
    usd : net present cost of one replica: purchase, refresh, less salvage
    capex_usd, refresh_usd, salvage_usd : its parts
    tenant : row of the tenant, -1 for none
    slack_tier_ptr : rows of :class:`SlackTiers` of each variant; none where it has no tail
    queue : tuple
        The physics of a pool, None where the variant has no tail.
    rooms : tuple of tuple of (float, float)
        For each SLO that waiting counts towards: ms left to one round trip and wait, and its percentile.
    burst_factor : rate that tails are sized for, over the peak
    is_protected : flags; whether its demand must survive the loss of a site
    degraded_slack_tier_ptr : rows of the degraded slack tiers of each variant
    degraded_rooms : as ``rooms``, after a failure
    """

    workload: Indices
    accelerator: tuple[str, ...]
    data: tuple[str | None, ...]
    rps: Floats
    usable_rps: Floats
    replica_mw: Floats
    idle_fraction: Floats
    usd: Floats
    capex_usd: Floats
    refresh_usd: Floats
    salvage_usd: Floats
    tenant: Indices
    slack_tier_ptr: Indices
    queue: tuple[PoolQueue | None, ...]
    rooms: tuple[tuple[tuple[float, float], ...], ...]
    burst_factor: Floats
    is_protected: Flags
    degraded_slack_tier_ptr: Indices
    degraded_rooms: tuple[tuple[tuple[float, float], ...], ...]

    @property
    def protected_workloads(self) -> Indices:
        """Rows of the workloads whose demand must survive the loss of a site, in order."""
        return np.unique(self.workload[self.is_protected == 1])


@dataclass(frozen=True, slots=True, eq=False)
class SlackTiers:
    """Slack tiers of the variants that are sized by their tail; tightest first within a variant.

    An arc belongs to the slack tier of its round trip. A pool is sized for the tightest slack tier among its active
    arcs; a row of ``inner_rps`` counts the slack tier's longest round trip (safe), one of ``outer_rps`` its shortest
    (optimistic).

    Attributes
    ----------
    variant : row of the variant
    longest_rtt_ms, shortest_rtt_ms : of the slack tier's arcs
    table_ptr : entries of each slack tier in the two tables
    inner_rps, outer_rps : calls per second that n = 0, 1, ... replicas carry, never falling
    """

    variant: Indices
    longest_rtt_ms: Floats
    shortest_rtt_ms: Floats
    table_ptr: Indices
    inner_rps: Floats
    outer_rps: Floats

    def table(self, slack_tier: int, optimistic: bool) -> Floats:
        """Return the calls per second that n = 0..n_max replicas carry within a slack tier."""
        rows = slice(self.table_ptr[slack_tier], self.table_ptr[slack_tier + 1])
        return self.outer_rps[rows] if optimistic else self.inner_rps[rows]


@dataclass(frozen=True, slots=True, eq=False)
class Pools:
    """Variants at sites that at least one demand can reach, sites in order.

    Attributes
    ----------
    site, variant : rows
    fixed_usd : net present cost of a copy of the data, where the pool needs one
    home_route : row of the routes between site and data, -1 where nothing on it is limited
    sync_gbps : what keeps the copy up to date, on that route
    arc_ptr, arc : arcs of each pool
    """

    site: Indices
    variant: Indices
    fixed_usd: Floats
    home_route: Indices
    sync_gbps: Floats
    arc_ptr: Indices
    arc: Indices
