"""A wrong header is one message, whatever the number of rows; a planner's own columns are remarked on."""

from __future__ import annotations

from time import process_time
from typing import TYPE_CHECKING

import pytest
from support.documents.table_document import KEYS, ROWS, table_document, table_text

from siteopt import ScenarioError, load_scenario

if TYPE_CHECKING:
    from pathlib import Path


def problems(path: Path, content: str) -> list[str]:
    with pytest.raises(ScenarioError) as caught:
        load_scenario(table_document(path, content))
    return [problem.message for problem in caught.value.problems]


def test_own_columns_are_remarked_on(tmp_path: Path) -> None:
    """Voltages and operators stand in every real table; they gave a problem for each row and column."""
    keys = [*KEYS, "voltage_kv", "operator"]
    rows = [[*row, "110", "Netze BW"] for row in ROWS]
    path = tmp_path / "sites.csv"
    scenario = load_scenario(table_document(path, table_text(",", rows, keys)))
    assert scenario == load_scenario(table_document(path, table_text(",")))
    rows = [[*row, "110", "7"] for row in ROWS]
    scenario = load_scenario(table_document(path, table_text(",", rows, [*KEYS, "voltage_kv", "node_id"])))
    assert scenario.reading_remarks == ("sites.csv: 2 columns not read (node_id (is it node?), voltage_kv).",)


def test_a_key_with_a_slip_in_it_is_an_error(tmp_path: Path) -> None:
    """A column that is meant and not read would be a wrong answer."""
    rows = [[*row, "5"] for row in ROWS]
    (said,) = problems(tmp_path / "sites.csv", table_text(",", rows, [*KEYS, "conection_usd"]))
    assert said == (
        "the first line of sites.csv names 'conection_usd', an unknown key; did you mean 'connection_usd'?"
    )


def test_a_wrong_header_is_one_message_in_seconds(tmp_path: Path) -> None:
    """320,000 problems for 20,000 rows took 18.8 s and 590 MB."""
    keys = [
        "Substation",
        "Voltage kV",
        "Latitude",
        "Longitude",
        "Available Capacity (MVA)",
        "Status",
        "x",
        "y",
    ]
    content = table_text(",", [["UW", "110", "51.3", "9.4", "6.8", "free", "1", "2"]] * 20_000, keys)
    start = process_time()
    (said,) = problems(tmp_path / "sites.csv", content)
    assert process_time() - start < 10
    assert said == (
        "the first line of sites.csv lacks 'id', 'lat', 'lon', 'tier', 'jurisdiction', 'headroom_mw', 'designs',"
        " 'price_usd_per_mwh', but names 'Substation', 'Voltage kV', 'Latitude' and 5 more; name the columns by"
        " their keys"
    )


def test_thirty_thousand_columns_are_read_in_seconds(tmp_path: Path) -> None:
    more = [f"c{i}" for i in range(30_000)]
    content = table_text(",", [[*row, *more] for row in ROWS], [*KEYS, *more])
    start = process_time()
    scenario = load_scenario(table_document(tmp_path / "sites.csv", content))
    assert process_time() - start < 10
    assert scenario.reading_remarks == ("sites.csv: 30,000 columns not read (c0, c1, c2 and 29997 more).",)


def test_rows_of_another_width_are_one_message(tmp_path: Path) -> None:
    (said,) = problems(tmp_path / "sites.csv", table_text(",", [row[:5] for row in ROWS * 3]))
    assert said == (
        "6 lines of sites.csv have more or fewer cells than the 9 that the first line names:"
        " line 2 5, line 3 5, line 4 5, ..."
    )


def test_a_column_of_another_unit_is_not_taken_for_a_key(tmp_path: Path) -> None:
    """Who believed that headroom_kw is meant to be headroom_mw would be wrong by a thousand."""
    text = table_text(",").replace("headroom_mw", "headroom_kw")
    (said,) = problems(tmp_path / "sites.csv", text)
    assert said == (
        "the first line of sites.csv lacks 'headroom_mw', but names 'headroom_kw'; name the columns by their keys"
    )


def test_capitals_are_no_other_name_but_are_said(tmp_path: Path) -> None:
    (said,) = problems(tmp_path / "sites.csv", table_text(",").replace("id,name,lat,lon", "ID,Name,Lat,LON"))
    assert said.startswith(
        "the first line of sites.csv lacks 'id' (is it 'ID'?), 'lat' (is it 'Lat'?), 'lon' (is it"
    )


def test_a_title_above_the_columns_is_named_as_the_cause(tmp_path: Path) -> None:
    (said,) = problems(tmp_path / "sites.csv", "Substations of 2026,,,,,,,,\n" + table_text(","))
    assert "but names 'Substations of 2026'; name the columns by their keys" in said


def test_empty_lines_above_the_columns_are_no_error(tmp_path: Path) -> None:
    text = table_text(",", end="\n")
    path = tmp_path / "sites.csv"
    assert load_scenario(table_document(path, "\n\n" + text)) == load_scenario(table_document(path, text))
