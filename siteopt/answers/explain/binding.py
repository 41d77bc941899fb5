"""What binds in a plan: every limit, how much of it is used, and how much is left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siteopt.rules import RULES, Use

if TYPE_CHECKING:
    from siteopt.plan import Plan
    from siteopt.scenario.schema import Scenario

__all__ = ["Use", "what_binds"]


def what_binds(scenario: Scenario, plan: Plan) -> tuple[Use, ...]:
    """List the use of every limit in a plan: the limits that bind first, then the others by use."""
    rows = [use for rule in RULES for use in rule.uses(scenario, plan)]
    return tuple(sorted(rows, key=lambda r: (not r.binds, -r.used / r.limit if r.limit > 0.0 else 0.0)))
