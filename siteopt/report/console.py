"""A plan as tables on a terminal or in a pipe, legible at 100 columns and without colour."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siteopt.answers.pooling import pooling
from siteopt.formatting import counted, listed, money, mw, percent
from siteopt.plan import OPTIMAL
from siteopt.report.failures import print_failures
from siteopt.report.left_out import rows_left_out, words_left_out
from siteopt.report.limits import print_limits
from siteopt.report.tables import MOST_ROWS, add_row, duration, print_table, say, table
from siteopt.report.workloads import WorkloadSummary, summarise_deployments, summarise_workloads

if TYPE_CHECKING:
    from rich.console import Console

    from siteopt.plan import Plan
    from siteopt.scenario.schema import Scenario, Site

#: From this width on, the table of sites has a column for the tier.
WIDE = 96
#: Seconds of verification from which on they are said.
LONG_VERIFICATION = 0.1
#: Most sites named for a workload; the others are counted.
MOST_PLACES = 2
#: Width of the longest bar.
BAR = 24

LINE_NAMES = {
    "land": "land",
    "connection": "grid connection",
    "facilities": "facilities (fixed + modules)",
    "accelerators": "accelerators",
    "staff": "staff",
    "energy": "energy",
    "carbon": "carbon",
    "demand_charges": "demand charges",
    "coincident_peak": "charges for the grid's peak hours",
    "refresh": "hardware refresh",
    "data_replicas": "copies of data",
    "salvage": "salvage at the horizon",
    "egress": "egress",
    "transit": "transit",
    "unserved": "penalty for unserved requests",
    "revenue": "revenue",
}
STOPPED = {
    "time": "when the time was up",
    "nodes": "at the node limit",
    "iterations": "at the iteration limit",
    "interrupt": "when it was interrupted",
    "failure": "when a step failed",
}


def print_plan(console: Console, scenario: Scenario, plan: Plan) -> None:
    """Print what a plan is, what it builds, who is served where, what it costs, and how good it is.

    Parameters
    ----------
    console : rich.console.Console
        The console to print on, which decides on colour and width.
    scenario : Scenario
        The scenario that the plan is for.
    plan : Plan
        With its figures.
    """
    _print_headline(console, scenario, plan)
    _print_sites(console, scenario, plan)
    _print_workloads(console, scenario, plan)
    _print_deployments(console, plan)
    _print_pooling(console, scenario, plan)
    print_failures(console, plan)
    _print_costs(console, plan)
    print_limits(console, scenario, plan)
    _print_evidence(console, scenario, plan)


def _within(plan: Plan) -> str:
    """Say how near a plan is to the best, in USD where it spends nothing; empty if unknown."""
    if plan.gap is not None:
        return f", within {percent(plan.gap)} of best"
    return "" if plan.gap_usd is None else f", within {money(plan.gap_usd)} of best"


def _verified(plan: Plan) -> str:
    """Say whether the plan was verified, and how long that took where it is worth a word: no limit counts it."""
    if not plan.verified:
        return "NOT VERIFIED"
    seconds = plan.verification_seconds
    return f"verified in {seconds:.1f} s" if seconds >= LONG_VERIFICATION else "verified"


def _print_headline(console: Console, scenario: Scenario, plan: Plan) -> None:
    years = f"{scenario.horizon.years:g} years at {percent(scenario.horizon.discount_rate)}"
    name = f"{scenario.name}: " if scenario.name else ""
    gain = plan.cost_usd < 0
    amount = f"net gain {money(-plan.cost_usd)}" if gain else f"cost {money(plan.cost_usd)}"
    say(console, f"{name}{amount} net present over {years}", "bold")
    is_optimal = plan.gap is not None and plan.gap <= OPTIMAL
    solved = "Optimal" if is_optimal else "Solved"
    how = {"optimal": solved, "evaluated": "Priced, not optimised"}.get(plan.status, "Best plan found")
    if plan.limit is not None:
        how += f" {STOPPED[plan.limit]}"
    elif plan.status == "feasible" and plan.stop_reason == "exhausted":
        how += " when neither plan nor bound improved any more"
    if not (is_optimal and plan.status == "optimal"):
        how += _within(plan)
    left_out = words_left_out(plan)
    if left_out:
        how += f", {left_out} left out"
    details = [how, _verified(plan)]
    if plan.status != "evaluated":
        details += [f"{plan.seconds:.1f} s", f"method {plan.method}", f"seed {plan.seed}"]
    say(console, " | ".join(details))


def _print_sites(console: Console, scenario: Scenario, plan: Plan) -> None:
    sites = {site.id: site for site in scenario.sites}
    rows = sorted(plan.sites, key=lambda row: (-row.facility_mw, row.id))
    title = f"Sites: {len(rows)} of {len(sites)} open; power in MW, and the share of headroom that it uses"
    is_wide = console.width >= WIDE
    out = table(
        "site", *["tier"] * is_wide, "design", ">modules", ">IT", ">facility", ">of headroom", ">capex"
    )
    for row in rows[:MOST_ROWS]:
        site = sites[row.id]
        used = percent(row.facility_mw / site.headroom_mw) if site.headroom_mw > 0 else "-"
        figures = (f"{row.modules:,}", mw(row.it_mw), mw(row.facility_mw), used, money(row.capex_usd))
        label = _label(site, 24 if is_wide else 16)
        add_row(out, label, *[site.tier] * is_wide, _cut(row.design, 16), *figures)
    if len(rows) > 1:
        it, facility = (mw(sum(getattr(row, key) for row in rows)) for key in ("it_mw", "facility_mw"))
        modules, capex = sum(row.modules for row in rows), sum(row.capex_usd for row in rows)
        add_row(out, "all", *[""] * is_wide, "", f"{modules:,}", it, facility, "", money(capex), style="bold")
    print_table(console, title, out, len(rows))


def _label(site: Site, most: int) -> str:
    """Return the id of a site, its status if unusual, and its name where that says more than the id."""
    status = "" if site.status == "candidate" else f" ({site.status})"
    name = "" if _letters(site.name) in _letters(site.id) else f" {site.name}"
    return _cut(f"{site.id}{status}{name}", most)


def _letters(text: str) -> str:
    return "".join(c for c in text.casefold() if c.isalnum())


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def _print_workloads(console: Console, scenario: Scenario, plan: Plan) -> None:
    title = "Workloads: where they are served at peak, and the latency of the slowest flow"
    out = table("workload", "tiers", "sites", ">slowest", ">SLO", ">replicas")
    for row in summarise_workloads(scenario, plan):
        slowest = "-" if row.worst_ms is None else f"{duration(row.worst_ms)} {row.percentile}"
        slo = "none" if row.slo_ms is None else duration(row.slo_ms)
        add_row(out, _cut(row.id, 20), _tiers(row), _places(row), slowest, slo, f"{row.replicas:,}")
    print_table(console, title, out)


def _print_deployments(console: Console, plan: Plan) -> None:
    rows = summarise_deployments(plan)
    if not rows:
        return
    out = table("workload", "deployment of one replica", ">pools", ">replicas", ">busy at peak")
    for row in rows:
        counts = (f"{row.pools:,}", f"{row.replicas:,}", percent(row.utilisation))
        add_row(out, _cut(row.workload, 20), row.deployment, *counts)
    print_table(console, "Models: how they are deployed", out)


def _print_pooling(console: Console, scenario: Scenario, plan: Plan) -> None:
    rows = pooling(scenario, plan)
    if not rows:
        return
    out = table(
        "workload", ">pools", ">replicas in the plan", ">in one pool", ">extra", ">one pool, tail alone"
    )
    for row in rows:
        counts = (f"{row.pools:,}", f"{row.replicas:,}", f"{row.in_one_pool:,}", percent(row.extra))
        add_row(out, _cut(row.workload, 20), *counts, f"{row.for_its_tail:,}")
    print_table(console, "Pooling loss: replicas against those of one pool with the same round trips", out)


def _tiers(row: WorkloadSummary) -> str:
    lines = [f"{tier} {percent(share)}" for tier, share in row.share_by_tier.items()]
    if row.unserved > 0:
        lines.append(f"unserved {percent(row.unserved)}")
    return "\n".join(lines) or "-"


def _places(row: WorkloadSummary) -> str:
    sites = row.share_by_site
    most = MOST_PLACES if len(sites) > MOST_PLACES + 1 else len(sites)
    lines = [f"{_cut(site, 18)} {percent(share)}" for site, share in sites[:most]]
    if len(sites) > most:
        lines.append(f"and {len(sites) - most} more")
    return "\n".join(lines) or "none"


def _print_costs(console: Console, plan: Plan) -> None:
    lines = {key: usd for key, usd in plan.cost_lines.items() if abs(usd) >= 0.5}
    positive = sum(usd for usd in lines.values() if usd > 0)
    mark = "█" if console.encoding.startswith("utf") else "#"
    out = table("line", ">USD", ">of spending", "")
    for key, usd in sorted(lines.items(), key=lambda item: -item[1]):
        share = usd / positive if positive > 0 else 0.0
        part = percent(share) if usd > 0 else ""
        bar = mark * round(BAR * share)
        add_row(out, LINE_NAMES.get(key, key), money(usd), part, bar)
    add_row(out, "sum", money(plan.cost_usd), "", "", style="bold")
    print_table(console, "Cost, net present", out)
    nothing = [LINE_NAMES.get(key, key) for key in plan.cost_lines if key not in lines]
    if nothing:
        say(console, f"nothing for {listed(nothing, len(nothing))}", "dim")


def _print_evidence(console: Console, scenario: Scenario, plan: Plan) -> None:
    console.print()
    say(console, "How good it is", "bold")
    if plan.bound_usd is None:
        say(console, "No lower bound is known: a better plan may exist.")
    else:
        dearer = money(max(0.0, plan.cost_usd - plan.bound_usd))
        gap = "it spends nothing" if plan.gap is None else f"gap {percent(plan.gap)} of spending"
        say(console, f"No plan can cost less than {money(plan.bound_usd)}.")
        say(console, f"This one costs at most {dearer} more than the best plan ({gap}).")
    left_out, unserved = words_left_out(plan), len(plan.unserved) - len(rows_left_out(plan))
    if left_out:
        mode = scenario.policy.mode
        say(
            console,
            f"{left_out} left out at no cost: no site of the mode {mode!r} may serve them, others could.",
        )
    if unserved:
        say(console, f"{counted(unserved, 'demand')} not served in full.")
