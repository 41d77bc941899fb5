"""The verifier on models: racks, lives and modes of the accelerators that they run on."""

from __future__ import annotations

from typing import Any

import pytest
from support.documents.edits import changed
from support.documents.llm_document import llm_document
from support.documents.llm_document_plan import decisions
from support.reference.plan_figures import priced

from siteopt.plan.file import load_plan
from siteopt.scenario import load_scenario
from siteopt.verify import Violation, verify


def verify_changed(document: dict[str, Any], plan: dict[str, Any]) -> list[Violation]:
    """With every figure of the plan made true."""
    scenario = load_scenario(document)
    return verify(scenario, priced(scenario, load_plan(plan)))


HARD = {
    "accelerators": [
        {"id": name, "rack_kw": kw, "cooling": "air"} for name, kw in (("H100_SXM", 60.0), ("L40S", 20.0))
    ]
}


@pytest.mark.parametrize(
    ("edits", "rule", "words"),
    [
        ({"designs.0.rack_kw": 60.0}, None, ""),
        ({"designs.0.rack_kw": 59.0}, "density", "60 kW; those of design 'module' carry 59 kW"),
        ({"accelerators.0.cooling": "liquid"}, "cooling", "1 replica(s): needs liquid"),
        ({"accelerators.0.cooling": "liquid", "designs.0.cooling": "liquid"}, None, ""),
    ],
)
def test_accelerators_stand_in_racks_that_bear_them(
    edits: dict[str, Any], rule: str | None, words: str
) -> None:
    found = verify_changed(changed(llm_document() | HARD, edits), decisions())
    assert {violation.rule for violation in found} == ({rule} if rule else set())
    assert all(words in violation.message for violation in found)


def test_accelerators_are_bought_again_at_the_end_of_their_life() -> None:
    """50,000 USD of accelerators in servers of 1.4 times that: in ten years bought again after 4 and 8, half used."""
    entries = [
        {"id": name, "price_usd": usd, "life_years": 4.0, "salvage_fraction": 0.25}
        for name, usd in (("H100_SXM", 30_000.0), ("L40S", 10_000.0))
    ]
    scenario = load_scenario(changed(llm_document() | {"accelerators": entries}, {"policy.refresh": True}))
    lines = priced(scenario, load_plan(decisions())).cost_lines
    assert lines["refresh"] == pytest.approx(70_000.0 * 0.75 * (1.07**-4 + 1.07**-8))
    assert lines["salvage"] == pytest.approx(-70_000.0 * (0.25 + 0.75 * 0.5) * 1.07**-10)


@pytest.mark.parametrize(
    ("edits", "found"),
    [
        ({}, {"mode"}),
        (
            {"workloads.0.network_share": 0.0},
            set(),
        ),  # a batch may be chosen that leaves no round trip any time
        ({"designs.1.rack_kw": 1.0}, set()),
        ({"models": [{"id": llm_document()["workloads"][0]["model"], "max_context": 24_000}]}, {"mode"}),
    ],
    ids=["a hub admits it", "the batch takes it all", "no rack", "no deployment"],
)
def test_a_model_is_left_out_only_where_no_hub_admits_it(edits: dict[str, Any], found: set[str]) -> None:
    left = [
        (row["region"], row["workload"]) for row in llm_document()["demand"] if row["workload"] != "training"
    ]
    rest = [{"region": region, "workload": name, "share": 1.0, "reason": "mode"} for region, name in left]
    plan: dict[str, Any] = {"sites": [], "pools": [], "flows": []}
    plan["unserved"] = [*rest, {"region": "frankfurt", "workload": "training", "share": 1.0}]
    document = changed(llm_document(), {"policy.mode": "central"} | edits)
    assert {violation.rule for violation in verify_changed(document, plan)} == found
