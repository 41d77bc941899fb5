"""A network in pieces is a remark, not a refusal: what can be reached is planned."""

from __future__ import annotations

from math import inf

from support.documents.edits import changed
from support.documents.small_scenario import small_scenario

from siteopt import load_scenario, solve, verify
from siteopt.compile import compile_instance
from siteopt.diagnose.remarks import suspicions


def test_an_island_is_named_and_the_rest_is_solved() -> None:
    """C, with site alp and region south, is cut off where the link A-C is lost; what it asks for it serves itself."""
    document = small_scenario()
    links = [link for link in document["network"]["links"] if link["to"] != "C"]
    document["workloads"][0]["unserved_usd_per_1k"] = 1.0
    scenario = load_scenario(changed(document, {"network.links": links}))
    remarks = suspicions(scenario, compile_instance(scenario))
    (said,) = [remark for remark in remarks if "in pieces" in remark]
    assert "1 node (C), with 1 site (alp) and 1 region (south)," in said
    plan = solve(scenario, time_limit=inf, iteration_limit=20, node_limit=20)
    assert verify(scenario, plan) == []
    assert all((flow.region == "south") == (flow.site == "alp") for flow in plan.flows)
