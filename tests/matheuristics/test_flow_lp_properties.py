"""All flows of a plan anew: they keep every rule of capacity in the modules and the pools that are in use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from support.documents.facility_location import USD_PER_UNIT, Classic, classic_instance
from support.reference.evaluator import broken_rules
from support.strategies.all_rules import full_documents
from support.strategies.solutions import CAPACITY, carried, random_state

from siteopt.compile import compile_instance
from siteopt.evaluate import evaluate_solution
from siteopt.matheuristics.flow_lp import cheapest_flows
from siteopt.scenario import load_scenario
from siteopt.search.local_search import Search

if TYPE_CHECKING:
    from siteopt.instance import Instance, Solution


def reached(instance: Instance, solution: Solution) -> Solution | None:
    """The solution with new flows, if there are any, in the fewest replicas and modules that carry them."""
    flows = cheapest_flows(instance, solution, lambda: True)
    return None if flows is None else carried(instance, solution.option, *flows)


@settings(max_examples=100)
@given(document=full_documents(may_have_tails=False), seed=st.integers(0, 2**32 - 1))
def test_new_flows_fit_where_the_old_ones_did(document: dict[str, Any], seed: int) -> None:
    instance = compile_instance(load_scenario(document))
    before = random_state(instance, np.random.default_rng(seed))
    after = reached(instance, before)
    assume(after is not None)
    assert after is not None
    demands, demand = instance.demands, instance.arcs.demand
    served = np.bincount(demand, weights=after.share, minlength=len(demands.region))
    assert served + after.unserved == pytest.approx(1.0)
    assert not after.unserved[np.isinf(demands.unserved_usd)].any()
    used = np.flatnonzero(after.share > 0.0)
    assert (before.replicas[instance.arcs.pool[used]] > 0).all()
    whole = used[demands.is_splittable[demand[used]] == 0]
    assert after.share[whole] == pytest.approx(1.0)
    assert broken_rules(instance, after) & CAPACITY == set()
    assert (after.modules <= before.modules).all()


def ring(n: int) -> tuple[Instance, Solution]:
    """Each site serves what is free at the next one; all are full but for a little."""
    cost = np.full((n, n), 50.0)
    np.fill_diagonal(cost, 0.0)
    classic = Classic(np.full(n, 10.5), np.ones(n), np.full(n, 10.0), cost)
    instance = classic_instance(classic)
    site = instance.pools.site[instance.arcs.pool]
    share = np.where(site == (instance.arcs.demand + 1) % n, 1.0, 0.0)
    return instance, carried(instance, np.arange(n, dtype=np.int32), share, np.zeros(n))


@pytest.mark.parametrize("n", [2, 3, 7])
def test_a_ring_turns_all_at_once(n: int) -> None:
    instance, before = ring(n)
    after = reached(instance, before)
    assert after is not None
    assert evaluate_solution(instance, before).cost_usd == pytest.approx(51.0 * n * USD_PER_UNIT)
    assert evaluate_solution(instance, after).cost_usd == pytest.approx(n * USD_PER_UNIT)


def test_a_search_takes_new_flows_over() -> None:
    """Only where they are cheaper."""
    instance, before = ring(3)
    search = Search(instance, 1)
    search.load(before.option, before.share, before.unserved)
    flows = cheapest_flows(instance, before, lambda: True)
    assert flows is not None
    search.try_flows(before, *flows)
    assert search.cost_usd == pytest.approx(3.0 * USD_PER_UNIT)
    search.try_flows(before, before.share, before.unserved)
    assert search.cost_usd == pytest.approx(3.0 * USD_PER_UNIT)


def test_there_is_no_answer_once_it_is_told_to_stop_or_nothing_stands() -> None:
    instance, before = ring(7)
    assert cheapest_flows(instance, before, lambda: False) is None
    closed = np.full(7, -1, dtype=np.int32)
    nothing = carried(instance, closed, np.zeros(len(before.share)), np.ones(7))
    assert cheapest_flows(instance, nothing, lambda: True) is None
