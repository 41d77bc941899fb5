"""Pools sized by their tail: the exact model from both sides, bounds and plans against the enumeration of all plans."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from support.reference.optimum.tails import TooManyError, optimum
from support.reference.pool_sizing import Physics
from support.reference.pool_sizing import broken_rules as broken_twin
from support.strategies.tails import lone_rival_documents, tail_documents

from siteopt import InfeasibleError, NoPlanError, Scenario, load_scenario, solve, verify
from siteopt._core.dual.lagrangian import SitePricer
from siteopt.bounds.lagrangian import LagrangianAscent
from siteopt.compile import compile_instance
from siteopt.evaluate import evaluate_solution, plan_of, trimmed
from siteopt.highs.driver import Limits
from siteopt.milp.objective import USD_PER_UNIT
from siteopt.milp.solve import ExactModel
from siteopt.search.local_search import Search

if TYPE_CHECKING:
    from siteopt.instance import Instance, Solution

#: Of the costs and revenues that a plan of this size may have; the solver works to 1e-6 of a million USD.
TOLERANCE = 1e-6
#: More segments than the tables have entries, once the large ones are put aside: each is a binary of the model.
EVERY_INTEGER, MOST_ENTRIES = 1000, 80


#: Stated services, or a model on two accelerators.
small_documents = st.one_of(tail_documents(), tail_documents(), lone_rival_documents())


class Best:
    """Listener that keeps the cheapest solution, sized by the evaluator."""

    def __init__(self, instance: Instance) -> None:
        self._instance, self._search = instance, Search(instance, seed=1)
        self.cost_usd, self.bound_usd = inf, -inf
        self.solution: Solution | None = None

    def found(self, option: Any, share: Any, unserved: Any, moves: Any) -> None:
        if self._search.load(option, share, unserved, moves) and self._search.cost_usd < self.cost_usd:
            self.cost_usd, self.solution = self._search.cost_usd, self._search.solution()

    def proved(self, bound_usd: float) -> None:
        self.bound_usd = max(self.bound_usd, bound_usd)

    def should_stop(self) -> bool:
        return False


def solved(instance: Instance, bracket: Any, segments: int) -> tuple[float, Best]:
    """Optimum of one of the two models, USD, ``inf`` where it has none; and what it found on the way."""
    best = Best(instance)
    answer = ExactModel(instance, bracket, segments).solve(Limits(gap=0.0), best, None)
    return answer.objective * USD_PER_UNIT, best


def gross_usd(instance: Instance, solution: Solution | None) -> float:
    """What costs are compared by: net cost may be near zero."""
    if solution is None:
        return 1e6
    return sum(map(abs, evaluate_solution(instance, solution).cost_lines.values())) + 1e6


def enumerated(scenario: Scenario, instance: Instance) -> tuple[float, Solution | None]:
    try:
        found = optimum(scenario, instance)
    except TooManyError:
        assume(False)
        raise
    return (inf, None) if found is None else found


def assert_carried(scenario: Scenario, instance: Instance, solution: Solution) -> None:
    """Every pool carries its load as far as its farthest flow by the twin's formulas."""
    physics, arcs = Physics(scenario, instance), instance.arcs
    for p in range(len(instance.pools.site)):
        rows = [a for a in np.flatnonzero(arcs.pool == p) if solution.share[a] > 0.0]
        if rows:
            load = sum(solution.share[a] * instance.demands.peak_rps[arcs.demand[a]] for a in rows)
            farthest, v = max(arcs.rtt_ms[a] for a in rows), int(instance.pools.variant[p])
            assert load <= physics.carries(v, int(solution.replicas[p]), farthest) * (1 + 1e-6)


@settings(max_examples=60)
@given(document=small_documents, segments=st.sampled_from([1, 2, 13]))
def test_the_enumeration_lies_between_outer_and_inner(document: dict[str, Any], segments: int) -> None:
    """And what the inner model finds holds, while the problem is infeasible where the outer model is."""
    scenario = load_scenario(document)
    instance = compile_instance(scenario)
    true_usd, plan = enumerated(scenario, instance)
    slack = TOLERANCE * gross_usd(instance, plan)
    outer_usd, outer = solved(instance, "outer", segments)
    inner_usd, inner = solved(instance, "inner", segments)
    assert outer_usd <= true_usd + slack
    assert outer.bound_usd <= outer_usd + slack
    assert inner_usd >= true_usd - slack
    for best in (outer, inner):
        assert best.cost_usd >= true_usd - slack
        if best.solution is not None:
            assert_carried(scenario, instance, best.solution)
            assert not broken_twin(instance, best.solution)
    assert inner.cost_usd <= inner_usd + slack
    assert inner.bound_usd == -inf


