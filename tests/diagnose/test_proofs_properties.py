"""What arithmetic calls impossible has no plan: held against the enumeration of every plan."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.reference.optimum.basic_rules import optimum
from support.strategies.basic_rules import scenario_documents

from siteopt.compile import compile_instance
from siteopt.diagnose.proofs import impossibilities
from siteopt.scenario import load_scenario

share = st.sampled_from([1.0, 1.0, 0.7, 0.4, 0.15, 0.02])


@st.composite
def squeezed_documents(draw: st.DrawFn) -> dict[str, Any]:
    """Random scenarios from which headroom, grid, budget and sites are taken, so that many have no plan."""
    document = draw(scenario_documents())
    for site in document["sites"]:
        site["headroom_mw"] *= draw(share)
        if (
            site.get("status", "candidate") == "candidate"
            and site["headroom_mw"] > 0
            and draw(st.integers(0, 4)) == 0
        ):
            site["status"] = "forced"
        if site.get("status") == "forced" and site["headroom_mw"] == 0:
            site["status"] = "candidate"
    for limit in document["grid_limits"]:
        limit["limit_mw"] *= draw(share)
    for workload in document["workloads"]:
        if draw(st.booleans()):
            workload.pop("unserved_usd_per_1k", None)
    policy = document["policy"]
    if policy.get("budget_usd") is not None:
        policy["budget_usd"] *= draw(share)
    if draw(st.booleans()):
        policy["max_sites"] = draw(st.integers(0, len(document["sites"])))
    return document


@given(squeezed_documents())
@settings(deadline=None, max_examples=150, suppress_health_check=list(HealthCheck))
def test_impossible_is_never_said_of_a_scenario_that_has_a_plan(document: dict[str, Any]) -> None:
    """Every statement is a proof."""
    scenario = load_scenario(document)
    reasons = impossibilities(scenario, compile_instance(scenario))
    if reasons:
        assert optimum(scenario) is None, reasons


@given(squeezed_documents())
@settings(deadline=None, max_examples=150, suppress_health_check=list(HealthCheck))
def test_a_flow_finds_no_shortage_where_filling_site_by_site_found_room(document: dict[str, Any]) -> None:
    """The maximum flow is left out then; had it been asked, it would have said the same."""
    scenario = load_scenario(document)
    instance = compile_instance(scenario)
    reasons = impossibilities(scenario, instance)
    with patch("siteopt.diagnose.proofs.flow._fits", return_value=False):
        assert impossibilities(scenario, instance) == reasons
