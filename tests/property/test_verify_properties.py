"""Plans that are truly optimal verify; no single number of them may be changed unnoticed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from reference_plan import optimum
from scenarios import changed, plan_of
from strategies import scenario_documents

from siteopt.scenario import dump_scenario, load_scenario
from siteopt.verify import verify

#: Fields that say how a plan was found; nothing in the scenario contradicts them.
FREE = {"seconds", "seed", "schema_version"}
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
    found = optimum(scenario)
    assume(found is not None)
    assert found is not None
    cost, plan = found
    assert verify(scenario, plan) == []
    gross = sum(abs(usd) for usd in plan.cost_lines.values())
    assert plan.cost_usd == pytest.approx(cost, abs=1e-9 * gross + 1e-6)


@SETTINGS
@given(scenario_documents(), st.data())
def test_no_number_may_be_changed(document: dict[str, Any], data: st.DataObject) -> None:
    scenario = load_scenario(document)
    found = optimum(scenario)
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
