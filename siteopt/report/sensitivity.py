"""The tornado of a sensitivity run, on the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siteopt.formatting import counted, listed, money, percent
from siteopt.report.tables import add_row, print_table, say, table

if TYPE_CHECKING:
    from rich.console import Console

    from siteopt.answers.sensitivity import Row, Tornado

#: Width of the longest bar, both sides of the baseline together.
BAR = 20


def print_tornado(console: Console, tornado: Tornado) -> None:
    """Print a bar for each parameter, the largest swing first, and where the ranges come from."""
    base = tornado.baseline_usd
    gap = "" if tornado.baseline_gap is None else f", proven gap {percent(tornado.baseline_gap)}"
    say(console, f"Baseline: {money(base)}{gap}", "bold")
    swings = [usd - base for row in tornado.rows for usd in (row.low_usd, row.high_usd) if usd is not None]
    most = max(map(abs, swings), default=0.0)
    mark = "█" if console.encoding.startswith("utf") else "#"
    out = table("parameter", ">low", ">high", ">cost at low", ">at high", "less | more")
    for row in tornado.rows:
        ends = (_change(row.low_usd, base), _change(row.high_usd, base))
        add_row(out, row.parameter, _figure(row.low), _figure(row.high), *ends, _bar(row, base, most, mark))
    print_table(console, "Change in cost, one number at a time", out)
    gaps = [gap for row in tornado.rows for gap in (row.low_gap, row.high_gap) if gap is not None]
    if gaps:
        say(
            console,
            f"Each is from the best plan found, at most {percent(max(gaps))} of spending above the optimum.",
            "dim",
        )
    for row in tornado.rows:
        say(console, f"{row.parameter} ({row.unit}): {row.source}", "dim")
    if tornado.missing:
        n = counted(len(tornado.missing), "parameter")
        say(
            console,
            f"{n} not solved yet: {listed(tornado.missing, 6)}; the same command goes on from here.",
            "bold",
        )


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000.0 else f"{value:.3g}"


def _change(usd: float | None, base: float) -> str:
    if usd is None:
        return "no plan"
    return ("+" if usd > base else "") + money(usd - base)


def _bar(row: Row, base: float, most: float, mark: str) -> str:
    half = BAR // 2
    changes = [usd - base for usd in (row.low_usd, row.high_usd) if usd is not None]
    if most <= 0.0:
        return " " * half + "|"
    less = round(half * max(0.0, -min(changes, default=0.0)) / most)
    more = round(half * max(0.0, max(changes, default=0.0)) / most)
    return " " * (half - less) + mark * less + "|" + mark * more
