"""The verifier against a plan that was priced by hand, and against every way of spoiling it."""

from __future__ import annotations

from math import inf, nan
from typing import Any

import pytest
from support.documents.edits import REMOVE, changed
from support.documents.plans import plan_of
from support.documents.small_scenario import small_scenario
from support.documents.small_scenario_plan import COST_USD, GROSS_USD, LINES, flow, hand_plan, opened, pool
from support.reference.optimum.basic_rules import optimum
from support.reference.plan_figures import priced

from siteopt.scenario import load_scenario
from siteopt.verify import Violation, verify


def check(plan: dict[str, Any], scenario: dict[str, Any], *, reprice: bool) -> list[Violation]:
    loaded, candidate = load_scenario(scenario), plan_of(plan)
    return verify(loaded, priced(loaded, candidate) if reprice else candidate)


def test_the_plan_priced_by_hand_holds() -> None:
    assert check(hand_plan(), small_scenario(), reprice=False) == []


def test_the_enumerated_optimum_beats_the_hand_plan() -> None:
    found = optimum(load_scenario(small_scenario()))
    assert found is not None
    assert found[0] <= COST_USD
    assert verify(load_scenario(small_scenario()), found[1]) == []


def test_the_hand_figures_add_up() -> None:
    assert sum(LINES.values()) == pytest.approx(COST_USD, abs=1e-6)
    assert pytest.approx(GROSS_USD, abs=1e-6) == COST_USD + 54_494.208


# What is reported wrongly: plan edits -> the rules that must object, all of them and no others.
FIGURES: list[tuple[str, dict[str, Any], set[str]]] = [
    ("it power", {"sites.1.it_mw": 0.21}, {"it_mw"}),
    ("it power in kW", {"sites.0.it_mw": 100.0}, {"it_mw"}),
    ("facility power without PUE", {"sites.1.facility_mw": 0.2}, {"facility_mw"}),
    ("capex without land", {"sites.1.capex_usd": 1_700_000.0}, {"capex_usd"}),
    ("capex with what is sunk", {"sites.0.capex_usd": 3_400_000.0}, {"capex_usd"}),
    ("load", {"pools.0.load_erlang": 1.1}, {"load_erlang"}),
    ("utilisation", {"pools.2.utilisation": 0.8}, {"utilisation"}),
    ("median", {"flows.0.latency_ms.p50": 73.0}, {"latency_ms"}),
    ("p95", {"flows.1.latency_ms.p95": 303.5}, {"latency_ms"}),
    ("p99 one way instead of round trip", {"flows.2.latency_ms.p99": 468.017}, {"latency_ms"}),
    ("no latency", {"flows.3.latency_ms": None}, {"latency_ms"}),
    ("slo", {"flows.0.slo_ms": 500.0}, {"slo_ms"}),
    ("no slo", {"flows.3.slo_ms": None}, {"slo_ms"}),
    ("route starts elsewhere", {"flows.1.route": ["C", "A"]}, {"route"}),
    ("route ends elsewhere", {"flows.1.route": ["B", "A", "C"]}, {"route"}),
    ("route without a link", {"flows.2.route": ["C", "B", "A"]}, {"route"}),
    ("route through an unknown node", {"flows.2.route": ["C", "X", "A"]}, {"route"}),
    ("route that is a detour", {"flows.1.route": ["B", "D", "A"]}, {"route"}),
    ("grid use", {"grid.0.used_mw": 0.3}, {"grid_use"}),
    ("grid limit", {"grid.0.limit_mw": 2.0}, {"grid_use"}),
    ("grid limit left out", {"grid.0": REMOVE}, {"grid_use"}),
    ("unknown grid limit", {"grid.+": {"id": "x", "used_mw": 0.0, "limit_mw": 1.0}}, {"unknown_id"}),
    ("cost", {"cost_usd": COST_USD - 5000.0, "bound_usd": None, "gap": None}, {"cost_usd"}),
    ("a line left out", {"cost_lines.carbon": REMOVE}, {"cost_lines", "cost_usd", "gap"}),
    ("a line too many", {"cost_lines.luck": -9.0}, {"cost_lines", "cost_usd"}),
    ("gap", {"gap": 0.01}, {"gap"}),
    ("gap over net cost", {"gap": 0.10155}, {"gap"}),
    ("gap without a bound", {"bound_usd": None}, {"gap"}),
    ("bound without a gap", {"gap": None}, {"gap"}),
    ("bound above the cost", {"bound_usd": COST_USD + 1000.0, "gap": 0.0}, {"bound"}),
    ("optimal without a bound", {"bound_usd": None, "gap": None, "status": "optimal"}, {"status"}),
    ("nan", {"cost_lines.energy": nan}, {"number"}),
    ("infinite gap", {"gap": inf}, {"number"}),
    ("nan share", {"flows.0.share": nan}, {"number"}),
    ("nan percentile", {"flows.0.latency_ms.p50": nan}, {"number"}),
    ("no number of modules", {"sites.0.modules": None}, {"number"}),
    ("words for a number", {"pools.0.replicas": "2"}, {"number"}),
    ("truth for a number", {"pools.0.replicas": True}, {"number"}),
    ("a number beyond all", {"pools.0.replicas": 10**400}, {"number"}),
]


