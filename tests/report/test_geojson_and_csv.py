"""GeoJSON and CSV say all that the plan says, in forms that other programs read."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from support.documents.report_page import NASTY, full_subject

from siteopt.plan import FlowPlan
from siteopt.report.csv_tables import BYTE_ORDER_MARK, HEADERS, csv_tables, first_line
from siteopt.report.geojson import geojson

if TYPE_CHECKING:
    from siteopt.report.page import Subject


@pytest.fixture(scope="module")
def subject() -> Subject:
    """Every table has rows."""
    return full_subject()


@pytest.fixture(scope="module")
def features(subject: Subject) -> list[dict[str, Any]]:
    """Features of the GeoJSON."""
    document = json.loads(geojson(subject.scenario, subject.plan))
    assert set(document) == {"type", "features"}
    assert document["type"] == "FeatureCollection"
    found: list[dict[str, Any]] = document["features"]
    return found


def read(text: str) -> list[dict[str, str]]:
    """Rows of a CSV table as another program reads them."""
    assert text.startswith(BYTE_ORDER_MARK)
    return list(csv.DictReader(io.StringIO(text.removeprefix(BYTE_ORDER_MARK), newline="")))


def test_features_are_those_of_rfc_7946(features: list[dict[str, Any]]) -> None:
    """Geometry, properties and a unique id in each; positions are longitude first, in degrees."""
    ids = [feature["id"] for feature in features]
    assert len(ids) == len(set(ids))
    for feature in features:
        assert set(feature) == {"type", "id", "geometry", "properties"}
        assert feature["type"] == "Feature"
        kind, coordinates = feature["geometry"]["type"], feature["geometry"]["coordinates"]
        positions = [coordinates] if kind == "Point" else coordinates
        assert kind == ("LineString" if feature["properties"]["kind"] == "flow" else "Point")
        assert len(positions) == (2 if kind == "LineString" else 1)
        for lon, lat in positions:
            assert -180.0 <= lon <= 180.0
            assert -90.0 <= lat <= 90.0


def test_features_carry_scenario_and_plan(features: list[dict[str, Any]], subject: Subject) -> None:
    kinds = [feature["properties"]["kind"] for feature in features]
    assert kinds.count("site") == len(subject.scenario.sites)
    assert kinds.count("region") == len(subject.scenario.regions)
    assert kinds.count("flow") == len(subject.plan.flows)
    by_id = {feature["id"]: feature for feature in features}
    sub = by_id["site:sub"]["properties"]
    assert (sub["open"], sub["modules"], sub["facility_mw"], sub["headroom_mw"]) == (True, 3, 0.42, 0.5)
    assert by_id["site:sub"]["geometry"]["coordinates"] == [9.0, 51.0]
    flow, first = by_id["flow:0"]["properties"], subject.plan.flows[0]
    assert first.latency_ms is not None
    assert (flow["share"], flow["p99_ms"], flow["slo_ms"]) == (
        first.share,
        first.latency_ms.p99,
        first.slo_ms,
    )


def test_flows_that_lead_nowhere_are_left_out(subject: Subject) -> None:
    plan = replace(subject.plan, flows=(FlowPlan("nowhere", "chat", "sub", "replica", 1.0),))
    kinds = [f["properties"]["kind"] for f in json.loads(geojson(subject.scenario, plan))["features"]]
    assert "flow" not in kinds


def test_tables_have_headers_crlf_and_all_rows(subject: Subject) -> None:
    tables, plan = csv_tables(subject), subject.plan
    assert list(tables) == list(HEADERS)
    for name, text in tables.items():
        assert text.startswith(first_line(name))
        assert text.count("\r\n") == text.count("\n") == len(text.splitlines())
    rows = {name: read(text) for name, text in tables.items()}
    lengths = {
        "pools": plan.pools,
        "flows": plan.flows,
        "links": plan.links,
        "tenants": plan.tenants,
        "grid": plan.grid,
    }
    lengths |= {"unserved": plan.unserved, "n_minus_1": plan.n_minus_1, "cost_lines": plan.cost_lines}
    assert {name: len(rows[name]) for name in lengths} == {name: len(of) for name, of in lengths.items()}
    assert len(rows["sites"]) == len(subject.scenario.sites)
    assert len(rows["moves"]) == sum(len(row.moves) for row in plan.n_minus_1) > 0
    assert len(rows["unprotected"]) == sum(len(row.unprotected) for row in plan.n_minus_1) > 0


def test_numbers_come_back_exactly(subject: Subject) -> None:
    """Digits are those of the plan, so that sums in a spreadsheet are those of the program."""
    tables = csv_tables(subject)
    lines = {row["line"]: float(row["usd"]) for row in read(tables["cost_lines"])}
    assert lines == subject.plan.cost_lines
    flows = read(tables["flows"])
    assert [float(row["share"]) for row in flows] == [flow.share for flow in subject.plan.flows]
    assert [float(row["p99_ms"]) for row in flows] == [
        f.latency_ms.p99 for f in subject.plan.flows if f.latency_ms
    ]
    assert flows[1]["route"] == "B > A"
    sites = {row["id"]: row for row in read(tables["sites"])}
    assert (sites["sub"]["open"], sites["sub"]["modules"], sites["sub"]["connection_mw"]) == (
        "true",
        "3",
        "0.45",
    )
    assert sites["alp"]["connection_mw"] == ""


def test_closed_sites_are_rows_without_decisions(subject: Subject) -> None:
    plan = replace(subject.plan, sites=subject.plan.sites[:1])
    sites = {row["id"]: row for row in read(csv_tables(replace(subject, plan=plan))["sites"])}
    assert (sites["alp"]["open"], sites["alp"]["design"], sites["alp"]["it_mw"]) == ("false", "", "")


def test_names_with_commas_quotes_and_line_breaks_come_back(subject: Subject) -> None:
    name = f'Umspannwerk "Süd", Halle 2\r\n{NASTY}'
    sites = subject.scenario.sites
    scenario = subject.scenario.model_copy(
        update={"sites": (sites[0].model_copy(update={"name": name}), *sites[1:])}
    )
    shown = replace(subject, scenario=scenario)
    assert read(csv_tables(shown)["sites"])[0]["name"] == name
    assert json.loads(geojson(scenario, subject.plan))["features"][0]["properties"]["name"] == name


def test_the_certificate_is_a_table_too(subject: Subject) -> None:
    rows = read(csv_tables(subject)["certificate"])
    assert {row["result"] for row in rows} == {"holds", "not in the scenario"}
    assert {row["region"] for row in rows} == {region.id for region in subject.scenario.regions}


@pytest.mark.parametrize("name", ["=1+1", "+49 30", "-2", "@SUM(A1)", "\t=1+1", '=HYPERLINK("http://x")'])
def test_a_name_is_no_formula(name: str, subject: Subject) -> None:
    """A spreadsheet computes what begins so, and a scenario may come from anybody; numbers stay what they are."""
    sites = subject.scenario.sites
    scenario = subject.scenario.model_copy(
        update={"sites": (sites[0].model_copy(update={"name": name, "lat": -1.5}), *sites[1:])}
    )
    row = read(csv_tables(replace(subject, scenario=scenario))["sites"])[0]
    assert (row["name"], row["lat"]) == (f"'{name}", "-1.5")


@pytest.mark.parametrize(
    ("region", "site", "lines"),
    [
        (
            (170.0, -40.0),
            (-170.0, -20.0),
            [[[170.0, -40.0], [180.0, -30.0]], [[-180.0, -30.0], [-170.0, -20.0]]],
        ),
        ((-165.0, 20.0), (175.0, 60.0), [[[-165.0, 20.0], [-180.0, 50.0]], [[180.0, 50.0], [175.0, 60.0]]]),
        ((180.0, 10.0), (-170.0, 20.0), [[-180.0, 10.0], [-170.0, 20.0]]),
    ],
)
def test_a_flow_across_the_antimeridian_is_cut_there(
    region: tuple[float, float], site: tuple[float, float], lines: list[Any], subject: Subject
) -> None:
    """A map drew it around the whole world."""
    flow = subject.plan.flows[0]

    def moved(places: Any, name: str, to: tuple[float, float]) -> Any:
        update = {"lon": to[0], "lat": to[1]}
        return tuple(p.model_copy(update=update) if p.id == name else p for p in places)

    scenario = subject.scenario.model_copy(
        update={
            "regions": moved(subject.scenario.regions, flow.region, region),
            "sites": moved(subject.scenario.sites, flow.site, site),
        }
    )
    features = {f["id"]: f for f in json.loads(geojson(scenario, subject.plan))["features"]}
    kind = "MultiLineString" if isinstance(lines[0][0], list) else "LineString"
    assert features["flow:0"]["geometry"] == {"type": kind, "coordinates": lines}
