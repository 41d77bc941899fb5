"""The section on sensitivity: a tornado of one parameter at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siteopt.formatting import counted, money
from siteopt.report.page.markup import Markup, join, section, table, tag

if TYPE_CHECKING:
    from siteopt.report.page.results import Sensitivity, Swing
    from siteopt.report.page.subject import Subject


def tornado_section(subject: Subject) -> Markup:
    """Build the section: parameters by how far they move the cost, the widest first."""
    result = subject.sensitivity
    title = "What the cost depends on"
    if result is None:
        lead = "No sensitivity was computed for this page (siteopt sensitivity, then report --sensitivity)."
        return section("sensitivity", title, lead=lead)
    rows = sorted(result.rows, key=lambda row: (-row.width_usd(result.baseline_usd), row.parameter))
    ends = [tag("span", f"{end} end", class_=f"chip end-{end}") for end in ("low", "high")]
    lead = join(
        [
            f"{counted(len(rows), 'parameter')}, each moved alone to the low and the high end of its range and"
            f" solved again, against {money(result.baseline_usd)}. ",
            *ends,
        ]
    )
    columns = ("Parameter", ">Low", ">High", ">Cost at low", "Change in cost", ">Cost at high", "Range from")
    cells = [_row(row, result) for row in rows]
    return section("sensitivity", title, table(columns, cells), lead=lead)


def _row(row: Swing, result: Sensitivity) -> list[object]:
    name = join([tag("b", row.parameter), tag("small", row.unit) if row.unit else ""])
    ends = [_amount(usd) for usd in (row.low_usd, row.high_usd)]
    return [
        name,
        f"{row.low:,.6g}",
        f"{row.high:,.6g}",
        ends[0],
        _bars(row, result),
        ends[1],
        tag("small", row.source),
    ]


def _amount(usd: float | None) -> str:
    return "no plan" if usd is None else money(usd)


def _bars(row: Swing, result: Sensitivity) -> Markup:
    """Build two bars from the baseline in the middle; all rows share one scale."""
    widest = max(max(_moves(other, result.baseline_usd)) for other in result.rows) or 1.0
    pieces = []
    for kind, usd in (("low", row.low_usd), ("high", row.high_usd)):
        if usd is None:
            continue
        width = 50.0 * abs(usd - result.baseline_usd) / widest
        left = 50.0 - width if usd < result.baseline_usd else 50.0
        pieces.append(tag("i", class_=kind, style=f"left:{left:.2f}%;width:{width:.2f}%"))
    return tag("span", *pieces, class_="tornado")


def _moves(row: Swing, baseline_usd: float) -> list[float]:
    return [abs(usd - baseline_usd) for usd in (row.low_usd, row.high_usd) if usd is not None] or [0.0]
