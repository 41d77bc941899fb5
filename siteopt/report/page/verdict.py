"""The three sentences at the top: what to build, what stays central and why, what it costs and how certain that is."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from siteopt.compile import compile_instance
from siteopt.compile.part import with_sites
from siteopt.formatting import counted, listed, money, percent
from siteopt.report.left_out import words_left_out
from siteopt.report.page.subject import TIERS, power
from siteopt.report.stated import STATED
from siteopt.verify.costs import HOURS, capex_usd, hardware, present_value

if TYPE_CHECKING:
    from siteopt.report.page.subject import Subject

#: From this share of its IT power on, a workload counts as central.
NEARLY_ALL = 0.995
#: Most sites and workloads that a sentence names.
NAMED = 3


def verdict(subject: Subject) -> tuple[str, str, str]:
    """Write the three sentences from the figures of the plan."""
    return _build(subject), _central(subject), _cost(subject)


def _build(subject: Subject) -> str:
    scenario, plan = subject.scenario, subject.plan
    stands = {site.id: site.existing for site in scenario.sites}
    new = sorted(
        (row for row in plan.sites if stands.get(row.id) is None), key=lambda row: (-row.it_mw, row.id)
    )
    grown = [
        row for row in plan.sites if (old := stands.get(row.id)) is not None and row.modules > old.modules
    ]
    kept = len(plan.sites) - len(new) - len(grown)
    total = power(sum(row.it_mw for row in plan.sites))
    parts = []
    if new:
        tiers = Counter(subject.tier[row.id] for row in new)
        kinds = ", ".join(f"{tiers[tier]} {tier}" for tier in TIERS if tiers[tier])
        which = listed([subject.label(row.id) for row in new], NAMED)
        added = power(sum(row.it_mw for row in new))
        parts.append(f"build {counted(len(new), 'new site')} ({kinds}) for {added} of IT: {which}")
    if grown:
        which = listed(
            [subject.label(row.id) for row in sorted(grown, key=lambda row: (-row.it_mw, row.id))], NAMED
        )
        parts.append(f"extend {counted(len(grown), 'existing site')}: {which}")
    if not parts:
        return f"Build nothing: all {total} of IT runs at {counted(kept, 'existing site')}."
    sentence = "; ".join(parts)
    rest = f"; leave {counted(kept, 'existing site')} unchanged" if kept else ""
    capital = money(sum(row.capex_usd for row in plan.sites))
    return f"{sentence[0].upper()}{sentence[1:]}{rest}. In total {total} of IT for {capital} of capital."


def _central(subject: Subject) -> str:
    """Say what stays at hyperscale sites, what a MW costs at each tier, and what rules or distance decide."""
    by_tier: dict[str, float] = defaultdict(float)
    by_workload: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for (site, workload), it_mw in subject.pool_mw.items():
        by_tier[subject.tier[site]] += it_mw
        by_workload[workload][subject.tier[site]] += it_mw
    total, central = sum(by_tier.values()), by_tier["hyperscale"]
    if total <= 0.0:
        return "Nothing is served."
    whole = [w for w, tiers in by_workload.items() if tiers["hyperscale"] >= NEARLY_ALL * sum(tiers.values())]
    among = f", including all of {listed(whole, NAMED)}" if whole and len(whole) < len(by_workload) else ""
    head = (
        f"{percent(central / total)} of the IT power ({power(central)}{among}) stays central{_room(subject)}"
    )
    if central <= 0.0:
        head = f"Nothing stays central: all {power(total)} of IT runs at smaller sites"
    return f"{head}{_prices(subject, by_tier)}. {_distance(subject, by_workload)}."


def _room(subject: Subject) -> str:
    """Say at how many sites that is, and how much of their headroom is used."""
    hubs = [row for row in subject.plan.sites if subject.tier[row.id] == "hyperscale" and row.it_mw > 0]
    there = sum(subject.facts.sites[row.id].headroom_mw for row in hubs)
    if there <= 0.0:
        return ""
    share = sum(row.facility_mw for row in hubs) / there
    return f", at {counted(len(hubs), 'site')} with {percent(share)} of the headroom in use"


def _prices(subject: Subject, by_tier: dict[str, float]) -> str:
    """Say what a MW of IT costs at each tier in this plan."""
    usd, years = site_usd(subject), f"{subject.scenario.horizon.years:g} years"
    price = {
        t: sum(v for s, v in usd.items() if subject.tier[s] == t) / by_tier[t]
        for t in TIERS
        if by_tier[t] > 0
    }
    first, *others = [f"{money(value)} at {tier}" for tier, value in price.items()]
    against = f" sites, against {' and '.join(others)} sites" if others else " sites"
    sunk = (
        " and existing modules"
        if any(subject.facts.is_existing(row.id) for row in subject.plan.sites)
        else ""
    )
    return f": a MW of IT costs {first}{against}, over {years}, excluding accelerators{sunk}"


def _distance(subject: Subject, by_workload: dict[str, dict[str, float]]) -> str:
    """Say which workloads no hyperscale site may serve, in all or in some regions, because of rules or distance."""
    total, admitted = _central_demands(subject)
    barred, partly = [], []
    for workload in by_workload:
        n = total[workload] - admitted[workload]
        if n == total[workload]:
            barred.append(workload)
        elif n > 0:
            partly.append(f"{workload} in {n:,} of {total[workload]:,} regions")
    words = []
    if barred:
        words.append(f"no central site may serve {listed(barred, NAMED)}")
    if partly:
        words.append(f"distance or rules keep central sites from serving {listed(partly, NAMED)}")
    if not words:
        return "Neither rules nor distance prevent serving all of it centrally: the rest is a matter of cost and room"
    sentence = "; ".join(words)
    return sentence[0].upper() + sentence[1:]


def _central_demands(subject: Subject) -> tuple[Counter[str], Counter[str]]:
    """Count the demands of each workload, and those that some hyperscale site could serve if nothing waited."""
    central = [j for j, s in enumerate(subject.scenario.sites) if s.tier == "hyperscale"]
    total = Counter(d.workload for d in subject.scenario.demand)
    if not central:
        return total, Counter()
    scenario = with_sites(subject.scenario, central)
    instance = compile_instance(scenario)
    is_hub = [s.tier == "hyperscale" and s.status != "forbidden" for s in scenario.sites]
    sites = instance.pools.site[instance.arcs.pool].tolist()
    reached = {d for d, j in zip(instance.arcs.demand.tolist(), sites, strict=True) if is_hub[j]}
    ids = instance.workload_ids
    return total, Counter(ids[int(instance.demands.workload[d])] for d in reached)


def _cost(subject: Subject) -> str:
    plan, horizon = subject.plan, subject.scenario.horizon
    years = f"{horizon.years:g} years at {percent(horizon.discount_rate)}"
    amount = f"It earns {money(-plan.cost_usd)}" if plan.cost_usd < 0 else f"It costs {money(plan.cost_usd)}"
    unserved = len({(row.region, row.workload) for row in plan.unserved if row.reason != "mode"})
    penalty = (
        f", including penalties for {counted(unserved, 'demand')} not served in full" if unserved else ""
    )
    parts = [f"{amount} net present over {years}{penalty}"]
    if plan.bound_usd is None:
        parts.append("no lower bound was proven for it, so a cheaper plan may exist")
    else:
        share = "" if plan.gap is None else f" ({percent(plan.gap)} of spending)"
        parts.append(
            f"no plan that keeps every rule can cost less than {money(plan.bound_usd)} ({STATED}), so at most"
            f" {money(max(0.0, plan.cost_usd - plan.bound_usd))}{share} could still be saved"
        )
    sentence = "; ".join(parts) + "."
    left_out = words_left_out(plan)
    if left_out:
        mode = subject.scenario.policy.mode
        sentence += (
            f" Left out at no cost: {left_out}, which no site of the mode {mode} may serve and others could."
        )
    central = next((row for row in subject.comparison.modes if row.mode == "central"), None)
    if central is not None and central.cost_usd is not None:
        less = central.cost_usd - plan.cost_usd
        words = (
            f"{money(abs(less))} {'less' if less >= 0 else 'more'} than the plan that builds only centrally"
        )
        left = f", which leaves out {central.left_out}" if central.left_out else ""
        sentence += f" That is {words}{left}."
    elif central is not None:
        sentence += " No plan was found that builds only centrally and serves all of it."
    return sentence


def site_usd(subject: Subject) -> dict[str, float]:
    """Return the net present cost of each open site without its accelerators and traffic, USD."""
    facts, policy = subject.facts, subject.scenario.policy
    value, cost = present_value(facts), capex_usd(facts)
    for name, bought in hardware(facts):
        if name in cost:
            cost[name] -= bought.usd
    for name, row in facts.open.items():
        site, mwh = facts.sites[name], HOURS * facts.mean_it_mw[name] * facts.pue[name]
        yearly = mwh * (site.price_usd_per_mwh + site.carbon_g_per_kwh / 1000.0 * policy.carbon_usd_per_t)
        charge = (
            site.demand_charge_usd_per_mw_year + policy.coincidence * site.coincident_charge_usd_per_mw_year
        )
        staff = 0.0 if facts.is_existing(name) else facts.designs[row.design].staff_usd_per_year
        cost[name] += value * (yearly + charge * facts.facility_mw[name] + staff)
    return cost
