"""Slack tiers, the lines that bracket them in the exact model, and rival accelerators, on scenarios of a few rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from support.documents.edits import REMOVE, changed
from support.documents.small_scenario import small_scenario
from support.reference.optimum.tails import optimum
from support.reference.pool_sizing import Physics
from support.strategies.tails import ACCELERATORS, MODEL

from siteopt._core.evaluate.evaluator import Evaluator
from siteopt.compile import compile_instance
from siteopt.evaluate import evaluate_solution, trimmed
from siteopt.highs.driver import HighsDriver, Limits
from siteopt.highs.monitor import Silent
from siteopt.milp.build import build_model
from siteopt.milp.columns import columns_of, flows_of
from siteopt.milp.layout import layout_of
from siteopt.milp.matrix import compile_matrix
from siteopt.milp.objective import USD_PER_UNIT
from siteopt.milp.segments import pool_segments
from siteopt.scenario import load_scenario
from siteopt.search.local_search import Search

if TYPE_CHECKING:
    from siteopt.instance import Instance, Solution
    from siteopt.milp.segments import Bracket
    from siteopt.scenario import Scenario

#: More segments than any of these tables has entries.
EVERY_INTEGER = 10_000


def tailed(**edits: Any) -> Scenario:
    """The small scenario with both workloads sized by their tail."""
    both = {f"workloads.{k}.sizing": "tail" for k in (0, 1)}
    return load_scenario(changed(small_scenario(), both | edits))


def spread(n_regions: int) -> Scenario:
    """Regions ever farther to the south, all served by all sites: as many round trips as regions."""
    regions = [
        {"id": f"r{n}", "lat": 51.0 - 0.2 * n, "lon": 9.0, "jurisdiction": "DE"} for n in range(n_regions)
    ]
    demand = [
        {"region": r["id"], "workload": "chat", "peak_rps": 9.0 + n, "mean_rps": 3.0}
        for n, r in enumerate(regions)
    ]
    document = small_scenario()
    sites = [site | {"headroom_mw": 20.0} for site in document["sites"][:1]]
    edits = {"regions": regions, "demand": demand, "sites": sites, "network.nodes": [], "network.links": []}
    edits |= {"sites.0.node": REMOVE, "workloads.0.sizing": "tail", "grid_limits": []}
    return load_scenario(changed(document, edits))


def rivals(**edits: Any) -> Scenario:
    """A model that may run on either of two accelerators beside the agents of the small scenario."""
    document = small_scenario()
    document["workloads"][0] = {
        "id": "chat",
        "sizing": "tail",
        "model": MODEL,
        "accelerators": list(ACCELERATORS),
        "input_tokens": 500.0,
        "output_tokens": 200.0,
        "slo": [{"metric": "ttft", "ms": 300.0, "percentile": 0.99}, {"metric": "tpot", "ms": 60.0}],
        "tiers": ["micro", "hyperscale"],
    }
    edits = {"demand.0.peak_rps": 90.0, "demand.1.peak_rps": 70.0, "policy.budget_usd": REMOVE} | edits
    return load_scenario(changed(document, edits))


def searched(instance: Instance) -> Solution:
    search = Search(instance, seed=1)
    search.construct()
    for _ in range(10):
        search.round()
    solution = search.solution()
    assert solution is not None
    return solution


def solved_usd(instance: Instance, bracket: Bracket, segments: int = 13) -> float:
    model = build_model(instance, bracket=bracket, segments=segments).pyomo
    return HighsDriver(compile_matrix(model)).solve(Limits(gap=0.0), Silent()).objective * USD_PER_UNIT


# ---------------------------------------------------------------------------------------------- slack tiers


def test_a_few_round_trips_are_a_tier_each() -> None:
    """Quantiles alone would merge the two nearest of four."""
    instance = compile_instance(spread(4))
    slack_tiers = instance.slack_tiers
    assert len(slack_tiers.variant) == 4
    assert slack_tiers.longest_rtt_ms.tolist() == slack_tiers.shortest_rtt_ms.tolist()
    assert slack_tiers.longest_rtt_ms.tolist() == sorted(instance.arcs.rtt_ms.tolist(), reverse=True)


@pytest.mark.parametrize("n_regions", [1, 3, 5, 17])
def test_each_arc_is_of_the_tier_that_holds_its_round_trip(n_regions: int) -> None:
    instance = compile_instance(spread(n_regions))
    slack_tiers, arcs = instance.slack_tiers, instance.arcs
    assert 1 <= len(slack_tiers.variant) <= min(4, n_regions)
    assert np.all(arcs.rtt_ms <= slack_tiers.longest_rtt_ms[arcs.slack_tier])
    assert np.all(arcs.rtt_ms >= slack_tiers.shortest_rtt_ms[arcs.slack_tier])
    assert np.all(np.diff(slack_tiers.longest_rtt_ms) < 0.0)
    assert set(arcs.slack_tier.tolist()) == set(range(len(slack_tiers.variant)))


def test_tables_are_what_the_formulas_say_until_the_cap_decides() -> None:
    scenario = tailed()
    instance = compile_instance(scenario)
    physics = Physics(scenario, instance)
    for t, v in enumerate(instance.slack_tiers.variant.tolist()):
        usable = float(instance.variants.usable_rps[v])
        ends = (instance.slack_tiers.longest_rtt_ms, False), (instance.slack_tiers.shortest_rtt_ms, True)
        for rtt_ms, optimistic in ends:
            table = instance.slack_tiers.table(t, optimistic)
            ours = np.minimum(table, usable * np.arange(len(table)))
            twin = [physics.carries(v, n, float(rtt_ms[t])) for n in range(len(table))]
            needed = instance.demands.peak_rps[
                instance.demands.workload == instance.variants.workload[v]
            ].sum()
            assert np.minimum(ours, needed) == pytest.approx(np.minimum(twin, needed), rel=1e-9)


# ---------------------------------------------------------------------------------------------- lines


@pytest.mark.parametrize("segments", [1, 2, 3, 13])
def test_lines_bracket_what_pools_carry(segments: int) -> None:
    """In every slack tier and for every number of replicas that the site can power, the utilisation cap aside."""
    scenario = tailed(**{"workloads.0.burst_factor": 1.7})
    instance = compile_instance(scenario)
    physics, pools = Physics(scenario, instance), instance.pools
    for bracket in ("outer", "inner"):
        for p, lines in pool_segments(instance, bracket, segments).items():
            v = int(pools.variant[p])
            for line in lines:
                slack_tier = line.slack_tier
                edge = (
                    instance.slack_tiers.shortest_rtt_ms
                    if bracket == "outer"
                    else instance.slack_tiers.longest_rtt_ms
                )
                for n in range(line.first, min(line.last, 60) + 1):
                    load = min(line.slope * n + line.intercept, n * float(instance.variants.usable_rps[v]))
                    truth = physics.carries(v, n, float(edge[slack_tier]))
                    if bracket == "inner":
                        assert load <= truth * (1 + 1e-9)
                    elif n < len(instance.slack_tiers.table(slack_tier, optimistic=True)):
                        assert load >= truth * (1 - 1e-9)


def test_segments_of_a_tier_part_its_replicas() -> None:
    instance = compile_instance(tailed())
    for p, lines in pool_segments(instance, "outer", 3).items():
        for slack_tier in {line.slack_tier for line in lines}:
            here = [line for line in lines if line.slack_tier == slack_tier]
            assert here[0].first == 1
            assert [line.first for line in here[1:]] == [line.last + 1 for line in here[:-1]]
            power_mw = instance.variants.replica_mw[instance.pools.variant[p]]
            assert here[-1].last * power_mw <= instance.option_capacity_mw.max() * (1 + 1e-9)


def test_columns_of_a_solution_fit_the_outer_model_and_cost_what_it_costs() -> None:
    for scenario in (tailed(), rivals()):
        instance = compile_instance(scenario)
        solution = searched(instance)
        matrix = compile_matrix(build_model(instance).pyomo)
        x = columns_of(instance, solution, layout_of(instance))
        for r, name in enumerate(matrix.row_names):
            part = slice(matrix.row_ptr[r], matrix.row_ptr[r + 1])
            row = float(matrix.value[part] @ x[matrix.index[part]])
            assert matrix.row_lower[r] - 1e-6 <= row <= matrix.row_upper[r] + 1e-6, name
        cost_usd = evaluate_solution(instance, solution).cost_usd
        assert (matrix.cost @ x + matrix.offset) * USD_PER_UNIT == pytest.approx(cost_usd, rel=1e-9)
        option, share, *_ = flows_of(instance, x, layout_of(instance))
        assert option.tolist() == solution.option.tolist()
        assert share == pytest.approx(solution.share)


# ---------------------------------------------------------------------------------------------- optima


def test_the_sandwich_closes_on_the_enumeration() -> None:
    scenario = tailed()
    instance = compile_instance(scenario)
    found = optimum(scenario, instance)
    assert found is not None
    for bracket in ("outer", "inner"):
        usd = solved_usd(instance, bracket, EVERY_INTEGER)
        assert usd == pytest.approx(found[0], abs=1e-4 * 1e6)  # lines stop at a sandwich of 1e-4 of the load
    assert solved_usd(instance, "outer", 1) <= found[0] + 1.0
    assert solved_usd(instance, "inner", 1) >= found[0] - 1.0


def test_rivals_are_chosen_as_the_enumeration_chooses() -> None:
    scenario = rivals()
    instance = compile_instance(scenario)
    found = optimum(scenario, instance)
    assert found is not None
    assert solved_usd(instance, "outer") <= found[0] + 1.0
    assert solved_usd(instance, "inner") >= found[0] - 1.0
    assert solved_usd(instance, "inner") == pytest.approx(found[0], rel=1e-3)


def test_rivals_without_a_tail_have_a_binary_each_and_no_segments() -> None:
    instance = compile_instance(rivals(**{"workloads.0.sizing": "utilisation"}))
    layout = layout_of(instance)
    workload = instance.variants.workload[instance.pools.variant]
    assert layout.pools == np.flatnonzero(workload == 0).tolist()
    assert layout.tail == {}
    assert solved_usd(instance, "outer") == pytest.approx(solved_usd(instance, "inner"), rel=1e-6)


def test_a_site_uses_one_accelerator_even_where_two_would_be_cheaper() -> None:
    """The model's choice, the evaluator's verdict on the same flows, and a swap that would bring rivals together."""
    instance = compile_instance(rivals())
    first, last = instance.rivals
    pair = next(p for p in range(len(first)) if last[p] - first[p] == 2)
    one, two = pair, pair + 1
    arcs = instance.arcs
    at_one, at_two = (np.flatnonzero(arcs.pool == p) for p in (one, two))
    site = int(instance.pools.site[one])
    option = np.full(len(instance.sites.id), -1, dtype=np.int32)
    option[site] = instance.sites.option_ptr[site]
    share, unserved = np.zeros(len(arcs.demand)), np.ones(len(instance.demands.region))
    demand = int(arcs.demand[at_one[0]])
    share[at_one[0]] = share[next(a for a in at_two if arcs.demand[a] == demand)] = 0.5
    unserved[demand] = 0.0
    evaluator = Evaluator(instance, 1e7)
    evaluator.load(option, share, unserved)
    assert not evaluator.is_feasible()
    # Both demands on the one accelerator; each may move to the other only together with the other.
    pairs = {int(arcs.demand[a]): int(a) for a in at_one}, {int(arcs.demand[a]): int(a) for a in at_two}
    share[:] = 0.0
    share[list(pairs[0].values())] = 1.0
    evaluator.load(option, share, unserved)
    here, there = sorted(pairs[0])[:2]
    moves = [np.array([m[here]], dtype=np.int32) for m in pairs]
    assert evaluator.move_deltas(*moves)[0] == np.inf
    assert evaluator.swap_delta(pairs[0][here], pairs[1][here], pairs[0][there], pairs[0][there]) == np.inf
    both = evaluator.swap_delta(pairs[0][here], pairs[1][here], pairs[0][there], pairs[1][there])
    assert np.isfinite(both)


def test_tiny_loads_are_kept_within_the_tail() -> None:
    """One replica that hardly ever may let a request wait carries a ten-thousandth of its rate."""
    edits: dict[str, Any] = {
        "workloads.0.service": {"ms": 100.0, "scv": 0.0, "slots": 1},
        "workloads.0.replica.rps": 10.0,
        "workloads.0.slo": [{"metric": "ttft", "ms": 114.0, "percentile": 0.9999}],
        "workloads.0.unserved_usd_per_1k": 1e6,
        "sites.1.headroom_mw": 0.06,
        "demand.1": REMOVE,
    }
    scenario = tailed(**edits)
    instance = compile_instance(scenario)
    model = build_model(instance, bracket="inner")
    answer = HighsDriver(compile_matrix(model.pyomo)).solve(Limits(gap=0.0), Silent())
    assert answer.values is not None
    evaluator = Evaluator(instance, 0.0)
    option, share, unserved, _ = flows_of(instance, answer.values, model.layout)
    assert evaluator.load(option, share, unserved)
    assert evaluator.cost_usd == pytest.approx(answer.objective * USD_PER_UNIT, rel=1e-6)


def test_trimming_leaves_alone_what_the_queue_cannot_count() -> None:
    """A pool of 250 replicas of 500 slots is beyond the 100,000 servers of the Erlang kernel."""
    edits: dict[str, Any] = {
        "workloads.0.service": {"ms": 5.0, "slots": 500},
        "workloads.0.replica": {"rps": 100_000.0, "kw": 1.0, "usd": 1000.0},
        "demand.0.peak_rps": 1.9e7,
        "demand.1.peak_rps": 1e5,
        "policy.budget_usd": REMOVE,
    }
    instance = compile_instance(tailed(**edits))
    solution = searched(instance)
    assert solution.replicas.max() > 200
    assert trimmed(instance, solution).replicas.tolist() == solution.replicas.tolist()
