"""Money, recomputed: capital per site and the twelve lines of the net present cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from siteopt.plan import SitePlan
    from siteopt.verify.facts import Facts

HOURS = 8760.0
SECONDS = 8760.0 * 3600.0
LINES = (
    *("land", "connection", "facilities", "accelerators", "staff", "energy", "carbon", "demand_charges"),
    *("egress", "transit", "unserved", "revenue"),
)


def present_value(facts: Facts) -> float:
    """Worth today of 1 USD at the end of each year of the horizon: the sum of a geometric series."""
    years, rate = facts.scenario.horizon.years, facts.scenario.horizon.discount_rate
    return years if rate == 0.0 else (1.0 - (1.0 + rate) ** -years) / rate


def facility_usd(facts: Facts, row: SitePlan) -> float:
    """Building and modules of one open site; what stands there already is sunk, USD."""
    design = facts.designs[row.design]
    fixed = 0.0 if facts.is_existing(row.id) else design.fixed_usd
    return fixed + design.usd_per_module * max(0, row.modules - facts.sunk_modules(row.id))


def accelerators_usd(facts: Facts) -> dict[str, float]:
    """Purchase of replicas per site, USD."""
    spent: dict[str, float] = {}
    for pool, replicas in facts.replicas.items():
        replica = facts.replica(pool)
        if replica is not None:
            spent[pool[0]] = spent.get(pool[0], 0.0) + replicas * replica.usd
    return spent


def capex_usd(facts: Facts) -> dict[str, float]:
    """Capital newly spent per open site: land, connection, facility and accelerators, USD."""
    spent = accelerators_usd(facts)
    result = {}
    for name, row in facts.open.items():
        site = facts.sites[name]
        ground = 0.0 if facts.is_existing(name) else site.land_usd + site.connection_usd
        result[name] = ground + facility_usd(facts, row) + spent.get(name, 0.0)
    return result


def cost_lines(facts: Facts) -> dict[str, float]:
    """All lines of the net present cost, USD; income is negative."""
    lines = dict.fromkeys(LINES, 0.0)
    _add_sites(facts, lines)
    _add_power(facts, lines)
    _add_traffic(facts, lines)
    _add_unserved(facts, lines)
    lines["accelerators"] = sum(accelerators_usd(facts).values())
    return lines


def gross_usd(lines: dict[str, float]) -> float:
    """Sum of the positive lines, USD: what a gap is relative to."""
    return sum(usd for usd in lines.values() if usd > 0.0)


def _add_sites(facts: Facts, lines: dict[str, float]) -> None:
    for name, row in facts.open.items():
        lines["facilities"] += facility_usd(facts, row)
        if not facts.is_existing(name):
            lines["land"] += facts.sites[name].land_usd
            lines["connection"] += facts.sites[name].connection_usd
            lines["staff"] += present_value(facts) * facts.designs[row.design].staff_usd_per_year


def _add_power(facts: Facts, lines: dict[str, float]) -> None:
    value = present_value(facts)
    carbon_usd_per_t = facts.scenario.policy.carbon_usd_per_t
    for name, row in facts.open.items():
        site = facts.sites[name]
        mwh = HOURS * facts.mean_it_mw[name] * facts.designs[row.design].pue
        lines["energy"] += value * mwh * site.price_usd_per_mwh
        # 1 g/kWh = 1 kg/MWh, and a tonne has 1000 kg
        lines["carbon"] += value * mwh * site.carbon_g_per_kwh / 1000.0 * carbon_usd_per_t
        lines["demand_charges"] += value * site.demand_charge_usd_per_mw_year * facts.facility_mw[name]


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


def _add_unserved(facts: Facts, lines: dict[str, float]) -> None:
    value = present_value(facts)
    for row in facts.unserved:
        requests = SECONDS * row.share * facts.demand[row.region, row.workload].mean_rps
        penalty = facts.workloads[row.workload].unserved_usd_per_1k or 0.0
        lines["unserved"] += value * requests / 1000.0 * penalty
