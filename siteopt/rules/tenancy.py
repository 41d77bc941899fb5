"""No tenant takes more than its share of a site, nor more power there than it may lose with the site."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siteopt.formatting import mw, percent
from siteopt.rules.rule import PlanCheck, Rule, Use, policy_ease, policy_limits

if TYPE_CHECKING:
    from collections.abc import Iterator

    from siteopt.plan import Plan
    from siteopt.scenario.schema import Policy, Scenario


def tenant_limits(policy: Policy) -> list[str]:
    """Say in words what a tenant may take: ``at most 40% of a site``; empty where nothing is limited."""
    words = []
    if policy.tenant_share is not None:
        words.append(f"at most {percent(policy.tenant_share)} of a site")
    if policy.tenant_site_mw is not None:
        words.append(f"at most {mw(policy.tenant_site_mw)} MW at one site")
    return words


def _share_uses(scenario: Scenario, plan: Plan) -> Iterator[Use]:
    limit = scenario.policy.tenant_share
    for row in plan.tenants if limit is not None else ():
        subject = f"{row.tenant} at {row.site}"
        yield Use("tenant", subject, "of the site", row.share_of_site, float(limit or 0.0))


def _mw_uses(scenario: Scenario, plan: Plan) -> Iterator[Use]:
    limit = scenario.policy.tenant_site_mw
    for row in plan.tenants if limit is not None else ():
        yield Use("tenant", f"{row.tenant} at {row.site}", "MW", row.it_mw, float(limit or 0.0))


TENANT_SHARE = Rule(
    "tenant_share",
    "of a site",
    plan_checks=(
        PlanCheck(
            "tenant_share",
            "no tenant beyond its share of a site",
            lambda s: s.policy.tenant_share is not None,
        ),
    ),
    figures=("tenants",),
    limits=policy_limits("tenant_share"),
    ease=policy_ease("tenant_share"),
    most=1.0,
    uses=_share_uses,
    tell=lambda _case, _subject, limit: (
        f"policy.tenant_share leaves one tenant {limit:.3g} of a site's usable power."
    ),
)
TENANT_SITE_MW = Rule(
    "tenant_site_mw",
    "MW",
    plan_checks=(
        PlanCheck(
            "tenant_site_mw",
            "no tenant beyond its MW at a site",
            lambda s: s.policy.tenant_site_mw is not None,
        ),
    ),
    limits=policy_limits("tenant_site_mw"),
    ease=policy_ease("tenant_site_mw"),
    uses=_mw_uses,
    tell=lambda _case, _subject, limit: (
        f"policy.tenant_site_mw leaves one tenant {mw(float(limit or 0.0))} MW at a site."
    ),
)
