"""What a wrong name is taken for: never its opposite, never a thing of another kind, nor one file for another."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from support.documents.edits import changed
from support.documents.small_document import small_document
from support.documents.small_document_plan import hand_made_plan

from siteopt import load_plan
from siteopt.answers.explain.variants import site_of
from siteopt.errors import ScenarioError
from siteopt.scenario import load_scenario
from siteopt.scenario.names import are_opposite, similar

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("path", "value", "wrong"),
    [
        ("policy.min_sites", 3, "max_sites"),
        ("workloads.0.gb_from", 1.0, "gb_in"),
        ("workloads.0.gb_uot", 1.0, "gb_in"),
    ],
)
def test_a_key_is_not_taken_for_its_opposite(path: str, value: float, wrong: str) -> None:
    """``min_sites`` is no misspelt ``max_sites``: who believed it would limit the sites from the other side."""
    with pytest.raises(ScenarioError) as caught:
        load_scenario(changed(small_document(), {path: value}))
    message = caught.value.problems[0].message
    assert "unknown key" in message
    assert f"did you mean '{wrong}'" not in message


def test_a_misspelt_key_still_finds_its_own() -> None:
    with pytest.raises(ScenarioError, match="did you mean 'max_sites'"):
        load_scenario(changed(small_document(), {"policy.max_site": 3}))
    assert similar("north-gate", ["south-gate", "north-gte"]) == ["north-gte"]
    assert similar("south-gate", ["north-gate"]) == []
    assert not are_opposite("gb_in", "gb_inn")


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("demand.0.region", "hamburg-ost", "unknown region 'hamburg-ost'; that is a site"),
        ("demand.0.workload", "module", "unknown workload 'module'; that is a design"),
        ("sites.0.jurisdiction", "EU", "unknown jurisdiction 'EU'; that is a group of jurisdictions"),
        ("sites.0.node", "zone-de", "unknown network node 'zone-de'; that is a zone"),
    ],
)
def test_the_id_of_another_kind_of_thing_is_named_as_what_it_is(path: str, value: str, message: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        load_scenario(changed(small_document(), {path: value}))
    assert any(message in problem.message for problem in caught.value.problems)


def test_a_question_about_a_site_that_is_a_region_says_so() -> None:
    scenario = load_scenario(small_document())
    region = scenario.regions[0].id
    with pytest.raises(ScenarioError, match=f"there is no site '{region}', which is a region"):
        site_of(scenario, region)
    with pytest.raises(
        ScenarioError, match="there is no site 'xyz'; there are hamburg-ost, main-taunus, zurich-hub"
    ):
        site_of(scenario, "xyz")


def test_one_kind_of_file_is_not_read_as_another(tmp_path: Path) -> None:
    """One sentence, instead of a complaint about every key."""
    plan, scenario = tmp_path / "plan.json", tmp_path / "scenario.json"
    plan.write_text(json.dumps(hand_made_plan()), encoding="utf-8")
    scenario.write_text(json.dumps(small_document()), encoding="utf-8")
    with pytest.raises(ScenarioError) as caught:
        load_scenario(plan)
    assert [p.message for p in caught.value.problems] == [
        "this is a plan, as siteopt solve writes it, not a scenario"
    ]
    with pytest.raises(ScenarioError) as caught:
        load_plan(scenario)
    assert [p.message for p in caught.value.problems] == ["this is a scenario, not a plan"]
    with pytest.raises(ScenarioError, match="this is GeoJSON, not a scenario"):
        load_scenario({"type": "FeatureCollection", "features": []})


@pytest.mark.parametrize(
    "text", ["id,lat,lon\na,1,2\n", '"id";"lat"\n"a";"1,5"\n', "id\tlat\na\t1\n", "1,2\n3,4\n"]
)
def test_a_table_is_recognised_where_a_scenario_or_a_plan_should_be(text: str, tmp_path: Path) -> None:
    path = tmp_path / "sites.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ScenarioError) as caught:
        load_scenario(path)
    assert len(caught.value.problems) == 1
    assert "this is a table (CSV), not a scenario" in caught.value.problems[0].message
    with pytest.raises(ScenarioError, match=r"this is a table \(CSV\), not a plan"):
        load_plan(path)
