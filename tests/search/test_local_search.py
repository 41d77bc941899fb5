"""Construction and local search: what they promise on scenarios of every size."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from support.documents.edits import REMOVE, changed
from support.documents.facility_location import PLANTS, USD_PER_UNIT, Classic, classic_instance
from support.documents.small_scenario import small_scenario
from support.reference import evaluator as reference

from siteopt._core.evaluate.evaluator import Evaluator
from siteopt._core.search.exchange import Exchanges
from siteopt._core.search.flow_search import FlowSearch
from siteopt._core.search.site_search import SiteSearch
from siteopt.compile import compile_instance
from siteopt.evaluate import evaluate_solution, unserved_penalty_usd
from siteopt.scenario import load_scenario
from siteopt.search.local_search import Search, best_options, hardest_first

if TYPE_CHECKING:
    from siteopt.instance import Instance, Solution


def run(instance: Instance, seed: int, rounds: int) -> tuple[Search, list[float]]:
    search = Search(instance, seed)
    search.construct()
    costs = [search.cost_usd]
    for _ in range(rounds):
        search.round()
        costs.append(search.cost_usd)
    return search, costs


def decisions(solution: Solution | None) -> list[list[float]]:
    assert solution is not None
    return [
        getattr(solution, name).tolist() for name in ("option", "modules", "replicas", "share", "unserved")
    ]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_cost_never_rises(germany_instance: Instance, seed: int) -> None:
    search, costs = run(germany_instance, seed, 6)
    assert all(later <= earlier + 1e-3 for earlier, later in zip(costs, costs[1:], strict=False))
    solution = search.solution()
    assert solution is not None
    assert evaluate_solution(germany_instance, solution).cost_usd == pytest.approx(search.cost_usd, rel=1e-12)
    assert reference.broken_rules(germany_instance, solution) == set()


def test_same_seed_same_solution(germany_instance: Instance) -> None:
    first, second = (run(germany_instance, 7, 5)[0] for _ in range(2))
    assert decisions(first.solution()) == decisions(second.solution())
    assert first.evaluated == second.evaluated


def test_another_seed_looks_elsewhere(germany_instance: Instance) -> None:
    first, second = (run(germany_instance, seed, 5)[0] for seed in (7, 8))
    assert first.evaluated != second.evaluated


def test_the_small_scenario_is_solved(small_instance: Instance) -> None:
    search, _ = run(small_instance, 1, 30)
    assert search.solution() is not None


def test_rest_of_must_serve_demand_is_worth_a_site() -> None:
    """The search once stopped with 30 % of a demand unserved: by its share the penalty was less than a plant."""
    search, _ = run(classic_instance(PLANTS), 1, 10)
    assert search.solution() is not None


def test_splitting_leaves_no_crumbs() -> None:
    """Parts of a demand once added up to one but for 1e-14, which made a good state infeasible."""
    instance = classic_instance(PLANTS)
    for seed in range(1, 6):
        solution = run(instance, seed, 40)[0].solution()
        assert solution is not None
        assert not solution.unserved.any()
        total = np.bincount(instance.arcs.demand, weights=solution.share)
        assert total == pytest.approx(np.ones(len(total)), abs=1e-9)


def test_no_plan_is_no_solution() -> None:
    """Demand that must be served and cannot be: the state has a cost, but it is never handed out."""
    edits = {"policy.budget_usd": 1.0, "workloads.1.unserved_usd_per_1k": REMOVE}
    search, _ = run(compile_instance(load_scenario(changed(small_scenario(), edits))), 1, 3)
    assert search.solution() is None
    assert search.cost_usd < float("inf")


def test_a_plan_can_be_loaded_and_improved(small_instance: Instance) -> None:
    start, _ = run(small_instance, 1, 0)
    solution = start.solution()
    assert solution is not None
    search = Search(small_instance, 5)
    assert search.load(solution.option, solution.share, solution.unserved)
    assert search.cost_usd == pytest.approx(start.cost_usd, rel=1e-12)
    search.round()
    assert search.cost_usd <= start.cost_usd


def test_best_options_are_buildable(germany_instance: Instance) -> None:
    best, ptr = best_options(germany_instance), germany_instance.sites.option_ptr
    for j, option in enumerate(best):
        assert option == -1 if ptr[j] == ptr[j + 1] else ptr[j] <= option < ptr[j + 1]


def test_hardest_first_puts_what_must_be_served_before_what_may_wait(germany_instance: Instance) -> None:
    order, demands = hardest_first(germany_instance), germany_instance.demands
    assert sorted(order.tolist()) == list(range(len(demands.region)))
    may_wait = np.isfinite(demands.unserved_usd)
    keys = list(zip(may_wait[order].tolist(), np.diff(demands.arc_ptr)[order].tolist(), strict=True))
    assert keys == sorted(keys)


def test_wrong_calls_are_refused(small_instance: Instance) -> None:
    flows = FlowSearch(Evaluator(small_instance, unserved_penalty_usd(small_instance)), 1)
    with pytest.raises(ValueError, match="not a permutation"):
        flows.order_demands(np.zeros(len(small_instance.demands.region), dtype=np.int32))
    with pytest.raises(ValueError, match="there is no site 3; the instance has 3"):
        SiteSearch(flows).close_site(3)


def crossed(demand: list[float]) -> tuple[Instance, Evaluator]:
    """Two full sites; each serves what is dear there and free at the other one."""
    classic = Classic(
        capacity=np.array([10.0, 10.0]),
        fixed=np.array([1.0, 1.0]),
        demand=np.array(demand),
        cost=np.array([[0.0, 50.0], [50.0, 0.0]]),
    )
    instance = classic_instance(classic)
    evaluator = Evaluator(instance, unserved_penalty_usd(instance))
    site = instance.pools.site[instance.arcs.pool]
    share = np.where(site != instance.arcs.demand, 1.0, 0.0)
    assert evaluator.load(np.array([0, 1], dtype=np.int32), share, np.zeros(2))
    return instance, evaluator


def test_full_sites_exchange_what_each_would_rather_have() -> None:
    _, evaluator = crossed([10.0, 10.0])
    flows = FlowSearch(evaluator, 1)
    assert not flows.improve()  # nothing moves by itself
    assert Exchanges(SiteSearch(flows), 8, 64).improve()
    assert evaluator.cost_usd == pytest.approx(2.0 * USD_PER_UNIT)
    assert not Exchanges(SiteSearch(flows), 8, 64).improve()


def test_an_exchange_takes_what_fits() -> None:
    """The larger demand finds room at its own site only for as much as the smaller one leaves and stood there."""
    instance, evaluator = crossed([10.0, 4.0])
    assert Exchanges(SiteSearch(FlowSearch(evaluator, 1)), 8, 64).improve()
    _, _, _, share, unserved = evaluator.state()
    assert not unserved.any()
    assert np.bincount(instance.arcs.demand, weights=share) == pytest.approx([1.0, 1.0])
    assert evaluator.cost_usd == pytest.approx(2.0 * USD_PER_UNIT)


@pytest.mark.parametrize(("places", "moves"), [(1, 64), (8, 1)])
def test_an_exchange_needs_two_of_each(places: int, moves: int) -> None:
    with pytest.raises(ValueError, match="two places and two moves"):
        Exchanges(SiteSearch(FlowSearch(crossed([10.0, 10.0])[1], 1)), places, moves)
