"""The compiled evaluator, the search and the site pricing against their plain twins, on random instances."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.reference import evaluator as reference
from support.reference.site_pricing import Prices, price_sites
from support.strategies.all_rules import full_documents
from support.strategies.basic_rules import scenario_documents
from support.strategies.solutions import CAPACITY, carried, random_reserve, random_solution, random_state

from siteopt._core.dual.lagrangian import SitePricer
from siteopt._core.evaluate.evaluator import Evaluator
from siteopt._core.search.exchange import Exchanges
from siteopt._core.search.flow_search import FlowSearch
from siteopt._core.search.ruin import Ruin
from siteopt._core.search.site_search import SiteSearch
from siteopt.compile import compile_instance
from siteopt.evaluate import evaluate_solution, mean_it_mw, unserved_penalty_usd
from siteopt.scenario import load_scenario

if TYPE_CHECKING:
    from siteopt.instance import Instance, Solution

seeds = st.integers(0, 2**32 - 1)


@st.composite
def instances(draw: st.DrawFn) -> Instance:
    """Half of them with every rule that a scenario may have, half with fewer rules and more sites."""
    document = draw(st.one_of(scenario_documents(), full_documents()))
    return compile_instance(load_scenario(document))


def state_cost_usd(instance: Instance, state: Solution, penalty_usd: float) -> float:
    """Cost of a search state by the twin.

    What no plan may have costs the penalty and its amount times that: an unserved rest of must-serve demand, and the
    excess of a rule of the planner's own.
    """
    must = np.isinf(instance.demands.unserved_usd)
    paid = replace(state, unserved=np.where(must, 0.0, state.unserved))
    wrong = np.append(state.unserved[must], reference.rule_excesses(instance, state))
    return reference.evaluate(instance, paid).cost_usd + penalty_usd * float((wrong + (wrong > 0.0)).sum())


def loaded(instance: Instance, state: Solution, penalty_usd: float) -> Evaluator:
    evaluator = Evaluator(instance, penalty_usd)
    evaluator.load(state.option, state.share, state.unserved)
    return evaluator


def moved(instance: Instance, state: Solution, moves: list[tuple[int, int]]) -> Solution:
    """The state after all that flows on each source has moved to its target."""
    share = state.share.copy()
    for source, target in moves:
        amount = share[source]
        share[source] = 0.0
        share[target] += amount
    return carried(instance, state.option, share, state.unserved)


def random_move(instance: Instance, state: Solution, rng: np.random.Generator) -> tuple[int, int] | None:
    used = np.flatnonzero(state.share > 0.0)
    if not len(used):
        return None
    source = int(rng.choice(used))
    i = instance.arcs.demand[source]
    return source, int(rng.integers(instance.demands.arc_ptr[i], instance.demands.arc_ptr[i + 1]))


@settings(max_examples=200)
@given(instance=instances(), seed=seeds)
def test_full_evaluation_equals_its_twin(instance: Instance, seed: int) -> None:
    solution = random_solution(instance, np.random.default_rng(seed))
    ours, twin = evaluate_solution(instance, solution), reference.evaluate(instance, solution)
    assert ours.cost_lines == pytest.approx(twin.lines, rel=1e-12, abs=1e-6)
    for name in ("it_mw", "facility_mw", "capex_usd", "load_erlang", "used_mw", "used_gbps"):
        assert getattr(ours, name) == pytest.approx(getattr(twin, name), rel=1e-12, abs=1e-12), name
    tenants = [mw for row in twin.tenant_mw for mw in row]
    assert ours.tenant_mw.ravel() == pytest.approx(tenants, rel=1e-12, abs=1e-15)
    assert mean_it_mw(instance, solution) == pytest.approx(twin.mean_mw, rel=1e-12, abs=1e-15)


@settings(max_examples=200)
@given(instance=instances(), seed=seeds)
def test_a_loaded_state_equals_its_twin(instance: Instance, seed: int) -> None:
    """Replicas and modules are the fewest, the cost is theirs, and it is feasible just where no rule is broken."""
    rng = np.random.default_rng(seed)
    drawn = random_solution(instance, rng) if seed % 2 else random_state(instance, rng)
    state, penalty = carried(instance, drawn.option, drawn.share, drawn.unserved), 1e7
    evaluator = Evaluator(instance, penalty)
    feasible = evaluator.load(state.option, state.share, state.unserved)
    broken = reference.broken_rules(instance, state)
    assert feasible == (not broken), broken
    option, modules, replicas, share, unserved = evaluator.state()
    assert replicas.tolist() == state.replicas.tolist()
    assert modules.tolist() == state.modules.tolist()
    assert (option.tolist(), share.tolist(), unserved.tolist()) == (
        state.option.tolist(),
        state.share.tolist(),
        state.unserved.tolist(),
    )
    expected = state_cost_usd(instance, state, penalty)
    if "closed" not in broken:  # power at a closed site has no price
        assert evaluator.cost_usd == pytest.approx(expected, rel=1e-12, abs=1e-5)


@settings(max_examples=150)
@given(instance=instances(), seed=seeds)
def test_the_delta_of_every_move_is_the_difference_of_full_evaluations(instance: Instance, seed: int) -> None:
    """And it is infinite exactly where the state after the move breaks a rule."""
    rng, penalty = np.random.default_rng(seed), unserved_penalty_usd(instance)
    state = random_state(instance, rng)
    evaluator = loaded(instance, state, penalty)
    for _ in range(25):
        move = random_move(instance, state, rng)
        if move is None:
            return
        pair = [np.array([arc], dtype=np.int32) for arc in move]
        delta = evaluator.move_deltas(*pair)[0]
        after = moved(instance, state, [move])
        broken = reference.broken_rules(instance, after) & CAPACITY
        assert np.isinf(delta) == bool(broken), broken
        if broken:
            continue
        fresh = loaded(instance, after, penalty).cost_usd
        scale = abs(fresh) + abs(evaluator.cost_usd) + 1e6
        assert delta == pytest.approx(fresh - evaluator.cost_usd, abs=1e-11 * scale)
        evaluator.move(*move)
        assert evaluator.cost_usd == pytest.approx(fresh, abs=1e-11 * scale)
        state = after


@settings(max_examples=150)
@given(instance=instances(), seed=seeds)
def test_the_delta_of_every_swap_is_the_difference_of_full_evaluations(instance: Instance, seed: int) -> None:
    """Two moves at once, of which the first may break a rule that the second mends; nothing is left behind."""
    rng, penalty = np.random.default_rng(seed), unserved_penalty_usd(instance)
    state = random_state(instance, rng)
    evaluator = loaded(instance, state, penalty)
    for _ in range(25):
        moves = [random_move(instance, state, rng) for _ in range(2)]
        if moves[0] is None or moves[1] is None:
            return
        (source_1, target_1), (source_2, target_2) = moves
        if instance.arcs.demand[source_1] == instance.arcs.demand[source_2]:
            continue
        before = evaluator.cost_usd
        delta = evaluator.swap_delta(source_1, target_1, source_2, target_2)
        assert evaluator.cost_usd == before
        after = moved(instance, state, [(source_1, target_1), (source_2, target_2)])
        broken = reference.broken_rules(instance, after) & CAPACITY
        assert np.isinf(delta) == bool(broken), broken
        if not broken:
            fresh = loaded(instance, after, penalty).cost_usd
            assert delta == pytest.approx(fresh - before, abs=1e-11 * (abs(fresh) + abs(before) + 1e6))
        for ours, plain in zip(
            evaluator.state()[1:4], (state.modules, state.replicas, state.share), strict=True
        ):
            assert ours == pytest.approx(plain, abs=1e-12)


@settings(max_examples=100)
@given(instance=instances(), seed=seeds)
def test_search_never_returns_a_worse_or_infeasible_state(instance: Instance, seed: int) -> None:
    rng, penalty = np.random.default_rng(seed), unserved_penalty_usd(instance)
    start = random_state(instance, rng)
    evaluator = loaded(instance, start, penalty)
    was_feasible, flows = evaluator.is_feasible(), FlowSearch(evaluator, seed)
    sites = SiteSearch(flows)
    ruin = Ruin(sites)
    calls: list[Any] = [flows.serve_all, flows.improve, sites.improve]
    calls += [Exchanges(sites, 8, 64).improve]
    calls += [lambda n=n: ruin.recreate(10, n, 0.0) for n in (1, 2, 3)]
    for step in rng.integers(0, len(calls), 12):
        before = evaluator.cost_usd
        calls[step]()
        assert evaluator.cost_usd <= before + 1e-9 * (abs(before) + 1e6)
        option, modules, replicas, share, unserved = evaluator.state()
        state = carried(instance, option, share, unserved)
        assert reference.broken_rules(instance, state) <= reference.broken_rules(instance, start)
        assert evaluator.is_feasible() or not was_feasible
        assert (replicas.tolist(), modules.tolist()) == (state.replicas.tolist(), state.modules.tolist())
        total = unserved + np.bincount(instance.arcs.demand, weights=share, minlength=len(unserved))
        assert total == pytest.approx(np.ones(len(unserved)), abs=1e-9)
        whole = instance.demands.is_splittable[instance.arcs.demand] == 0
        assert set(share[whole].tolist()) <= {0.0, 1.0}
        expected = state_cost_usd(instance, state, penalty)
        assert evaluator.cost_usd == pytest.approx(expected, abs=1e-10 * (abs(expected) + 1e6))
        was_feasible = evaluator.is_feasible()


@settings(max_examples=150)
@given(document=full_documents(), seed=seeds)
def test_pools_with_a_reserve_carry_it_through_every_move(document: dict[str, Any], seed: int) -> None:
    """Replicas are for the flows, and for flows and reserve after a failure; a move's delta knows it."""
    instance, rng = compile_instance(load_scenario(document)), np.random.default_rng(seed)
    reserve, penalty = random_reserve(instance, rng), unserved_penalty_usd(instance)
    bare = random_state(instance, rng)
    evaluator = Evaluator(instance, penalty)
    evaluator.hold(*reserve)
    evaluator.load(bare.option, bare.share, bare.unserved)
    state = carried(instance, bare.option, bare.share, bare.unserved, reserve)
    assert evaluator.state()[2].tolist() == state.replicas.tolist()
    assert evaluator.is_feasible() == (not reference.broken_rules(instance, state))
    for _ in range(10):
        move = random_move(instance, state, rng)
        if move is None:
            return
        delta = evaluator.move_deltas(*(np.array([arc], dtype=np.int32) for arc in move))[0]
        if np.isinf(delta):
            continue
        before = evaluator.cost_usd
        evaluator.move(*move)
        share = evaluator.state()[3]
        state = carried(instance, state.option, share, state.unserved, reserve)
        fresh = Evaluator(instance, penalty)
        fresh.hold(*reserve)
        fresh.load(state.option, share, state.unserved)
        scale = abs(before) + abs(fresh.cost_usd) + 1e6
        assert evaluator.state()[2].tolist() == state.replicas.tolist()
        assert evaluator.cost_usd == pytest.approx(fresh.cost_usd, abs=1e-11 * scale)
        assert before + delta == pytest.approx(fresh.cost_usd, abs=1e-11 * scale)