@pytest.mark.parametrize(("edits", "rules"), [c[1:] for c in FIGURES], ids=[c[0] for c in FIGURES])
def test_a_false_figure_is_found(edits: dict[str, Any], rules: set[str]) -> None:
    found = check(changed(hand_plan(), edits), small_scenario(), reprice=False)
    assert {violation.rule for violation in found} == rules
    assert all(any(letter.isdigit() for letter in violation.message) for violation in found)


@pytest.mark.parametrize("line", [line for line, usd in LINES.items() if usd])
def test_every_cost_line_is_recomputed(line: str) -> None:
    """The total moves along, so that only the line itself can tell."""
    edits = {f"cost_lines.{line}": LINES[line] * 1.01, "bound_usd": None, "gap": None}
    edits["cost_usd"] = COST_USD + LINES[line] * 0.01
    found = check(changed(hand_plan(), edits), small_scenario(), reprice=False)
    assert "cost_lines" in {v.rule for v in found}
    assert [v.subject for v in found if v.rule == "cost_lines"] == [line]
    assert found[0].excess == pytest.approx(abs(LINES[line]) * 0.01)


NO_BOUND = {"bound_usd": None, "gap": None}
# Decisions that break a rule, with every figure of the plan made true: plan edits, scenario edits, rules.
DECISIONS: list[tuple[str, dict[str, Any], dict[str, Any], set[str]]] = [
    ("unknown site with flow", {"flows.1.site": "moon"}, {}, {"unknown_id", "assignment"}),
    ("unknown pool site", {"pools.+": pool("moon", "chat", 1)}, {}, {"unknown_id", "linking"}),
    ("unknown workload", {"pools.+": pool("sub", "chess", 1)}, {}, {"unknown_id"}),
    ("unknown region", {"unserved.0.region": "west"}, {}, {"unknown_id", "assignment"}),
    ("unknown accelerator", {"pools.2.accelerator": "abacus"}, {}, {"unknown_id", "linking"}),
    ("flow on another accelerator", {"flows.3.accelerator": "abacus"}, {}, {"unknown_id", "linking"}),
    (
        "two rows of a pool",
        {"pools.1.replicas": 1, "pools.+": pool("sub", "chat", 1)},
        {},
        {"duplicate"},
    ),
    (
        "two rows of a flow",
        {"flows.0.share": 0.5, "flows.+": flow("north", "chat", "sub", 0.25)},
        {},
        {"duplicate"},
    ),
    ("two rows of a site", {"sites.+": opened("sub", "box", 2)}, {}, {"duplicate"}),
    (
        "two rows unserved",
        {"unserved.+": {"region": "south", "workload": "agent", "share": 1.0}},
        {},
        {"duplicate", "assignment"},
    ),
    ("share lost", {"flows.0.share": 0.7}, {}, {"assignment"}),
    ("share too many", {"flows.1.share": 0.3}, {}, {"assignment"}),
    ("demand forgotten", {"unserved.0": REMOVE}, {}, {"assignment"}),
    (
        "negative share",
        {"flows.0.share": 1.25, "flows.1.share": -0.25},
        {},
        {"share", "utilisation_cap"},
    ),
    ("share of nothing", {"flows.+": flow("south", "chat", "sub", 0.0)}, {}, {"share"}),
    (
        "unserved that must be served",
        {"flows.1": REMOVE, "unserved.+": {"region": "north", "workload": "chat", "share": 0.25}},
        {},
        {"unserved"},
    ),
    (
        "half served of what may not be split",
        {"flows.3.share": 0.5, "unserved.+": {"region": "north", "workload": "agent", "share": 0.5}},
        {},
        {"splitting"},
    ),
    (
        "split over two sites",
        {
            "flows.3.share": 0.5,
            "flows.+": flow("north", "agent", "hub", 0.5),
            "pools.+": pool("hub", "agent", 1),
        },
        {},
        {"splitting"},
    ),
    ("existing site closed", {"sites.0": REMOVE}, {}, {"site_status", "linking"}),
    ("forced site closed", {}, {"sites.2.status": "forced"}, {"site_status"}),
    ("forbidden site open", {}, {"sites.1.status": "forbidden"}, {"site_status"}),
    ("design of another tier", {"sites.1.design": "hall"}, {}, {"design", "budget"}),
    ("design not of this site", {}, {"sites.1.designs": ["cube"]}, {"design"}),
    (
        "existing design replaced",
        {"sites.0.design": "box"},
        {"designs.1.tiers": ["micro", "hyperscale"], "sites.0.designs": ["hall", "box"]},
        {"design"},
    ),
    ("no module", {"sites.1.modules": 0}, {}, {"modules", "power"}),
    ("too many modules", {"sites.1.modules": 4}, {}, {"modules"}),
    ("modules torn down", {"sites.0.modules": 1}, {}, {"modules"}),
    ("half a module", {"sites.1.modules": 1.5}, {}, {"integer"}),
    ("half a replica", {"pools.0.replicas": 1.5}, {}, {"integer"}),
    ("replicas owed", {"pools.+": pool("hub", "agent", -1)}, {}, {"integer"}),
    ("site not open", {"sites.1": REMOVE}, {}, {"linking"}),
    ("flow without a pool", {"pools.2": REMOVE}, {}, {"linking", "capacity"}),
    ("one replica short", {"pools.1.replicas": 1}, {}, {"capacity", "utilisation_cap"}),
    ("above the cap", {}, {"policy.utilisation_cap": 0.59}, {"utilisation_cap"}),
    ("linear and one rps too many", {}, {"demand.2.peak_rps": 10.001}, {"capacity"}),
    ("modules too small", {"sites.1.modules": 1}, {}, {"power"}),
    ("modules derated", {}, {"designs.1.usable_fraction": 0.499}, {"power"}),
    ("headroom", {}, {"sites.1.headroom_mw": 0.2999}, {"headroom"}),
    ("zone limit", {}, {"grid_limits.0.limit_mw": 0.4199}, {"grid"}),
    ("country limit", {}, {"grid_limits.+": {"id": "de", "limit_mw": 0.41, "jurisdiction": "DE"}}, {"grid"}),
    (
        "line limit, relief not credited",  # 0.5 x 0.3 = 0.15, and nothing back for 1000 x 0.12
        {},
        {"grid_limits.+": {"id": "line", "limit_mw": 0.149, "coefficients": {"sub": 0.5, "hub": -1000.0}}},
        {"grid"},
    ),
    ("foreign site", {}, {"workloads.0.jurisdictions": ["CH", "NL"]}, {"jurisdiction"}),
    ("not the same country", {}, {"workloads.0.jurisdictions": "same"}, {"jurisdiction"}),
    ("outside the group", {}, {"jurisdictions.0.groups": []}, {"jurisdiction", "sovereign_route"}),
    (
        "served across a border",
        {},
        {"workloads.0.jurisdictions": ["DE"], "workloads.0.sovereign_route": True},
        {"sovereign_route"},
    ),
    ("tier", {}, {"workloads.1.tiers": ["hyperscale"]}, {"tier"}),
    ("first slo", {}, {"workloads.0.slo.0.ms": 471.0}, {"slo"}),
    ("second slo", {}, {"workloads.0.slo.+": {"metric": "e2e", "ms": 70.0, "percentile": 0.5}}, {"slo"}),
    ("slo of an agent", {}, {"workloads.1.slo.0.ms": 131.9}, {"slo"}),
    ("budget", {}, {"policy.budget_usd": 3_149_000.0}, {"budget"}),
    ("number of sites", {}, {"policy.max_sites": 0}, {"max_sites"}),
]


@pytest.mark.parametrize(
    ("plan_edits", "scenario_edits", "rules"), [c[1:] for c in DECISIONS], ids=[c[0] for c in DECISIONS]
)
def test_a_forbidden_decision_is_found(
    plan_edits: dict[str, Any], scenario_edits: dict[str, Any], rules: set[str]
) -> None:
    plan = changed(hand_plan(), NO_BOUND | {f"flows.{i}.route": [] for i in range(4)})
    found = check(changed(plan, plan_edits), changed(small_scenario(), scenario_edits), reprice=True)
    assert {violation.rule for violation in found} == rules
    assert all(any(letter.isdigit() for letter in violation.message) for violation in found)
    assert all(violation.excess > 0.0 for violation in found)
