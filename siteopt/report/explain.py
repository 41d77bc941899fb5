"""Answers about a plan, conflicts of an infeasible scenario, and what binds, on the terminal."""

from __future__ import annotations

from math import inf, isfinite
from typing import TYPE_CHECKING

from siteopt.formatting import counted, money, mw, percent
from siteopt.report.console import LINE_NAMES
from siteopt.report.stated import words_on_stated_bound
from siteopt.report.tables import MOST_ROWS, add_row, print_table, say, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from siteopt.answers.explain import Answer, BreakEven, Use
    from siteopt.diagnose.conflict import Conflict, Relaxation
    from siteopt.plan import Plan

#: What each question supposes, in words.
SUPPOSED = {
    "why-not": "With {subject} forced in",
    "why": "Without {subject}",
    "mw": "With {extra} MW more headroom at {subject}",
    "mw-zone": "With {extra} MW more in the grid limits of {subject}",
}


def print_answer(console: Console, answer: Answer, asked: Plan, extra_mw: float = 1.0) -> None:
    """Print one answer: the verdict with its interval, what makes the difference, what would turn it.

    ``asked`` is the plan asked about as it was read; the interval may rest on its bound.
    """
    supposed = SUPPOSED[answer.question].format(subject=answer.subject, extra=f"{extra_mw:g}")
    if answer.difference is None or answer.other is None:
        say(console, f"{supposed} there is no plan:", "bold")
        for reason in answer.reasons:
            say(console, f"  {reason}")
        return
    say(console, f"{supposed}: {_verdict(answer)}", "bold")
    if answer.reasons:
        say(console, f"{answer.reasons[0][0].upper()}{answer.reasons[0][1:]}.")
        return
    say(console, _plans(answer))
    if asked.bound_usd is not None and answer.base.bound_usd == min(asked.bound_usd, answer.base.cost_usd):
        say(console, f"Of the plan asked about, {words_on_stated_bound(asked)}.")
    if answer.lines:
        _print_lines(console, answer)
    if answer.breakevens:
        _print_breakevens(console, answer)


def _verdict(answer: Answer) -> str:
    """Say what the difference is, and how certain that is."""
    found = answer.difference
    assert found is not None
    if answer.question in ("mw", "mw-zone"):
        words = {
            "cheaper": "worth {span}",
            "same": "worth nothing: the best plan stays as it is",
            "undetermined": "undetermined, worth {span}",
            "dearer": "worth nothing",
        }
        low, high = max(0.0, -found.high_usd), -found.low_usd
    else:
        words = {
            "dearer": "{span} dearer",
            "same": "it costs the same",
            "undetermined": "undetermined, {span}",
            "cheaper": "{span} cheaper: the plan given is not the best",
        }
        low, high = found.low_usd, found.high_usd
        if found.verdict == "cheaper":
            low, high = -high, -low
    return words[found.verdict].format(span=_span(low, high))


def _span(low: float, high: float) -> str:
    if not isfinite(low):
        return "no bound is known"
    if high - low < 1000.0:
        return money(0.5 * (low + high))
    return f"between {money(low)} and {'any sum' if high == inf else money(high)}"


def _plans(answer: Answer) -> str:
    found, other = answer.difference, answer.other
    assert found is not None
    assert other is not None
    usd = found.found_usd
    way = "the same" if abs(usd) < 1.0 else f"{money(abs(usd))} {'more' if usd > 0 else 'less'}"
    sides = ("without it", "with it") if answer.question == "why" else ("with it", "without it")
    text = f"The best plan found {sides[0]} costs {money(other.cost_usd)},"
    text += f" {sides[1]} {money(answer.base.cost_usd)}: {way}."
    if found.verdict == "undetermined":
        text += " The two gaps together are larger, so it is not proven which of the true optima is cheaper."
    better = answer.given_usd - answer.base.cost_usd
    if better > 1.0:
        text += f" On the way, the given plan became {money(better)} cheaper; the comparison is with that."
    return text


