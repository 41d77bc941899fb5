"""A problem of arrays through the front door: solved, verified by other code, and refused where it is wrong."""

from __future__ import annotations

from dataclasses import replace
from math import inf
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from scipy.sparse import csr_array

import siteopt
from siteopt.plan import FlowPlan, PoolPlan, SitePlan, with_bound

if TYPE_CHECKING:
    from pathlib import Path

    from siteopt import FacilityLocation, Plan

#: In thousands, opening the first and the last site costs 50 and serves the demands for 4 + 6 + 2 + 3; any other
#: choice costs more.
CAPACITY, FIXED, DEMAND = [10.0, 6.0, 8.0], [30e3, 30e3, 20e3], [4.0, 3.0, 2.0, 3.0]
COST = [[4e3, 8e3, 12e3], [9e3, 3e3, 6e3], [6e3, 4e3, 2e3], [3e3, 9e3, 6e3]]
OPTIMUM = 65e3


def problem(**options: Any) -> FacilityLocation:
    return siteopt.facility_location(CAPACITY, FIXED, DEMAND, COST, **options)


def solved(**options: Any) -> Plan:
    return siteopt.solve(problem(**options), gap=0.0, time_limit=inf)


@pytest.mark.parametrize("method", ["auto", "milp", "search"])
@pytest.mark.parametrize("splittable", [True, False])
def test_arrays_are_solved_to_a_verified_plan(method: Any, splittable: bool) -> None:
    arrays = problem(splittable=splittable)
    plan = siteopt.solve(arrays, gap=1e-6, time_limit=60.0, method=method)
    assert plan.verified
    assert siteopt.verify(arrays, plan) == []
    assert plan.cost_usd == pytest.approx(OPTIMUM)
    assert plan.bound_usd == pytest.approx(OPTIMUM, rel=2e-6)
    assert [site.id for site in plan.sites] == ["site-0", "site-2"]
    served = {(flow.region, flow.site): flow.share for flow in plan.flows}
    assert served == pytest.approx(
        {("demand-0", "site-0"): 1.0, ("demand-3", "site-0"): 1.0}
        | {("demand-1", "site-2"): 1.0, ("demand-2", "site-2"): 1.0}
    )


def test_the_arrays_may_change_afterwards_and_are_not_frozen() -> None:
    capacity = np.array(CAPACITY)
    arrays = siteopt.facility_location(capacity, FIXED, DEMAND, COST)
    capacity[0] = 0.0
    assert arrays.capacity[0] == 10.0
    with pytest.raises(ValueError, match="read-only"):
        arrays.capacity[0] = 0.0


def test_a_plan_of_arrays_is_saved_and_read_back(tmp_path: Path) -> None:
    plan = solved()
    plan.save(tmp_path / "plan.json")
    read = siteopt.load_plan(tmp_path / "plan.json")
    assert read == plan
    assert siteopt.verify(problem(), read) == []


def test_a_solve_goes_on_from_a_plan_of_arrays() -> None:
    """Within one node the plan that was given is kept; sites that the arrays do not have are passed over."""
    best = solved()
    alien = replace(best, sites=(*best.sites, SitePlan("site-9", "facility", 1)))
    seen: list[float | None] = []
    again = siteopt.solve(
        problem(), gap=0.0, node_limit=1, start=alien, progress=lambda p: seen.append(p.incumbent_usd)
    )
    assert again.cost_usd == pytest.approx(OPTIMUM)
    assert seen[0] == pytest.approx(OPTIMUM)


@pytest.mark.parametrize(
    ("edits", "message"),
    [
        ({"demand": [4.0, 3.0, 2.0, 30.0]}, "all demands together are 39, all capacities together 24"),
        ({"cost_usd": [*COST[:3], [inf, inf, inf]]}, "no site may serve demand-3"),
        (
            {"demand": [4.0, 9.0, 2.0, 3.0], "cost_usd": [COST[0], [inf, 3e3, inf], *COST[2:]]},
            "demand-1 is 9; all",
        ),
        (
            {"demand": [4.0, 11.0, 2.0, 3.0], "splittable": False},
            "demand-1 is 11; no such site has more than 10",
        ),
        # Three of seven into sites that hold one each: no single figure shows it, the exact model does.
        (
            {
                "demand": [7.0, 7.0, 7.0],
                "capacity": [9.0, 9.0, 5.0],
                "cost_usd": COST[:3],
                "splittable": False,
            },
            "too small for the demands",
        ),
    ],
)
def test_arrays_without_a_plan_are_infeasible(edits: dict[str, Any], message: str) -> None:
    figures = {"capacity": CAPACITY, "fixed_usd": FIXED, "demand": DEMAND, "cost_usd": COST} | edits
    with pytest.raises(siteopt.InfeasibleError, match=message):
        siteopt.solve(siteopt.facility_location(**figures), time_limit=60.0)


def flow(demand: str, site: str, share: float = 1.0) -> FlowPlan:
    return FlowPlan(demand, "goods", site, "unit", share)


