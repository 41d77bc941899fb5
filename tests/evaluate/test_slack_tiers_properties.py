"""The compiled evaluator with slack tiers and rival accelerators against its plain twin, on random walks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from support.reference import evaluator as reference
from support.reference.pool_sizing import broken_rules, carried, slack_tier_counts
from support.strategies.solutions import CAPACITY, random_state
from support.strategies.tails import rival_documents, tail_documents

from siteopt import load_scenario
from siteopt._core.evaluate.evaluator import Evaluator
from siteopt._core.search.exchange import Exchanges
from siteopt._core.search.flow_search import FlowSearch
from siteopt._core.search.ruin import Ruin
from siteopt._core.search.site_search import SiteSearch
from siteopt.compile import compile_instance
from siteopt.evaluate import unserved_penalty_usd
from siteopt.instance import Instance, Solution

#: Rules that a move of flows can break.
MOVES = CAPACITY | {"rivals"}
seeds = st.integers(0, 2**32 - 1)


@st.composite
def instances(draw: st.DrawFn) -> Instance:
    instance = compile_instance(load_scenario(draw(st.one_of(rival_documents(), tail_documents()))))
    assume(len(instance.arcs.demand))
    return instance


def start(instance: Instance, rng: np.random.Generator) -> Solution:
    """A random state, with rivals at peace: of two accelerators in use for one workload the second gives way."""
    state = random_state(instance, rng)
    share, unserved, arcs = state.share.copy(), state.unserved.copy(), instance.arcs
    first, last = instance.rivals
    for p in range(len(first)):
        if any((share[arcs.pool == q] > 0.0).any() for q in range(first[p], last[p]) if q < p):
            gone = np.flatnonzero((arcs.pool == p) & (share > 0.0))
            np.add.at(unserved, arcs.demand[gone], share[gone])
            share[gone] = 0.0
    return carried(instance, state.option, share, np.minimum(unserved, 1.0))


def loaded(instance: Instance, state: Solution, penalty_usd: float) -> Evaluator:
    evaluator = Evaluator(instance, penalty_usd)
    evaluator.load(state.option, state.share, state.unserved)
    return evaluator


def state_usd(instance: Instance, state: Solution, penalty_usd: float) -> float:
    """Cost of a search state by the twin; must-serve demand costs the penalty once, and its rest times it."""
    must = np.isinf(instance.demands.unserved_usd)
    rest = np.where(must, state.unserved, 0.0)
    paid = Solution(state.option, state.modules, state.replicas, state.share, state.unserved - rest)
    return reference.evaluate(instance, paid).cost_usd + penalty_usd * float((rest + (rest > 0.0)).sum())


def random_move(instance: Instance, share: np.ndarray, rng: np.random.Generator) -> tuple[int, int] | None:
    used = np.flatnonzero(share > 0.0)
    if not len(used):
        return None
    source = int(rng.choice(used))
    i = instance.arcs.demand[source]
    return source, int(rng.integers(instance.demands.arc_ptr[i], instance.demands.arc_ptr[i + 1]))


def moved(instance: Instance, state: Solution, moves: list[tuple[int, int]]) -> Solution:
    """The state after all that flows on each source has moved to its target."""
    share = state.share.copy()
    for source, target in moves:
        amount = share[source]
        share[source] = 0.0
        share[target] += amount
    return carried(instance, state.option, share, state.unserved)


def assert_same(instance: Instance, evaluator: Evaluator, state: Solution, penalty_usd: float) -> None:
    """Sizes are the twin's, cost and flows are those of a state that was just loaded."""
    _, modules, replicas, share, _ = evaluator.state()
    assert replicas.tolist() == state.replicas.tolist()
    assert modules.tolist() == state.modules.tolist()
    assert share == pytest.approx(state.share, abs=1e-12)
    expected = state_usd(instance, state, penalty_usd)
    assert evaluator.cost_usd == pytest.approx(expected, abs=1e-10 * (abs(expected) + 1e6))


@settings(max_examples=100)
@given(instance=instances(), seed=seeds)
def test_a_loaded_state_is_sized_by_its_tightest_tier(instance: Instance, seed: int) -> None:
    """Whatever flows where: rivals at once, too, which make it infeasible."""
    rng = np.random.default_rng(seed)
    drawn = random_state(instance, rng) if seed % 2 else start(instance, rng)
    share = drawn.share * rng.choice([1.0, 0.4, 0.0], len(drawn.share), p=[0.6, 0.3, 0.1])
    served = np.bincount(instance.arcs.demand, weights=share, minlength=len(drawn.unserved))
    state = carried(instance, drawn.option, share, np.maximum(0.0, 1.0 - served))
    evaluator, penalty = Evaluator(instance, 1e7), 1e7
    feasible = evaluator.load(state.option, state.share, state.unserved)
    assert feasible == (not broken_rules(instance, state)), broken_rules(instance, state)
    assert_same(instance, evaluator, state, penalty)


