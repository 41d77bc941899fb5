"""Which findings of the verifier count against a plan that somebody wrote by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from siteopt.plan import Plan
    from siteopt.verify import Violation

#: Rules about what a plan reports, not about what it decides.
FIGURE_RULES = {
    *("it_mw", "facility_mw", "capex_usd", "load_erlang", "utilisation", "latency_ms", "slo_ms", "route"),
    *("grid_use", "link_use", "tenants", "ready_month", "reserve_erlang", "move_latency", "worst_ms"),
    *("spare_mw", "unprotected", "cost_lines", "cost_usd", "bound", "gap", "status"),
}


def violated_rules(plan: Plan, violations: Sequence[Violation]) -> list[Violation]:
    """The findings that count: all of them, or only decisions where the plan reports no cost at all.

    A plan that states figures is held to every one of them; one made by hand, without a cost, states none.
    """
    if plan.cost_lines:
        return list(violations)
    return [v for v in violations if v.rule not in FIGURE_RULES]
