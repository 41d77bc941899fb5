"""The section on money: the lines of the net present cost, beside those of other modes if these were solved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siteopt.formatting import listed, money, percent
from siteopt.report.console import LINE_NAMES
from siteopt.report.page.markup import Markup, bar, join, section, table, tag

if TYPE_CHECKING:
    from siteopt.report.page.results import ModeCost
    from siteopt.report.page.subject import Subject

#: Amounts below this count as zero, USD.
NOTHING_USD = 0.5


def name_of(line: str) -> str:
    """Return a cost line in words."""
    return LINE_NAMES.get(line, line.replace("_", " "))


def costs_section(subject: Subject) -> Markup:
    """Build the section: bars of the cost lines, and the same lines of the other modes beside them."""
    plan = subject.plan
    others = [row for row in subject.comparison.modes if row.mode != subject.scenario.policy.mode]
    modes = [row for row in others if row.cost_usd is not None]
    every = [plan.cost_lines, *(mode.cost_lines for mode in modes)]
    keys = list(dict.fromkeys(key for lines in every for key in lines))
    shown = [key for key in keys if any(abs(lines.get(key, 0.0)) >= NOTHING_USD for lines in every)]
    shown.sort(key=lambda key: -plan.cost_lines.get(key, 0.0))
    largest = max((abs(usd) for lines in every for usd in lines.values()), default=0.0)
    rows = [_row(subject, key, largest, modes) for key in shown]
    columns = ["Line", ">Net present", ">Of spending", f"Grey: {_title(modes[0])}" if modes else ""]
    footer = ["Sum", money(plan.cost_usd), "", ""]
    for mode in modes:
        columns += [f">{_title(mode)}{' *' if mode.left_out else ''}", ">Difference"]
        total = mode.cost_usd or 0.0
        footer += [money(total), _difference(total - plan.cost_usd, mode)]
    nothing = [name_of(key) for key in keys if key not in shown]
    notes = [f"Nothing for {listed(nothing, len(nothing))}."] if nothing else []
    notes += [_remark(mode) for mode in others if mode.cost_usd is None or mode.left_out]
    horizon = subject.scenario.horizon
    lead = f"Net present over {horizon.years:g} years at {percent(horizon.discount_rate)} a year, in USD."
    made = table(columns, rows, footer=footer)
    return section(
        "costs", "What it costs", made, *[tag("p", note, class_="note") for note in notes], lead=lead
    )


def _title(mode: ModeCost) -> str:
    return mode.mode if mode.mode == "hybrid" else f"{mode.mode} only"


def _remark(mode: ModeCost) -> str:
    """Say what another mode cannot do."""
    if mode.cost_usd is None:
        return f"There is no {_title(mode)} plan: {'; '.join(mode.reasons).rstrip('.') or 'none was found'}."
    return f"* Not the same service: the {_title(mode)} plan leaves out {mode.left_out}."


def _row(subject: Subject, key: str, largest: float, modes: list[ModeCost]) -> list[object]:
    lines = subject.plan.cost_lines
    usd, positive = lines.get(key, 0.0), sum(v for v in lines.values() if v > 0)
    share = percent(usd / positive) if usd > 0 and positive > 0 else ""
    bars = [bar(_part(usd, largest), "income" if usd < 0 else "cost")]
    bars += [bar(_part(mode.cost_lines.get(key, 0.0), largest), "other") for mode in modes[:1]]
    row: list[object] = [name_of(key), money(usd), share, join(bars)]
    for mode in modes:
        other = mode.cost_lines.get(key, 0.0)
        row += [money(other), _difference(other - usd, mode)]
    return row


def _part(usd: float, largest: float) -> float:
    return abs(usd) / largest if largest > 0 else 0.0


def _difference(usd: float, mode: ModeCost) -> Markup:
    """Show what another mode costs more or less, without praise for what it saves by serving less."""
    if abs(usd) < NOTHING_USD:
        return tag("span", "same", class_="same")
    kind = "same" if mode.left_out else "more-usd" if usd > 0 else "less-usd"
    return tag("span", f"{'+' if usd > 0 else ''}{money(usd)}", class_=kind)
