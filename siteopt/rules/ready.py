"""Everything new is energised by the policy's month."""

from __future__ import annotations

from siteopt.rules.rule import PlanCheck, Rule, policy_ease, policy_limits

READY_BY_MONTH = Rule(
    "ready_by_month",
    "months",
    plan_checks=(
        PlanCheck("ready_by_month", "energised in time", lambda s: s.policy.ready_by_month is not None),
    ),
    figures=("ready_month",),
    limits=policy_limits("ready_by_month"),
    ease=policy_ease("ready_by_month"),
    tell=lambda _case, _subject, limit: (
        f"policy.ready_by_month is {limit:g}: later connections, designs and extensions do not count."
    ),
)
