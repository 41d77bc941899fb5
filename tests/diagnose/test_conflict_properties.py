"""Conflicts against the enumeration of every plan: no plan with all of their rules, one without any single of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from support.reference.optimum.all_rules import TooManyError, optimum
from support.strategies.all_rules import full_documents

from siteopt import InfeasibleError, NoPlanError, load_scenario, solve
from siteopt.diagnose.conflict import eased, find_conflict, keeping, must_serve

if TYPE_CHECKING:
    from siteopt import Scenario


def has_plan(scenario: Scenario) -> bool:
    """By enumeration."""
    try:
        return optimum(scenario) is not None
    except TooManyError:
        assume(False)
        raise


@st.composite
def impossible_documents(draw: st.DrawFn) -> dict[str, Any]:
    """Everything must be served, and something is far too tight."""
    document = draw(full_documents(may_have_tails=False))
    for workload in document["workloads"]:
        workload.pop("unserved_usd_per_1k", None)
    kind = draw(st.sampled_from(["headroom", "budget", "sites", "slo", "grid"]))
    if kind == "headroom":
        for site in document["sites"]:
            site["headroom_mw"] *= 0.31
    elif kind == "budget":
        document["policy"]["budget_usd"] = 150_123.0
    elif kind == "sites":
        document["policy"]["max_sites"] = 0
    elif kind == "slo":
        document["workloads"][0]["tiers"] = ["micro"]
        document["network"]["latency"]["access_ms"] = 40.0
    else:
        jurisdiction = document["sites"][0]["jurisdiction"]
        document["grid_limits"].append({"id": "tight", "limit_mw": 0.0213, "jurisdiction": jurisdiction})
    return document


@settings(max_examples=40)
@given(document=impossible_documents())
def test_conflicts_are_minimal(document: dict[str, Any]) -> None:
    """All rules of a conflict admit no plan; without any one of them there is one."""
    scenario = load_scenario(document)
    assume(not has_plan(scenario))
    found = find_conflict(scenario, time_limit=1e6, relax=False)
    assert found is not None, "a plan for what has none"
    assume(found.rules)
    bare, rules = must_serve(scenario), set(found.rules)
    assert not has_plan(keeping(bare, rules))
    assert found.is_minimal
    for rule in found.rules:
        assert has_plan(keeping(bare, rules - {rule})), rule
    assert found.sentences


@settings(max_examples=25)
@given(document=impossible_documents())
def test_the_least_easing_admits_a_plan_and_a_little_less_does_not(document: dict[str, Any]) -> None:
    scenario = load_scenario(document)
    assume(not has_plan(scenario))
    found = find_conflict(scenario, time_limit=1e6)
    assert found is not None
    bare = must_serve(scenario)
    for help_ in found.relaxations:
        assert has_plan(eased(bare, {help_.rule: help_.enough}))
        if help_.is_proven and help_.too_little is not None:
            assert not has_plan(eased(bare, {help_.rule: help_.too_little}))


@settings(max_examples=30)
@given(document=full_documents(may_have_tails=False))
def test_no_conflict_is_found_where_there_is_a_plan(document: dict[str, Any]) -> None:
    scenario = load_scenario(document)
    found = find_conflict(scenario, time_limit=1e6, relax=False)
    assert (found is None or not found.rules) or not has_plan(scenario)
    if found is not None and found.rules:
        with pytest.raises((InfeasibleError, NoPlanError)):
            solve(scenario, method="search", iteration_limit=20)
