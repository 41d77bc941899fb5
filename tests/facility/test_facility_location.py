"""The constructor from arrays, what is recognised in an instance, and facility location through the front door."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from scipy.sparse import csr_array
from support.documents.facility_location import arrays_instance
from support.documents.small_scenario import small_scenario
from support.reference.facility import best_cost

from siteopt.compile import compile_instance
from siteopt.evaluate import evaluate_solution
from siteopt.facility import recognised
from siteopt.facility.run import solve_facility_location
from siteopt.run.incumbent import Incumbent
from siteopt.run.options import SolveOptions
from siteopt.run.progress import Clock
from siteopt.scenario import load_scenario

if TYPE_CHECKING:
    from siteopt.instance import Instance

CAPACITY, FIXED, DEMAND = (
    np.array([10.0, 6.0, 8.0]),
    np.array([30.0, 10.0, 20.0]),
    np.array([4.0, 3.0, 2.0, 3.0]),
)
COST = np.array([[4.0, 8.0, 12.0], [9.0, 3.0, 6.0], [6.0, 4.0, 2.0], [3.0, 9.0, 6.0]])


def solved(instance: Instance, gap: float = 1e-9) -> Incumbent:
    incumbent = Incumbent(instance, Clock(float("inf")), gap, None)
    assert solve_facility_location(instance, incumbent, SolveOptions(node_limit=500))
    return incumbent


@pytest.mark.parametrize("figures", [np.float64, np.float32])
def test_problem_comes_back_as_it_went_in(figures: type) -> None:
    problem = recognised(arrays_instance(CAPACITY, FIXED, DEMAND, COST.astype(figures)))
    assert problem is not None
    assert problem.capacity == pytest.approx(CAPACITY)
    assert problem.fixed_usd == pytest.approx(FIXED)
    assert problem.demand == pytest.approx(DEMAND)
    dense = np.zeros(COST.shape)
    dense[problem.arc_demand, problem.arc_site] = problem.arc_usd * DEMAND[problem.arc_demand]
    assert dense == pytest.approx(COST)


def test_capacities_may_have_decimals() -> None:
    problem = recognised(arrays_instance(CAPACITY + 0.25, FIXED, DEMAND, COST))
    assert problem is not None
    assert problem.capacity == pytest.approx(CAPACITY + 0.25, rel=1e-7)


def test_nearest_and_sparse_and_infinite_costs_leave_arcs_out() -> None:
    nearest = arrays_instance(CAPACITY, FIXED, DEMAND, COST, nearest=2)
    kept = np.where(np.argsort(np.argsort(COST, axis=1), axis=1) < 2, COST, np.inf)
    infinite = arrays_instance(CAPACITY, FIXED, DEMAND, kept)
    sparse = arrays_instance(CAPACITY, FIXED, DEMAND, csr_array(np.where(np.isfinite(kept), kept, 0.0)))
    for instance in (nearest, infinite, sparse):
        assert len(instance.arcs.demand) == 8
        assert instance.arcs.usd == pytest.approx(nearest.arcs.usd)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"capacity": [1.0, np.nan, 2.0]}, "capacity must be"),
        ({"demand": [1.0, 0.0, 1.0, 1.0]}, "no demand may be zero"),
        ({"fixed_usd": [1.0]}, "one entry per site"),
        ({"cost_usd": COST.T}, "cost_usd has shape"),
    ],
)
def test_what_is_wrong_is_said(change: dict[str, object], message: str) -> None:
    figures: dict[str, object] = {
        "capacity": CAPACITY,
        "fixed_usd": FIXED,
        "demand": DEMAND,
        "cost_usd": COST,
    }
    with pytest.raises(ValueError, match=message):
        arrays_instance(**{**figures, **change})


def test_more_than_facility_location_is_not_recognised() -> None:
    instance = arrays_instance(CAPACITY, FIXED, DEMAND, COST)
    assert recognised(instance) is not None
    assert recognised(replace(instance, budget_usd=50.0)) is None
    assert recognised(replace(instance, max_sites=2)) is None
    priced = replace(instance.variants, usd=np.ones(1))
    assert recognised(replace(instance, variants=priced)) is None
    existing = replace(instance.sites, is_existing=np.array([1, 0, 0], dtype=np.uint8))
    assert recognised(replace(instance, sites=existing)) is None
    assert recognised(compile_instance(load_scenario(small_scenario()))) is None


def test_plan_and_bound_meet_at_the_optimum() -> None:
    instance = arrays_instance(CAPACITY, FIXED, DEMAND, COST)
    problem = recognised(instance)
    assert problem is not None
    optimum, incumbent = best_cost(problem), solved(instance)
    assert incumbent.solution is not None
    assert evaluate_solution(instance, incumbent.solution).cost_usd == pytest.approx(optimum)
    assert incumbent.cost_usd == pytest.approx(optimum)
    assert incumbent.bound_usd == pytest.approx(optimum)


def single_source_optimum(
    capacity: np.ndarray, fixed: np.ndarray, demand: np.ndarray, cost: np.ndarray
) -> float:
    """By every assignment."""
    n, m = cost.shape
    best = np.inf
    for code in range(m**n):
        to = np.array([code // m**i % m for i in range(n)])
        if np.all(np.bincount(to, demand, m) <= capacity):
            best = min(best, fixed[np.unique(to)].sum() + cost[np.arange(n), to].sum())
    return float(best)


@pytest.mark.parametrize("seed", range(6))
def test_demands_that_may_not_be_split(seed: int) -> None:
    """The 0-1 knapsack bound, the tree over sites and arcs, and the exact model end at the enumerated optimum."""
    rng = np.random.default_rng(seed)
    demand, cost = rng.integers(2, 9, 7).astype(float), rng.uniform(1.0, 20.0, (7, 3))
    capacity = np.ceil(rng.uniform(0.5, 0.8, 3) * demand.sum())
    fixed = rng.uniform(5.0, 25.0, 3)
    optimum = single_source_optimum(capacity, fixed, demand, cost)
    incumbent = solved(arrays_instance(capacity, fixed, demand, cost, splittable=False), 1e-6)
    assert incumbent.solution is not None
    assert set(np.unique(incumbent.solution.share)) <= {0.0, 1.0}
    assert incumbent.cost_usd == pytest.approx(optimum)
    assert incumbent.bound_usd == pytest.approx(optimum, rel=2e-6)


def test_an_assignment_that_was_cut_short_gets_longer_the_next_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else it would begin anew for ever, where it needs a little more than its share of the time."""
    given: list[float] = []

    def cut_short(*arguments: Any) -> tuple[None, float, bool]:
        given.append(arguments[3])
        return None, 0.0, False

    monkeypatch.setattr("siteopt.facility.generalised_assignment.solve_generalised_assignment", cut_short)
    rng = np.random.default_rng(1)
    demand = rng.integers(5, 36, 20).astype(float)
    capacity = np.full(6, np.ceil(demand.sum() / 4.0))
    cost = rng.uniform(1.0, 10.0, (20, 6)) * demand[:, None]
    instance = arrays_instance(capacity, rng.uniform(50.0, 150.0, 6), demand, cost, False)
    solve_facility_location(instance, Incumbent(instance, Clock(3.0), 0.0, None), SolveOptions())
    assert given[1] > 1.2 * given[0]
