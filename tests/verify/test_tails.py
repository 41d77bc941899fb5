"""The verifier on plans that wait and run models: one worked out by hand, and every way of spoiling another."""

from __future__ import annotations

from math import exp, inf, log
from typing import TYPE_CHECKING, Any

import pytest
from support.documents.edits import REMOVE, changed
from support.documents.llm_document import llm_document
from support.documents.llm_document_plan import decisions, pool
from support.documents.plans import plan_of
from support.documents.small_scenario import small_scenario
from support.documents.small_scenario_plan import hand_plan
from support.reference.plan_figures import priced

import siteopt
from siteopt.plan.file import load_plan
from siteopt.scenario import load_scenario
from siteopt.verify import Violation, verify

if TYPE_CHECKING:
    from siteopt.plan import Plan

# The pools of chat hold 2 replicas of one slot each at 1.2 erlang: Pw = 2 x 0.36 / 1.6 = 0.45, 0.008 per ms. The wait
# is ln(45) / 0.008 = 475.83 ms at p99, ln(9) / 0.008 = 274.65 ms at p95, and nothing at p50. The farthest flow, 11 ms
# away with 460.52 ms of service, needs 947.35 ms.
WAITS = {"p95": log(9.0) / 0.008, "p99": log(45.0) / 0.008}


def hand_tails() -> dict[str, Any]:
    edits = {
        f"flows.{i}.latency_ms.{p}": hand_plan()["flows"][i]["latency_ms"][p] + wait
        for i in range(3)
        for p, wait in WAITS.items()
    }
    return changed(hand_plan(), edits | {f"flows.{i}.slo_ms": 947.4 for i in range(3)})


def chat(**edits: Any) -> dict[str, Any]:
    tail = {"workloads.0.sizing": "tail", "workloads.0.slo.0.ms": 947.4}
    return changed(small_scenario(), tail | {f"workloads.0.{key}": value for key, value in edits.items()})


def test_a_tail_worked_out_by_hand_holds() -> None:
    assert verify(load_scenario(chat()), plan_of(hand_tails())) == []


def test_a_tail_just_missed_is_found() -> None:
    """At 947.3 ms the farthest flow may wait 475.78 ms; 0.45 exp(-0.008 x 475.78) = 0.010004 of its calls do longer."""
    tight = load_scenario(chat(slo=[{"metric": "ttft", "ms": 947.3, "percentile": 0.99}]))
    found = verify(tight, plan_of(changed(hand_tails(), {f"flows.{i}.slo_ms": 947.3 for i in range(3)})))
    assert [(v.rule, v.subject) for v in found] == [("tail", "hub/chat")]
    assert found[0].excess == pytest.approx(0.45 * exp(-0.008 * (947.3 - 11.0 - 100.0 * log(100.0))) - 0.01)
    assert "1 of 2 flows" in found[0].message
    assert "from south" in found[0].message


def test_bursts_count_for_tails_and_for_nothing_else() -> None:
    """1.5 erlang in the burst: Pw = 2 x 0.5625 / 1.75, 0.005 per ms."""
    scenario = load_scenario(chat(burst_factor=1.25))
    wait_ms = log(1.125 / 1.75 / 0.01) / 0.005
    plan = priced(scenario, plan_of(hand_tails()))
    assert {v.rule for v in verify(scenario, plan)} == {"tail"}
    assert plan.flows[2].latency_ms is not None
    assert plan.flows[2].latency_ms.p99 == pytest.approx(11.0 + 100.0 * log(100.0) + wait_ms)


def as_document(plan: Plan) -> dict[str, Any]:
    rows = plan.to_dict()
    tables = ("sites", "pools", "flows", "unserved", "grid")
    return rows | {table: list(rows[table]) for table in tables}


def test_the_product_agrees_on_every_figure() -> None:
    """Rates, power, prices, times and waits of models: one program, two derivations."""
    scenario = load_scenario(llm_document())
    plan = siteopt.evaluate(scenario, load_plan(decisions()))
    assert verify(scenario, plan) == []
    assert verify(scenario, priced(scenario, plan)) == []
    waited = plan.flows[3].latency_ms
    assert waited is not None
    assert waited.p99 - waited.p50 > 50.0


