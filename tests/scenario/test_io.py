"""Scenario files: what is read is what was written, from one document or from tables beside it."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any

import pytest
from support.documents.small_document import small_document

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


def full_document() -> dict[str, Any]:
    """The small document with every key that limits, moves, protects or renews something."""
    document = small_document()
    document["network"]["links"][0]["capacity_gbps"] = 40.0
    hamburg, taunus, zurich = document["sites"]
    del hamburg["connection_usd"]
    hamburg |= {"pue": {"module": 1.2}, "uplink_gbps": 10.0, "coincident_charge_usd_per_mw_year": 3e4}
    hamburg["connection_steps"] = [
        {"up_to_mw": 4.0, "months": 6.0, "usd": 1e5},
        {"up_to_mw": 12.0, "months": 30.0, "usd": 1e5},
    ]
    taunus |= {"status": "forced"}
    zurich |= {"status": "existing", "existing": {"design": "hall", "modules": 2}}
    module, hall = document["designs"]
    module |= {"redundancy": "N+1", "rack_kw": 40.0, "cooling": "liquid", "build_months": 9.0}
    module |= {"scale_exponent": 0.9, "life_years": 15.0, "salvage_fraction": 0.1}
    hall |= {"redundancy": "2N"}
    chat, vision, _ = document["workloads"]
    chat |= {"tenant": "bank", "home": {"node": "middle", "trips_per_call": 2.0, "gb_per_call": 1e-5}}
    chat |= {"replica_gb": 500.0, "sync_gb_per_day": 20.0, "protect": {"slo_ms": 300.0}}
    vision["replica"] |= {"rack_kw": 12.0, "cooling": "liquid", "life_years": 5.0, "salvage_fraction": 0.2}
    document["accelerators"] = [{"id": "L40S", "salvage_fraction": 0.1, "rack_kw": 5.0}]
    document["policy"] |= {
        "mode": "hybrid",
        "ready_by_month": 12.0,
        "tenant_share": 0.5,
        "tenant_site_mw": 3.0,
    }
    document["policy"] |= {"coincidence": 0.8, "refresh": True, "storage_usd_per_gb_year": 0.3}
    return document


def test_every_rule_at_once_holds_together() -> None:
    """Rules that stand beside each other are no problem, and survive a dump."""
    scenario = load_scenario(full_document())
    assert load_scenario(json.loads(json.dumps(dump_scenario(scenario)))) == scenario
    site, home = scenario.sites[0], scenario.workloads[0].home
    assert [(s.up_to_mw, s.months) for s in site.connection_steps] == [(4.0, 6.0), (12.0, 30.0)]
    assert home is not None
    assert (home.node, home.trips_per_call, home.gb_per_call) == ("middle", 2.0, 1e-5)


def test_neutral_keys_are_no_problem() -> None:
    """What changes nothing may be written down: a tenant without limits, the defaults by name."""
    document = small_document()
    document["workloads"][0]["tenant"] = "bank"
    document["designs"][0]["salvage_fraction"] = 0.0
    document["policy"] |= {"mode": "central", "coincidence": 1.0, "refresh": False, "ready_by_month": 0.0}
    scenario = load_scenario(document)
    assert scenario.workloads[0].tenant == "bank"
    assert scenario.policy.ready_by_month == 0.0


def test_climate_in_a_table(tmp_path: Path) -> None:
    """A column per design, empty where the site may not build it; the id of a design may hold dots itself."""
    document = small_document()
    document["designs"] += [document["designs"][0] | {"id": "module.v2"}]
    for site in document["sites"][:2]:
        site["designs"] = ["module", "module.v2"]
    rows = [dict(site) for site in document["sites"]]
    rows[0] |= {"pue.module": 1.25, "pue.module.v2": 1.125, "uplink_gbps": 10}
    rows[2] |= {"pue.hall": 1.1}
    write_table(tmp_path / "sites.csv", rows)
    document["sites"] = {"file": "sites.csv"}
    sites = load_scenario(write(tmp_path, document)).sites
    assert [site.pue for site in sites] == [{"module": 1.25, "module.v2": 1.125}, {}, {"hall": 1.1}]
    assert [site.uplink_gbps for site in sites] == [10.0, None, None]


def test_designs_in_a_table(tmp_path: Path) -> None:
    """Redundancy and cooling are words, the other new keys numbers."""
    document = small_document()
    document["designs"][0] |= {"redundancy": "2N", "cooling": "liquid", "rack_kw": 80, "scale_exponent": 0.85}
    whole = load_scenario(document)
    write_table(tmp_path / "designs.csv", document["designs"])
    document["designs"] = {"file": "designs.csv"}
    assert load_scenario(write(tmp_path, document)) == whole


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
