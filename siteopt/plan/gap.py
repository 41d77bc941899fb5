"""How far a plan may be from the best one, by a bound: in USD, and as a share of what it spends."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from siteopt.plan.plan import Plan

#: A plan that spends nothing is solved once the best one could save at most so much, USD.
SOLVED_USD = 0.01
#: A plan is called optimal only with a gap up to this; it is rounding.
OPTIMAL = 1e-9


def relative_gap(cost_usd: float, bound_usd: float, cost_lines: dict[str, float]) -> float | None:
    """Gap over the sum of the positive cost lines, since net cost may be near zero.

    A plan that spends nothing may forgo revenue: its gap has no limit then, and is None unless it is solved.
    """
    positive = sum(v for v in cost_lines.values() if v > 0.0)
    difference = max(0.0, cost_usd - bound_usd)
    if positive > 0.0:
        return difference / positive
    return 0.0 if difference <= SOLVED_USD else None


def with_bound(plan: Plan, bound_usd: float | None) -> Plan:
    """Return the plan with a bound, which is at most its cost, and with the gap that follows from it."""
    if bound_usd is None:
        return replace(plan, bound_usd=None, gap=None, gap_usd=None)
    bound_usd = min(bound_usd, plan.cost_usd)
    gap = relative_gap(plan.cost_usd, bound_usd, plan.cost_lines)
    return replace(plan, bound_usd=bound_usd, gap=gap, gap_usd=plan.cost_usd - bound_usd)
