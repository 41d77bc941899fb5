"""Why a scenario has no plan, in words: what is named, with which numbers, and what would help."""

from __future__ import annotations

from importlib import import_module
from math import inf
from typing import Any

import pytest
from support.documents.edits import REMOVE, changed
from support.documents.small_scenario import small_scenario

from siteopt import InfeasibleError, Scenario, load_scenario, solve
from siteopt.diagnose.conflict import (
    Requirement,
    eased,
    find_conflict,
    must_serve,
    reasons_of,
    requirements_of,
)
from siteopt.rules import EASABLE

#: The agent must be served, close by, and both sites that are near hang on one grid limit.
CROWDED: dict[str, Any] = {
    "workloads.1.unserved_usd_per_1k": REMOVE,
    "demand.3": REMOVE,
    "grid_limits.0.limit_mw": 0.1,
}


def scenario_with(edits: dict[str, Any]) -> Scenario:
    return load_scenario(changed(small_scenario(), edits))


def test_a_feasible_scenario_has_no_conflict(small: Scenario) -> None:
    assert find_conflict(small, time_limit=inf) is None


def test_a_crowded_zone_is_told_with_its_numbers() -> None:
    """Demand, rule, sites, limit and need; and by how much the limit would have to grow."""
    found = find_conflict(scenario_with(CROWDED), time_limit=1e6)
    assert found is not None
    assert found.is_minimal
    assert Requirement("demand", "north | agent") in found.rules
    assert Requirement("slo", "agent | e2e") in found.rules
    assert Requirement("grid", "west-zone") in found.rules
    text = " ".join(found.sentences)
    assert "agent from north must be served" in text
    assert "within 150 ms (e2e, p95)" in text
    assert "hub, sub" in text
    assert "Grid limit west-zone leaves 0.1 MW" in text
    assert "is needed there" in text
    helps = {row.rule: row for row in found.relaxations}
    grid = helps[Requirement("grid", "west-zone")]
    assert grid.unit == "MW"
    assert grid.enough is not None
    assert grid.too_little is not None
    assert 0.1 <= grid.too_little < grid.enough
    solve(eased(must_serve(scenario_with(CROWDED)), {grid.rule: grid.enough}), time_limit=inf)


def test_demand_has_no_part_in_a_conflict_of_other_rules() -> None:
    """A site that must be built where none may be."""
    found = find_conflict(scenario_with({"policy.max_sites": 0, "sites.1.status": "forced"}), time_limit=1e6)
    assert found is not None
    assert found.is_minimal
    assert {rule.family for rule in found.rules} == {"max_sites", "forced"}


def test_demand_that_may_be_left_out_is_never_in_a_conflict(small: Scenario) -> None:
    rules = {rule.subject for rule in requirements_of(must_serve(small)) if rule.family == "demand"}
    assert rules == {"north | chat", "south | chat"}


def test_every_family_can_be_taken_away_and_is_gone_then() -> None:
    """Without its rules a scenario still compiles, and has none of them any more (limits grow beyond all needs)."""
    scenario = scenario_with({"policy.max_sites": 1, "sites.1.status": "forced", "sites.2.uplink_gbps": 0.5})
    for name, family in EASABLE.items():
        rules = [rule for rule in requirements_of(scenario) if rule.family == name]
        bare = eased(scenario, dict.fromkeys(rules))
        if not rules:
            assert bare == scenario
            continue
        assert bare != scenario, name
        left = family.limits(bare)
        assert all(limit is not None for limit in left.values()), name


def test_solve_says_which_rules_conflict(monkeypatch: pytest.MonkeyPatch) -> None:
    """What only the exact model can prove is told in words, too."""
    edits = {"policy.budget_usd": 500_000.0, "sites.0.headroom_mw": 0.05}
    scenario = scenario_with(edits)
    monkeypatch.setattr(import_module("siteopt.solving.problems"), "impossibilities", lambda *_: [])
    with pytest.raises(InfeasibleError) as caught:
        solve(scenario, time_limit=inf, method="milp")
    assert any("must be served" in reason for reason in caught.value.reasons)


def test_without_time_nothing_is_claimed() -> None:
    """An answer that was cut short says that rules may be spared; what it names does conflict."""
    reasons = reasons_of(scenario_with(CROWDED), 1e-9)
    assert reasons


@pytest.mark.parametrize(
    ("edits", "words"),
    [
        ({"policy.max_sites": 0, "sites.0.headroom_mw": 0.05}, "policy.max_sites allows 0 new sites"),
        ({"policy.budget_usd": 1000.0}, "policy.budget_usd allows $1,000"),
        ({"workloads.0.slo.0.ms": 465.0, "policy.max_sites": 0}, "within 465 ms (ttft, p99)"),
        ({"workloads.0.tiers": ["regional"]}, "No site may serve them"),
        ({"sites.0.headroom_mw": 0.05, "policy.max_sites": 0}, "hub has a headroom of 0.05 MW"),
    ],
)
def test_words_of_single_families(edits: dict[str, Any], words: str) -> None:
    found = find_conflict(scenario_with(edits), time_limit=1e6)
    assert found is not None
    assert found.is_minimal
    assert words in " ".join(found.sentences)


def test_once_the_time_is_over_no_further_set_of_rules_is_tried() -> None:
    """The first answer, by arithmetic, takes no time; dividing the rules would take one solve after the other."""
    found = find_conflict(scenario_with({"workloads.0.tiers": ["regional"]}), time_limit=1e-9, relax=False)
    assert found is not None
    assert found.checks == 1
    assert not found.is_minimal