@pytest.mark.parametrize("method", ["search", "milp"])
def test_a_solved_plan_with_models_verifies(method: Any) -> None:
    scenario = load_scenario(llm_document())
    plan = siteopt.solve(scenario, method=method, gap=0.001, iteration_limit=2000)
    assert verify(scenario, plan) == []
    assert {row.precision for row in plan.pools if row.workload == "chat"} == {"fp8"}


def test_time_per_token_knows_no_distance_and_no_wait() -> None:
    """It was reported with the round trip added, by which a plan within its SLO seemed to miss it."""
    document = llm_document()
    document["workloads"][0]["slo"].reverse()
    scenario = load_scenario(document)
    plan = siteopt.evaluate(scenario, load_plan(decisions()))
    assert verify(scenario, plan) == []
    assert plan.flows[0].latency_ms == plan.flows[2].latency_ms


def test_an_overloaded_pool_has_no_percentiles() -> None:
    """Infinite ones could not be written as JSON; the evaluation of a hand-made plan ended in an internal error."""
    scenario = load_scenario(llm_document())
    for edits in ({"pools.2.replicas": 1}, {"pools.2": REMOVE}):
        plan = siteopt.evaluate(scenario, load_plan(changed(decisions(), edits)))
        assert plan.flows[1].latency_ms is None
        assert "null" in plan.to_json()
    made_up = changed(as_document(plan), {"pools.+": pool("main-taunus", "chat", "L40S", 1, "fp8", 1, 22)})
    times = {"p50": 1929.0, "p95": 1929.0, "p99": 1929.0}
    found = verify(scenario, plan_of(changed(made_up, {"flows.1.latency_ms": times})))
    assert {"tail", "capacity", "latency_ms"} <= {violation.rule for violation in found}


# Decisions that break a rule, with every figure of the plan made true: plan edits, scenario edits, rules.
DECISIONS: list[tuple[str, dict[str, Any], dict[str, Any], set[str]]] = [
    ("one replica short of the tail", {"pools.1.replicas": 4}, {}, {"tail"}),
    ("one replica short elsewhere", {"pools.3.replicas": 3}, {}, {"tail"}),
    ("a burst too large for the waits of a model", {}, {"workloads.0.burst_factor": 1.45}, {"tail"}),
    ("more load than the tail carries", {}, {"demand.3.peak_rps": 80.0}, {"tail"}),
    ("too slow without waiting", {}, {"workloads.1.slo.0.ms": 78.0}, {"slo"}),
    ("fewer slots", {}, {"workloads.1.service.slots": 1}, {"tail"}),
    ("balanced with losses", {}, {"policy.dispatch_efficiency": 0.8}, {"tail"}),
    ("above the cap, waits in order", {}, {"policy.utilisation_cap": 0.65}, {"utilisation_cap"}),
    ("overloaded", {"pools.2.replicas": 1}, {}, {"tail", "utilisation_cap", "capacity"}),
    ("precision ruled out", {}, {"workloads.0.precisions": ["bf16"]}, {"deployment"}),
    ("precision without hardware", {"pools.0.precision": "fp4"}, {}, {"deployment"}),
    ("precision that does not exist", {"pools.0.precision": "int3"}, {}, {"deployment"}),
    ("no precision", {"pools.0.precision": None}, {}, {"deployment"}),
    (
        "weights that leave the batch no memory",
        {},
        {"models": [{"params_b": 40.0, "active_params_b": 40.0}]},
        {"deployment", "slo", "tail", "capacity", "utilisation_cap"},
    ),
    ("batch too large for the memory", {"pools.0.batch": 44}, {}, {"deployment"}),
    ("batch too large for the engine", {"pools.0.batch": 513}, {}, {"deployment", "slo"}),
    ("no batch", {"pools.0.batch": None}, {}, {"deployment"}),
    ("half a batch", {"pools.0.batch": 21.5}, {}, {"deployment"}),
    ("empty batch", {"pools.0.batch": 0}, {}, {"deployment"}),
    ("three share a layer", {"pools.0.tensor_parallel": 3}, {}, {"deployment"}),
    ("sixteen share a layer", {"pools.0.tensor_parallel": 16}, {}, {"deployment"}),
    (
        "heads that cannot be split",
        {"pools.0.tensor_parallel": 2},
        {"models": [{"heads": 31}]},
        {"deployment"},
    ),
    ("no degree", {"pools.0.tensor_parallel": None}, {}, {"deployment"}),
    ("smaller memory", {}, {"accelerators": [{"id": "L40S", "memory_gb": 45.0}]}, {"deployment"}),
    ("shorter context", {}, {"models": [{"max_context": 24_000}]}, {"deployment"}),
    ("tokens too slow", {}, {"workloads.0.slo.2.ms": 263.0}, {"deployment", "slo"}),
    ("no room left for network and queue", {}, {"workloads.0.network_share": 0.41}, {"deployment"}),
    ("batch of a stated replica", {"pools.1.batch": 2}, {}, {"deployment"}),
    ("precision of a stated replica", {"pools.3.precision": "fp8"}, {}, {"deployment"}),
    (
        "two accelerators at one site",
        {"pools.+": pool("hamburg-ost", "chat", "L40S", 1, "fp8", 1, 22)},
        {},
        {"accelerator"},
    ),
    ("not of this workload", {"pools.1.accelerator": "L40S"}, {}, {"accelerator", "linking"}),
    (
        "stated where a model runs",
        {"pools.+": pool("zurich-hub", "chat", "replica", 1, "fp8", 1, 2)},
        {},
        {"accelerator", "linking"},
    ),  # fmt: skip
    ("taken off the list", {}, {"workloads.0.accelerators": ["H100_SXM"]}, {"unknown_id"}),
    ("flow on the other accelerator", {"flows.0.accelerator": "L40S"}, {}, {"linking"}),
]


