"""Points of GeoJSON are read as places; anything else in it is refused with its cause."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from support.documents.table_document import KEYS, ROWS, table_document, table_text

from siteopt import Scenario, ScenarioError, load_scenario

if TYPE_CHECKING:
    from pathlib import Path

NUMBERS = ("lat", "lon", "headroom_mw", "price_usd_per_mwh")


def features() -> list[dict[str, Any]]:
    result = []
    for row in ROWS:
        properties: dict[str, Any] = dict(zip(KEYS, row, strict=True))
        for key in NUMBERS:
            properties[key] = float(properties[key])
        point = [properties.pop("lon"), properties.pop("lat")]
        geometry = {"type": "Point", "coordinates": point}
        result.append({"type": "Feature", "geometry": geometry, "properties": properties})
    return result


def load(tmp_path: Path, rows: list[dict[str, Any]], **members: Any) -> Scenario:
    content = json.dumps({"type": "FeatureCollection", "features": rows} | members)
    return load_scenario(table_document(tmp_path / "sites.geojson", content))


def problem(tmp_path: Path, rows: list[dict[str, Any]], **members: Any) -> str:
    with pytest.raises(ScenarioError) as caught:
        load(tmp_path, rows, **members)
    (said,) = caught.value.problems
    return said.message


def test_points_are_read_as_places(tmp_path: Path) -> None:
    """They gave: the first line names '"geometry": {"type": "Point"' twice."""
    scenario = load(tmp_path, features())
    plain = load_scenario(table_document(tmp_path / "sites.csv", table_text(",")))
    assert scenario == plain
    assert scenario.reading_remarks == (
        "sites.geojson is read as GeoJSON, with lat and lon from its points.",
    )


def test_ids_of_features_and_nulls_and_own_properties(tmp_path: Path) -> None:
    rows = features()
    for number, row in enumerate(rows):
        del row["properties"]["id"]
        row["id"] = number
        row["properties"] |= {"zone": None, "operator": "Netze BW"}
    scenario = load(tmp_path, rows, crs={"properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}})
    assert [s.id for s in scenario.sites] == ["0", "1"]
    assert scenario.reading_remarks[1] == "sites.geojson: 1 column not read (operator)."


def test_what_is_no_point_in_degrees_is_refused(tmp_path: Path) -> None:
    rows = features()
    rows[1]["geometry"] = {"type": "Polygon", "coordinates": []}
    said = "1 of the 2 features of sites.geojson are no points (Polygon); take a point of each"
    assert problem(tmp_path, rows) == said
    name = "urn:ogc:def:crs:EPSG::25832"
    said = f"sites.geojson is in {name}; convert it to WGS 84 (EPSG:4326)"
    assert problem(tmp_path, features(), crs={"type": "name", "properties": {"name": name}}) == said
    rows = features()
    rows[0]["geometry"]["coordinates"] = [8.5]
    assert problem(tmp_path, rows) == "feature 1 of sites.geojson has no pair of coordinates"


def test_properties_against_the_point_are_refused(tmp_path: Path) -> None:
    rows = features()
    rows[1]["properties"]["lat"] = 51.9
    said = "feature 2 of sites.geojson contradicts itself: its lat is 51.9, but its point lies at 50.9375"
    assert problem(tmp_path, rows) == f"{said}; take one away"


def test_faults_name_the_feature(tmp_path: Path) -> None:
    rows = features()
    rows[1]["properties"]["headroom_mw"] = -1.0
    assert problem(tmp_path, rows) == "should be at least 0, not -1.0 (sites.geojson, feature 2)"
    del rows[0]["properties"]["tier"], rows[1]["properties"]["tier"]
    assert problem(tmp_path, rows) == "sites.geojson lacks 'tier'; name the properties by their keys"


def test_rows_that_are_no_places_are_no_geojson(tmp_path: Path) -> None:
    document = table_document(tmp_path / "sites.csv", table_text(","))
    path = tmp_path / "demand.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": []}))
    with pytest.raises(ScenarioError, match="these rows are none, so name a CSV file"):
        load_scenario(document | {"demand": {"file": str(path)}})
