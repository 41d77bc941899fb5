"""Kernels and tree of facility location against enumeration, an LP solver and plain twins."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from support.documents.facility_location import arrays_instance
from support.reference.facility import best_cost, dual_value, strong_lp, transport_cost

from siteopt._core.facility.dual_ascent import FacilityDual
from siteopt._core.facility.interchange import Interchange
from siteopt._core.facility.transport import Transport
from siteopt.facility import FacilityProblem, recognised
from siteopt.facility.root_bound import RootBound
from siteopt.facility.tree import FacilityTree


def random_problem(
    sites: int, demands: int, ratio: float, seed: int, nearest: int | None = None
) -> FacilityProblem:
    """Points in a square; capacity ``ratio`` times the demand."""
    rng = np.random.default_rng(seed)
    distance = np.linalg.norm(rng.random((demands, 1, 2)) - rng.random((1, sites, 2)), axis=2)
    demand = rng.integers(5, 36, demands).astype(float)
    capacity = np.ceil(rng.uniform(0.4, 1.6, sites) * ratio * demand.sum() / sites)
    problem = recognised(
        arrays_instance(
            capacity, 20.0 * np.sqrt(capacity), demand, 10.0 * demand[:, None] * distance, nearest=nearest
        )
    )
    assert problem is not None
    return problem


problems = st.builds(
    random_problem,
    st.integers(2, 7),
    st.integers(2, 14),
    st.sampled_from([1.3, 2.0, 4.0]),
    st.integers(0, 10_000),
    st.sampled_from([None, 2]),
)


@given(problems, st.integers(0, 1000))
@settings(max_examples=40)
def test_dual_equals_its_twin(problem: FacilityProblem, seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = len(problem.capacity)
    price = rng.uniform(0.0, 1.5, len(problem.demand)) * float(problem.arc_usd.max() + 5.0)
    status = rng.integers(-1, 2, n).astype(np.int8)
    active = np.flatnonzero(status >= 0).astype(np.int32)
    value = FacilityDual(problem).value(price, status, active)
    expected = dual_value(problem, price, status, active)
    assert value == pytest.approx(expected, rel=1e-9) if np.isfinite(expected) else np.isinf(value)


@given(problems)
@settings(max_examples=25)
def test_bound_is_near_the_strong_relaxation_and_below_the_optimum(problem: FacilityProblem) -> None:
    """A handful of sites whose reduced costs are all zero is the hardest corner for a subgradient."""
    lp = strong_lp(problem)
    root = RootBound(problem)
    for _ in range(60):
        root.climb()
    if np.isinf(lp):
        return
    assert root.bound_usd <= best_cost(problem) * (1.0 + 1e-9)
    assert root.bound_usd >= lp * (1.0 - 5e-3)


@pytest.mark.parametrize("seed", range(5))
def test_bound_is_that_of_the_strong_relaxation(seed: int) -> None:
    problem = random_problem(25, 80, 4.0, seed)
    root = RootBound(problem)
    while not root.has_converged:
        root.climb()
    lp = strong_lp(problem)
    assert lp * (1.0 - 5e-5) <= root.bound_usd <= lp * (1.0 + 1e-9)


def test_zero_average_of_subgradients_does_not_end_the_ascent() -> None:
    """An average of subgradients of other points may vanish far from the optimum; the ascent stopped 0.16 % short."""
    problem = random_problem(5, 11, 4.0, 7218, 2)
    root = RootBound(problem)
    for _ in range(60):
        root.climb()
    assert root.bound_usd >= strong_lp(problem) * (1.0 - 1e-6)


@given(problems, st.integers(0, 1000))
@settings(max_examples=30)
def test_flows_stay_optimal_while_sites_open_and_close(problem: FacilityProblem, seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = len(problem.capacity)
    transport = Transport(problem, n)
    every = np.ones(n)
    assert transport.load_sites(np.arange(n, dtype=np.int32)) == pytest.approx(transport_cost(problem, every))
    if np.isinf(transport.cost_usd):
        return
    for _ in range(6):
        is_open = transport.is_open()
        before = transport.cost_usd
        is_open[rng.integers(0, n, 2)] ^= 1
        limit = before if rng.random() < 0.4 else np.inf
        cost, expected = transport.change_sites(is_open, limit), transport_cost(problem, is_open)
        if np.isinf(cost):
            assert np.isinf(expected) or expected > limit * (1.0 - 1e-9)
            assert transport.cost_usd == pytest.approx(before)
        else:
            assert cost == pytest.approx(expected)
        amount = transport.amounts()
        assert np.bincount(problem.arc_demand, amount, len(problem.demand)) == pytest.approx(problem.demand)
        load = np.bincount(problem.arc_site, amount, n)
        assert np.all(load <= problem.capacity * transport.is_open() + 1e-6)
        assert problem.arc_usd @ amount + problem.fixed_usd @ transport.is_open() == pytest.approx(
            transport.cost_usd
        )


@given(problems)
@settings(max_examples=20)
def test_no_single_move_is_left_after_the_local_search(problem: FacilityProblem) -> None:
    n = len(problem.capacity)
    transport = Transport(problem, n)
    if np.isinf(transport.load_sites(np.arange(n, dtype=np.int32))):
        return
    assert Interchange(transport).improve(100_000)
    is_open = transport.is_open()
    assert transport.cost_usd == pytest.approx(transport_cost(problem, is_open))
    for j in range(n):
        for k in range(n):
            other = is_open.copy()
            other[j] ^= 1
            if k != j and other[k] != other[j]:
                other[k] ^= 1
            assert transport_cost(problem, other) >= transport.cost_usd * (1.0 - 1e-7)


@given(problems)
@settings(max_examples=20)
def test_tree_proves_the_optimum(problem: FacilityProblem) -> None:
    n = len(problem.capacity)
    every = np.arange(n, dtype=np.int32)
    transport = Transport(problem, n)
    optimum = best_cost(problem)
    if np.isinf(transport.load_sites(every)):
        assert np.isinf(optimum)
        return
    root = RootBound(problem)
    root.climb()
    tree = FacilityTree(problem, root, every, transport, 1e-7)
    tree.run(2000)
    assert tree.is_done
    assert tree.cost_usd == pytest.approx(optimum)
    assert tree.bound_usd <= optimum * (1.0 + 1e-9)
    assert tree.bound_usd >= optimum * (1.0 - 2e-7)


@given(problems, st.sampled_from([0.02, 0.05, 0.1]))
def test_the_bound_holds_where_a_wide_gap_is_asked_for(problem: FacilityProblem, gap: float) -> None:
    """What reduced costs decide leaves out plans within the gap; they may cost less than the best plan found."""
    n = len(problem.capacity)
    every = np.arange(n, dtype=np.int32)
    transport = Transport(problem, n)
    assume(np.isfinite(transport.load_sites(every)))
    root = RootBound(problem)
    root.climb()
    tree = FacilityTree(problem, root, every, transport, gap)
    tree.run(2000)
    assert tree.is_done
    assert tree.bound_usd <= best_cost(problem) * (1.0 + 1e-9)
    assert tree.bound_usd >= tree.cost_usd * (1.0 - gap) * (1.0 - 1e-9)


@given(problems)
@settings(max_examples=15)
def test_tree_is_valid_while_it_looks_at_few_sites_and_makes_plans_of_fewer(problem: FacilityProblem) -> None:
    """Sites outside of what is looked at are priced; without it the bound of a part would pass for that of all."""
    n = len(problem.capacity)
    optimum = best_cost(problem)
    if np.isinf(optimum):
        return
    every = np.arange(n, dtype=np.int32)
    root = RootBound(problem)
    for _ in range(3):
        root.climb()
    restricted_sites = (
        every[: n - 1] if np.isfinite(transport_cost(problem, (every < n - 1).astype(float))) else every
    )
    part = problem.restricted(
        restricted_sites, np.arange(len(problem.demand), dtype=np.int32), problem.demand
    )
    transport = Transport(part, len(restricted_sites))
    if np.isinf(transport.load_sites(np.arange(len(restricted_sites), dtype=np.int32))):
        return
    tree = FacilityTree(problem, root, restricted_sites, transport, 1e-7)
    for _ in range(10):
        tree.run(1)
        assert tree.bound_usd <= optimum * (1.0 + 1e-9)


@given(problems, st.integers(0, 1000), st.booleans())
@settings(max_examples=30)
def test_a_decision_changes_the_averages_by_what_its_site_serves(
    problem: FacilityProblem, seed: int, is_open: bool
) -> None:
    rng = np.random.default_rng(seed)
    dual, n_site = FacilityDual(problem), len(problem.capacity)
    price = rng.uniform(0.0, 1.5, len(problem.demand)) * float(problem.arc_usd.max() + 5.0)
    direction = rng.normal(size=len(price)).astype(np.float32)
    openness = rng.random(n_site).astype(np.float32)
    site = int(rng.integers(n_site))
    dual.resume(price, direction, openness, site, is_open)
    arcs = slice(problem.site_ptr[site], problem.site_ptr[site + 1])
    demands, rate = problem.site_demand[arcs], price[problem.site_demand[arcs]] - problem.site_usd[arcs]
    served, room = np.zeros(len(price)), float(problem.capacity[site])
    for n in np.argsort(-rate, kind="stable"):
        if rate[n] > 0.0:
            served[demands[n]] = min(room, problem.demand[demands[n]])
            room -= served[demands[n]]
    expected = direction.astype(float) - (float(is_open) - float(openness[site])) * served
    assert dual.direction == pytest.approx(expected, abs=1e-6)
    openness[site] = float(is_open)
    assert dual.openness == pytest.approx(openness)
