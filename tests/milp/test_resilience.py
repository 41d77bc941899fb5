"""The loss of a site in the exact model: standby pools, shared reserve, degraded slack tiers, and warm starts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from support.documents.edits import REMOVE, changed
from support.documents.small_scenario import small_scenario
from support.reference.model_columns import assert_feasible, solution_of
from support.reference.optimum.all_rules import optimum

from siteopt.compile import compile_instance
from siteopt.evaluate import evaluate_solution
from siteopt.highs.driver import HighsDriver, Limits
from siteopt.highs.monitor import Silent
from siteopt.milp.build import build_model
from siteopt.milp.columns import columns_of, flows_of
from siteopt.milp.layout import layout_of
from siteopt.milp.matrix import compile_matrix
from siteopt.milp.moves import model_size
from siteopt.milp.objective import USD_PER_UNIT
from siteopt.milp.segments import most_replicas, reserve_segments
from siteopt.resilience.moved import reserves
from siteopt.scenario import load_scenario
from siteopt.search.local_search import Search

if TYPE_CHECKING:
    from siteopt.instance import Instance, Solution
    from siteopt.milp.segments import Bracket
    from siteopt.scenario import Scenario

#: 0.99 quantile of a service of 100 ms with the shape of an exponential, ms.
SERVICE_MS = 460.517018598809


def protected(**edits: Any) -> Scenario:
    """Chat alone, on two sites that may be built; one of them is near enough only once the other has failed.

    Round trips from the north are 4 ms to ``sub`` and 14 ms to ``alp``.
    """
    document = small_scenario()
    base = {
        "sites": document["sites"][1:],
        "workloads": document["workloads"][:1],
        "demand": document["demand"][:1],
        "demand.0.peak_rps": 15.0,
        "workloads.0.slo.0.ms": SERVICE_MS + 10.0,
        "workloads.0.protect": {"slo_ms": SERVICE_MS + 40.0},
        "designs.0": REMOVE,
        "policy.budget_usd": REMOVE,
    }
    return load_scenario(changed(changed(document, base), edits))


def everything(**edits: Any) -> Scenario:
    """The small scenario with copies of data, crooked modules, tenants, lines, and both workloads protected."""
    some = {
        "policy.budget_usd": 2e7,
        "policy.max_sites": 3,
        "policy.tenant_share": 0.9,
        "designs.1.scale_exponent": 0.8,
        "sites.1.uplink_gbps": 0.5,
        "network.links.0.capacity_gbps": 0.3,
        "workloads.0.protect": {"slo_ms": 900.0},
        "workloads.0.sizing": "tail",
        "workloads.1.protect": {"slo_ms": 300.0},
        "workloads.1.tenant": "acme",
        "workloads.1.home": {"node": "A", "trips_per_call": 1.0, "gb_per_call": 1e-3},
        "workloads.1.replica_gb": 10.0,
        "workloads.1.sync_gb_per_day": 100.0,
    }
    return load_scenario(changed(changed(small_scenario(), some), edits))


def searched(instance: Instance) -> Solution:
    search = Search(instance, seed=1)
    search.construct()
    for _ in range(4):
        search.round()
    solution = search.solution()
    assert solution is not None
    return solution


def solved(instance: Instance, bracket: Bracket, segments: int = 13) -> tuple[float, Solution]:
    """Optimum of one side, USD, and the decisions behind it."""
    model = build_model(instance, bracket=bracket, segments=segments)
    answer = HighsDriver(compile_matrix(model.pyomo)).solve(Limits(gap=0.0), Silent())
    assert answer.values is not None
    return answer.objective * USD_PER_UNIT, solution_of(instance, model, answer.values)


class Impatient(Silent):
    """Stops at the first chance."""

    def should_stop(self) -> bool:
        return True


@pytest.mark.parametrize("sizing", ["utilisation", "linear", "tail"])
def test_a_pool_without_users_of_its_own_stands_by(sizing: str) -> None:
    """All of chat runs at ``sub``, and ``alp`` holds the replicas for its failure: what the enumeration says too."""
    scenario = protected(**{"workloads.0.sizing": sizing})
    instance = compile_instance(scenario)
    alp = int(np.flatnonzero(instance.pools.site == 1)[0])
    assert instance.pools.arc_ptr[alp] == instance.pools.arc_ptr[alp + 1]
    found = optimum(scenario)
    assert found is not None
    for bracket in ("outer", "inner"):
        usd, solution = solved(instance, bracket, 1000)
        assert usd == pytest.approx(found[0], rel=1e-6)
        assert solution.share.tolist() == [1.0]
        assert solution.replicas[alp] >= 2
        assert solution.moves.share.tolist() == [1.0]
        reserve_rps, slack_tier = reserves(instance, solution.moves, solution.share)
        assert reserve_rps[alp] == pytest.approx(15.0)
        assert (slack_tier[alp] >= 0) == (sizing == "tail")


def test_without_protection_nothing_stands_by() -> None:
    instance = compile_instance(protected(**{"workloads.0.protect": REMOVE}))
    usd, solution = solved(instance, "outer")
    both_usd, _ = solved(compile_instance(protected()), "outer")
    assert (solution.option >= 0).tolist() == [True, False]
    assert usd < both_usd - 1e5


def test_a_site_without_another_serves_no_protected_demand() -> None:
    """Where all must be served there is no plan."""
    instance = compile_instance(protected(**{"sites.1": REMOVE}))
    answer = HighsDriver(compile_matrix(build_model(instance).pyomo)).solve(Limits(), Silent())
    assert answer.outcome == "infeasible"
    left = compile_instance(protected(**{"sites.1": REMOVE, "workloads.0.unserved_usd_per_1k": 1e4}))
    assert solved(left, "outer")[1].unserved.tolist() == [1.0]


def test_replicas_carry_their_own_load_and_the_worst_failure() -> None:
    scenario = everything(**{"workloads.0.sizing": "utilisation", "workloads.1.splittable": True})
    instance = compile_instance(scenario)
    for bracket in ("outer", "inner"):
        usd, solution = solved(instance, bracket)
        assert evaluate_solution(instance, solution).cost_usd == pytest.approx(usd, abs=1.0)
        reserve_rps, _ = reserves(instance, solution.moves, solution.share)
        peak = instance.demands.peak_rps[instance.arcs.demand] * solution.share
        own_rps = np.bincount(instance.arcs.pool, weights=peak, minlength=len(reserve_rps))
        usable_rps = instance.variants.usable_rps[instance.pools.variant] * solution.replicas
        assert np.all(own_rps + reserve_rps <= usable_rps * (1 + 1e-6) + 1e-6)
        assert reserve_rps.sum() > 0.0


def test_a_workload_stands_by_on_one_kind_of_pool_only() -> None:
    """Standby replicas beside a pool with the data elsewhere would be a second pool of the workload at the site."""
    instance = compile_instance(everything())
    first, last = instance.rivals
    assert (last - first).max() == 2
    for bracket in ("outer", "inner"):
        _, solution = solved(instance, bracket)
        used = np.flatnonzero(solution.replicas > 0)
        groups = first[used].tolist()
        assert len(set(groups)) == len(groups)


@pytest.mark.parametrize("bracket", ["outer", "inner"])
def test_highs_takes_a_warm_start_with_moves(bracket: Bracket) -> None:
    """Stopped before it has done anything, HiGHS has the plan of the search, whatever families are there."""
    instance = compile_instance(everything())
    solution = searched(instance)
    assert len(solution.moves.arc) > 0
    matrix = compile_matrix(build_model(instance, bracket=bracket).pyomo)
    warm_start = columns_of(instance, solution, layout_of(instance, bracket))
    assert_feasible(matrix, warm_start)
    cost_usd = evaluate_solution(instance, solution).cost_usd
    assert matrix.cost @ warm_start * USD_PER_UNIT == pytest.approx(cost_usd, rel=1e-9)
    answer = HighsDriver(matrix).solve(Limits(gap=0.0, tree_nodes=0), Impatient(), warm_start)
    assert answer.values is not None
    assert answer.objective <= matrix.cost @ warm_start + 1e-6
    worse = HighsDriver(matrix).solve(Limits(gap=0.0, tree_nodes=0), Impatient())
    assert worse.objective > answer.objective + 1e-6


def test_a_warm_start_without_its_moves_is_no_solution() -> None:
    """Flows that nobody takes over break the rows of survival, and nothing else."""
    instance = compile_instance(everything())
    whole = searched(instance)
    bare = type(whole)(whole.option, whole.modules, whole.replicas, whole.share, whole.unserved)
    matrix = compile_matrix(build_model(instance).pyomo)
    with pytest.raises(AssertionError, match=r"survival\["):
        assert_feasible(matrix, columns_of(instance, bare, layout_of(instance)))


def test_flows_come_back_from_the_columns_of_all_families() -> None:
    instance = compile_instance(everything())
    solution = searched(instance)
    layout = layout_of(instance)
    option, share, unserved, moves = flows_of(instance, columns_of(instance, solution, layout), layout)
    assert option.tolist() == solution.option.tolist()
    assert share == pytest.approx(solution.share)
    assert unserved == pytest.approx(solution.unserved)
    back, there = (layout.moves.shares(instance, m) for m in (moves, solution.moves))
    assert back == pytest.approx(there)
    assert there.sum() > 0.0


def test_size_counts_arcs_and_moves() -> None:
    """Chat of both regions moves between three sites: from each of them to two others."""
    instance = compile_instance(everything(**{"workloads.1.protect": REMOVE}))
    arcs = len(instance.arcs.demand)
    assert model_size(instance) == arcs + 2 * 3 * 2
    assert model_size(compile_instance(load_scenario(small_scenario()))) == 8


@pytest.mark.parametrize("segments", [1, 3, 13])
def test_lines_bracket_what_pools_carry_after_a_failure(segments: int) -> None:
    """The outer ones lie above the optimistic table of their slack tier, the inner ones below the safe one."""
    instance = compile_instance(everything())
    for bracket in ("outer", "inner"):
        rows = reserve_segments(instance, bracket, segments)
        assert rows
        for line in (line for lines in rows.values() for line in lines):
            table = instance.degraded_slack_tiers.table(line.slack_tier, optimistic=bracket == "outer")
            n = np.arange(line.first, min(line.last, len(table) - 1) + 1)
            load = line.slope * n + line.intercept
            if bracket == "outer":
                assert np.all(load >= table[n] * (1 - 1e-9))
            else:
                assert np.all(load <= table[n] * (1 + 1e-9))


def test_a_pool_has_no_more_replicas_than_it_can_ever_need() -> None:
    """Chat at the hub: 24 calls/s of all regions at 8 a replica, though the hub could power 90 of them."""
    instance = compile_instance(load_scenario(small_scenario()))
    assert most_replicas(instance)[0] == 3
    assert instance.site_capacity_mw[0] / instance.variants.replica_mw[0] == pytest.approx(90.0)
    tailed = compile_instance(load_scenario(changed(small_scenario(), {"workloads.0.sizing": "tail"})))
    needed = most_replicas(tailed)[0]
    assert 3 <= needed < 90
    tightest = tailed.slack_tiers.table(int(tailed.variants.slack_tier_ptr[0]), optimistic=False)
    assert tightest[needed] >= 24.0 or needed == 3


def test_a_solvers_rounding_does_not_split_what_moves_as_a_whole() -> None:
    """A binary may be 1e-6 off; a move of a millionth of a demand that may not be split would break the plan."""
    instance = compile_instance(everything(**{"workloads.0.splittable": False}))
    solution, table = searched(instance), layout_of(instance).moves
    exact = table.shares(instance, solution.moves)
    rng = np.random.default_rng(1)
    near = exact + rng.uniform(0.0, 9e-7, len(exact)) * np.where(exact > 0.5, -1.0, 1.0)
    found = table.moves(instance, near, solution.share)
    assert sorted(zip(found.arc, found.backup, strict=True)) == sorted(
        zip(solution.moves.arc, solution.moves.backup, strict=True)
    )
    assert found.share.tolist() == [1.0] * len(solution.moves.arc)
