"""Sovereign routes: the fastest that stays inside, or the fastest of all if it does; and where a route begins."""

from __future__ import annotations

from math import inf
from typing import Any

import pytest
from support.documents.edits import changed

import siteopt.compile.many
from siteopt import InfeasibleError, Plan, ScenarioError, load_scenario, solve, verify

METHODS = ["search", "milp", "auto"]
DETOUR: dict[str, Any] = {
    "schema_version": 1,
    "horizon": {"years": 5, "discount_rate": 0.0},
    "jurisdictions": [{"id": "X"}, {"id": "Y"}],
    "network": {
        "nodes": [
            {"id": "A", "lat": 50, "lon": 8, "jurisdiction": "X"},
            {"id": "B", "lat": 52, "lon": 8, "jurisdiction": "X"},
            {"id": "Q", "lat": 51, "lon": 20, "jurisdiction": "Y"},
            {"id": "P", "lat": 51, "lon": 30, "jurisdiction": "X"},
        ],
        "links": [
            {"from": "A", "to": "Q", "latency_ms": 1},
            {"from": "Q", "to": "B", "latency_ms": 1},
            {"from": "A", "to": "P", "latency_ms": 5},
            {"from": "P", "to": "B", "latency_ms": 5},
        ],
        "latency": {"access_ms": 0},
    },
    "sites": [
        {
            **{"id": "s", "lat": 50, "lon": 8, "node": "A", "tier": "micro", "jurisdiction": "X"},
            **{"headroom_mw": 1, "designs": ["box"], "price_usd_per_mwh": 100},
        }
    ],
    "designs": [
        {
            **{"id": "box", "tiers": ["micro"], "module_mw": 0.1, "max_modules": 5, "pue": 1.0},
            **{"fixed_usd": 1e5, "usd_per_module": 1e5},
        }
    ],
    "workloads": [
        {
            **{"id": "a", "sizing": "linear", "service": {"ms": 100}, "tiers": ["micro"]},
            **{"replica": {"rps": 10, "kw": 10, "usd": 100}, "slo": [{"metric": "e2e", "ms": 200}]},
            **{"jurisdictions": ["X"], "sovereign_route": True},
        }
    ],
    "regions": [{"id": "r", "lat": 52, "lon": 8, "jurisdiction": "X"}],
    "demand": [{"region": "r", "workload": "a", "peak_rps": 20, "mean_rps": 1}],
}
FASTEST = {"workloads.0.sovereign_route": "fastest"}


def solved(edits: dict[str, Any], method: Any = "auto") -> Plan:
    scenario = load_scenario(changed(DETOUR, edits))
    plan = solve(scenario, time_limit=inf, gap=0.0, method=method, iteration_limit=20)
    assert verify(scenario, plan) == []
    return plan


def route(edits: dict[str, Any]) -> str:
    return " ".join(solved(edits).flows[0].route)


def test_a_route_inside_may_be_a_detour() -> None:
    """B over Q to A takes 2 x 2 ms and crosses Y; over P it is 2 x 10 ms."""
    assert route({"workloads.0.sovereign_route": False}) == "B Q A"
    assert route({}) == "B P A"


@pytest.mark.parametrize("method", METHODS)
def test_the_fastest_route_of_all_must_stay_inside(method: Any) -> None:
    with pytest.raises(
        InfeasibleError,
        match=r"fastest route to r \(at node B in X\) does not stay in the allowed jurisdictions",
    ):
        solved(FASTEST, method)


def test_of_routes_equally_fast_the_one_inside_counts() -> None:
    """Over P it takes 5 + 5 ms, over Q as long or longer: nothing that leaves is faster."""
    assert route(FASTEST | {"network.links.0.latency_ms": 9.5}) == "B P A"
    assert route(FASTEST | {"network.links.0.latency_ms": 9.0}) == "B P A"
    with pytest.raises(InfeasibleError):
        solved(FASTEST | {"network.links.0.latency_ms": 8.999})


def test_the_verifier_tells_the_two_apart() -> None:
    """A plan on the detour is right under ``true`` and breaks the rule under "fastest"."""
    plan = solved({})
    found = verify(load_scenario(changed(DETOUR, FASTEST)), plan)
    assert {v.rule for v in found} == {"sovereign_route"}
    assert "the fastest route does not stay in the 1 allowed: X" in str(found[0])


@pytest.mark.parametrize(("data", "rule"), [("home", "sovereign_route"), ("replica", "data_mode")])
def test_the_way_to_the_data_obeys_the_same_rule(data: str, rule: str) -> None:
    """Users and site are at A, the data at B: the fastest way to them crosses Y, and so does the upkeep of a copy."""
    at_home = {"node": "B", "trips_per_call": 1.0, "gb_per_call": 0.001}
    edits = {"regions.0.lat": 50, "workloads.0.home": at_home, "policy": {"transit_usd_per_gb": 1.0}}
    if data == "replica":
        edits |= {"workloads.0.replica_gb": 1.0, "workloads.0.sync_gb_per_day": 1.0}
    plan = solved(edits)
    assert [(pool.data, " ".join(pool.home_route)) for pool in plan.pools] == [(data, "A P B")]
    with pytest.raises(InfeasibleError):
        solved(edits | FASTEST)
    found = verify(load_scenario(changed(DETOUR, edits | FASTEST)), plan)
    assert {v.rule for v in found} == {rule}
    assert "the fastest route to the data at 'B' does not stay in the 1 allowed: X" in str(found[0])


@pytest.mark.parametrize("network", [True, False])
@pytest.mark.parametrize("kind", [True, "fastest"])
def test_a_route_begins_in_the_regions_own_jurisdiction(network: bool, kind: Any) -> None:
    """It was asked only without a network; with one, a region of Y on a node of X was served inside X."""
    edits: dict[str, Any] = {"workloads.0.sovereign_route": kind, "network.nodes.2.jurisdiction": "X"}
    if not network:
        edits = {"workloads.0.sovereign_route": kind, "network": {}, "sites.0.node": None}
    plan = solved(edits)
    abroad = edits | {"regions.0.jurisdiction": "Y"}
    with pytest.raises(InfeasibleError, match="as r lies outside them") as error:
        solved(abroad)
    assert "kW" not in str(error.value)
    found = verify(load_scenario(changed(DETOUR, abroad)), plan)
    assert {v.rule for v in found} == {"sovereign_route"}
    assert "begins in 'Y'" in str(found[0])


def test_flows_that_are_not_listed_obey_it_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where flows are too many to list, they are priced from matrices of round trips."""
    monkeypatch.setattr(siteopt.compile.many, "MOST_LISTED", 0)
    penalty = {"workloads.0.unserved_usd_per_1k": 1000.0}
    assert solved(penalty).flows
    assert not solved(penalty | FASTEST).flows


def test_what_it_may_say() -> None:
    with pytest.raises(ScenarioError, match='should be true, false or "fastest"'):
        load_scenario(changed(DETOUR, {"workloads.0.sovereign_route": "within"}))
