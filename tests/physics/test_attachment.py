"""Regions hang on the node that they name, or else on the nearest one of their own jurisdiction."""

from __future__ import annotations

from typing import Any

import pytest
from support.documents.edits import changed

from siteopt import load_scenario, solve, verify
from siteopt.compile import compile_instance
from siteopt.diagnose.remarks import suspicions
from siteopt.errors import InfeasibleError, ScenarioError
from siteopt.physics.network.topology import build_topology


def border() -> dict[str, Any]:
    """Lille is nearer to Brussels than to Paris, and its patients' data may not leave France."""
    replica = {"rps": 100.0, "kw": 1.0, "usd": 10_000.0}
    return {
        "schema_version": 1,
        "jurisdictions": [{"id": "FR"}, {"id": "BE"}],
        "network": {
            "nodes": [
                {"id": "Brussels", "lat": 50.85, "lon": 4.35, "jurisdiction": "BE"},
                {"id": "Paris", "lat": 48.86, "lon": 2.35, "jurisdiction": "FR"},
            ],
            "links": [{"from": "Brussels", "to": "Paris", "km": 264.0}],
        },
        "sites": [
            {"id": "lille-sub", "lat": 50.62, "lon": 3.05, "jurisdiction": "FR", **SITE},
            {"id": "paris-sub", "lat": 48.9, "lon": 2.4, "jurisdiction": "FR", **SITE},
        ],
        "designs": [
            {"id": "d", "tiers": ["micro"], "module_mw": 1.0, "max_modules": 10, "pue": 1.3}
            | {"fixed_usd": 1e6, "usd_per_module": 1e7}
        ],
        "workloads": [
            {"id": "health", "service": {"ms": 20.0}, "replica": replica, "tiers": ["micro"]}
            | {"slo": [{"metric": "e2e", "ms": 500.0}], "jurisdictions": "same", "sovereign_route": True}
        ],
        "regions": [{"id": "lille", "lat": 50.63, "lon": 3.06, "jurisdiction": "FR"}],
        "demand": [{"region": "lille", "workload": "health", "peak_rps": 50.0, "mean_rps": 20.0}],
    }


SITE = {"tier": "micro", "headroom_mw": 10.0, "designs": ["d"], "price_usd_per_mwh": 80.0}


@pytest.mark.parametrize("node", [None, "Paris"])
def test_a_region_near_a_border_hangs_on_a_node_of_its_own_country(node: str | None) -> None:
    """It hung on Brussels, from where no sovereign route leads anywhere."""
    scenario = load_scenario(changed(border(), {"regions.0.node": node} if node else {}))
    topology = build_topology(scenario)
    assert topology.node_ids[topology.region_node[0]] == "Paris"
    assert topology.region_access_km[0] == pytest.approx(203.4, abs=0.5)
    plan = solve(scenario)
    assert [flow.site for flow in plan.flows] == ["paris-sub"]
    assert verify(scenario, plan) == []


def test_a_node_that_is_named_is_taken_wherever_it_is() -> None:
    scenario = load_scenario(changed(border(), {"regions.0.node": "Brussels"}))
    assert build_topology(scenario).region_node.tolist() == [0]
    with pytest.raises(InfeasibleError) as caught:
        solve(scenario)
    assert "without a route to lille (at node Brussels in BE)" in caught.value.reasons[0]


def test_the_nearest_node_of_all_where_the_jurisdiction_has_none() -> None:
    document = changed(border(), {"network.nodes.1.jurisdiction": "BE"})
    document["workloads"][0] |= {"sovereign_route": False}
    scenario = load_scenario(document)
    assert build_topology(scenario).region_node.tolist() == [0]
    plan = solve(scenario)
    assert verify(scenario, plan) == []


def test_places_attached_abroad_are_remarked_on_where_routes_are_sovereign() -> None:
    scenario = load_scenario(border())
    (said,) = [line for line in suspicions(scenario, compile_instance(scenario)) if "attached" in line]
    assert said == (
        "1 site attached to a node of another jurisdiction (lille-sub at Brussels in BE): sovereign routes may not"
        " pass it; give its node if another one is meant."
    )
    document = border()
    document["workloads"][0] |= {"sovereign_route": False}
    scenario = load_scenario(document)
    assert not [line for line in suspicions(scenario, compile_instance(scenario)) if "attached" in line]


def test_an_unknown_node_of_a_region_is_refused() -> None:
    with pytest.raises(
        ScenarioError, match=r"regions\[0\].node: unknown network node 'Pari'; did you mean 'Paris'"
    ):
        load_scenario(changed(border(), {"regions.0.node": "Pari"}))
