"""Central, edge and hybrid side by side: figures, verdicts, and where these turn."""

from __future__ import annotations

import json
from math import inf
from typing import Any

import pytest
from support.documents.edits import REMOVE, changed
from support.documents.small_scenario import small_scenario

from siteopt import Scenario, ScenarioError, load_scenario, solve
from siteopt.answers.compare import PARAMETERS, Comparison, compare
from siteopt.answers.compare.modes import carbon_t, with_mode
from siteopt.answers.compare.sides import main_side, shares_by_side
from siteopt.answers.compare.verdict import verdicts_of
from siteopt.units import present_value_of_one_per_year

#: The agent must be served, and pays well to be near.
SERVED: dict[str, Any] = {"workloads.1.unserved_usd_per_1k": REMOVE, "demand.3": REMOVE}


def compared(edits: dict[str, Any] | None = None, **more: Any) -> Comparison:
    return compare(load_scenario(changed(small_scenario(), edits or {})), time_limit=1e6, gap=0.0, **more)


@pytest.fixture(scope="module")
def usual() -> Comparison:
    return compared()


def test_each_mode_costs_what_its_own_solve_costs(small: Scenario, usual: Comparison) -> None:
    assert [mode.mode for mode in usual.modes] == ["central", "edge", "hybrid"]
    for row in usual.modes:
        alone = solve(with_mode(small, row.mode), time_limit=inf, gap=0.0)
        assert row.plan is not None
        assert row.plan.cost_usd == pytest.approx(alone.cost_usd, rel=1e-9)
        assert row.replicas == sum(pool.replicas for pool in row.plan.pools)
        assert row.capex_usd == pytest.approx(sum(site.capex_usd for site in row.plan.sites))
        assert row.it_mw == pytest.approx(sum(site.it_mw for site in row.plan.sites))
        for flow in row.plan.flows:
            assert flow.latency_ms is not None
            assert flow.latency_ms.p99 <= row.p99_ms[flow.workload]


def test_an_interrupt_ends_the_whole_comparison_with_what_there_is(small: Scenario) -> None:
    """It ended the running mode alone, and the next one began."""
    said: list[str] = []
    found = compare(small, time_limit=1e6, gap=0.0, say=said.append, stop=lambda: "edge" in said)
    assert said == ["central", "edge"]
    assert found.is_interrupted
    central, _, hybrid = found.modes
    assert central.plan is not None
    assert central.plan.limit is None
    assert hybrid.plan is None
    assert hybrid.reasons == ("the comparison was interrupted before",)


def test_hybrid_is_never_dearer_where_all_is_served(usual: Comparison) -> None:
    costs = {row.mode: row.plan.cost_usd for row in usual.modes if row.plan is not None and not row.left_out}
    assert costs["hybrid"] <= min(costs.values()) + 1.0


def test_carbon_in_tonnes_is_the_carbon_line_without_price_and_discount(small: Scenario) -> None:
    """1.44 USD now for 1 USD a year over two years; 50 USD per tonne."""
    plan = solve(small, time_limit=inf, gap=0.0)
    value = present_value_of_one_per_year(small.horizon.years, small.horizon.discount_rate)
    yearly_usd = plan.cost_lines["carbon"] / value
    assert carbon_t(small, plan) == pytest.approx(yearly_usd / 50.0 * small.horizon.years)


def test_what_a_mode_leaves_out_is_named() -> None:
    """The agent may be served in micro sites only; central leaves it out, and says so."""
    found = compared(SERVED | {"workloads.1.tiers": ["micro"]})
    central = found.modes[0]
    assert central.left_out == ("agent",)
    assert central.unserved["agent"] == pytest.approx(1.0)
    assert found.modes[2].unserved == {}
    verdict = next(v for v in found.verdicts if v.workload == "agent")
    assert verdict.word == "edge"
    assert "admit no central site" in verdict.reason


