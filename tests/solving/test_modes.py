"""What the modes central and edge leave out: what other sites could serve, and nothing else."""

from __future__ import annotations

from math import inf
from typing import Any

import pytest
from support.documents.binding_rules import BASE, MEAN_RPS, YEAR
from support.documents.edits import changed
from support.reference.optimum.all_rules import optimum

from siteopt import InfeasibleError, load_scenario, solve
from siteopt.answers.compare import compare
from siteopt.compile import compile_instance
from siteopt.compile.implicit_flows import compile_implicit_flows

METHODS = ["auto", "milp", "search"]
#: The dear site is a hub, for the mode central; the SLO leaves 1 ms of round trip to the cheap one, 10 ms away.
HUB: dict[str, Any] = {"sites.1.tier": "hyperscale", "policy": {"mode": "central"}}
NEAR: dict[str, Any] = {"workloads.0.slo.0.ms": 21.0}
#: From another region, which hangs on B, where the cheap site is.
BESIDE: dict[str, Any] = {"network.nodes.0.lat": 51.0, "sites.1.lat": 51.0, "regions.0.lat": 50.0}


@pytest.mark.parametrize("mode", ["central", "edge", "hybrid"])
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    "edits",
    [
        {"workloads.0.slo.0.ms": 20.5},
        {"workloads.0.jurisdictions": ["CH"]},
        {"workloads.0.tiers": ["device"]},
    ],
    ids=["too slow for any site", "abroad", "of no tier"],
)
def test_no_mode_leaves_out_what_no_site_could_serve(mode: str, method: Any, edits: dict[str, Any]) -> None:
    """Central was "solved" at no cost: what has no arc and no penalty was left out free of charge."""
    document = changed(BASE, HUB | {"policy": {"mode": mode}, "network.latency.access_ms": 1.0} | edits)
    scenario = load_scenario(document)
    assert optimum(scenario) is None
    with pytest.raises(InfeasibleError, match="no site may serve"):
        solve(scenario, time_limit=inf, method=method, iteration_limit=5)


@pytest.mark.parametrize("method", METHODS)
def test_what_another_site_could_serve_is_left_out_free_of_charge(method: Any) -> None:
    scenario = load_scenario(changed(BASE, HUB | NEAR | BESIDE))
    plan = solve(scenario, time_limit=inf, gap=0.0, method=method, iteration_limit=5)
    assert plan.cost_usd == 0.0
    assert [row.reason for row in plan.unserved] == ["mode"]
    best = optimum(scenario)
    assert best is not None
    assert best[0] == 0.0


@pytest.mark.parametrize("edits", [NEAR | BESIDE, {"workloads.0.slo.0.ms": 20.5} | BESIDE, {}])
def test_listed_and_implicit_flows_leave_out_the_same(edits: dict[str, Any]) -> None:
    scenario = load_scenario(changed(BASE, HUB | edits))
    listed, implicit = compile_instance(scenario).demands, compile_implicit_flows(scenario).instance.demands
    assert listed.is_left_out.tolist() == implicit.is_left_out.tolist()
    assert listed.unserved_usd.tolist() == implicit.unserved_usd.tolist()


def test_a_mode_without_sites_leaves_all_unserved_at_its_penalty() -> None:
    """Compare said "no plan" for the mode central, where 5 requests per second for a year cost 1 USD per 1000."""
    found = compare(load_scenario(changed(BASE, {"workloads.0.unserved_usd_per_1k": 1.0})), gap=0.0)
    central, edge, _ = found.modes
    assert central.plan is not None
    assert central.plan.cost_usd == pytest.approx(MEAN_RPS * YEAR / 1000.0)
    assert central.plan.sites == ()
    assert central.unserved == {"chat": pytest.approx(1.0)}
    assert edge.plan is not None
    must = compare(load_scenario(BASE), gap=0.0)
    assert must.modes[0].plan is None
    assert "leaves no site" in must.modes[0].reasons[0]