def random_prices(instance: Instance, rng: np.random.Generator) -> Prices:
    """Prices of all kinds, each kind nothing at times."""
    size, variants = 10.0 ** rng.uniform(4, 7), instance.variants
    n_cover = len(set(variants.workload[variants.is_protected == 1].tolist()))
    per_rps = float((variants.usd / variants.usable_rps).max())
    return Prices(
        demand=rng.normal(1.0, 1.0, len(instance.demands.region)) * size,
        limit=rng.exponential(1e6, len(instance.grid.id)) * (rng.random(len(instance.grid.id)) < 0.7),
        capital=float(rng.choice([0.0, 0.1, 1.0])),
        link=rng.exponential(size / 10.0, len(instance.links.id)) * (rng.random() < 0.7),
        cover=rng.exponential(per_rps, (len(instance.sites.id), n_cover)) * (rng.random() < 0.7),
    )


def value(pricer: SitePricer, prices: Prices) -> float:
    return pricer.price(prices.demand, prices.limit, prices.capital, prices.link, prices.cover)


@settings(max_examples=100)
@given(instance=instances(), seed=seeds)
def test_site_pricing_equals_its_twin(instance: Instance, seed: int) -> None:
    prices = random_prices(instance, np.random.default_rng(seed))
    pricer = SitePricer(instance)
    total, twin = value(pricer, prices), price_sites(instance, prices)
    scale = float(np.abs(prices.demand).sum()) + abs(twin.total_usd) + 1e6
    assert total == pytest.approx(twin.total_usd, abs=1e-9 * scale)
    assert pricer.site_value == pytest.approx(twin.site_usd, abs=1e-9 * scale)


@settings(max_examples=200)
@given(instance=instances(), seed=seeds)
def test_what_pricing_records_is_a_subgradient(instance: Instance, seed: int) -> None:
    """At any other prices the value lies on or below the plane through what was served, used, spent and uncovered."""
    rng, pricer = np.random.default_rng(seed), SitePricer(instance)
    here, there = random_prices(instance, rng), random_prices(instance, rng)
    plane = value(pricer, here) - pricer.served @ (there.demand - here.demand)
    plane += pricer.used_mw @ (there.limit - here.limit) + pricer.used_gbps @ (there.link - here.link)
    plane += pricer.capex_usd * (there.capital - here.capital)
    plane += float((pricer.uncovered_rps * (there.cover - here.cover)).sum())
    scale = float(np.abs(here.demand).sum() + np.abs(there.demand).sum()) + abs(plane) + 1e6
    assert value(pricer, there) <= plane + 1e-10 * scale