@pytest.mark.parametrize(
    ("rule", "change"),
    [
        ("number", lambda p: replace(p, cost_usd=float("nan"))),
        ("unknown_id", lambda p: replace(p, flows=(*p.flows[1:], flow("demand-0", "site-7")))),
        ("unknown_id", lambda p: replace(p, flows=(*p.flows[1:], flow("demand-7", "site-0")))),
        ("unknown_id", lambda p: replace(p, pools=(PoolPlan("site-0", "goods", "unit", 1),))),
        ("duplicate", lambda p: replace(p, sites=(*p.sites, p.sites[0]))),
        ("duplicate", lambda p: replace(p, flows=(*p.flows, p.flows[0]))),
        ("modules", lambda p: replace(p, sites=(replace(p.sites[0], modules=2), *p.sites[1:]))),
        ("capex_usd", lambda p: replace(p, sites=(replace(p.sites[0], capex_usd=1.0), *p.sites[1:]))),
        ("share", lambda p: replace(p, flows=(replace(p.flows[0], share=-1.0), *p.flows[1:]))),
        ("assignment", lambda p: replace(p, flows=p.flows[1:])),
        ("assignment", lambda p: replace(p, flows=(replace(p.flows[0], share=0.5), *p.flows[1:]))),
        ("linking", lambda p: replace(p, sites=p.sites[1:])),
        ("admissible", lambda p: replace(p, flows=(flow("demand-0", "site-2"), *p.flows[1:]))),
        ("capacity", lambda p: replace(p, flows=tuple(flow(f"demand-{i}", "site-0") for i in range(4)))),
        ("cost_lines", lambda p: replace(p, cost_lines=p.cost_lines | {"egress": 1.0})),
        ("cost_lines", lambda p: replace(p, cost_lines=p.cost_lines | {"land": 1.0})),
        ("cost_lines", lambda p: replace(p, cost_lines={})),
        ("cost_usd", lambda p: replace(p, cost_usd=60e3)),
        ("bound", lambda p: replace(p, bound_usd=70e3)),
        ("gap", lambda p: replace(p, gap=0.5)),
        ("status", lambda p: replace(with_bound(p, None), status="optimal")),
    ],
)
def test_the_verifier_of_arrays_sees_what_is_wrong(rule: str, change: Any) -> None:
    cost = [[4e3, 8e3, inf], *COST[1:]]
    arrays = siteopt.facility_location(CAPACITY, FIXED, DEMAND, cost)
    plan = siteopt.solve(arrays, gap=0.0)
    assert siteopt.verify(arrays, plan) == []
    assert rule in {violation.rule for violation in siteopt.verify(arrays, change(plan))}


def test_the_verifier_of_arrays_refuses_to_split_what_may_not_be_split() -> None:
    plan = solved()
    halves = (replace(plan.flows[0], share=0.5), flow("demand-0", "site-2", 0.5), *plan.flows[1:])
    found = {v.rule for v in siteopt.verify(problem(splittable=False), replace(plan, flows=halves))}
    assert "splitting" in found
    assert "splitting" not in {v.rule for v in siteopt.verify(problem(), replace(plan, flows=halves))}


@pytest.mark.parametrize("seed", range(5))
def test_random_arrays_pass_the_verifier(seed: int) -> None:
    """Dense, sparse and nearest, whole and broken figures, split and not."""
    rng = np.random.default_rng(seed)
    demand = rng.uniform(1.0, 9.0, 30)
    capacity = rng.uniform(0.5, 1.5, 8) * 3.0 * demand.sum() / 8
    cost = rng.uniform(1.0, 20.0, (30, 8))
    for arrays in (
        siteopt.facility_location(capacity, capacity, demand, cost, nearest=5),
        siteopt.facility_location(capacity, capacity, demand, csr_array(cost * (cost < 15.0))),
        siteopt.facility_location(capacity, capacity, demand, cost, splittable=False),
    ):
        plan = siteopt.solve(arrays, gap=0.01, seed=seed)
        assert siteopt.verify(arrays, plan) == []
        assert plan.gap is not None
        assert plan.gap <= 0.01


@pytest.mark.parametrize(
    ("edits", "message"),
    [
        ({"cost_usd": [[-1.0, 8e3, 12e3], *COST[1:]]}, "no negative figure"),
        ({"cost_usd": [[float("nan"), 8e3, 12e3], *COST[1:]]}, "no nan"),
        ({"nearest": 0}, "nearest must be at least 1"),
        ({"capacity": [], "fixed_usd": [], "cost_usd": np.zeros((4, 0))}, "at least one site"),
    ],
)
def test_wrong_arrays_are_refused_with_a_sentence(edits: dict[str, Any], message: str) -> None:
    figures = {"capacity": CAPACITY, "fixed_usd": FIXED, "demand": DEMAND, "cost_usd": COST} | edits
    with pytest.raises(ValueError, match=message):
        siteopt.facility_location(**figures)
