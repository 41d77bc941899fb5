"""What is odd about the input itself is said by ``check`` and by ``solve``: places, coefficients, tables."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from support.documents.edits import changed
from support.documents.small_scenario import small_scenario
from support.documents.table_document import table_document, table_text

from siteopt import load_scenario
from siteopt.cli import main
from siteopt.diagnose.remarks import on_input
from siteopt.diagnose.remarks.country_boxes import country_boxes

if TYPE_CHECKING:
    from pathlib import Path


def remarks(document: dict[str, Any]) -> list[str]:
    return list(on_input(load_scenario(document)))


def swapped(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row | {"lat": row["lon"], "lon": row["lat"]} for row in rows]


def test_lat_and_lon_swapped_in_both_tables_is_remarked_on() -> None:
    """Sites and regions agreed with each other, off Somalia: "Nothing looks odd"."""
    document = small_scenario()
    document |= {"sites": swapped(document["sites"]), "regions": swapped(document["regions"])}
    said = remarks(document)
    assert said == [
        "3 sites (hub, sub, alp) lie outside of DE, CH, such as hub at lat 8, lon 50: lat and lon look swapped.",
        "2 regions (north, south) lie outside of DE, CH, such as north at lat 9, lon 51: lat and lon look swapped.",
    ]


def test_jurisdictions_that_are_no_countries_are_anywhere() -> None:
    text = json.dumps(small_scenario()).replace('"DE"', '"North"').replace('"CH"', '"Alps"')
    document = json.loads(text)
    assert remarks(document | {"sites": swapped(document["sites"])}) == []
    text = json.dumps(small_scenario()).replace('"DE"', '"DE-HE"')
    document = json.loads(text)
    assert len(remarks(document | {"regions": swapped(document["regions"])})) == 1


def test_capitals_lie_in_their_countries() -> None:
    places = {
        "DE": (52.52, 13.4),
        "FR": (48.86, 2.35),
        "US": (38.9, -77.04),
        "NZ": (-41.29, 174.78),
        "FJ": (-18.14, 178.44),
        "BR": (-15.79, -47.88),
        "IS": (64.15, -21.94),
        "SG": (1.35, 103.82),
    }
    boxes = country_boxes()
    assert len(boxes) > 230
    for code, (lat, lon) in places.items():
        assert any(box.holds(lat, lon, 0.0) for box in boxes[code]), code
        assert not any(box.holds(lon, lat, 1.0) for box in boxes[code]), code


def test_dropped_coefficients_are_remarked_on() -> None:
    """A negative one, which would credit relief, was dropped in silence."""
    limit = {"id": "line-7", "limit_mw": 5.0, "coefficients": {"sub": 0.4, "hub": -0.5}}
    assert remarks(changed(small_scenario(), {"grid_limits": [limit]})) == [
        "1 coefficient below zero (-0.5 of hub in line-7) counts as zero in grid limits: relief may not be credited."
    ]


@pytest.mark.parametrize("command", ["check", "solve"])
def test_check_and_solve_say_how_a_table_was_read(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = table_document(tmp_path / "sites.csv", table_text(";"))
    scenario = tmp_path / "scenario.json"
    scenario.write_text(json.dumps(document))
    assert main([command, str(scenario)]) == 0
    printed = capsys.readouterr()
    said = printed.err if command == "solve" else printed.out
    assert "sites.csv is read with semicolons between its cells and decimal points." in said


def test_names_stand_beside_ids() -> None:
    document = changed(
        small_scenario(), {"sites.1.name": "Kassel", "sites.1.lat": -51.0, "sites.0.name": "HUB"}
    )
    (said,) = remarks(document)
    assert said.startswith("1 site (sub (Kassel)) lies outside of DE, such as sub (Kassel) at lat -51")
