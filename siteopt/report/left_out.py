"""What the mode of a plan leaves out, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siteopt.formatting import counted, listed

if TYPE_CHECKING:
    from siteopt.plan import Plan, UnservedPlan


def rows_left_out(plan: Plan) -> list[UnservedPlan]:
    """Return what is not served for the mode, in the order of the plan."""
    return [row for row in plan.unserved if row.reason == "mode"]


def words_left_out(plan: Plan) -> str:
    """Say how many demands of which workloads are left out: ``2 demands of search``; empty where none are."""
    rows = rows_left_out(plan)
    names = listed(sorted({row.workload for row in rows}))
    return f"{counted(len(rows), 'demand')} of {names}" if rows else ""
