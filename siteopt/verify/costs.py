"""Money, recomputed: capital per site and the lines of the net present cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siteopt.verify.connection import connection_usd
from siteopt.verify.economics import Purchase, life_cycle_usd, worth_of_one_per_year
from siteopt.verify.facility import modules_usd

if TYPE_CHECKING:
    from siteopt.plan import SitePlan
    from siteopt.verify.facts import Facts

HOURS = 8760.0
DAYS = 365.0
SECONDS = 8760.0 * 3600.0
LINES = (
    *("land", "connection", "facilities", "accelerators", "refresh", "energy", "demand_charges"),
    *("coincident_peak", "staff", "carbon", "egress", "transit", "data_replicas", "unserved", "revenue"),
    "salvage",
)


def present_value(facts: Facts) -> float:
    """Return the worth today of 1 USD at the end of each year of the horizon."""
    return worth_of_one_per_year(facts.scenario.horizon)


def facility(facts: Facts, row: SitePlan) -> Purchase:
    """Return the purchase of building and modules of one open site; what stands there already is sunk."""
    design, sunk = facts.designs[row.design], facts.sunk_modules(row.id)
    fixed = 0.0 if facts.is_existing(row.id) else design.fixed_usd
    modules = max(0.0, modules_usd(design, row.modules) - modules_usd(design, sunk))
    return Purchase(fixed + modules, design.life_years, design.salvage_fraction)


def hardware(facts: Facts) -> list[tuple[str, Purchase]]:
    """Return site and purchase of the replicas of every pool."""
    bought = []
    for pool, replicas in facts.replicas.items():
        replica = facts.replica(pool)
        if replica is not None:
            usd = replicas * replica.usd
            bought.append((pool[0], Purchase(usd, replica.life_years, replica.salvage_fraction)))
    return bought


def capex_usd(facts: Facts) -> dict[str, float]:
    """Return the capital newly spent per open site: land, connection, facility and accelerators, USD."""
    result = {}
    for name, row in facts.open.items():
        land = 0.0 if facts.is_existing(name) else facts.sites[name].land_usd
        result[name] = land + connection_usd(facts, row) + facility(facts, row).usd
    for name, bought in hardware(facts):
        if name in result:
            result[name] += bought.usd
    return result


def cost_lines(facts: Facts) -> dict[str, float]:
    """Return all lines of the net present cost, USD; income is negative."""
    lines = dict.fromkeys(LINES, 0.0)
    _add_purchases(facts, lines)
    _add_power(facts, lines)
    _add_traffic(facts, lines)
    _add_home_traffic(facts, lines)
    _add_copies(facts, lines)
    _add_unserved(facts, lines)
    return lines


def gross_usd(lines: dict[str, float]) -> float:
    """Return the sum of the positive lines, USD: what a gap is relative to."""
    return sum(usd for usd in lines.values() if usd > 0.0)


def _add_purchases(facts: Facts, lines: dict[str, float]) -> None:
    lasting = [bought for _, bought in hardware(facts)]
    lines["accelerators"] = sum(bought.usd for bought in lasting)
    for name, row in facts.open.items():
        lasting.append(facility(facts, row))
        lines["facilities"] += lasting[-1].usd
        lines["connection"] += connection_usd(facts, row)
        if not facts.is_existing(name):
            lines["land"] += facts.sites[name].land_usd
            lines["staff"] += present_value(facts) * facts.designs[row.design].staff_usd_per_year
    if facts.scenario.policy.refresh:
        for bought in lasting:
            refresh, left = life_cycle_usd(bought, facts.scenario.horizon)
            lines["refresh"] += refresh
            lines["salvage"] -= left


def _add_power(facts: Facts, lines: dict[str, float]) -> None:
    value, policy = present_value(facts), facts.scenario.policy
    for name in facts.open:
        site, peak_mw = facts.sites[name], facts.facility_mw[name]
        mwh = HOURS * facts.mean_it_mw[name] * facts.pue[name]
        lines["energy"] += value * mwh * site.price_usd_per_mwh
        # 1 g/kWh = 1 kg/MWh, and a tonne has 1000 kg
        lines["carbon"] += value * mwh * site.carbon_g_per_kwh / 1000.0 * policy.carbon_usd_per_t
        lines["demand_charges"] += value * site.demand_charge_usd_per_mw_year * peak_mw
        in_grid_peak_mw = policy.coincidence * peak_mw
        lines["coincident_peak"] += value * site.coincident_charge_usd_per_mw_year * in_grid_peak_mw


def _add_traffic(facts: Facts, lines: dict[str, float]) -> None:
    policy, value, geography = facts.scenario.policy, present_value(facts), facts.geography
    for flow in facts.flows:
        workload, site = facts.workloads[flow.workload], facts.sites[flow.site]
        requests = SECONDS * flow.share * facts.demand[flow.region, flow.workload].mean_rps
        price = policy.egress_usd_per_gb if site.egress_usd_per_gb is None else site.egress_usd_per_gb
        lines["egress"] += value * requests * workload.gb_out * price
        start = geography.access(facts.regions[flow.region])[0]
        if start is None or start != geography.access(site)[0]:
            lines["transit"] += (
                value * requests * (workload.gb_in + workload.gb_out) * policy.transit_usd_per_gb
            )
        lines["revenue"] -= value * requests / 1000.0 * workload.revenue_usd_per_1k


def _add_home_traffic(facts: Facts, lines: dict[str, float]) -> None:
    """Add what calls move between their data at home and a site elsewhere."""
    policy, value = facts.scenario.policy, present_value(facts)
    for flow in facts.flows:
        workload = facts.workloads[flow.workload]
        mode = facts.data.mode(flow.site, flow.workload)
        if workload.home is None or mode != "home" or _is_home(facts, flow.site, workload.home.node):
            continue
        mean_rps = flow.share * facts.demand[flow.region, flow.workload].mean_rps * workload.calls_per_request
        gb = SECONDS * mean_rps * workload.home.gb_per_call
        lines["egress"] += value * gb * policy.egress_usd_per_gb
        lines["transit"] += value * gb * policy.transit_usd_per_gb


def _add_copies(facts: Facts, lines: dict[str, float]) -> None:
    """Add copies of data: brought once, kept up to date and stored."""
    policy, value = facts.scenario.policy, present_value(facts)
    for site, name in facts.data.copies():
        workload = facts.workloads[name]
        if workload.home is None or site not in facts.sites:
            continue
        here = _is_home(facts, site, workload.home.node)
        price = 0.0 if here else policy.egress_usd_per_gb + policy.transit_usd_per_gb
        copied_gb, yearly_gb = workload.replica_gb or 0.0, DAYS * (workload.sync_gb_per_day or 0.0)
        yearly = price * yearly_gb + policy.storage_usd_per_gb_year * copied_gb
        lines["data_replicas"] += price * copied_gb + value * yearly


def _is_home(facts: Facts, site: str, node: str) -> bool:
    return facts.geography.access(facts.sites[site])[0] == node


def _add_unserved(facts: Facts, lines: dict[str, float]) -> None:
    value = present_value(facts)
    for row in facts.unserved:
        requests = SECONDS * row.share * facts.demand[row.region, row.workload].mean_rps
        penalty = facts.workloads[row.workload].unserved_usd_per_1k or 0.0
        if row.reason != "mode":
            lines["unserved"] += value * requests / 1000.0 * penalty
