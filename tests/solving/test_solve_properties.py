"""Solving against the enumeration of every plan, and against itself on changed scenarios."""

from __future__ import annotations

from dataclasses import replace
from math import inf
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from support.documents.relabelling import relabelled, renamed_plan
from support.reference.optimum.basic_rules import optimum
from support.strategies.basic_rules import scenario_documents

from siteopt import (
    InfeasibleError,
    NoPlanError,
    Plan,
    Scenario,
    evaluate,
    load_plan,
    load_scenario,
    solve,
    verify,
)
from siteopt._core.dual.lagrangian import SitePricer
from siteopt.bounds.lagrangian import LagrangianAscent
from siteopt.compile import compile_instance
from siteopt.scenario import dump_scenario

#: Of the sum of the positive cost lines; the solver works to 1e-6 of a million USD.
TOLERANCE = 1e-6


def gross_usd(plan: Plan) -> float:
    """What costs are compared by: net cost may be near zero."""
    return sum(abs(usd) for usd in plan.cost_lines.values()) + 1e6


def least_usd(scenario: Scenario) -> float:
    """Cost of the best plan by the exact model to gap 0; ``inf`` where there is none."""
    try:
        return solve(scenario, time_limit=inf, gap=0.0, method="milp").cost_usd
    except InfeasibleError:
        return inf


@st.composite
def tight_documents(draw: st.DrawFn) -> dict[str, Any]:
    """Everything must be served from less power and money: about half of these have no plan."""
    document = draw(scenario_documents())
    for workload in document["workloads"]:
        workload.pop("unserved_usd_per_1k", None)
    for site in document["sites"]:
        site["headroom_mw"] *= draw(st.sampled_from([1.0, 0.7, 0.3]))
    if "budget_usd" in document["policy"]:
        document["policy"]["budget_usd"] *= draw(st.sampled_from([3.0, 1.0, 0.6]))
    return document


@pytest.mark.parametrize("method", ["search", "milp", "auto"])
@settings(max_examples=30)
@given(document=scenario_documents())
def test_bound_optimum_and_plan_stand_in_order(method: Any, document: dict[str, Any]) -> None:
    """Every method's plan verifies and is no better than the optimum, nor its bound above it."""
    scenario = load_scenario(document)
    best = optimum(scenario)
    try:
        plan = solve(scenario, time_limit=inf, gap=0.0, method=method, iteration_limit=60)
    except InfeasibleError:
        assert best is None
        return
    except NoPlanError:
        assert method == "search", "the exact model finds a plan or proves that there is none"
        return
    assert best is not None, "a plan for what has none"
    assert plan.verified
    assert verify(scenario, plan) == []
    slack = TOLERANCE * gross_usd(plan)
    assert plan.cost_usd >= best[0] - slack
    assert plan.bound_usd is None or plan.bound_usd <= best[0] + slack
    if method != "search":
        assert plan.cost_usd <= best[0] + slack
        assert plan.bound_usd == pytest.approx(best[0], abs=slack)


@settings(max_examples=60)
@given(document=tight_documents())
def test_infeasible_is_said_exactly_where_there_is_no_plan(document: dict[str, Any]) -> None:
    scenario = load_scenario(document)
    best = optimum(scenario)
    assert least_usd(scenario) == pytest.approx(
        inf if best is None else best[0], abs=0.0 if best is None else TOLERANCE * gross_usd(best[1])
    )


