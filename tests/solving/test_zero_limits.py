"""Limits of 0, and rows of which there are none: the answer is that of a limit next to 0."""

from __future__ import annotations

from math import inf
from typing import Any

import pytest
from support.documents.binding_rules import BASE, CHEAP, DEAR, MEAN_RPS, YEAR
from support.documents.edits import changed
from support.documents.small_scenario import small_scenario

from siteopt import load_scenario, solve

METHODS = ["auto", "milp", "search"]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("gbps", [0.0, 5e-324, 1e-9])
def test_a_link_out_of_service_carries_nothing(gbps: float, method: Any) -> None:
    """0 Gbit/s on the way to the cheap site was 0 / 0 in the programme of all flows; all is served at the dear one."""
    document = changed(BASE, {"network.links.0.capacity_gbps": gbps})
    plan = solve(load_scenario(document), time_limit=inf, gap=0.0, method=method, iteration_limit=20)
    assert plan.cost_usd == pytest.approx(DEAR)


@pytest.mark.parametrize("method", METHODS)
def test_an_uplink_out_of_service_closes_a_site(method: Any) -> None:
    document = changed(BASE, {"sites.0.uplink_gbps": 0.0})
    plan = solve(load_scenario(document), time_limit=inf, gap=0.0, method=method, iteration_limit=20)
    assert plan.cost_usd == pytest.approx(DEAR)


@pytest.mark.parametrize("method", METHODS)
def test_a_budget_of_nothing_buys_nothing(method: Any) -> None:
    """All is left unserved at its penalty: 5 requests per second for a year at 1 USD per 1000."""
    document = changed(BASE, {"policy": {"budget_usd": 0.0}, "workloads.0.unserved_usd_per_1k": 1.0})
    plan = solve(load_scenario(document), time_limit=inf, gap=0.0, method=method, iteration_limit=20)
    assert plan.cost_usd == pytest.approx(MEAN_RPS * YEAR / 1000.0)


@pytest.mark.parametrize("method", METHODS)
def test_a_protected_workload_that_nobody_asks_for_is_no_obstacle(method: Any) -> None:
    """The last of the list, it had no row among the loads by workload: both sites hold what the loss of one moves."""
    protected = BASE["workloads"][0] | {"protect": {"slo_ms": 200.0}}
    document = BASE | {"workloads": [protected, protected | {"id": "silent"}]}
    plan = solve(load_scenario(document), time_limit=inf, gap=0.0, method=method, iteration_limit=20)
    assert plan.cost_usd == pytest.approx(CHEAP + DEAR)


@pytest.mark.parametrize(
    "path",
    [
        *("policy.budget_usd", "policy.max_sites", "policy.carbon_usd_per_t", "policy.egress_usd_per_gb"),
        *("grid_limits.0.limit_mw", "sites.1.headroom_mw", "sites.0.headroom_mw", "designs.1.max_modules"),
        *("workloads.1.unserved_usd_per_1k", "workloads.0.replica.usd", "network.links.2.latency_ms"),
    ],
)
def test_all_methods_agree_on_numbers_at_nought(path: str) -> None:
    """Each is a limit, a price or a distance of the small scenario; 1 where 0 is not allowed."""
    value = 1 if path.endswith("max_modules") else 0 if path.endswith("max_sites") else 0.0
    edits = {path: value, "workloads.0.unserved_usd_per_1k": 3.0}
    scenario = load_scenario(changed(small_scenario(), edits))
    costs = [
        solve(scenario, time_limit=inf, gap=0.0, method=m, iteration_limit=50).cost_usd
        for m in ("auto", "milp")
    ]
    assert costs[0] == pytest.approx(costs[1], rel=1e-5)
