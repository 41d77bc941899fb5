"""The comparison of central, edge and hybrid, and the verdicts, on the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siteopt.formatting import counted, listed, money, mw, percent
from siteopt.report.console import LINE_NAMES
from siteopt.report.tables import add_row, print_table, say, table

if TYPE_CHECKING:
    from rich.console import Console

    from siteopt.answers.compare import Comparison, FormulaBreakEven, ModeResult, Turn
    from siteopt.plan import Plan

#: What the factor of a turn multiplies, in words.
TURNED = {
    "rtt": "distances in the network",
    "price": "the price of electricity outside the hubs",
    "demand": "the demand for it",
    "pue": "the PUE outside the hubs",
}


def print_comparison(console: Console, comparison: Comparison, scenario_name: str = "") -> None:
    """Print the three modes, then a verdict on each workload, then what turns the one asked about."""
    head = f"{scenario_name}: " if scenario_name else ""
    say(console, f"{head}central only, edge only and hybrid", "bold")
    for mode in comparison.modes:
        if mode.plan is None:
            say(console, f"{mode.mode}: no plan. {' '.join(mode.reasons)}")
        elif mode.unserved:
            say(console, f"{mode.mode} leaves out {listed(_left_out(mode), 6)}.")
    _print_modes(console, comparison.modes)
    _print_latency(console, comparison.modes)
    _print_verdicts(console, comparison)
    for row in comparison.turns:
        say(console, _turn(row), "bold")


def _left_out(mode: ModeResult) -> list[str]:
    """Name each workload that is left out, with its share and the reason."""
    why = {name: "its penalty costs less" for name in mode.unserved} | dict.fromkeys(
        mode.left_out, "no site of the mode may serve it"
    )
    return [f"{name} {percent(share)} ({why[name]})" for name, share in mode.unserved.items()]


def _gap(plan: Plan | None) -> str:
    """In percent; in USD where nothing is spent."""
    if plan is None or plan.bound_usd is None:
        return "-"
    return money(plan.cost_usd - plan.bound_usd) if plan.gap is None else percent(plan.gap)


def _print_modes(console: Console, modes: tuple[ModeResult, ...]) -> None:
    out = table("", *(f">{mode.mode}" for mode in modes))

    def row(name: str, cells: list[str], style: str = "") -> None:
        add_row(out, name, *cells, style=style)

    def each(text: object) -> list[str]:
        assert callable(text)
        return [text(mode) if mode.plan is not None else "-" for mode in modes]

    plans = [mode.plan for mode in modes]
    row("cost", [money(p.cost_usd) if p else "no plan" for p in plans], "bold")
    row("  proven bound", [money(p.bound_usd) if p and p.bound_usd is not None else "-" for p in plans])
    row("  gap", [_gap(p) for p in plans])
    names = dict.fromkeys(name for p in plans if p for name, usd in p.cost_lines.items() if abs(usd) >= 0.5)
    for name in names:
        row(
            f"  {LINE_NAMES.get(name, name)}",
            [money(p.cost_lines.get(name, 0.0)) if p else "-" for p in plans],
        )
    row("capital at the start", each(lambda m: money(m.capex_usd)))
    row("sites", [f"{len(p.sites):,}" if p else "-" for p in plans])
    row("IT power, MW", each(lambda m: mw(m.it_mw)))
    row("facility power, MW", each(lambda m: mw(m.facility_mw)))
    row("replicas", each(lambda m: f"{m.replicas:,}"))
    row("carbon, t", each(lambda m: f"{m.carbon_t:,.0f}"))
    print_table(console, "Side by side; costs are net present values", out)


def _print_latency(console: Console, modes: tuple[ModeResult, ...]) -> None:
    modes = tuple(mode for mode in modes if mode.plan is not None)
    names = dict.fromkeys(name for mode in modes for name in mode.p99_ms)
    if not names:
        return
    out = table("workload", *(f">{m.mode}" for m in modes), *(f">{m.mode} pooling" for m in modes))
    for name in names:
        p99 = [_time(m.p99_ms[name]) if name in m.p99_ms else "-" for m in modes]
        extra = [f"+{percent(m.pooling_extra[name])}" if name in m.pooling_extra else "-" for m in modes]
        add_row(out, name, *p99, *extra)
    print_table(console, "99th percentile of the slowest flow, and replicas beyond those one pool needs", out)


def _time(ms: float) -> str:
    return f"{ms:,.1f} ms" if ms < 1000.0 else f"{ms / 1000.0:,.1f} s"


def _print_verdicts(console: Console, comparison: Comparison) -> None:
    if not comparison.verdicts:
        return
    console.print()
    say(console, "Verdicts, from the hybrid plan; unit costs and turning points by formula", "bold")
    for verdict in comparison.verdicts:
        say(console, f"{verdict.workload}: {verdict.reason}")
        if verdict.breakevens:
            say(console, f"  turns at {listed([_formula(row) for row in verdict.breakevens])}", "dim")


def _formula(row: FormulaBreakEven) -> str:
    return f"{row.parameter} {row.turns_at:.3g} {row.unit}".rstrip() + f" (now {row.now:.3g})"


def _turn(row: Turn) -> str:
    what, solves = TURNED[row.parameter], counted(row.solves, "solve")
    if row.turns_at is None:
        return f"{row.workload} stays {row.side} at every value tried for {what} ({solves})."
    gap = "" if row.worst_gap is None else f", gaps up to {percent(row.worst_gap)}"
    span = f"{row.holds_at:.3g} and {row.turns_at:.3g} times the current value"
    return (
        f"{row.workload} turns from {row.side} to {row.side_then} with {what} between {span} ({solves}{gap})."
    )
