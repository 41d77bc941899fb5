"""Kernel search: its restricted master is a relaxation on some sites and flows, so its optimum is below their plans."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from unittest import mock

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from support.documents.facility_location import Classic, classic_instance
from support.reference.dual import random_prices
from support.reference.evaluator import broken_rules
from support.strategies.all_rules import full_documents
from support.strategies.solutions import carried, random_state

from siteopt.compile import compile_instance
from siteopt.evaluate import evaluate_solution
from siteopt.highs.driver import HighsDriver, Limits
from siteopt.highs.monitor import Silent
from siteopt.matheuristics.flow_lp import cheapest_flows, flows_of_sites
from siteopt.matheuristics.kernel_search import choose_restricted_master, solve_restricted_master
from siteopt.matheuristics.partial_bound import can_solve_part
from siteopt.matheuristics.partial_model import PartialModel
from siteopt.scenario import load_scenario

if TYPE_CHECKING:
    from siteopt.instance import Instance, Prices, Solution

#: Of what plans of this size cost, and of what the prices add up to.
TOLERANCE = 2e-6


def master_usd(instance: Instance, prices: Prices, known: Solution, flows: int) -> float:
    """Optimum of the restricted master of a known plan alone."""
    nothing = np.zeros(len(instance.sites.id), dtype=bool)
    with mock.patch("siteopt.matheuristics.kernel_search.FLOWS", flows):
        master = choose_restricted_master(instance, prices, nothing, known)
    model = PartialModel(instance, prices, master)
    answer = HighsDriver(model.matrix()).solve(Limits(gap=0.0), Silent())
    return answer.objective * model.unit_usd


@settings(max_examples=60)
@given(document=full_documents(), flows=st.sampled_from([0, 1, 3]), seed=st.integers(0, 2**32 - 1))
def test_its_optimum_is_below_the_plan_that_it_is_made_of(
    document: dict[str, Any], flows: int, seed: int
) -> None:
    """Whatever the prices of what sites share, and however few flows there are beside the plan's own."""
    instance = compile_instance(load_scenario(document))
    assume(can_solve_part(instance))
    rng = np.random.default_rng(seed)
    known = random_state(instance, rng)
    assume(not broken_rules(instance, known))
    known_usd = evaluate_solution(instance, known).cost_usd
    prices = random_prices(instance, rng, abs(known_usd) / max(1, len(instance.demands.region)) + 1e5)
    slack = TOLERANCE * (abs(known_usd) + float(np.abs(prices.demand_usd).sum()) + 1e6)
    assert master_usd(instance, prices, known, flows) <= known_usd + slack


@settings(max_examples=60)
@given(document=full_documents(), seed=st.integers(0, 2**32 - 1))
def test_what_it_finds_stands_and_carries_its_flows(document: dict[str, Any], seed: int) -> None:
    instance = compile_instance(load_scenario(document))
    assume(can_solve_part(instance))
    rng = np.random.default_rng(seed)
    prices = random_prices(instance, rng, 3e6)
    likely = rng.random(len(instance.sites.id)) < 0.7
    master = choose_restricted_master(instance, prices, likely, None)
    found: list[Solution] = []
    limits = Limits(tree_nodes=50)
    solve_restricted_master(instance, prices, master, limits, lambda s, _usd: found.append(s), lambda: True)
    assume(found)
    sites, options = instance.sites, instance.options
    must = ((sites.is_existing | sites.is_forced) == 1) & (np.diff(sites.option_ptr) > 0)
    for solution in found:
        stands = np.flatnonzero(solution.option >= 0)
        assert np.all(master.site[stands])
        assert np.all(solution.option[must] >= 0)
        o, n = solution.option[stands], solution.modules[stands]
        assert np.array_equal(options.site[o], stands)
        assert np.all((options.min_modules[o] <= n) & (n <= options.max_modules[o]))
        used = np.flatnonzero(solution.share > 1e-6)
        assert np.all(master.arc[used])
        assert np.all(solution.option[instance.pools.site[instance.arcs.pool[used]]] >= 0)
        served = np.bincount(
            instance.arcs.demand, weights=solution.share, minlength=len(instance.demands.region)
        )
        assert served + solution.unserved == pytest.approx(1.0, abs=1e-5)


@settings(max_examples=60)
@given(document=full_documents(may_have_tails=False), seed=st.integers(0, 2**32 - 1))
def test_flows_of_sites_are_whole_and_go_to_them_alone(document: dict[str, Any], seed: int) -> None:
    instance = compile_instance(load_scenario(document))
    before = random_state(instance, np.random.default_rng(seed))
    flows = flows_of_sites(instance, before, lambda: True)
    assume(flows is not None)
    assert flows is not None
    share, unserved = flows
    demands = instance.demands
    served = np.bincount(instance.arcs.demand, weights=share, minlength=len(demands.region))
    assert served + unserved == pytest.approx(1.0)
    assert np.all(before.option[instance.pools.site[instance.arcs.pool[share > 0.0]]] >= 0)


def test_what_must_be_served_may_wait_where_no_open_site_has_room() -> None:
    """Then the search opens another one."""
    cost = np.zeros((2, 2))
    instance = classic_instance(Classic(np.full(2, 10.5), np.ones(2), np.full(2, 8.0), cost))
    one = np.array([0, -1], dtype=np.int32)
    solution = carried(instance, one, np.zeros(len(instance.arcs.demand)), np.ones(2))
    solution.modules[0] = instance.options.max_modules[0]
    flows = flows_of_sites(instance, solution, lambda: True)
    assert flows is not None
    share, unserved = flows
    assert 0.0 < unserved.sum() < 2.0
    assert not share[instance.pools.site[instance.arcs.pool] == 1].any()
    assert cheapest_flows(instance, solution, lambda: True) is None


def test_where_nothing_is_scarce_all_is_served_from_the_cheapest_open_site() -> None:
    cost = np.array([[0.0, 3.0, 9.0], [9.0, 0.0, 3.0], [3.0, 9.0, 0.0]])
    instance = classic_instance(Classic(np.full(3, 40.5), np.ones(3), np.full(3, 8.0), cost))
    two = np.array([0, 1, -1], dtype=np.int32)
    solution = carried(instance, two, np.zeros(len(instance.arcs.demand)), np.ones(3))
    solution.modules[:2] = instance.options.max_modules[:2]
    flows = flows_of_sites(instance, solution, lambda: True)
    assert flows is not None
    share, unserved = flows
    assert not unserved.any()
    site = instance.pools.site[instance.arcs.pool]
    used = share > 0.5
    assert dict(zip(instance.arcs.demand[used].tolist(), site[used].tolist(), strict=True)) == {
        0: 0,
        1: 1,
        2: 0,
    }
