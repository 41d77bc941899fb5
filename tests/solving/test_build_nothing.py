"""To build nothing may be the best plan, or the best that was found in time."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO
from math import inf
from typing import Any

import pytest
from rich.console import Console
from support.documents.binding_rules import BASE, CHEAP, MEAN_RPS, YEAR
from support.documents.edits import changed

from siteopt import Scenario, load_plan, load_scenario, solve, verify
from siteopt.report.console import print_plan

METHODS = ["auto", "milp", "search"]
#: What serving all for a year earns, USD per 1000 requests, to earn just so much of what it costs.
EVEN = CHEAP / (MEAN_RPS * YEAR / 1000.0)


def shop(revenue: float) -> Scenario:
    """Nothing must be served, and nothing is lost but revenue where it is not."""
    edits = {"workloads.0.unserved_usd_per_1k": 0.0, "workloads.0.revenue_usd_per_1k": revenue}
    return load_scenario(changed(BASE, edits))


def protected(scenario: Scenario) -> Scenario:
    """The same, with all of it built twice: the bound, which counts reserve in fractions, stays far below 0."""
    (workload,) = scenario.workloads
    document = workload.model_dump(exclude_none=True) | {"protect": {"slo_ms": 200.0}}
    return scenario.model_copy(update={"workloads": (type(workload).model_validate(document),)})


@pytest.mark.parametrize("method", METHODS)
def test_what_does_not_pay_is_not_built(method: Any) -> None:
    plan = solve(shop(0.9 * EVEN), time_limit=inf, gap=0.0, method=method, iteration_limit=60)
    assert plan.cost_usd == 0.0
    assert plan.sites == ()


def test_a_plan_without_spending_and_a_bound_below_it_has_no_gap_but_a_difference() -> None:
    """The gap was infinite: the plan did not pass verification, and was lost."""
    scenario = protected(shop(1.9 * EVEN))
    plan = solve(scenario, time_limit=inf, gap=0.0, method="search", iteration_limit=3)
    assert (plan.cost_usd, plan.gap, plan.status) == (0.0, None, "feasible")
    assert plan.gap_usd is not None
    assert plan.gap_usd == pytest.approx(-plan.bound_usd if plan.bound_usd is not None else inf)
    assert plan.gap_usd > 1.0
    assert verify(scenario, load_plan(plan.to_dict())) == []
    out = StringIO()
    print_plan(Console(file=out, width=300), scenario, plan)
    assert "of best | verified" in out.getvalue()
    assert "inf" not in out.getvalue()


def test_the_exact_model_proves_that_nothing_pays() -> None:
    plan = solve(protected(shop(1.9 * EVEN)), time_limit=inf, gap=0.0, method="milp")
    assert (plan.cost_usd, plan.status) == (0.0, "optimal")
    assert plan.gap_usd is not None
    assert plan.gap_usd <= 1.0


def test_a_gap_that_has_no_limit_is_not_taken_for_one() -> None:
    scenario = shop(0.9 * EVEN)
    plan = solve(scenario, time_limit=inf, gap=0.0)
    for told in (replace(plan, bound_usd=-100.0, gap=0.3, gap_usd=100.0), replace(plan, gap_usd=7.0)):
        assert "gap" in {violation.rule for violation in verify(scenario, told)}
    assert verify(scenario, replace(plan, bound_usd=-100.0, gap=None, gap_usd=100.0)) == []
