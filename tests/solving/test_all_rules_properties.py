"""The whole model against the enumeration of every plan, with every family of rules at work at once."""

from __future__ import annotations

from copy import deepcopy
from math import inf
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from support.reference.optimum.all_rules import Decisions, TooManyError, optimum, plan_of
from support.reference.optimum.survival import fatal_failures
from support.strategies.all_rules import full_documents

from siteopt import InfeasibleError, NoPlanError, Plan, Scenario, evaluate, load_scenario, solve, verify
from siteopt.compile import compile_instance
from siteopt.highs.driver import Limits
from siteopt.milp.objective import USD_PER_UNIT
from siteopt.milp.solve import ExactModel

#: Of what plans of this size cost; the solver works to 1e-6 of a million USD.
TOLERANCE = 1e-6


class Silent:
    """Listener that lets the solver do as it likes."""

    def found(self, *_decisions: Any) -> None:
        """Nothing better to offer."""

    def proved(self, _bound_usd: float) -> None:
        """Noted by the answer itself."""

    def should_stop(self) -> bool:
        return False


def enumerated(document: dict[str, Any]) -> tuple[Scenario, float, Decisions | None]:
    """The scenario and its true optimum; ``inf`` and None where there is none."""
    scenario = load_scenario(document)
    try:
        found = optimum(scenario)
    except TooManyError:
        assume(False)
        raise
    return (scenario, inf, None) if found is None else (scenario, *found)


def slack_usd(*plans: Plan | None) -> float:
    """What costs may differ by; net cost may be near zero, so all lines count."""
    lines = [usd for plan in plans if plan is not None for usd in plan.cost_lines.values()]
    return TOLERANCE * (sum(map(abs, lines)) + 1e6)


def priced(scenario: Scenario, decisions: Decisions | None) -> Plan | None:
    """The enumeration's plan with the evaluator's figures."""
    return None if decisions is None else evaluate(scenario, plan_of(scenario, decisions))


def has_tails(scenario: Scenario) -> bool:
    return any(workload.sizing == "tail" for workload in scenario.workloads)


@st.composite
def tight_documents(draw: st.DrawFn) -> dict[str, Any]:
    """Everything must be served from less power, money and traffic: about half of these have no plan."""
    document = draw(full_documents())
    for workload in document["workloads"]:
        workload.pop("unserved_usd_per_1k", None)
    for site in document["sites"]:
        site["headroom_mw"] *= draw(st.sampled_from([1.0, 1.0, 0.53]))
        if "uplink_gbps" in site:
            site["uplink_gbps"] *= draw(st.sampled_from([1.0, 0.53]))
    return document


@pytest.mark.slow
@settings(max_examples=150)
@given(document=full_documents())
def test_the_oracle_protects_what_it_should_and_no_more(document: dict[str, Any]) -> None:
    """Its plans survive every failure, tried one by one; where the best unprotected plan does, protection is free."""
    scenario, usd, decisions = enumerated(document)
    assume(any(workload.protect for workload in scenario.workloads))
    bare = deepcopy(document)
    for workload in bare["workloads"]:
        workload.pop("protect", None)
    bare_scenario, bare_usd, bare_decisions = enumerated(bare)
    assume(bare_decisions is not None)
    assert bare_decisions is not None
    slack = TOLERANCE * (abs(bare_usd) + 1e6)
    assert usd >= bare_usd - slack
    if decisions is not None:
        assert fatal_failures(scenario, plan_of(scenario, decisions)) == []
    if usd > bare_usd + slack:
        assert fatal_failures(scenario, plan_of(bare_scenario, bare_decisions)) != []


@settings(max_examples=100)
@given(document=full_documents())
def test_evaluator_and_verifier_agree_with_the_oracle(document: dict[str, Any]) -> None:
    """The best plan costs what the enumeration says, and meets every rule."""
    scenario, usd, decisions = enumerated(document)
    plan = priced(scenario, decisions)
    assume(plan is not None)
    assert plan is not None
    assert plan.cost_usd == pytest.approx(usd, abs=slack_usd(plan))
    assert plan.cost_usd == pytest.approx(sum(plan.cost_lines.values()), abs=1e-3)
    assert verify(scenario, plan) == []


@settings(max_examples=60)
@given(document=full_documents(), segments=st.sampled_from([1, 2, 13]))
def test_the_enumeration_lies_between_outer_and_inner(document: dict[str, Any], segments: int) -> None:
    """And all three are one where nothing is sized by its tail."""
    scenario, usd, decisions = enumerated(document)
    instance, slack = compile_instance(scenario), slack_usd(priced(scenario, decisions))
    outer, inner = (
        ExactModel(instance, bracket, segments).solve(Limits(gap=0.0), Silent(), None).objective
        * USD_PER_UNIT
        for bracket in ("outer", "inner")
    )
    assert outer <= usd + slack
    assert usd <= inner + slack
    if not has_tails(scenario):
        assert outer == pytest.approx(usd, abs=slack)
        assert inner == pytest.approx(usd, abs=slack)


@pytest.mark.parametrize("method", ["search", "milp", "auto"])
@settings(max_examples=40)
@given(document=full_documents())
def test_bound_optimum_and_plan_stand_in_order(method: Any, document: dict[str, Any]) -> None:
    """Every method's plan verifies and survives; it is no better than the optimum, nor its bound above it."""
    scenario, usd, decisions = enumerated(document)
    try:
        plan = solve(scenario, time_limit=inf, gap=0.0, method=method, iteration_limit=60)
    except InfeasibleError:
        assert decisions is None
        return
    except NoPlanError:
        assert method == "search" or has_tails(scenario), (
            "the exact model finds a plan or proves there is none"
        )
        return
    assert decisions is not None, "a plan for what has none"
    assert plan.verified
    assert verify(scenario, plan) == []
    assert fatal_failures(scenario, plan) == []
    slack = slack_usd(plan, priced(scenario, decisions))
    assert plan.cost_usd >= usd - slack
    assert plan.bound_usd is None or plan.bound_usd <= usd + slack
    if method != "search" and not has_tails(scenario):
        assert plan.cost_usd <= usd + slack
        assert plan.bound_usd == pytest.approx(usd, abs=slack)


@pytest.mark.slow
@settings(max_examples=30)
@given(document=tight_documents())
def test_infeasible_is_said_exactly_where_there_is_no_plan(document: dict[str, Any]) -> None:
    scenario, _, decisions = enumerated(document)
    try:
        plan = solve(scenario, time_limit=inf, gap=0.0, method="milp")
    except InfeasibleError:
        assert decisions is None
        return
    except NoPlanError:
        assert has_tails(scenario)
        return
    assert decisions is not None
    assert plan.verified
