"""Facility location whose demands may not be split, against every assignment."""

from __future__ import annotations

from itertools import chain, combinations, product
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from support.documents.facility_location import arrays_instance
from support.reference.facility import best_cost

import siteopt.facility.splittable_run as splittable_run
from siteopt._core.facility.assignment import Assignment
from siteopt.facility import FacilityProblem, fitting, recognised, splittable_relaxation
from siteopt.facility.generalised_assignment import solve_generalised_assignment
from siteopt.facility.run import solve_facility_location
from siteopt.facility.single_source import least_sum
from siteopt.facility.single_source_search import near_sites
from siteopt.run.incumbent import Incumbent
from siteopt.run.options import SolveOptions
from siteopt.run.progress import Clock

if TYPE_CHECKING:
    from siteopt.instance import Instance


def random_instance(sites: int, demands: int, ratio: float, is_round: bool, seed: int) -> Instance:
    """Capacity ``ratio`` times the demand, both whole numbers or not."""
    rng = np.random.default_rng(seed)
    demand = rng.integers(2, 12, demands) + (0.0 if is_round else rng.random(demands))
    capacity = rng.uniform(0.5, 1.5, sites) * ratio * demand.sum() / sites
    capacity = np.ceil(capacity) if is_round else capacity
    cost = rng.uniform(1.0, 40.0, (demands, sites))
    return arrays_instance(capacity, rng.uniform(5.0, 60.0, sites), demand, cost, splittable=False)


instances = st.builds(
    random_instance,
    st.integers(2, 4),
    st.integers(2, 6),
    st.sampled_from([1.1, 1.5, 3.0]),
    st.booleans(),
    st.integers(0, 10_000),
)


def problem_of(instance: Instance) -> FacilityProblem:
    problem = recognised(instance)
    assert problem is not None
    return problem


def enumerated(problem: FacilityProblem, *, all_open: bool = False) -> float:
    """Cost of the best assignment, ``inf`` where none fits."""
    m, n = len(problem.capacity), len(problem.demand)
    usd = np.full((n, m), np.inf)
    usd[problem.arc_demand, problem.arc_site] = problem.arc_usd * problem.demand[problem.arc_demand]
    best = np.inf
    for to in product(range(m), repeat=n):
        if np.all(np.bincount(to, problem.demand, m) <= problem.capacity * (1.0 + 1e-9)):
            opened = np.arange(m) if all_open else np.unique(to)
            best = min(best, float(problem.fixed_usd[opened].sum() + usd[np.arange(n), list(to)].sum()))
    return best


@settings(max_examples=60)
@given(instances)
def test_plan_and_bound_meet_at_the_enumerated_optimum(instance: Instance) -> None:
    optimum = enumerated(problem_of(instance))
    incumbent = Incumbent(instance, Clock(20.0), 1e-6, None)
    solve_facility_location(instance, incumbent, SolveOptions())
    if np.isinf(optimum):
        assert incumbent.solution is None
        return
    assert incumbent.solution is not None
    assert incumbent.cost_usd == pytest.approx(optimum, rel=1e-6)
    assert incumbent.bound_usd is not None
    assert incumbent.bound_usd <= optimum * (1.0 + 1e-9)
    assert incumbent.bound_usd >= optimum * (1.0 - 2e-6)


@pytest.mark.parametrize("seed", range(8))
def test_a_plan_with_sites_that_the_search_does_not_have_is_handed_on(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"TIMES_NEEDED": 0.0, "MORE_SITES": 1, "LIKELY": 2.0}.items():
        monkeypatch.setattr(splittable_run, name, value)
    instance = random_instance(5, 7, 2.0, bool(seed % 2), seed)
    incumbent = Incumbent(instance, Clock(20.0), 1e-6, None)
    solve_facility_location(instance, incumbent, SolveOptions())
    assert incumbent.is_good_enough
    assert incumbent.cost_usd == pytest.approx(enumerated(problem_of(instance)), rel=1e-6)


@settings(max_examples=60)
@given(instances)
def test_the_relaxation_costs_no_more(instance: Instance) -> None:
    problem = problem_of(instance)
    optimum = enumerated(problem)
    assume(np.isfinite(optimum))
    assert best_cost(splittable_relaxation(fitting(problem))) <= optimum * (1.0 + 1e-9)


@settings(max_examples=60)
@given(instances, st.sampled_from([0.7, 0.999, 1.001, 1.5]))
def test_an_assignment_below_the_cutoff_is_found_and_the_rest_bounded(
    instance: Instance, share: float
) -> None:
    problem = fitting(problem_of(instance))
    optimum = enumerated(problem, all_open=True)
    assume(np.all(np.diff(problem.arc_ptr) > 0))
    cutoff = share * (optimum if np.isfinite(optimum) else 1000.0)
    site, bound, is_final = solve_generalised_assignment(problem, cutoff, 1, np.inf, lambda: True)
    assert is_final
    assert bound <= min(cutoff, optimum)
    assert bound >= min(cutoff, optimum) * (1.0 - 1e-6)
    # What is not below the cutoff is not looked for, and may yet be met.
    assert site is not None or optimum >= cutoff


@given(st.lists(st.integers(1, 30), min_size=1, max_size=7), st.floats(0.0, 1.0))
def test_least_sum_is_that_of_some_subset(sizes: list[int], share: float) -> None:
    total = share * sum(sizes)
    subsets = chain.from_iterable(combinations(sizes, k) for k in range(len(sizes) + 1))
    expected = min(s for s in map(sum, subsets) if s >= total * (1.0 - 1e-9))
    assert least_sum(np.array(sizes, dtype=float), total) == pytest.approx(expected)
    assert least_sum(np.array(sizes, dtype=float) + 0.5, total) == total


def costs(problem: FacilityProblem, site: np.ndarray) -> tuple[float, float, float]:
    """Flow cost, fixed cost and overload of an assignment, in plain terms."""
    usd = np.full((len(problem.demand), len(problem.capacity)), np.inf)
    usd[problem.arc_demand, problem.arc_site] = problem.arc_usd * problem.demand[problem.arc_demand]
    load = np.bincount(site, problem.demand, len(problem.capacity))
    flow = float(usd[np.arange(len(site)), site].sum())
    return (
        flow,
        float(problem.fixed_usd[np.unique(site)].sum()),
        float(np.maximum(0.0, load - problem.capacity).sum()),
    )


@settings(max_examples=60)
@given(instances, st.integers(0, 1000))
def test_the_search_counts_as_its_twin_and_keeps_its_best_plan(instance: Instance, seed: int) -> None:
    problem = fitting(problem_of(instance))
    assume(np.all(np.diff(problem.arc_ptr) > 0))
    search = Assignment(problem, near_sites(problem, 40), seed)
    everything = np.ones(len(problem.capacity), dtype=np.uint8)
    assert search.load_sites(everything, np.full(len(problem.demand), -1, dtype=np.int32))
    for step in range(6):
        search.anneal(40, 5.0) if step % 3 else search.descend()
        found = search.flow_usd, search.fixed_usd, search.overload
        assert found == pytest.approx(costs(problem, search.sites()), rel=1e-9, abs=1e-6)
    if np.isinf(search.best_usd):
        return
    flow, fixed, overload = costs(problem, search.best_sites())
    assert search.best_usd == pytest.approx(flow + fixed)
    assert overload <= 1e-9 * problem.capacity.sum()
    assert search.best_usd >= enumerated(problem) - 1e-6
