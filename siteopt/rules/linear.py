"""The planner's own rules, linear in what is open, are met."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siteopt.formatting import listed
from siteopt.rules.rule import MOST_NAMES, PlanCheck, Rule, Use

if TYPE_CHECKING:
    from collections.abc import Iterator

    from siteopt.plan import Plan
    from siteopt.rules.rule import Case, Eased, Limits
    from siteopt.scenario.rules import LinearRule, RuleTerm
    from siteopt.scenario.schema import Scenario

SENSES = {"<=": "at most", ">=": "at least", "==": "exactly"}


def in_words(rule: LinearRule) -> str:
    """Return the planner's words for a rule, or what it says: ``open sites of a, b are at most 1``."""
    if rule.words:
        return rule.words.rstrip(".")
    terms = " + ".join(_term(term) for term in rule.terms)
    return f"{terms} must be {SENSES[rule.sense]} {rule.value:g}"


def _term(term: RuleTerm) -> str:
    selections = {"zone": "in zone", "tier": "of tier", "jurisdiction": "in", "design": "with design"}
    if term.sites is not None:
        where = f"among {listed(term.sites, MOST_NAMES)}"
    else:
        where = next(f"{how} {getattr(term, key)}" for key, how in selections.items() if getattr(term, key))
    times = "" if term.coefficient == 1.0 else f"{term.coefficient:g} x "
    return f"{times}open sites {where}"


def _limits(scenario: Scenario) -> Limits:
    return {rule.id: rule.value if rule.sense == "<=" else None for rule in scenario.rules}


def _ease(scenario: Scenario, to: Eased, _ample_mw: float) -> Scenario:
    kept = []
    for rule in scenario.rules:
        value = to.get(rule.id, rule.value)
        if value is not None:
            kept.append(rule.model_copy(update={"value": value}))
    return scenario.model_copy(update={"rules": tuple(kept)})


def _uses(scenario: Scenario, plan: Plan) -> Iterator[Use]:
    sites = {site.id: site for site in scenario.sites}
    for rule in scenario.rules:
        used = sum(rule.weight(sites[row.id], row.design) for row in plan.sites)
        step = min((abs(term.coefficient) for term in rule.terms if term.coefficient), default=0.0)
        yield Use("rule", rule.id, "", used, rule.value, step, is_floor=rule.sense == ">=")


def _tell(case: Case, name: str, _limit: float | None) -> str:
    rule = next(rule for rule in case.scenario.rules if rule.id == name)
    return f"Rule {name}: {in_words(rule)}."


LINEAR_RULE = Rule(
    "linear_rule",
    plan_checks=(PlanCheck("linear_rule", "the planner's own rules", lambda s: bool(s.rules)),),
    limits=_limits,
    ease=_ease,
    uses=_uses,
    table="Own rules",
    tell=_tell,
)
