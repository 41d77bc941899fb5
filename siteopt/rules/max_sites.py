"""No more new sites are built than the policy allows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siteopt.rules.rule import PlanCheck, Rule, Use, policy_ease, policy_limits

if TYPE_CHECKING:
    from collections.abc import Iterator

    from siteopt.plan import Plan
    from siteopt.scenario.schema import Scenario


def _uses(scenario: Scenario, plan: Plan) -> Iterator[Use]:
    limit, status = scenario.policy.max_sites, {s.id: s.status for s in scenario.sites}
    if limit is not None:
        new = sum(status[s.id] != "existing" for s in plan.sites)
        yield Use("sites", "policy.max_sites", "sites", float(new), float(limit), 1.0)


MAX_SITES = Rule(
    "max_sites",
    "sites",
    plan_checks=(
        PlanCheck("max_sites", "no more new sites than allowed", lambda s: s.policy.max_sites is not None),
    ),
    limits=policy_limits("max_sites"),
    ease=policy_ease("max_sites", is_count=True),
    is_count=True,
    uses=_uses,
    tell=lambda _case, _subject, limit: f"policy.max_sites allows {int(limit or 0)} new sites.",
)
