"""Existing and forced sites are open, forbidden ones are not."""

from __future__ import annotations

from siteopt.rules.rule import PlanCheck, Rule, flag_ease, flag_limits

FORCED = Rule(
    "forced",
    plan_checks=(PlanCheck("site_status", "existing and forced sites are open, forbidden ones are not"),),
    limits=flag_limits("sites", lambda j: j.status == "forced"),
    ease=flag_ease("sites", {"status": "candidate"}),
    tell=lambda _case, site, _limit: f"{site} must be built (status forced).",
)
FORBIDDEN = Rule(
    "forbidden",
    limits=flag_limits("sites", lambda j: j.status == "forbidden"),
    ease=flag_ease("sites", {"status": "candidate"}),
    tell=lambda _case, site, _limit: f"{site} may not be built (status forbidden).",
)
