"""Plans that are truly optimal verify; no single number of them may be changed unnoticed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from support.documents.all_rules import full_plan, full_scenario
from support.documents.edits import changed
from support.documents.plans import plan_of
from support.reference.optimum import all_rules, basic_rules
from support.reference.plan_figures import priced
from support.strategies.all_rules import full_documents
from support.strategies.basic_rules import scenario_documents

import siteopt
from siteopt.errors import ScenarioError
from siteopt.scenario import dump_scenario, load_scenario
from siteopt.verify import verify

if TYPE_CHECKING:
    from siteopt.plan import Plan
    from siteopt.scenario import Scenario

#: Fields that say how a plan was found; nothing in the scenario contradicts them.
FREE = {"seconds", "verification_seconds", "seed", "schema_version"}
SETTINGS = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])


def numbers(document: Any, path: str = "") -> list[str]:
    """Dotted paths of all numbers in a document that a plan answers for."""
    if isinstance(document, dict):
        pairs = [(key, value) for key, value in document.items() if path or key not in FREE]
    elif isinstance(document, list | tuple):
        pairs = [(str(i), value) for i, value in enumerate(document)]
    else:
        return [path] if isinstance(document, int | float) and not isinstance(document, bool) else []
    return [found for key, value in pairs for found in numbers(value, f"{path}.{key}" if path else key)]


def value_at(document: Any, path: str) -> Any:
    for step in path.split("."):
        document = document[int(step)] if isinstance(document, list | tuple) else document[step]
    return document


def as_lists(document: Any) -> Any:
    """Tuples as lists, so that the document can be edited."""
    if isinstance(document, dict):
        return {key: as_lists(value) for key, value in document.items()}
    return [as_lists(value) for value in document] if isinstance(document, list | tuple) else document


@SETTINGS
@given(scenario_documents())
def test_optimal_plans_verify(document: dict[str, Any]) -> None:
    """And the enumeration's own sum of the cost is that of the verifier's lines."""
    scenario = load_scenario(document)
    found = basic_rules.optimum(scenario)
    assume(found is not None)
    assert found is not None
    cost, plan = found
    assert verify(scenario, plan) == []
    gross = sum(abs(usd) for usd in plan.cost_lines.values())
    assert plan.cost_usd == pytest.approx(cost, abs=1e-9 * gross + 1e-6)


def evaluated_optimum(document: dict[str, Any]) -> tuple[Scenario, float, Plan]:
    """A scenario, the least cost that a search over all plans finds, and that plan with the product's own figures."""
    scenario = load_scenario(document)
    found = all_rules.optimum(scenario)
    assume(found is not None)
    assert found is not None
    return scenario, found[0], siteopt.evaluate(scenario, all_rules.plan_of(scenario, found[1]))


@pytest.mark.slow
@SETTINGS
@given(full_documents())
def test_optimal_plans_verify_with_every_family(document: dict[str, Any]) -> None:
    """Three derivations of one cost: the enumeration's, the product's, the verifier's."""
    scenario, cost_usd, plan = evaluated_optimum(document)
    assert verify(scenario, plan) == []
    mine = priced(scenario, plan)
    assert verify(scenario, mine) == []
    gross = sum(abs(usd) for usd in plan.cost_lines.values())
    assert mine.cost_usd == pytest.approx(cost_usd, abs=1e-9 * gross + 1e-6)
    assert mine.cost_lines == pytest.approx(plan.cost_lines, rel=1e-9, abs=1e-6)


def _neighbour(scenario: Scenario, plan: Plan, data: st.DataObject) -> Plan:
    """The plan with one decision changed, mostly for less, and the moves that suit it."""
    kind, rows = (
        data.draw(st.sampled_from(["module", "replica", "connection", "data", "site", "share"])),
        plan,
    )
    if kind in ("module", "connection", "site") and plan.sites:
        n = data.draw(st.integers(0, len(plan.sites) - 1))
        site = plan.sites[n]
        steps = [step.up_to_mw for s in scenario.sites if s.id == site.id for step in s.connection_steps]
        changes = {
            "module": (replace(site, modules=site.modules - 1),),
            "connection": (replace(site, connection_mw=data.draw(st.sampled_from(steps or [None]))),),
            "site": (),
        }
        rows = replace(plan, sites=(*plan.sites[:n], *changes[kind], *plan.sites[n + 1 :]))
    elif kind in ("replica", "data") and plan.pools:
        n = data.draw(st.integers(0, len(plan.pools) - 1))
        pool = plan.pools[n]
        mode = {"home": "replica", "replica": "home"}.get(pool.data or "")
        less = replace(pool, replicas=pool.replicas - 1)
        other = replace(pool, data=mode) if kind == "data" else less
        rows = replace(plan, pools=(*plan.pools[:n], other, *plan.pools[n + 1 :]))
    elif plan.flows:
        n = data.draw(st.integers(0, len(plan.flows) - 1))
        to = data.draw(st.sampled_from(scenario.sites)).id
        flow = replace(plan.flows[n], site=to, route=())
        rows = replace(plan, flows=(*plan.flows[:n], flow, *plan.flows[n + 1 :]))
    return replace(rows, n_minus_1=())


