"""The table of what the loss of each open site does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siteopt.formatting import listed, mw, percent
from siteopt.report.tables import MOST_ROWS, add_row, duration, print_table, table

if TYPE_CHECKING:
    from rich.console import Console

    from siteopt.plan import FailurePlan, Plan


def print_failures(console: Console, plan: Plan) -> None:
    """Print a row for each site whose loss moves or breaks something, those that break most first."""
    rows = [row for row in plan.n_minus_1 if row.moves or row.unprotected]
    if not rows:
        return
    rows.sort(key=lambda row: (-_lost(row), -len(row.moves), row.site))
    out = table("site lost", ">flows moved", "to", ">slowest", ">limit", ">spare IT MW", ">unprotected lost")
    for row in rows[:MOST_ROWS]:
        targets = list(dict.fromkeys(move.site for move in row.moves))
        slowest = "-" if row.worst_ms is None else duration(row.worst_ms)
        limit = "-" if row.worst_slo_ms is None else duration(row.worst_slo_ms)
        displaced = sum(part.displaced_rps for part in row.unprotected)
        lost = percent(_lost(row) / displaced) if displaced > 0 else "-"
        add_row(
            out,
            row.site,
            f"{len(row.moves):,}",
            listed(targets, 2) or "-",
            slowest,
            limit,
            mw(row.spare_mw),
            lost,
        )
    title = "Loss of one site: where protected flows go, and how much of the rest finds no room elsewhere"
    print_table(console, title, out, len(rows))


def _lost(row: FailurePlan) -> float:
    """Return the requests per second of unprotected workloads that find no room."""
    return sum(part.lost_rps for part in row.unprotected)
