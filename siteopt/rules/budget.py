"""New capital stays within the policy's budget."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siteopt.formatting import money
from siteopt.rules.rule import PlanCheck, Rule, Use, policy_ease, policy_limits

if TYPE_CHECKING:
    from collections.abc import Iterator

    from siteopt.plan import Plan
    from siteopt.scenario.schema import Scenario


def _uses(scenario: Scenario, plan: Plan) -> Iterator[Use]:
    limit = scenario.policy.budget_usd
    if limit is not None:
        least = min((d.usd_per_module for d in scenario.designs), default=0.0)
        yield Use("budget", "policy.budget_usd", "USD", sum(s.capex_usd for s in plan.sites), limit, least)


BUDGET = Rule(
    "budget",
    "USD",
    plan_checks=(
        PlanCheck("budget", "capital within the budget", lambda s: s.policy.budget_usd is not None),
    ),
    figures=("capex_usd",),
    limits=policy_limits("budget_usd"),
    ease=policy_ease("budget_usd"),
    uses=_uses,
    tell=lambda _case, _subject, limit: f"policy.budget_usd allows {money(float(limit or 0.0))} of capital.",
)