@SETTINGS
@given(full_documents(), st.data())
def test_nothing_that_verifies_is_cheaper_than_the_optimum(
    document: dict[str, Any], data: st.DataObject
) -> None:
    """Rules that were forgotten would let a plan through that the enumeration, which knows them, never saw."""
    scenario, cost_usd, plan = evaluated_optimum(document)
    other = _neighbour(scenario, plan, data)
    try:
        moves = siteopt.evaluate(scenario, other).n_minus_1
    except ScenarioError:  # names something that cannot be; the verifier is asked all the same
        moves = plan.n_minus_1
    other = priced(scenario, replace(other, n_minus_1=moves))
    if verify(scenario, other) == []:
        gross = sum(abs(usd) for usd in plan.cost_lines.values())
        assert other.cost_usd >= cost_usd - 1e-6 * gross - 1e-3


@SETTINGS
@given(full_documents(), st.data())
def test_no_number_may_be_changed_with_every_family(document: dict[str, Any], data: st.DataObject) -> None:
    scenario, _, found = evaluated_optimum(document)
    plan = as_lists(found.to_dict())
    path = data.draw(st.sampled_from(numbers(plan)))
    value = value_at(plan, path)
    by = data.draw(st.sampled_from([-3, -1, 1, 2])) if isinstance(value, int) else _step(value, path, data)
    assert verify(scenario, plan_of(changed(plan, {path: value + by}))) != [], (
        f"{path}: {value} -> {value + by}"
    )


@SETTINGS
@given(scenario_documents(), st.data())
def test_no_number_may_be_changed(document: dict[str, Any], data: st.DataObject) -> None:
    scenario = load_scenario(document)
    found = basic_rules.optimum(scenario)
    assume(found is not None)
    assert found is not None
    gross = sum(usd for usd in found[1].cost_lines.values() if usd > 0.0)
    bound, gap = (found[0] - 0.25 * gross, 0.25) if gross > 0.0 else (found[0], 0.0)
    plan = as_lists(replace(found[1], bound_usd=bound, gap=gap).to_dict())
    path = data.draw(st.sampled_from(numbers(plan)))
    value = value_at(plan, path)
    by = data.draw(st.sampled_from([-3, -1, 1, 2])) if isinstance(value, int) else _step(value, path, data)
    spoiled = plan_of(changed(plan, {path: value + by}))
    assert verify(scenario, spoiled) != [], f"{path}: {value} -> {value + by}"


def test_no_number_of_a_plan_with_every_family_may_be_changed() -> None:
    scenario, plan = load_scenario(full_scenario()), full_plan()
    paths = [path for path in numbers(plan) if path != "n_minus_1"]
    assert len(paths) > 120
    for path in paths:
        value = value_at(plan, path)
        for by in (-1, 1) if isinstance(value, int) else (-max(1e-3, 1e-3 * abs(value)), 0.7 + abs(value)):
            spoiled = plan_of(changed(plan, {path: value + by}))
            assert verify(scenario, spoiled) != [], f"{path}: {value} -> {value + by}"


def _step(value: float, path: str, data: st.DataObject) -> float:
    """A change by a thousandth of the number or more, and by a dollar where it is money."""
    least = 1.0 if "usd" in path or path.startswith("cost") else 1e-3
    size = max(abs(value) * 1e-3, least) * data.draw(st.sampled_from([1.0, 7.0, 1e3]))
    return size * data.draw(st.sampled_from([-1.0, 1.0]))


@SETTINGS
@given(scenario_documents())
def test_generated_scenarios_survive_the_file(document: dict[str, Any]) -> None:
    scenario = load_scenario(document)
    assert load_scenario(dump_scenario(scenario)) == scenario
