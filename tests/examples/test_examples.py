"""The shipped examples load, solve and verify: what the README promises, in small."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

import pytest
from support.paths import EXAMPLES

from siteopt import evaluate, load_scenario, solve, verify
from siteopt.compile import compile_instance
from siteopt.scenario import dump_scenario

if TYPE_CHECKING:
    from pathlib import Path

    from siteopt import Plan, Scenario

SCENARIOS = sorted(
    path for path in EXAMPLES.glob("*/*.json") if path.stem in ("scenario", "full") or "variant" in path.stem
)

pytestmark = pytest.mark.skipif(
    not EXAMPLES.is_dir(), reason="examples/ is not here: an installed package alone"
)


@pytest.fixture(scope="module")
def plan(germany: Scenario) -> Plan:
    return solve(germany, time_limit=inf, gap=0.01, seed=1, method="search", iteration_limit=12)


def test_there_are_examples() -> None:
    assert len(SCENARIOS) >= 3


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_example_loads(path: Path) -> None:
    """And is the same scenario after a round trip through JSON, tables included."""
    scenario = load_scenario(path)
    assert load_scenario(dump_scenario(scenario)) == scenario


def test_germany_solves_to_a_proven_gap(germany: Scenario, plan: Plan) -> None:
    """One per cent within a dozen rounds: far from the aim of the README, near enough to notice a break."""
    assert plan.verified
    assert verify(germany, plan) == []
    assert plan.bound_usd is not None
    assert plan.gap is not None
    assert 0.0 <= plan.gap <= 0.02
    assert plan.bound_usd <= plan.cost_usd


def test_germany_serves_everything_and_opens_something(germany: Scenario, plan: Plan) -> None:
    served = {(flow.region, flow.workload) for flow in plan.flows}
    missing = {(rest.region, rest.workload) for rest in plan.unserved}
    assert served | missing == {(demand.region, demand.workload) for demand in germany.demand}
    assert plan.sites


def test_germany_is_priced_the_same_again(germany: Scenario, plan: Plan) -> None:
    again = evaluate(germany, plan)
    assert again.cost_usd == pytest.approx(plan.cost_usd, rel=1e-12)
    assert (again.sites, again.pools, again.grid) == (plan.sites, plan.pools, plan.grid)


def test_germany_is_solved_the_same_again(germany: Scenario, plan: Plan) -> None:
    again = solve(germany, time_limit=inf, gap=0.01, seed=1, method="search", iteration_limit=12)
    assert (again.cost_usd, again.flows, again.sites) == (plan.cost_usd, plan.flows, plan.sites)


def test_full_germany_compiles() -> None:
    """About five hundred places; every demand has somewhere to go or a price for going nowhere."""
    instance = compile_instance(load_scenario(EXAMPLES / "germany" / "full.json"))
    size = instance.size
    assert size["sites"] >= 400
    assert size["arcs"] > 100_000
    reachable = set(instance.arcs.demand.tolist())
    for i, price in enumerate(instance.demands.unserved_usd):
        assert i in reachable or price < inf, instance.demands.name[i]