@settings(max_examples=100)
@given(document=scenario_documents(), data=st.data())
def test_lagrangian_bound_holds_at_any_prices(document: dict[str, Any], data: st.DataObject) -> None:
    """Weak duality: no prices, however foolish, give a bound above the optimum."""
    scenario = load_scenario(document)
    best = optimum(scenario)
    assume(best is not None)
    assert best is not None
    instance = compile_instance(scenario)
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    size = abs(best[0]) / max(1, len(instance.demands.region)) + 1e5
    demand = np.minimum(
        rng.normal(1.0, 1.0, len(instance.demands.region)) * size, instance.demands.unserved_usd
    )
    limit = rng.exponential(1e6, len(instance.grid.id)) * rng.integers(0, 2)
    capital = float(rng.exponential(0.3)) if np.isfinite(instance.budget_usd) else 0.0
    value = SitePricer(instance).price(demand, limit, capital) + demand.sum() - limit @ instance.grid.limit_mw
    if capital:
        value -= capital * instance.budget_usd
    slack = TOLERANCE * gross_usd(best[1])
    assert value <= best[0] + slack
    ascent = LagrangianAscent(instance)
    ascent.run(60, best[0] * data.draw(st.sampled_from([0.5, 1.0, 3.0])))
    assert ascent.bound_usd <= best[0] + slack


@settings(max_examples=20)
@given(document=scenario_documents(), data=st.data())
def test_more_never_costs_more(document: dict[str, Any], data: st.DataObject) -> None:
    """One more site, more headroom, budget, modules, grid or places: the optimum does not rise."""
    before = least_usd(load_scenario(document))
    what = data.draw(st.sampled_from(["site", "headroom", "budget", "count", "grid", "modules"]))
    site = data.draw(st.integers(0, len(document["sites"]) - 1))
    if what == "site":
        extra = dict(document["sites"][site], id="extra", status="candidate", lat=50.5, lon=10.5)
        extra.pop("existing", None)
        document["sites"].append(extra)
    elif what == "headroom":
        document["sites"][site]["headroom_mw"] *= 3.0
    elif what == "grid":
        for limit in document["grid_limits"]:
            limit["limit_mw"] += 0.3
    elif what == "modules":
        document["designs"][0]["max_modules"] += 2
    elif what == "budget":
        document["policy"]["budget_usd"] = document["policy"].pop("budget_usd", 1e12) * 1.5
    else:
        document["policy"]["max_sites"] = document["policy"].get("max_sites", len(document["sites"])) + 1
    after = least_usd(load_scenario(document))
    assert after <= before + 10.0, what


@settings(max_examples=20)
@given(document=scenario_documents(), seed=st.integers(0, 2**32))
def test_relabelling_changes_nothing(document: dict[str, Any], seed: int) -> None:
    """Other names in another order: the same optimum, and the same plan has the same cost."""
    names, other = relabelled(document, seed)
    scenario, twin = load_scenario(document), load_scenario(other)
    try:
        plan = solve(scenario, time_limit=inf, gap=0.0, method="milp")
    except InfeasibleError:
        assert least_usd(twin) == inf
        return
    assert least_usd(twin) == pytest.approx(plan.cost_usd, abs=TOLERANCE * gross_usd(plan))
    moved = evaluate(twin, renamed_plan(plan, names))
    assert verify(twin, moved) == []
    assert moved.cost_usd == pytest.approx(plan.cost_usd, abs=1e-9 * gross_usd(plan))


@settings(max_examples=40)
@given(document=scenario_documents())
def test_scenario_and_plan_survive_json(document: dict[str, Any]) -> None:
    scenario = load_scenario(document)
    assert load_scenario(dump_scenario(scenario)) == scenario
    try:
        plan = solve(scenario, time_limit=inf, method="search", iteration_limit=2)
    except (InfeasibleError, NoPlanError):
        return
    assert load_plan(plan.to_dict()) == plan


@pytest.mark.parametrize("method", ["search", "milp", "auto"])
@settings(max_examples=15)
@given(document=scenario_documents(), seed=st.integers(0, 2**31 - 1))
def test_same_seed_same_plan(method: Any, document: dict[str, Any], seed: int) -> None:
    """Under limits of iterations and tree nodes nothing depends on the clock."""
    scenario = load_scenario(document)

    def answer() -> Plan | type[Exception]:
        try:
            plan = solve(
                scenario, time_limit=inf, gap=0.0, seed=seed, method=method, iteration_limit=9, node_limit=3
            )
        except (InfeasibleError, NoPlanError) as error:
            return type(error)
        return replace(plan, seconds=0.0, verification_seconds=0.0)

    assert answer() == answer()
