"""Scenario files: what is read is what was written, from one document or from tables beside it."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any

import pytest
from documents import small_document

from siteopt.errors import ScenarioError
from siteopt.scenario import Scenario, dump_scenario, json_schema, load_scenario
from siteopt.scenario.jurisdictions import allowed_jurisdictions

if TYPE_CHECKING:
    from pathlib import Path


def write(folder: Path, document: dict[str, Any]) -> Path:
    """The document as a file."""
    path = folder / "scenario.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def write_table(path: Path, rows: list[dict[str, Any]]) -> None:
    """Rows of flat objects and lists as a CSV file."""
    columns = list(dict.fromkeys(key for row in rows for key in row))
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(columns)
        for row in rows:
            cells = [row.get(key, "") for key in columns]
            writer.writerow([";".join(c) if isinstance(c, list) else c for c in cells])


def test_round_trip() -> None:
    """A dumped scenario loads to an equal one, and the dump is plain JSON."""
    scenario = load_scenario(small_document())
    assert load_scenario(json.loads(json.dumps(dump_scenario(scenario)))) == scenario


def test_defaults_are_filled_in() -> None:
    """What the document leaves out has the documented default."""
    document = small_document()
    for key in ("name", "horizon", "grid_limits", "policy"):
        del document[key]
    scenario = load_scenario(document)
    assert (scenario.horizon.years, scenario.horizon.discount_rate) == (10.0, 0.07)
    assert scenario.policy.utilisation_cap == 0.8
    assert scenario.policy.budget_usd is None
    assert scenario.grid_limits == ()


def test_scenario_cannot_be_changed() -> None:
    """A scenario is frozen: what was checked stays checked."""
    scenario = load_scenario(small_document())
    with pytest.raises(ValueError, match="frozen"):
        scenario.sites[0].headroom_mw = 5.0


def test_byte_order_mark_is_allowed(tmp_path: Path) -> None:
    """Editors on Windows put it there."""
    path = tmp_path / "scenario.json"
    path.write_text(json.dumps(small_document()), encoding="utf-8-sig")
    assert load_scenario(path) == load_scenario(small_document())


def test_tables_beside_the_document(tmp_path: Path) -> None:
    """Sites, regions, demand, nodes and links from CSV files give the same scenario as in one document."""
    whole = small_document()
    document = small_document()
    for name in ("sites", "regions", "demand"):
        write_table(tmp_path / f"{name}.csv", document[name])
        document[name] = {"file": f"{name}.csv"}
    for name in ("nodes", "links"):
        write_table(tmp_path / f"{name}.csv", document["network"][name])
        document["network"][name] = {"file": f"{name}.csv"}
    assert load_scenario(write(tmp_path, document)) == load_scenario(whole)


def test_nested_keys_and_words_in_a_table(tmp_path: Path) -> None:
    """A dot reaches into an object, a semicolon lists, and an id of digits stays a word."""
    header = "id,lat,lon,tier,jurisdiction,status,existing.design,existing.modules,designs"
    header += ",headroom_mw,price_usd_per_mwh"
    row = "007, 53.5,10,micro,DE,existing,module,2,module,12,80"
    (tmp_path / "sites.csv").write_text(f"{header}\n{row}\n", encoding="utf-8")
    document = small_document() | {"sites": {"file": "sites.csv"}, "grid_limits": []}
    (site,) = load_scenario(write(tmp_path, document)).sites
    assert site.id == "007"
    assert site.existing is not None
    assert (site.existing.design, site.existing.modules, site.designs) == ("module", 2, ("module",))


def test_error_carries_problems_and_source(tmp_path: Path) -> None:
    """Programs read the problems as objects, people as text."""
    document = small_document()
    document["sites"][1]["headroom_mw"] = -1
    path = write(tmp_path, document)
    with pytest.raises(ScenarioError) as caught:
        load_scenario(path)
    (problem,) = caught.value.problems
    assert problem.path == "sites[1].headroom_mw"
    assert problem.message == 'should be at least 0, not -1 (in "main-taunus")'
    assert caught.value.source == str(path)
    assert str(caught.value).startswith(f"{path}: 1 problem\n  sites[1].headroom_mw: should be")


def test_schema_knows_every_key_of_the_document() -> None:
    """The published JSON Schema has the tables and their file form."""
    schema = json_schema()
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert set(small_document()) <= set(schema["properties"])
    assert schema["properties"]["sites"]["anyOf"][1]["properties"] == {"file": {"type": "string"}}
    assert schema["additionalProperties"] is False
    assert "from" in schema["$defs"]["NetworkLink"]["properties"]


@pytest.mark.parametrize(
    ("rule", "allowed"),
    [("any", {"DE", "CH"}), ("same", {"CH"}), ("EU", {"DE"}), (["CH"], {"CH"}), (["CH", "DE"], {"DE", "CH"})],
)
def test_jurisdiction_rules(rule: object, allowed: set[str]) -> None:
    """What each way of writing the rule allows to a request from Switzerland."""
    document = small_document()
    document["workloads"][0]["jurisdictions"] = rule
    scenario: Scenario = load_scenario(document)
    assert allowed_jurisdictions(scenario, scenario.workloads[0], "CH") == allowed