def test_a_mode_without_a_plan_says_why() -> None:
    found = compared({"sites.0.headroom_mw": 0.05})
    assert found.modes[0].plan is None
    assert "chat must be served" in " ".join(found.modes[0].reasons)
    assert found.modes[2].plan is not None
    json.dumps(found.to_dict(), allow_nan=False)


def test_a_scenario_without_any_plan_has_no_verdict() -> None:
    found = compared({"sites.0.headroom_mw": 0.05, "policy.max_sites": 0})
    assert [mode.plan for mode in found.modes] == [None, None, None]
    assert found.verdicts == ()


def test_verdicts_give_a_reason_with_numbers(usual: Comparison) -> None:
    """The standing hub is cheaper for chat than any new site: 1,000 requests, both costs, the largest part."""
    chat = next(v for v in usual.verdicts if v.workload == "chat")
    assert chat.word == "central"
    assert chat.usd_per_1k["central"] < chat.usd_per_1k["edge"]
    assert chat.reason.startswith("central: 1,000 requests cost $")
    assert "facilities" in chat.reason
    agent = next(v for v in usual.verdicts if v.workload == "agent")
    assert agent.word == "unserved"


def test_the_formula_of_a_price_is_where_its_own_costs_meet() -> None:
    """Put the break-even price into the scenario, and both unit costs are the same."""
    scenario = load_scenario(
        changed(small_scenario(), {"designs.1.fixed_usd": 0.0, "designs.1.usd_per_module": 2500.0})
    )
    plan = solve(scenario, time_limit=inf, gap=0.0)
    rows = [
        (verdict, row)
        for verdict in verdicts_of(scenario, plan)
        for row in verdict.breakevens
        if row.parameter == "price at edge sites"
    ]
    assert rows
    for verdict, row in rows:
        factor = row.turns_at / row.now
        moved = PARAMETERS["price"](scenario, verdict.workload, factor)
        there = next(v for v in verdicts_of(moved, plan) if v.workload == verdict.workload)
        assert there.usd_per_1k["edge"] == pytest.approx(there.usd_per_1k["central"], rel=0.05)


@pytest.mark.parametrize("time_limit", [1e6, None])
def test_a_turn_is_a_bracket_whose_ends_differ(time_limit: float | None) -> None:
    """Free land and connections: once power at the micro sites is cheap enough, chat goes there."""
    edits = {
        "designs.1.fixed_usd": 0.0,
        "designs.1.staff_usd_per_year": 0.0,
        "designs.1.usd_per_module": 1000.0,
        "sites.0.price_usd_per_mwh": 200.0,
        "sites.1.land_usd": 0.0,
        "sites.1.connection_usd": 0.0,
        "sites.1.price_usd_per_mwh": 250.0,
        "sites.2.price_usd_per_mwh": 500.0,
        "sites.1.egress_usd_per_gb": 0.02,
    }
    scenario = load_scenario(changed(small_scenario(), edits))
    found = compare(scenario, time_limit=time_limit, gap=0.0, workload="chat", parameters=("price",))
    row = found.turns[0]
    assert row.side == "central"
    assert row.turns_at is not None
    assert row.turns_at < row.holds_at <= 1.0
    assert row.holds_at - row.turns_at <= 0.02 * row.holds_at + 1e-9
    for factor, side in ((row.holds_at, row.side), (row.turns_at, row.side_then)):
        plan = solve(PARAMETERS["price"](scenario, "chat", factor), time_limit=inf, gap=0.0)
        assert main_side(shares_by_side(scenario, plan, "chat")) == side


def test_an_unknown_workload_is_refused() -> None:
    with pytest.raises(ScenarioError, match="no demand for a workload 'chatt'"):
        compared(workload="chatt")


@pytest.mark.parametrize("name", PARAMETERS)
def test_a_factor_of_one_changes_nothing(name: str, germany: Scenario) -> None:
    assert PARAMETERS[name](germany, "chat", 1.0) == germany
    assert PARAMETERS[name](germany, "chat", 1.5) != germany
