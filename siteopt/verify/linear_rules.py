"""The planner's own rules, added up again from the scenario and the plan's sites."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siteopt.verify.violation import Violation, above

if TYPE_CHECKING:
    from collections.abc import Iterator

    from siteopt.scenario.rules import RuleTerm
    from siteopt.verify.facts import Facts


def linear_rule(facts: Facts) -> Iterator[Violation]:
    """Check ``linear_rule``: every sum over open sites is on the right side of its value."""
    for rule in facts.scenario.rules:
        total = sum(term.coefficient * _counted(facts, term) for term in rule.terms)
        over, under = above(total, rule.value), above(rule.value, total)
        if (over and rule.sense != ">=") or (under and rule.sense != "<="):
            message = f"adds up to {total:.9g}; it should be {rule.sense} {rule.value:.9g}"
            yield Violation("linear_rule", rule.id, message, abs(total - rule.value))


def _counted(facts: Facts, term: RuleTerm) -> int:
    """Count the open sites that a term selects."""
    count = 0
    for name, row in facts.open.items():
        site = facts.sites[name]
        if term.sites is not None:
            count += name in term.sites
        elif term.zone is not None:
            count += site.zone == term.zone
        elif term.tier is not None:
            count += site.tier == term.tier
        elif term.jurisdiction is not None:
            count += site.jurisdiction == term.jurisdiction
        else:
            count += row.design == term.design
    return count
