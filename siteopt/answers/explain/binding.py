"""What binds in a plan: every limit with what is used of it and what is left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siteopt.rules import RULES, Use

if TYPE_CHECKING:
    from siteopt.plan import Plan
    from siteopt.scenario.schema import Scenario

__all__ = ["Use", "what_binds"]


def what_binds(scenario: Scenario, plan: Plan) -> tuple[Use, ...]:
    """List all limits of a scenario in a plan with its figures: the ones that bind first, then by use."""
    rows = [use for rule in RULES for use in rule.uses(scenario, plan)]
    return tuple(sorted(rows, key=lambda r: (not r.binds, -r.used / r.limit if r.limit > 0.0 else 0.0)))
