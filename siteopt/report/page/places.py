"""The sections on places: which sites are built, and who is served where."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from siteopt.formatting import money, mw, percent
from siteopt.report.page.markup import Markup, bar, join, section, stacked, table, tag, use_bar
from siteopt.report.page.subject import TIERS
from siteopt.report.tables import duration
from siteopt.report.workloads import summarise_workloads

if TYPE_CHECKING:
    from siteopt.plan import SitePlan
    from siteopt.report.page.subject import Subject
    from siteopt.report.workloads import WorkloadSummary

#: From this share of its requests on, a workload counts as served from one side.
NEARLY_ALL = 0.99
#: The side of each tier; all others are the edge.
SIDES = {"hyperscale": "central", "regional": "regional"}
#: Most break-evens in a row, the nearest first.
MOST_TURNS = 2


def sites_section(subject: Subject) -> Markup:
    """Build the section on every open site: its power, the use of its headroom and its capital."""
    plan = subject.plan
    waits = any(row.ready_month > 0 for row in plan.sites)
    rows = [
        _site(subject, row, waits) for row in sorted(plan.sites, key=lambda row: (-row.facility_mw, row.id))
    ]
    columns = (
        "Site",
        "Tier",
        "",
        "Design",
        ">Modules",
        ">IT MW",
        ">Facility MW",
        "Of its headroom",
        ">Capital",
    )
    totals = [
        sum(getattr(row, key) for row in plan.sites)
        for key in ("modules", "it_mw", "facility_mw", "capex_usd")
    ]
    footer = ("All", "", "", "", f"{totals[0]:,}", mw(totals[1]), mw(totals[2]), "", money(totals[3]))
    lead = f"{len(plan.sites):,} of {len(subject.scenario.sites):,} sites are open, the largest first."
    ready = (">Ready in month",) if waits else ()
    made = table((*columns, *ready), rows, footer=(*footer, *[""] * waits))
    return section("sites", "What is built", made, lead=lead)


def _site(subject: Subject, row: SitePlan, waits: bool) -> list[object]:
    site = subject.facts.sites[row.id]
    share = percent(row.facility_mw / site.headroom_mw) if site.headroom_mw > 0 else "-"
    name = join([tag("b", site.name or site.id), tag("small", site.id) if site.name else ""])
    status = "existing" if site.existing else "forced" if site.status == "forced" else "new"
    cells = [
        name,
        _chip(site.tier),
        status,
        row.design,
        f"{row.modules:,}",
        mw(row.it_mw),
        mw(row.facility_mw),
    ]
    cells += [use_bar(row.facility_mw, site.headroom_mw, share), money(row.capex_usd)]
    return [*cells, *[f"{row.ready_month:g}"] * waits]


def _chip(tier: str) -> Markup:
    return tag("span", tier, class_=f"chip {tier}")


def workloads_section(subject: Subject) -> Markup:
    """Build the section on which tier serves each workload, and how near its slowest flow comes to the limit."""
    rows = []
    for row in summarise_workloads(subject.scenario, subject.plan):
        power = sum(v for (_, workload), v in subject.pool_mw.items() if workload == row.id)
        parts = [
            (t, row.share_by_tier.get(t, 0.0), f"{t} {percent(row.share_by_tier.get(t, 0.0))}") for t in TIERS
        ]
        parts.append(("unserved", row.unserved, f"unserved {percent(row.unserved)}"))
        rows.append((tag("b", row.id), _where(row), stacked(parts), _shares(row), mw(power), *_latency(row)))
    columns = ("Workload", "Served", "", "Share of peak requests", ">IT MW", "Slowest flow", "Of its limit")
    standing = {subject.tier[row.id] for row in subject.plan.sites}
    legend = [_chip(tier) for tier in TIERS if tier in standing]
    lead = join(["Share of the requests at peak, by the tier of the site that serves them: ", *legend])
    return section("workloads", "Who is served where", table(columns, rows), _reasons(subject), lead=lead)


def _where(row: WorkloadSummary) -> str:
    """Say whether a workload is served centrally, regionally, at the edge, or mixed."""
    if not row.share_by_tier:
        return "not at all"
    sides: dict[str, float] = defaultdict(float)
    for tier, share in row.share_by_tier.items():
        sides[SIDES.get(tier, "edge")] += share
    side, most = max(sides.items(), key=lambda item: item[1])
    return side if most >= NEARLY_ALL * (1.0 - row.unserved) else "mixed"


def _reasons(subject: Subject) -> Markup:
    """Build the table of what the comparison of modes says about each workload."""
    reasons = subject.comparison.reasons
    if not reasons:
        return Markup("")
    rows = [(tag("b", r.workload), r.words, "; ".join(r.turns[:MOST_TURNS]) or "-") for r in reasons]
    title = tag("h3", "Why, in the best plan of the comparison, and what would turn it")
    return join([title, table(("Workload", "Reason", "Turns at"), rows)])


def _shares(row: WorkloadSummary) -> str:
    words = [f"{tier} {percent(share)}" for tier, share in row.share_by_tier.items()]
    if row.unserved > 0:
        words.append(f"not served {percent(row.unserved)}")
    return ", ".join(words)


def _latency(row: WorkloadSummary) -> tuple[str, Markup]:
    if row.worst_ms is None:
        return "-", Markup("")
    slowest = f"{duration(row.worst_ms)} {row.percentile}"
    if row.slo_ms is None:
        return slowest, Markup("no limit")
    share = row.worst_ms / row.slo_ms
    kind = "high" if share > 1.0 + 1e-6 else "calm"
    return slowest, join([bar(share, kind), f" {percent(share)} of {duration(row.slo_ms)}"])