def _print_lines(console: Console, answer: Answer) -> None:
    rows = sorted(answer.lines.items(), key=lambda item: -item[1])
    up = [name for name, usd in rows if usd > 0]
    if answer.question == "why-not" and up:
        say(console, f"It loses most on {LINE_NAMES.get(up[0], up[0])}: {money(rows[0][1])} more.")
    elif answer.question == "why" and up:
        say(console, f"It saves most on {LINE_NAMES.get(up[0], up[0])}: {money(rows[0][1])}.")
    out = table("line", ">difference")
    for name, usd in rows:
        add_row(out, LINE_NAMES.get(name, name), ("+" if usd > 0 else "") + money(usd))
    add_row(out, "sum", money(sum(usd for _, usd in rows)), style="bold")
    print_table(console, "Cost lines compared with the plan at hand", out)


def _print_breakevens(console: Console, answer: Answer) -> None:
    out = table("parameter", ">now", ">must be", "unit", "how this is known")
    for row in answer.breakevens:
        needed = _figure(row.needed) if row.needed is not None else "no value"
        add_row(out, row.parameter, _figure(row.now), needed, row.unit, _how(row))
    print_table(console, f"Any one of these lets {answer.subject} cost no more than doing without it", out)


def _figure(value: float) -> str:
    return money(value).removeprefix("$") if value >= 1e6 else f"{value:,.5g}"


def _how(row: BreakEven) -> str:
    if row.needed is None:
        return f"at the best value it is still {money(row.shortfall_usd)} dearer"
    if row.is_exact:
        return f"solved again at that point ({counted(row.solves, 'solve')})"
    if row.solves:
        return f"enough, but perhaps not the smallest move ({counted(row.solves, 'solve')})"
    return "exact for these two plans; others may win earlier"


def print_binding(console: Console, rows: Sequence[Use]) -> None:
    """Print the limits that bind, and those that come nearest to binding."""
    binding = [row for row in rows if row.binds]
    out = table("limit", "of", ">used", ">limit", ">left", "unit", ">use")
    shown = binding if len(binding) >= MOST_ROWS else rows[:MOST_ROWS]
    for row in shown[:MOST_ROWS]:
        use = percent(row.used / row.limit) if row.limit > 0 else "-"
        figures = (_amount(row.used, row.unit), _amount(row.limit, row.unit), _amount(row.slack, row.unit))
        name = f"{row.kind} *" if row.binds else row.kind
        add_row(out, name, row.subject, *figures, row.unit, use)
    title = f"What binds: {len(binding)} of {counted(len(rows), 'limit')} (*: nothing more fits)"
    print_table(console, title, out)
    if len(rows) > MOST_ROWS:
        say(console, f"… and {len(rows) - MOST_ROWS:,} more (--json has all)")


def _amount(value: float, unit: str) -> str:
    if unit == "USD":
        return money(value)
    if unit.startswith("MW"):
        return mw(value)
    return f"{value:,.0f}" if value >= 1000.0 else f"{value:.4g}"


def print_conflict(console: Console, conflict: Conflict) -> None:
    """Print why there is no plan, and what would help."""
    if not conflict.rules:
        say(
            console,
            "Neither a plan was found nor a proof that there is none: the scenario may be feasible.",
            "bold",
        )
        return
    n = counted(len(conflict.rules), "rule")
    least = "dropping any one resolves it" if conflict.is_minimal else "some of them may not be needed for it"
    say(console, f"No plan can meet every rule. There is a conflict of {n}; {least}:", "bold")
    for sentence in conflict.sentences:
        say(console, f"  {sentence}")
    if not conflict.relaxations:
        say(console, "\nNo plan was found by easing any single one of these limits.")
        return
    out = table("rule", "of", ">now", ">too little", ">enough", "unit", "")
    for row in conflict.relaxations:
        add_row(out, row.rule.family.replace("_", " "), row.rule.subject, *_relaxation(row))
    print_table(console, "Any one of these is enough; the smallest change comes first", out)


def _relaxation(row: Relaxation) -> tuple[str, ...]:
    if row.limit is None:
        return "", "", "", "", "remove it"
    if row.enough is None or row.extra is None or row.too_little is None:
        return _amount(row.limit, row.unit), "", "", row.unit, "more; how much was not found in time"
    figures = (_amount(v, row.unit) for v in (row.limit, row.too_little, row.enough))
    return (
        *figures,
        row.unit,
        f"+{_amount(row.extra, row.unit)}" + ("" if row.is_proven else ", less may be enough"),
    )
