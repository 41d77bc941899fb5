"""The compiled evaluator on a plan priced by hand, at its edges, and on wrong calls."""

from __future__ import annotations

from dataclasses import replace
from math import inf
from typing import TYPE_CHECKING

import numpy as np
import pytest
from support.documents.plans import plan_of
from support.documents.small_scenario_plan import COST_USD, LINES, hand_plan
from support.reference import evaluator as reference
from support.strategies.solutions import random_state

from siteopt import evaluate
from siteopt._core.evaluate.evaluator import Evaluator
from siteopt._core.evaluate.full_evaluation import FullEvaluation
from siteopt.evaluate import evaluate_solution, solution_of, unserved_penalty_usd
from siteopt.plan import COST_LINES

if TYPE_CHECKING:
    from siteopt.instance import Instance, Solution
    from siteopt.scenario import Scenario

PENALTY_USD = 1e9


@pytest.fixture
def by_hand(small: Scenario, small_instance: Instance) -> Solution:
    return solution_of(small_instance, small, plan_of(hand_plan()))


def state_of(instance: Instance, solution: Solution) -> Evaluator:
    evaluator = Evaluator(instance, PENALTY_USD)
    evaluator.load(solution.option, solution.share, solution.unserved)
    return evaluator


def arc_of(instance: Instance, demand: str, site: str) -> int:
    for a, (i, p) in enumerate(zip(instance.arcs.demand, instance.arcs.pool, strict=True)):
        if instance.demands.name[i] == demand and instance.sites.id[instance.pools.site[p]] == site:
            return a
    raise LookupError(f"{demand} has no arc to {site}")


def test_the_plan_priced_by_hand_costs_what_the_hand_says(small: Scenario) -> None:
    priced = evaluate(small, plan_of(hand_plan()))
    assert priced.cost_lines == pytest.approx(LINES, rel=1e-12)
    assert priced.cost_usd == pytest.approx(COST_USD, rel=1e-12)
    assert {s.id: (s.it_mw, s.facility_mw, s.capex_usd) for s in priced.sites} == {
        "hub": pytest.approx((0.1, 0.12, 1_400_000.0)),
        "sub": pytest.approx((0.2, 0.3, 1_750_000.0)),
    }
    assert priced.grid[0].used_mw == pytest.approx(0.42)


def test_the_twin_agrees_with_the_hand(small_instance: Instance, by_hand: Solution) -> None:
    """Or it would prove nothing that it agrees with the kernel."""
    twin = reference.evaluate(small_instance, by_hand)
    assert twin.lines == pytest.approx(LINES, rel=1e-12)
    assert twin.load_erlang == pytest.approx(evaluate_solution(small_instance, by_hand).load_erlang)


def test_lines_are_those_of_the_plan() -> None:
    assert reference.LINES == COST_LINES


def test_the_state_needs_fewer_modules_than_the_hand_built(
    small_instance: Instance, by_hand: Solution
) -> None:
    """A state holds the fewest modules that carry its replicas: the hub's third one goes, and its million."""
    evaluator = state_of(small_instance, by_hand)
    assert evaluator.is_feasible()
    _, modules, replicas, _, _ = evaluator.state()
    hub, sub = (small_instance.sites.id.index(name) for name in ("hub", "sub"))
    assert (modules[hub], modules[sub]) == (2, 2)
    assert replicas.tolist() == by_hand.replicas.tolist()
    assert evaluator.cost_usd == pytest.approx(COST_USD - 1_000_000.0, rel=1e-12)


def test_a_move_to_a_closed_site_is_not_feasible(small_instance: Instance, by_hand: Solution) -> None:
    evaluator = state_of(small_instance, by_hand)
    source = np.array([arc_of(small_instance, "south.chat", "hub")], dtype=np.int32)
    target = np.array([arc_of(small_instance, "south.chat", "alp")], dtype=np.int32)
    assert evaluator.move_deltas(source, target).tolist() == [inf]


def test_a_move_onto_itself_changes_nothing(small_instance: Instance, by_hand: Solution) -> None:
    evaluator = state_of(small_instance, by_hand)
    arcs = np.flatnonzero(by_hand.share > 0).astype(np.int32)
    assert evaluator.move_deltas(arcs, arcs).tolist() == [0.0] * len(arcs)


def test_deltas_leave_the_state_alone(small_instance: Instance, by_hand: Solution) -> None:
    evaluator = state_of(small_instance, by_hand)
    before, cost = evaluator.state(), evaluator.cost_usd
    a, b = arc_of(small_instance, "north.chat", "sub"), arc_of(small_instance, "north.chat", "hub")
    c, d = arc_of(small_instance, "south.chat", "hub"), arc_of(small_instance, "south.chat", "sub")
    evaluator.move_deltas(np.array([a, b, c], dtype=np.int32), np.array([b, a, d], dtype=np.int32))
    evaluator.swap_delta(a, b, c, d)
    assert evaluator.cost_usd == cost
    for ours, then in zip(evaluator.state(), before, strict=True):
        assert np.array_equal(ours, then)


