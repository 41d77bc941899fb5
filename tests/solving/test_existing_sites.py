"""What stands needs no connection and no time; what is built beside it needs both."""

from __future__ import annotations

from math import inf
from typing import Any

import pytest
from support.documents.binding_rules import BASE
from support.documents.edits import changed
from support.documents.small_document import small_document
from support.reference.optimum.all_rules import optimum

from siteopt import InfeasibleError, Scenario, evaluate, load_scenario, solve, verify
from siteopt.compile.connection import Connection, connections

METHODS = ["auto", "milp", "search"]
STEPS = [
    {"up_to_mw": 0.2, "months": 6.0, "usd": 1_000.0},
    {"up_to_mw": 1.0, "months": 36.0, "usd": 50_000.0},
]
#: A module more beside those that stand.
MODULE_USD = 200_000.0


def campus(modules: int, kw: float, **policy: Any) -> Scenario:
    """One site, where so many modules of 0.1 MW stand, and one replica of so many kW that costs nothing."""
    stands = {"status": "existing", "existing": {"design": "plain", "modules": modules}}
    site = BASE["sites"][1] | stands | {"connection_usd": 0.0, "connection_steps": STEPS}
    edits = {
        "sites": [site],
        "workloads.0.replica": BASE["workloads"][0]["replica"] | {"kw": kw, "usd": 0.0},
        "policy": policy,
    }
    return load_scenario(changed(BASE, edits))


def built_over(scenario: Scenario, months: float) -> Scenario:
    (design,) = scenario.designs
    return scenario.model_copy(update={"designs": (design.model_copy(update={"build_months": months}),)})


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("modules", "kw"), [(1, 50.0), (2, 200.0), (5, 300.0), (5, 500.0)])
def test_power_up_to_what_stands_needs_no_class(modules: int, kw: float, method: Any) -> None:
    """Below the first step, on it, between the two: it was 1,000 USD and month 6, or 50,000 USD and month 36."""
    scenario = campus(modules, kw, ready_by_month=0.0)
    plan = solve(scenario, time_limit=inf, gap=0.0, method=method, iteration_limit=20)
    (site,) = plan.sites
    assert (plan.cost_usd, site.modules, site.ready_month) == (0.0, modules, 0.0)
    assert site.connection_mw == pytest.approx(0.1 * modules)
    assert verify(scenario, evaluate(scenario, plan)) == []


@pytest.mark.parametrize("method", METHODS)
def test_power_beyond_what_stands_takes_the_next_class(method: Any) -> None:
    scenario = campus(1, 150.0)
    plan = solve(scenario, time_limit=inf, gap=0.0, method=method, iteration_limit=20)
    assert plan.cost_usd == pytest.approx(MODULE_USD + 1_000.0)
    assert plan.sites[0].ready_month == 6.0
    best = optimum(scenario)
    assert best is not None
    assert plan.cost_usd == pytest.approx(best[0])


@pytest.mark.parametrize("has_steps", [True, False])
@pytest.mark.parametrize("method", METHODS)
def test_an_extension_takes_as_long_as_it_is_built(method: Any, has_steps: bool) -> None:
    """It was ready in month 0, whatever its design takes to build."""
    scenario = built_over(campus(1, 150.0), 24.0)
    if not has_steps:
        sites = tuple(s.model_copy(update={"connection_steps": ()}) for s in scenario.sites)
        scenario = scenario.model_copy(update={"sites": sites})
    plan = solve(scenario, time_limit=inf, gap=0.0, method=method, iteration_limit=20)
    assert plan.sites[0].ready_month == 24.0
    policy = scenario.policy.model_copy(update={"ready_by_month": 12.0})
    hurried = scenario.model_copy(update={"policy": policy})
    assert "ready_by_month" in {violation.rule for violation in verify(hurried, plan)}
    assert optimum(hurried) is None
    with pytest.raises(InfeasibleError):
        solve(hurried, time_limit=inf, method=method)


def test_what_stands_is_ready_however_long_more_of_it_would_take() -> None:
    scenario = built_over(campus(2, 150.0, ready_by_month=12.0), 24.0)
    plan = solve(scenario, time_limit=inf, gap=0.0)
    assert (plan.cost_usd, plan.sites[0].ready_month) == (0.0, 0.0)


@pytest.mark.parametrize(
    ("modules", "redundancy", "counted"),
    [(5, "N", 5.0), (4, "N", 4.0), (5, "N+1", 4.0), (6, "N+1", 5.0), (9, "2N", 4.5), (10, "2N", 5.0)],
)
def test_modules_that_stand_by_draw_nothing(modules: int, redundancy: str, counted: float) -> None:
    """What stands is connected for what is counted on of it, and no class is to be had by month 12."""
    document = small_document()
    document["designs"][0] |= {"redundancy": redundancy, "max_modules": 10}
    step = {"up_to_mw": 5 * 0.9 * 1.2, "months": 60.0, "usd": 1e6}
    document["sites"][0] |= {
        **{"status": "existing", "existing": {"design": "module", "modules": modules}, "connection_usd": 0.0},
        **{"connection_steps": [step], "pue": {"module": 1.2}},
    }
    document["policy"]["ready_by_month"] = 12.0
    scenario = load_scenario(document)
    (stands,) = connections(scenario, scenario.sites[0], scenario.designs[0])
    assert stands == Connection(pytest.approx(counted * 0.9 * 1.2), 0.0, 0.0)
