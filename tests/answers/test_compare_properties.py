"""Modes and turning points against the enumeration of every plan."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from support.reference.optimum.all_rules import TooManyError, optimum, plan_of
from support.strategies.all_rules import full_documents

from siteopt import evaluate, load_scenario
from siteopt.answers.compare import PARAMETERS, compare
from siteopt.answers.compare.modes import with_mode
from siteopt.scenario.checks import check

if TYPE_CHECKING:
    from siteopt import Plan, Scenario

TOLERANCE = 2e-6


def enumerated(scenario: Scenario) -> tuple[float, Plan | None]:
    """The true optimum and a plan that has it."""
    try:
        found = optimum(scenario)
    except TooManyError:
        assume(False)
        raise
    return (inf, None) if found is None else (found[0], plan_of(scenario, found[1]))


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """One hub at least and one micro site at least, so that there is something to choose."""
    document = draw(full_documents(may_have_tails=False))
    document["policy"].pop("mode", None)
    for workload in document["workloads"]:
        workload.pop("protect", None)  # takes its time
    tiers = {site["tier"] for site in document["sites"] if site["status"] != "forbidden"}
    assume(tiers == {"micro", "hyperscale"})
    return document


@settings(max_examples=12)
@given(document=documents())
def test_each_mode_costs_what_the_enumeration_says(document: dict[str, Any]) -> None:
    scenario = load_scenario(document)
    found = compare(scenario, time_limit=1e6, gap=0.0, method="milp")
    for row in found.modes:
        mode = with_mode(scenario, row.mode)
        if check(mode):
            assert row.plan is None
            continue
        usd, _ = enumerated(mode)
        if row.plan is None:
            assert usd == inf
            assert row.reasons
        else:
            slack = TOLERANCE * (sum(map(abs, row.plan.cost_lines.values())) + 1e6)
            assert row.plan.cost_usd == pytest.approx(usd, abs=slack)


@settings(max_examples=8)
@given(document=documents(), name=st.sampled_from(["price", "pue", "demand"]))
def test_a_verdict_turns_inside_its_bracket(document: dict[str, Any], name: str) -> None:
    """The plans at both ends, which serve the workload mainly from different sides, are the best there are."""
    scenario = load_scenario(document)
    assume(any(d.workload == "w0" for d in scenario.demand))
    found = compare(scenario, time_limit=1e6, gap=0.0, method="milp", workload="w0", parameters=(name,))
    assume(found.turns)
    row = found.turns[0]
    assert row.side_then != row.side
    ends = [(row.holds_at, row.holds_usd), (row.turns_at, row.turns_usd)]
    for factor, found_usd in ends:
        if factor is None or found_usd is None:
            assert row.side_then is None
            continue
        usd, plan = enumerated(PARAMETERS[name](scenario, "w0", factor))
        assert plan is not None
        exact = evaluate(PARAMETERS[name](scenario, "w0", factor), plan)
        slack = TOLERANCE * (sum(map(abs, exact.cost_lines.values())) + 1e6)
        assert found_usd == pytest.approx(usd, abs=slack)
