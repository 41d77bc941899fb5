"""The side from which a plan serves a workload: central hubs, regional sites, or the edge."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from siteopt.scenario.facilities import MODE_TIERS

if TYPE_CHECKING:
    from siteopt.plan import Plan
    from siteopt.scenario.schema import Scenario, Tier

Side = Literal["central", "regional", "edge", "unserved"]

#: From this share on, a workload is said to be served from one side.
NEARLY_ALL = 0.99


def side_of(tier: Tier) -> Side:
    """Return the side of a tier: central and edge as the modes define them, regional between the two."""
    if tier in MODE_TIERS["central"]:
        return "central"
    return "edge" if tier in MODE_TIERS["edge"] else "regional"


def shares_by_side(scenario: Scenario, plan: Plan, workload: str) -> dict[Side, float]:
    """Return the share of a workload's peak requests that each side serves; the rest is unserved."""
    side = {site.id: side_of(site.tier) for site in scenario.sites}
    peak = {d.region: d.peak_rps for d in scenario.demand if d.workload == workload}
    total = sum(peak.values())
    shares: dict[Side, float] = {"central": 0.0, "regional": 0.0, "edge": 0.0}
    for flow in plan.flows:
        if flow.workload == workload:
            shares[side[flow.site]] += flow.share * peak[flow.region] / total
    return shares | {"unserved": max(0.0, 1.0 - sum(shares.values()))}


def main_side(shares: dict[Side, float]) -> Side:
    """Return the side that serves most; among equals, the one named first."""
    return max(shares, key=lambda side: round(shares[side], 9))
