"""The section on what the loss of each site does."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from siteopt.formatting import listed, mw, percent
from siteopt.report.page.markup import Markup, section, table, tag, use_bar
from siteopt.report.tables import duration

if TYPE_CHECKING:
    from siteopt.plan import FailurePlan
    from siteopt.report.page.subject import Subject


def survival_section(subject: Subject) -> Markup:
    """Build the section: a row for each open site, those whose loss leaves most unserved first."""
    protected = [w.id for w in subject.scenario.workloads if w.protect is not None]
    if not protected:
        lead = (
            "No workload is protected in this scenario: the plan promises nothing about the loss of a site."
        )
        return section("survival", "If a site is lost", lead=lead)
    rows = sorted(subject.plan.n_minus_1, key=lambda row: (-_lost(row), -len(row.moves), row.site))
    columns = (
        *("Site lost", ">Protected flows moved", "To", ">Slowest then", "Of its limit", ">Spare IT MW left"),
        "What is not protected",
    )
    lead = (
        f"Protected: {listed(protected, 6)}. After the loss of any one site their flows move to other pools and keep"
        " within the degraded limit; the rest is served where there happens to be room."
    )
    return section(
        "survival", "If a site is lost", table(columns, [_row(subject, row) for row in rows]), lead=lead
    )


def _row(subject: Subject, row: FailurePlan) -> list[object]:
    moved: dict[str, int] = defaultdict(int)
    for move in row.moves:
        moved[subject.label(move.site)] += 1
    to = [name for name, _ in sorted(moved.items(), key=lambda item: (-item[1], item[0]))]
    slowest, limit = "-", Markup("")
    if row.worst_ms is not None and row.worst_slo_ms is not None:
        slowest = duration(row.worst_ms)
        limit = use_bar(row.worst_ms, row.worst_slo_ms, f"of {duration(row.worst_slo_ms)}")
    parts = [
        f"{part.workload}: {percent(part.kept_rps / part.displaced_rps)} kept"
        for part in row.unprotected
        if part.displaced_rps > 0
    ]
    name = tag("b", subject.label(row.site))
    spare = mw(row.spare_mw)
    return [name, f"{len(row.moves):,}", listed(to, 3) or "-", slowest, limit, spare, listed(parts, 3) or "-"]


def _lost(row: FailurePlan) -> float:
    return sum(part.lost_rps for part in row.unprotected)