@settings(max_examples=40)
@given(document=small_documents)
def test_both_models_are_exact_where_every_integer_is_a_breakpoint(document: dict[str, Any]) -> None:
    scenario = load_scenario(document)
    instance = compile_instance(scenario)
    for v in range(len(instance.variants.workload)):  # at most four round trips: a tier for each
        round_trips = instance.arcs.rtt_ms[instance.pools.variant[instance.arcs.pool] == v]
        assume(len(np.unique(round_trips)) <= 4)
    assume(len(instance.slack_tiers.outer_rps) <= MOST_ENTRIES)
    true_usd, plan = enumerated(scenario, instance)
    with patch("siteopt.milp.segments.SANDWICH", 0.0):
        outer_usd, _ = solved(instance, "outer", EVERY_INTEGER)
        inner_usd, _ = solved(instance, "inner", EVERY_INTEGER)
    assert outer_usd == pytest.approx(true_usd, abs=TOLERANCE * gross_usd(instance, plan))
    assert inner_usd == pytest.approx(true_usd, abs=TOLERANCE * gross_usd(instance, plan))


@pytest.mark.slow
@settings(max_examples=40)
@given(document=small_documents)
def test_more_segments_narrow_the_sandwich(document: dict[str, Any]) -> None:
    """With every integer a breakpoint neither side lies farther out than with a line or two; all lie around the truth.

    Between few and a few more nothing is sure of one scenario: segments are chosen for the largest error of the
    whole tail, which need not be the error at the optimum.
    """
    scenario = load_scenario(document)
    instance = compile_instance(scenario)
    assume(len(instance.slack_tiers.outer_rps) <= MOST_ENTRIES)
    true_usd, plan = enumerated(scenario, instance)
    slack = TOLERANCE * gross_usd(instance, plan)
    with patch("siteopt.milp.segments.SANDWICH", 0.0):
        outer_usd, inner_usd = (solved(instance, side, EVERY_INTEGER)[0] for side in ("outer", "inner"))
        assert outer_usd - slack <= true_usd <= inner_usd + slack
        for segments in (1, 2):
            assert solved(instance, "outer", segments)[0] <= outer_usd + slack
            assert solved(instance, "inner", segments)[0] >= inner_usd - slack


@settings(max_examples=100)
@given(document=small_documents, seed=st.integers(0, 2**32 - 1))
def test_the_lagrangian_is_a_bound_at_any_prices(document: dict[str, Any], seed: int) -> None:
    scenario, rng = load_scenario(document), np.random.default_rng(seed)
    instance = compile_instance(scenario)
    true_usd, plan = enumerated(scenario, instance)
    slack = TOLERANCE * gross_usd(instance, plan)
    ascent = LagrangianAscent(instance)
    ascent.run(int(rng.integers(1, 300)), true_usd if plan is not None else 1e7)
    assert ascent.bound_usd <= true_usd + slack
    pricer, demands, grid = SitePricer(instance), instance.demands, instance.grid
    size = 10.0 ** rng.uniform(4, 7)
    demand = np.minimum(rng.normal(1.0, 1.0, len(demands.region)) * size, demands.unserved_usd)
    limit = rng.exponential(1e6, len(grid.id)) * (rng.random(len(grid.id)) < 0.7)
    capital = float(rng.choice([0.0, 0.1, 1.0])) if np.isfinite(instance.budget_usd) else 0.0
    bound = pricer.price(demand, limit, capital) + demand.sum() - limit @ grid.limit_mw
    bound -= capital * instance.budget_usd if capital else 0.0
    assert bound <= true_usd + slack


@pytest.mark.slow
@settings(max_examples=60)
@given(document=small_documents, seed=st.integers(0, 1000))
def test_plans_of_the_search_hold_and_trimming_them_only_saves(document: dict[str, Any], seed: int) -> None:
    scenario = load_scenario(document)
    instance = compile_instance(scenario)
    true_usd, plan = enumerated(scenario, instance)
    slack = TOLERANCE * gross_usd(instance, plan)
    search = Search(instance, seed)
    search.construct()
    for _ in range(10):
        search.round()
    solution = search.solution()
    if solution is None:
        return
    less = trimmed(instance, solution)
    for each in (solution, less):
        assert_carried(scenario, instance, each)
        assert not broken_twin(instance, each)
        assert verify(scenario, plan_of(scenario, instance, each)) == []
    cost_usd, less_usd = (evaluate_solution(instance, each).cost_usd for each in (solution, less))
    assert true_usd - slack <= less_usd <= cost_usd + slack


@pytest.mark.parametrize("method", ["search", "milp", "auto"])
@settings(max_examples=25)
@given(document=small_documents)
def test_bound_optimum_and_plan_stand_in_order(method: Any, document: dict[str, Any]) -> None:
    """Every method's plan verifies and is no better than the optimum, nor its bound above it."""
    scenario = load_scenario(document)
    instance = compile_instance(scenario)
    true_usd, best = enumerated(scenario, instance)
    slack = TOLERANCE * gross_usd(instance, best)
    try:
        plan = solve(scenario, time_limit=inf, gap=0.0, method=method, iteration_limit=30)
    except InfeasibleError:
        assert best is None
        return
    except NoPlanError:
        assert method == "search"
        return
    assert verify(scenario, plan) == []
    assert plan.cost_usd >= true_usd - slack
    assert plan.bound_usd is None or plan.bound_usd <= true_usd + slack
