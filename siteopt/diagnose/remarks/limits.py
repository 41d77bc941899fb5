"""Remarks on prices, grid limits and links that can never matter, or that stop everything."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from siteopt.formatting import counted, listed, mw, named

if TYPE_CHECKING:
    from collections.abc import Iterator

    from siteopt.instance import Instance
    from siteopt.scenario.schema import Demand, Scenario, Workload


def money(scenario: Scenario) -> Iterator[str]:
    """Yield remarks on prices and emissions of zero."""
    free = [named(s) for s in scenario.sites if s.price_usd_per_mwh == 0]
    if free:
        yield f"{counted(len(free), 'site')} ({listed(free)}) with price_usd_per_mwh 0: is energy free there?"
    if scenario.policy.carbon_usd_per_t > 0:
        clean = [named(s) for s in scenario.sites if s.carbon_g_per_kwh == 0]
        if clean:
            what = f"{counted(len(clean), 'site')} ({listed(clean)})"
            yield f"{what} with carbon_g_per_kwh 0, though carbon has a price."
    for workload in scenario.workloads:
        if workload.unserved_usd_per_1k == 0 and workload.revenue_usd_per_1k == 0:
            yield f"{workload.id}: earns nothing and costs nothing unserved, so no plan will serve it."


def grid(scenario: Scenario, instance: Instance) -> Iterator[str]:
    """Yield remarks on zones without a limit where others have one, and on limits that can never bind."""
    limited = {g.zone for g in scenario.grid_limits if g.zone is not None}
    zones = Counter(s.zone for s in scenario.sites if s.zone is not None)
    open_zones = sorted(zone for zone in zones if zone not in limited)
    if limited and open_zones:
        names = [f"{zone}, {counted(zones[zone], 'site')}" for zone in open_zones]
        yield f"{counted(len(open_zones), 'zone')} without a grid limit of its own ({'; '.join(names[:4])})."
    grid = instance.grid
    slack = []
    for i, name in enumerate(grid.id):
        rows = slice(int(grid.ptr[i]), int(grid.ptr[i + 1]))
        most = float((grid.coefficient[rows] * instance.sites.headroom_mw[grid.site[rows]]).sum())
        if most <= float(grid.limit_mw[i]):
            slack.append(f"{name}, {mw(most)} of {mw(float(grid.limit_mw[i]))} MW")
    if slack:
        yield (
            f"{counted(len(slack), 'grid limit')} can never bind, since the headroom of its sites is smaller"
            f" ({'; '.join(slack[:3])})."
        )


def relief(scenario: Scenario) -> Iterator[str]:
    """Yield a remark on coefficients below zero, which the model and the verifier take for zero."""
    rows = [
        (limit.id, name, value)
        for limit in scenario.grid_limits
        for name, value in (limit.coefficients or {}).items()
        if value < 0
    ]
    if rows:
        names = [f"{value:g} of {name} in {limit}" for limit, name, value in rows]
        what = f"{counted(len(rows), 'coefficient')} below zero ({listed(names)})"
        yield f"{what} {'counts' if len(rows) == 1 else 'count'} as zero in grid limits: relief may not be credited."


def traffic(scenario: Scenario) -> Iterator[str]:
    """Yield remarks on uplinks and links that are too narrow even for the smallest demand at its peak."""
    workloads = {w.id: w for w in scenario.workloads}
    peaks = [(workloads[d.workload], _gbps(workloads[d.workload], d)) for d in scenario.demand]
    tiers = {site.tier for site in scenario.sites}
    least_at = {
        tier: min((gbps for workload, gbps in peaks if tier in workload.tiers), default=0.0) for tier in tiers
    }
    uplinks, links = [], []
    for site in scenario.sites:
        least = least_at[site.tier]
        if site.uplink_gbps is not None and site.uplink_gbps < least:
            uplinks.append(f"{site.id}, {site.uplink_gbps:.3g} of {least:.3g} Gbit/s")
    for link in scenario.network.links:
        least = min(gbps for _, gbps in peaks)
        if link.capacity_gbps is not None and link.capacity_gbps < least:
            ends = f"{link.from_node} to {link.to_node}"
            links.append(f"{ends}, {link.capacity_gbps:.3g} of {least:.3g} Gbit/s")
    for noun, names in (("uplink", uplinks), ("link", links)):
        if names:
            what = f"{counted(len(names), noun)} too narrow for even the smallest demand at its peak"
            yield f"{what} ({'; '.join(names[:3])})."


def _gbps(workload: Workload, demand: Demand) -> float:
    """Return the traffic of a demand between its region and its site at peak, Gbit/s."""
    return 8.0 * demand.peak_rps * (workload.gb_in + workload.gb_out)
