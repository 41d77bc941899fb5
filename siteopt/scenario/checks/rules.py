"""The planner's own rules: their ids are unique, and each term selects something."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siteopt.errors import Problem
from siteopt.scenario.checks.ids import unique, unknown_id

if TYPE_CHECKING:
    from collections.abc import Iterator

    from siteopt.scenario.rules import RuleTerm
    from siteopt.scenario.schema import Scenario


def check_rules(scenario: Scenario) -> Iterator[Problem]:
    """Yield what is wrong with ``rules``."""
    yield from unique("rules", (rule.id for rule in scenario.rules))
    for i, rule in enumerate(scenario.rules):
        for k, term in enumerate(rule.terms):
            yield from _check_term(scenario, f"rules[{i}].terms[{k}]", term)


def _check_term(scenario: Scenario, path: str, term: RuleTerm) -> Iterator[Problem]:
    known = {
        "zone": ("zone (no site names it)", {s.zone for s in scenario.sites if s.zone is not None}),
        "jurisdiction": ("jurisdiction", {j.id for j in scenario.jurisdictions}),
        "design": ("design", {d.id for d in scenario.designs}),
    }
    for key, (kind, names) in known.items():
        value = getattr(term, key)
        if value is not None and value not in names:
            yield unknown_id(scenario, f"{path}.{key}", kind, value, names)
            return
    sites = {s.id for s in scenario.sites}
    missing = [name for name in term.sites or () if name not in sites]
    for name in missing:
        yield unknown_id(scenario, f"{path}.sites", "site", name, sites)
    if not missing and not any(term.counts(s, d) for s in scenario.sites for d in s.designs):
        yield Problem(path, "selects no site: no site has what it names; name another or remove the term")