def check(plan_edits: dict[str, Any], scenario_edits: dict[str, Any]) -> list[Violation]:
    model = {"id": llm_document()["workloads"][0]["model"]}
    full = {key: [model | value[0]] if key == "models" else value for key, value in scenario_edits.items()}
    scenario = load_scenario(changed(llm_document(), full))
    good = siteopt.evaluate(load_scenario(llm_document()), load_plan(decisions()))
    return verify(scenario, priced(scenario, plan_of(changed(as_document(good), plan_edits))))


@pytest.mark.parametrize(
    ("plan_edits", "scenario_edits", "rules"), [c[1:] for c in DECISIONS], ids=[c[0] for c in DECISIONS]
)
def test_a_forbidden_decision_is_found(
    plan_edits: dict[str, Any], scenario_edits: dict[str, Any], rules: set[str]
) -> None:
    found = check(plan_edits, scenario_edits)
    assert {violation.rule for violation in found} == rules
    assert all(any(letter.isdigit() for letter in violation.message) for violation in found)
    assert all(violation.excess > 0.0 for violation in found)


@pytest.mark.parametrize(
    "edits",
    [
        {"pools.0.batch": 20},
        {"pools.0.tensor_parallel": 2},
        {"pools.0.tensor_parallel": 2, "pools.0.precision": "bf16", "pools.0.batch": 40},
    ],
)
def test_another_deployment_than_the_cheapest_holds(edits: dict[str, Any]) -> None:
    assert check(edits, {}) == []


# What is reported wrongly: plan edits -> the rules that must object.
FIGURES: list[tuple[str, dict[str, Any], set[str]]] = [
    ("wait left out", {"flows.3.latency_ms.p99": 88.25893966508}, {"latency_ms"}),
    ("wait counted for one call of two", {"flows.3.latency_ms.p99": 93.24775418760}, {"latency_ms"}),
    ("one call of the batch left out", {"pools.0.batch": 42}, {"load_erlang", "utilisation", "latency_ms"}),
    ("an accelerator left out", {"pools.2.tensor_parallel": 2}, {"it_mw", "capex_usd", "cost_lines"}),
    ("load in slots", {"pools.1.load_erlang": 4.8}, {"load_erlang"}),
    ("words for a batch", {"pools.0.batch": "43"}, {"number"}),
    ("endless batch", {"pools.0.batch": inf}, {"number"}),
]


@pytest.mark.parametrize(("edits", "rules"), [c[1:] for c in FIGURES], ids=[c[0] for c in FIGURES])
def test_a_false_figure_is_found(edits: dict[str, Any], rules: set[str]) -> None:
    scenario = load_scenario(llm_document())
    good = siteopt.evaluate(scenario, load_plan(decisions()))
    found = verify(scenario, plan_of(changed(as_document(good), edits)))
    assert rules <= {violation.rule for violation in found}