def test_many_moves_do_not_drift(germany_instance: Instance) -> None:
    """Ten thousand moves on a real instance, then the same state from scratch."""
    instance, rng = germany_instance, np.random.default_rng(1)
    best = np.array(instance.sites.option_ptr[:-1], dtype=np.int32)
    best[np.diff(instance.sites.option_ptr) == 0] = -1
    share, unserved = np.zeros(len(instance.arcs.demand)), np.ones(len(instance.demands.region))
    for i in range(len(unserved)):
        first, last = instance.demands.arc_ptr[i], instance.demands.arc_ptr[i + 1]
        if first < last:
            share[rng.integers(first, last)], unserved[i] = 1.0, 0.0
    evaluator = Evaluator(instance, unserved_penalty_usd(instance))
    evaluator.load(best, share, unserved)
    where = {int(i): int(a) for a, i in enumerate(instance.arcs.demand) if share[a] == 1.0}
    for i in rng.choice(list(where), 10_000).tolist():
        target = int(rng.integers(instance.demands.arc_ptr[i], instance.demands.arc_ptr[i + 1]))
        if (
            instance.sites.is_existing is not None
            and best[instance.pools.site[instance.arcs.pool[target]]] < 0
        ):
            continue
        evaluator.move(where[i], target)
        where[i] = target
    fresh = Evaluator(instance, unserved_penalty_usd(instance))
    option, _, _, share, unserved = evaluator.state()
    fresh.load(option, share, unserved)
    assert evaluator.cost_usd == pytest.approx(fresh.cost_usd, rel=1e-10)
    for ours, then in zip(evaluator.state()[1:3], fresh.state()[1:3], strict=True):
        assert np.array_equal(ours, then)


def test_the_last_crumb_of_must_serve_demand_costs_the_whole_penalty(
    small_instance: Instance, by_hand: Solution
) -> None:
    """Once it was priced by its share, so that a search could earn by leaving a little of it unserved."""
    must = np.where(np.arange(len(by_hand.unserved)) == 0, inf, small_instance.demands.unserved_usd)
    instance = replace(small_instance, demands=replace(small_instance.demands, unserved_usd=must))
    served = state_of(instance, by_hand).cost_usd
    unserved = by_hand.unserved.copy()
    unserved[0] = 1e-4
    crumb = Evaluator(instance, PENALTY_USD)
    assert not crumb.load(by_hand.option, by_hand.share, unserved)
    assert crumb.cost_usd == pytest.approx(served + (1.0 + 1e-4) * PENALTY_USD, rel=1e-12)


def test_the_penalty_exceeds_what_any_demand_can_cost(germany_instance: Instance) -> None:
    """Serving a demand alone at any site, with a site of its own, is cheaper than leaving it unserved."""
    instance, rng = germany_instance, np.random.default_rng(2)
    penalty = unserved_penalty_usd(instance)
    for a in rng.integers(0, len(instance.arcs.demand), 40).tolist():
        share, unserved = np.zeros(len(instance.arcs.demand)), np.zeros(len(instance.demands.region))
        share[a] = 1.0
        j = instance.pools.site[instance.arcs.pool[a]]
        option = np.full(len(instance.sites.id), -1, dtype=np.int32)
        option[j] = instance.sites.option_ptr[j]
        evaluator = Evaluator(instance, penalty)
        evaluator.load(option, share, unserved)
        assert evaluator.cost_usd < penalty


def test_wrong_shapes_are_refused(small_instance: Instance, by_hand: Solution) -> None:
    """The kernels behind do not check, so the doors must."""
    evaluator, s = Evaluator(small_instance, 0.0), by_hand
    with pytest.raises(ValueError, match="entries"):
        FullEvaluation(small_instance).evaluate(s.option, s.modules, s.replicas[:-1], s.share, s.unserved)
    with pytest.raises(ValueError, match="one entry"):
        evaluator.load(s.option, s.share[:-1], s.unserved)
    with pytest.raises(ValueError, match="one length"):
        evaluator.move_deltas(np.zeros(2, np.int32), np.zeros(1, np.int32))


@pytest.mark.parametrize("arc", [-1, 10**6])
def test_arcs_that_do_not_exist_are_refused(small_instance: Instance, arc: int) -> None:
    evaluator = Evaluator(small_instance, 0.0)
    with pytest.raises(ValueError, match="there is no arc"):
        evaluator.move_deltas(np.array([arc], dtype=np.int32), np.zeros(1, np.int32))
    with pytest.raises(ValueError, match="there is no arc"):
        evaluator.move(0, arc)
    with pytest.raises(ValueError, match="there is no arc"):
        evaluator.swap_delta(arc, 0, 0, 0)


def test_moves_and_swaps_that_make_no_sense_are_refused(small_instance: Instance) -> None:
    evaluator = Evaluator(small_instance, 0.0)
    a, b = arc_of(small_instance, "north.chat", "sub"), arc_of(small_instance, "south.chat", "sub")
    with pytest.raises(ValueError, match="different demands"):
        evaluator.move(a, b)
    with pytest.raises(ValueError, match="two different demands"):
        evaluator.swap_delta(a, a, a, a)


def test_a_random_state_keeps_its_capacity(small_instance: Instance) -> None:
    """What the property tests start from is what they think it is."""
    for seed in range(10):
        state = random_state(small_instance, np.random.default_rng(seed))
        assert reference.broken_rules(small_instance, state) <= {"unserved", "must be open", "count"}
