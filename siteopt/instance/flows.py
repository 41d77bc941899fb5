"""Demands, and the pools that may serve them: usually, and after the loss of a site."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from siteopt.arrays import Flags, Floats, Indices


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
    is_left_out : flags; no site of the policy's mode may serve it, so that leaving it unserved costs nothing
    is_splittable : flags
    arc_ptr, backup_ptr : rows of :class:`Arcs` and :class:`Backups` of each demand
    """

    region: Indices
    workload: Indices
    name: tuple[str, ...]
    peak_rps: Floats
    mean_rps: Floats
    revenue_usd: Floats
    unserved_usd: Floats
    is_left_out: Flags
    is_splittable: Flags
    arc_ptr: Indices
    backup_ptr: Indices


@dataclass(frozen=True, slots=True, eq=False)
class Arcs:
    """Admissible (demand, pool) pairs, demands in order, each demand's arcs by round trip.

    Attributes
    ----------
    demand, pool : rows
    egress_usd, transit_usd : cost of sending all of the demand over the arc, its calls to the data included
    usd : their sum less the demand's revenue
    rtt_ms : round trips of one call: to the site, and from there to the data where they are at home
    slack_tier : row of ``SlackTiers``, -1 where the pool's variant has no tail
    degraded_slack_tier : row of the degraded slack tiers, -1 where there is none
    route : row of the routes, -1 where nothing on the way is limited
    gbps : traffic of all of the demand on it at peak
    home_gbps : traffic between site and data, on the pool's ``home_route``
    """

    demand: Indices
    pool: Indices
    egress_usd: Floats
    transit_usd: Floats
    usd: Floats
    rtt_ms: Floats
    slack_tier: Indices
    degraded_slack_tier: Indices
    route: Indices
    gbps: Floats
    home_gbps: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Backups:
    """Pools that may take over a protected demand when a site fails; demands in order, nearest first.

    Attributes
    ----------
    demand, pool : rows
    rtt_ms : as of an arc
    slack_tier : row of the degraded slack tiers, -1 where the pool's variant has no tail
    """

    demand: Indices
    pool: Indices
    rtt_ms: Floats
    slack_tier: Indices