@settings(max_examples=100)
@given(instance=instances(), seed=seeds)
def test_deltas_on_a_long_walk_are_differences_of_full_evaluations(instance: Instance, seed: int) -> None:
    """And infinite just where a rule breaks. Tiers are counted up and down for 60 moves without a reload."""
    rng, penalty = np.random.default_rng(seed), unserved_penalty_usd(instance)
    state = start(instance, rng)
    evaluator = loaded(instance, state, penalty)
    for _ in range(60):
        move = random_move(instance, state.share, rng)
        if move is None:
            return
        delta = evaluator.move_deltas(*(np.array([arc], dtype=np.int32) for arc in move))[0]
        after = moved(instance, state, [move])
        broken = broken_rules(instance, after) & MOVES
        assert np.isinf(delta) == bool(broken), broken
        if broken:
            continue
        fresh = loaded(instance, after, penalty).cost_usd
        scale = abs(fresh) + abs(evaluator.cost_usd) + 1e6
        assert delta == pytest.approx(fresh - evaluator.cost_usd, abs=1e-11 * scale)
        evaluator.move(*move)
        state = after
        assert_same(instance, evaluator, state, penalty)


@settings(max_examples=100)
@given(instance=instances(), seed=seeds)
def test_the_delta_of_every_swap_is_the_difference_of_full_evaluations(instance: Instance, seed: int) -> None:
    rng, penalty = np.random.default_rng(seed), unserved_penalty_usd(instance)
    state = start(instance, rng)
    evaluator = loaded(instance, state, penalty)
    for _ in range(40):
        one, two = (random_move(instance, state.share, rng) for _ in range(2))
        if one is None or two is None:
            return
        if instance.arcs.demand[one[0]] == instance.arcs.demand[two[0]]:
            continue
        delta = evaluator.swap_delta(*one, *two)
        after = moved(instance, state, [one, two])
        broken = broken_rules(instance, after) & MOVES
        assert np.isinf(delta) == bool(broken), broken
        if not broken:
            expected = loaded(instance, after, penalty).cost_usd - evaluator.cost_usd
            scale = abs(expected) + abs(evaluator.cost_usd) + 1e6
            assert delta == pytest.approx(expected, abs=1e-11 * scale)
        assert_same(instance, evaluator, state, penalty)
        if not broken and rng.random() < 0.3:
            state = after
            evaluator.load(state.option, state.share, state.unserved)


@settings(max_examples=100)
@given(instance=instances(), seed=seeds)
def test_the_search_keeps_tiers_and_rivals_in_order(instance: Instance, seed: int) -> None:
    """After any sequence of its moves the state is the twin's, and no site serves a workload on two accelerators."""
    rng, penalty = np.random.default_rng(seed), unserved_penalty_usd(instance)
    begin = start(instance, rng)
    evaluator = loaded(instance, begin, penalty)
    flows = FlowSearch(evaluator, seed)
    sites = SiteSearch(flows)
    ruin = Ruin(sites)
    calls: list[Any] = [flows.serve_all, flows.improve, sites.improve]
    calls += [Exchanges(sites, 8, 64).improve]
    calls += [lambda n=n: ruin.recreate(10, n, 0.0) for n in (1, 2, 3)]
    calls.append(lambda: ruin.recreate(2, 2, 1e5))  # the last one may make it worse
    allowed = broken_rules(instance, begin)
    for step in rng.integers(0, len(calls), 15):
        before = evaluator.cost_usd
        calls[step]()
        worse_usd = 2e5 if step == len(calls) - 1 else 0.0
        assert evaluator.cost_usd <= before + worse_usd + 1e-9 * (abs(before) + 1e6)
        option, _, _, share, unserved = evaluator.state()
        state = carried(instance, option, share, unserved)
        assert broken_rules(instance, state) <= allowed
        assert_same(instance, evaluator, state, penalty)


@settings(max_examples=100)
@given(instance=instances(), seed=seeds)
def test_the_tightest_tier_alone_sizes_a_pool(instance: Instance, seed: int) -> None:
    """A crumb from far away costs what the whole flow's slack tier does; taking it away gives the replicas back."""
    rng = np.random.default_rng(seed)
    state = start(instance, rng)
    counts = slack_tier_counts(instance, state.share)
    for p in np.flatnonzero(state.replicas > 0):
        slack_tiers = [t for t in counts[p] if t >= 0]
        if not slack_tiers:
            continue
        nearer = state.share.copy()
        gone = (instance.arcs.pool == p) & (instance.arcs.slack_tier == min(slack_tiers))
        nearer[gone] = 0.0
        evaluator = loaded(
            instance, Solution(state.option, state.modules, state.replicas, nearer, state.unserved), 0.0
        )
        assert evaluator.state()[2][p] <= state.replicas[p]
        crumb = nearer.copy()
        crumb[np.flatnonzero(gone)[0]] = 1e-9
        evaluator.load(state.option, crumb, state.unserved)
        with_crumb = int(evaluator.state()[2][p])
        assert with_crumb == carried(instance, state.option, crumb, state.unserved).replicas[p]
        assert (
            with_crumb
            >= loaded(
                instance, Solution(state.option, state.modules, state.replicas, nearer, state.unserved), 0.0
            ).state()[2][p]
        )
