"""Beginning from a known plan: nothing is lost where it fits, and what does not fit is repaired."""

from __future__ import annotations

from math import inf

import numpy as np
import pytest
from support.documents.edits import changed
from support.documents.small_scenario import small_scenario

from siteopt import Scenario, load_scenario, solve, verify
from siteopt.compile import compile_instance
from siteopt.evaluate import solution_of
from siteopt.plan import FlowPlan, Plan, SitePlan
from siteopt.solving.warm_start import decisions_of


@pytest.mark.slow
def test_a_plan_of_the_same_scenario_is_taken_over_whole(germany: Scenario) -> None:
    """Sites and shares come back bit by bit, and two rounds more make it no dearer."""
    first = solve(germany, time_limit=inf, gap=0.0, method="search", iteration_limit=4)
    instance = compile_instance(germany)
    option, share, unserved = decisions_of(germany, instance, first)
    whole = solution_of(instance, germany, first)
    np.testing.assert_array_equal(option, whole.option)
    np.testing.assert_allclose(share, whole.share)
    np.testing.assert_allclose(unserved, whole.unserved, atol=1e-9)
    second = solve(germany, time_limit=inf, gap=0.0, method="search", iteration_limit=2, start=first)
    assert second.cost_usd <= first.cost_usd * (1.0 + 1e-9)


def test_what_may_not_be_any_more_is_repaired(germany: Scenario) -> None:
    """A site of the plan is forbidden, another one forced; the search ends with a plan that holds."""
    plan = solve(germany, time_limit=inf, gap=0.0, method="search", iteration_limit=2)
    status = {s.id: s.status for s in germany.sites}
    gone = next(row.id for row in plan.sites if status[row.id] == "candidate")
    new = next(
        s.id for s in germany.sites if s.status == "candidate" and s.id not in {r.id for r in plan.sites}
    )
    sites = tuple(
        s.model_copy(update={"status": {gone: "forbidden", new: "forced"}.get(s.id, s.status)})
        for s in germany.sites
    )
    other = germany.model_copy(update={"sites": sites})
    again = solve(other, time_limit=inf, gap=0.0, method="search", iteration_limit=2, start=plan)
    assert verify(other, again) == []
    assert gone not in {row.id for row in again.sites}
    assert new in {row.id for row in again.sites}


@pytest.mark.parametrize("method", ["auto", "milp", "search"])
def test_a_plan_of_another_world_does_no_harm(method: str, small: Scenario) -> None:
    """Names that mean nothing here are passed over."""
    alien = Plan(
        sites=(SitePlan("atlantis", "dome", 3), SitePlan("sub", "box", 1)),
        flows=(FlowPlan("north", "chat", "atlantis", "replica", 1.0),),
    )
    plan = solve(small, time_limit=inf, gap=0.0, method=method, iteration_limit=40, start=alien)  # type: ignore[arg-type]
    best = solve(small, time_limit=inf, gap=0.0)
    assert plan.verified
    assert plan.cost_usd == pytest.approx(best.cost_usd, rel=1e-6) or method == "search"


def test_the_start_does_not_change_what_is_best() -> None:
    """From the plan of a scenario with dear power at the hub, gap zero reaches the same cost."""
    dear = load_scenario(changed(small_scenario(), {"sites.0.price_usd_per_mwh": 2000.0}))
    usual = load_scenario(small_scenario())
    start = solve(dear, time_limit=inf, gap=0.0)
    best = solve(usual, time_limit=inf, gap=0.0)
    assert solve(usual, time_limit=inf, gap=0.0, start=start).cost_usd == pytest.approx(
        best.cost_usd, rel=1e-9
    )
