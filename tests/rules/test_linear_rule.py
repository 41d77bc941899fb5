"""Rules of the planner's own: what they decide, how they are told, and what is wrong with them."""

from __future__ import annotations

from math import inf
from typing import Any

import pytest
from support.documents.binding_rules import BASE, CHEAP, DEAR
from support.documents.edits import changed

import siteopt.compile.many
from siteopt import (
    InfeasibleError,
    Plan,
    ScenarioError,
    evaluate,
    find_conflict,
    load_scenario,
    solve,
    verify,
    what_binds,
)

METHODS = ["search", "milp", "auto"]


def rule(sense: str, value: float, *terms: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"id": "own", "terms": list(terms), "sense": sense, "value": value} | more


def solved(*rules: dict[str, Any], method: Any = "auto") -> Plan:
    scenario = load_scenario(changed(BASE, {"rules": list(rules)}))
    plan = solve(scenario, time_limit=inf, gap=0.0, method=method, iteration_limit=60)
    assert verify(scenario, plan) == []
    assert plan.bound_usd is not None
    assert plan.bound_usd <= plan.cost_usd
    return plan


def opened(plan: Plan) -> str:
    return " ".join(sorted(site.id for site in plan.sites))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("own", "sites", "usd"),
    [
        (rule("<=", 0.0, {"sites": ["cheap"]}), "dear", DEAR),
        (rule("==", 1.0, {"sites": ["dear"]}, {"sites": ["cheap"]}), "cheap", CHEAP),
        (rule("<=", 0.0, {"sites": ["cheap"]}, {"sites": ["dear"], "coefficient": -1.0}), "dear", DEAR),
        (rule(">=", 2.0, {"zone": "here"}), "cheap dear", CHEAP + 200_000.0 + DEAR - CHEAP),
        (rule("==", 2.0, {"tier": "micro"}), "cheap dear", CHEAP + 200_000.0 + DEAR - CHEAP),
        (rule(">=", 1.0, {"sites": ["dear"]}), "dear", DEAR),
        (rule("<=", 5.0, {"design": "plain"}), "cheap", CHEAP),
    ],
    ids=["none of them", "exactly one", "one only with the other", "two", "both", "this one", "not binding"],
)
def test_it_decides(own: dict[str, Any], sites: str, usd: float, method: Any) -> None:
    """Optima by hand: 300,000 USD at the cheap site, 600,000 at the dear one, 200,000 for a module that stands idle."""
    plan = solved(own, method=method)
    assert opened(plan) == sites
    assert plan.cost_usd == pytest.approx(usd, abs=1.0)


def test_the_search_proves_it_by_its_price() -> None:
    """A lower limit costs the dear site, and the dual says so: without its price the bound would be 300,000 USD."""
    plan = solved(rule(">=", 1.0, {"sites": ["dear"]}), method="search")
    assert plan.bound_usd is not None
    assert plan.bound_usd > 0.99 * DEAR


def test_restricted_sites_hold_what_a_rule_asks_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where flows are not listed, a search over some sites still finds those that must be open."""
    monkeypatch.setattr(siteopt.compile.many, "MOST_LISTED", 0)
    plan = solved(rule(">=", 2.0, {"zone": "here"}), method="search")
    assert opened(plan) == "cheap dear"


@pytest.mark.parametrize("method", METHODS)
def test_rules_that_cannot_hold_are_named(method: Any) -> None:
    """Three sites of two; the planner's own words say which rule it is."""
    document = changed(BASE, {"rules": [rule(">=", 3.0, {"zone": "here"}, words="Three sites in the west.")]})
    if method != "search":
        with pytest.raises(InfeasibleError, match="Three sites in the west"):
            solve(load_scenario(document), time_limit=30.0, method=method)
    found = find_conflict(load_scenario(document), time_limit=30.0)
    assert found is not None
    assert [(r.family, r.subject) for r in found.rules] == [("linear_rule", "own")]
    assert found.sentences == ("Rule own: Three sites in the west.",)


def test_a_conflict_says_what_a_rule_without_words_says() -> None:
    found = find_conflict(
        load_scenario(changed(BASE, {"rules": [rule("<=", 0.0, {"zone": "here"})]})), time_limit=30.0
    )
    assert found is not None
    assert "Rule own: open sites in zone here must be at most 0." in found.sentences
    (help_,) = [r for r in found.relaxations if r.rule.family == "linear_rule"]
    assert help_.limit == 0.0
    assert help_.enough is not None
    assert help_.enough >= 1.0 - 1e-6


def test_its_use_is_listed_and_binds() -> None:
    document = changed(
        BASE,
        {"rules": [rule("<=", 1.0, {"zone": "here"}), {**rule(">=", 1.0, {"tier": "micro"}), "id": "min"}]},
    )
    scenario = load_scenario(document)
    plan = solve(scenario, time_limit=inf, gap=0.0, method="milp")
    uses = {use.subject: use for use in what_binds(scenario, plan) if use.kind == "rule"}
    assert (uses["own"].used, uses["own"].limit, uses["own"].binds) == (1.0, 1.0, True)
    assert (uses["min"].used, uses["min"].slack, uses["min"].binds) == (1.0, 0.0, True)


def test_the_verifier_adds_it_up_itself() -> None:
    """A plan made without the rule breaks it, and is told by how much."""
    free, bound = (
        load_scenario(changed(BASE, {"rules": rules}))
        for rules in ([], [rule("==", 0.0, {"sites": ["cheap"], "coefficient": 2.0})])
    )
    plan = solve(free, time_limit=inf, method="milp")
    (violation,) = verify(bound, evaluate(bound, plan))
    assert (violation.rule, violation.subject, violation.excess) == ("linear_rule", "own", 2.0)


@pytest.mark.parametrize(
    ("own", "path", "words"),
    [
        (rule("<=", 1.0, {"zone": "west"}), "rules[0].terms[0].zone", "unknown zone"),
        (rule("<=", 1.0, {"sites": ["cheep"]}), "rules[0].terms[0].sites", "did you mean 'cheap'"),
        (rule("<=", 1.0, {"design": "plane"}), "rules[0].terms[0].design", "did you mean 'plain'"),
        (rule("<=", 1.0, {"tier": "device"}), "rules[0].terms[0]", "selects no site"),
        (rule("<=", 1.0, {"zone": "here", "tier": "micro"}), "rules[0].terms[0]", "exactly one of"),
        (rule("<=", 1.0), "rules[0].terms", "should not be empty"),
        (rule("<", 1.0, {"zone": "here"}), "rules[0].sense", "<="),
    ],
)
def test_what_is_wrong_is_told_with_its_path(own: dict[str, Any], path: str, words: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        load_scenario(changed(BASE, {"rules": [own]}))
    assert [p.path for p in caught.value.problems] == [path]
    assert words in str(caught.value)


def test_two_rules_of_one_id_are_told() -> None:
    own = rule("<=", 1.0, {"zone": "here"})
    with pytest.raises(ScenarioError, match="duplicate id 'own'"):
        load_scenario(changed(BASE, {"rules": [own, own]}))
