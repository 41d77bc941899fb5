"""A plan names what exists, once, with figures that are numbers and add up."""

from __future__ import annotations

from siteopt.rules.rule import PlanCheck, Rule

PLAN_FORM = Rule(
    "plan_form",
    plan_checks=(
        PlanCheck("unknown_id", "everything named exists"),
        PlanCheck("duplicate", "nothing is listed twice"),
        PlanCheck("number", "every figure is a finite number"),
    ),
    figures=("cost_lines", "cost_usd", "bound", "gap", "status"),
)
