"""Tables as spreadsheets write them give the scenario that plain CSV gives, and say how they were read."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

import pytest
from support.documents.table_document import KEYS, ROWS, table_document, table_text

from siteopt import Scenario, ScenarioError, load_scenario

if TYPE_CHECKING:
    from pathlib import Path

COMMAS = [[cell.replace(".", ",") for cell in row] for row in ROWS]


def load(tmp_path: Path, content: str | bytes) -> Scenario:
    return load_scenario(table_document(tmp_path / "sites.csv", content))


def problems(tmp_path: Path, content: str | bytes) -> list[str]:
    with pytest.raises(ScenarioError) as caught:
        load(tmp_path, content)
    return [problem.message for problem in caught.value.problems]


def changed_rows(column: str, cells: list[str], rows: list[list[str]]) -> list[list[str]]:
    at = KEYS.index(column)
    return [[*row[:at], cell, *row[at + 1 :]] for row, cell in zip(rows, cells, strict=True)]


def test_plain_csv_needs_no_remark(tmp_path: Path) -> None:
    assert load(tmp_path, table_text(",")).reading_remarks == ()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (
            table_text(";", COMMAS).encode("utf-8-sig"),
            "semicolons between its cells and decimal commas: 47,3769 (lat, line 2) is 47.3769",
        ),
        (table_text(";"), "semicolons between its cells and decimal points"),
        (table_text("|"), "bars between its cells"),
        (
            table_text("\t", COMMAS).encode("utf-16"),
            "tabs between its cells and decimal commas: 47,3769 (lat, line 2)",
        ),
        (table_text("\t").encode("utf-16-be"), "tabs between its cells and decimal points"),
        ("sep=;\r\n" + table_text(";", COMMAS), "decimal commas: 47,3769 (lat, line 3) is 47.3769"),
        ("sep=^\n" + table_text("^"), "'^' between its cells"),
        (table_text(";", end="\r"), "semicolons between its cells"),
    ],
    ids=["German Excel", "semicolons", "bars", "UTF-16", "UTF-16 without mark", "sep", "odd sep", "old Mac"],
)
def test_what_is_unambiguous_is_read_and_said(tmp_path: Path, content: str | bytes, words: str) -> None:
    """German Excel's CSV gave six problems, its tables with decimal points 54; none named the semicolon."""
    scenario = load(tmp_path, content)
    assert scenario == load(tmp_path, table_text(","))
    assert words in scenario.reading_remarks[-1]


def test_quoted_decimal_commas_between_commas_are_read(tmp_path: Path) -> None:
    quoted = [[f'"{cell}"' if "," in cell else cell for cell in row] for row in COMMAS]
    assert load(tmp_path, table_text(",", quoted)) == load(tmp_path, table_text(","))


def test_thousands_are_read_where_decimals_settle_them(tmp_path: Path) -> None:
    """One cell that can only be read one way settles what a comma and a point are in the whole file."""
    rows = changed_rows("headroom_mw", ["1.234,5", "6,5"], COMMAS)
    assert [s.headroom_mw for s in load(tmp_path, table_text(";", rows)).sites] == [1234.5, 6.5]
    rows = changed_rows("headroom_mw", ["1.234", "6,5"], COMMAS)
    assert [s.headroom_mw for s in load(tmp_path, table_text(";", rows)).sites] == [1234.0, 6.5]
    rows = changed_rows("headroom_mw", ["1,234", "6.5"], ROWS)
    assert [s.headroom_mw for s in load(tmp_path, table_text(";", rows)).sites] == [1234.0, 6.5]
    rows = changed_rows("headroom_mw", ["1\u00a0234,5", "6,5"], COMMAS)
    assert [s.headroom_mw for s in load(tmp_path, table_text(";", rows)).sites] == [1234.5, 6.5]


def test_latitude_of_three_decimals_settles_the_comma(tmp_path: Path) -> None:
    rows = changed_rows("lat", ["47,376", "50,937"], changed_rows("lon", ["8,541", "6,960"], COMMAS))
    rows = changed_rows("price_usd_per_mwh", ["80", "112"], changed_rows("headroom_mw", ["20", "6"], rows))
    assert [s.lat for s in load(tmp_path, table_text(";", rows)).sites] == [47.376, 50.937]


def test_decimal_commas_beside_decimal_points_are_refused(tmp_path: Path) -> None:
    rows = changed_rows("headroom_mw", ["20,5", "6,5"], ROWS)
    (said,) = problems(tmp_path, table_text(";", rows))
    assert said == (
        "sites.csv mixes decimal commas, '20,5' (headroom_mw, line 2), with decimal points,"
        " '47.3769' (lat, line 2); write all one way"
    )


def test_comma_that_nothing_settles_is_refused(tmp_path: Path) -> None:
    whole = [[cell.partition(".")[0] for cell in row] for row in ROWS]
    rows = changed_rows("headroom_mw", ["1,234", "6"], whole)
    (said,) = problems(tmp_path, table_text(";", rows))
    assert said == (
        "sites.csv has '1,234' (headroom_mw, line 2), which may be 1.234 or 1234; write it without a comma"
    )


def test_dates_are_no_numbers_without_their_points(tmp_path: Path) -> None:
    (said,) = problems(tmp_path, table_text(";", changed_rows("headroom_mw", ["31.03.2026", "6,5"], COMMAS)))
    assert said == 'should be a number, not "31.03.2026" (sites.csv, line 2)'


def test_unquoted_decimal_commas_between_commas_are_named_as_the_cause(tmp_path: Path) -> None:
    (said, _) = problems(tmp_path, table_text(",", COMMAS))
    assert said.startswith(
        "line 2 of sites.csv has 12 cells, but the first line names 9; a comma inside a cell"
    )


def test_trailing_empty_columns_and_rows_are_no_error(tmp_path: Path) -> None:
    """Spreadsheets write every row and column that was ever touched."""
    padded = "".join(line + ",,,\n" for line in table_text(",", end="\n").splitlines()) + ",,,,\n" * 3 + "\n"
    assert load(tmp_path, padded) == load(tmp_path, table_text(","))
    mixed = table_text(",", [[*ROWS[0], "", ""], ROWS[1]])
    assert load(tmp_path, mixed) == load(tmp_path, table_text(","))


def test_content_without_a_column_name_is_an_error(tmp_path: Path) -> None:
    (said,) = problems(
        tmp_path, table_text(",", [[*ROWS[0], "", "note"], [*ROWS[1], "", ""]], [*KEYS, "", ""])
    )
    assert said == ("the first line of sites.csv has a column without a name, in which line 2 holds 'note'")


def test_money_of_three_decimals_is_remarked_on(tmp_path: Path) -> None:
    """German thousands, 850.000 read as 850, passed with "Nothing looks odd"."""
    keys = [*KEYS, "land_usd"]
    rows = [[*ROWS[0], "120.000"], [*ROWS[1], "98.500"]]
    (said,) = load(tmp_path, table_text(",", rows, keys)).reading_remarks
    assert said == (
        "sites.csv: every figure of land_usd has three decimals, and 120.000 is read as 120;"
        " are the points for thousands?"
    )
    rows[1][-1] = "98.5"
    assert load(tmp_path, table_text(",", rows, keys)).reading_remarks == ()


def archive(path: Path, name: str) -> bytes:
    with zipfile.ZipFile(path, "w") as file:
        file.writestr(name, "x")
    return path.read_bytes()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"PAR1\x15\x04\x15", "is Parquet, not CSV; write it as CSV, in pandas with to_csv(index=False)"),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1",
            'is an Excel workbook (xls), not CSV; save it as CSV (in Excel "CSV UTF-8")',
        ),
        (b"SQLite format 3\0\x10", "is a GeoPackage or another SQLite database"),
        (b"\0\0\x27\x0a\0\0", "is a shapefile, not CSV; export the layer"),
        (b"\x1f\x8b\x08", "is compressed (gzip), not CSV; unpack it first"),
        (b"<html>", "is HTML or XML, not CSV"),
        (b"PK\x03\x04broken", "is a zip archive"),
        (table_text(";").encode("cp1252"), "in Windows-1252 the letter 'ü'; save it as UTF-8"),
        (table_text(";").encode("utf-16")[:-1], "begins as UTF-16 but does not go on so"),
        ('[{"id": "hub"}]', "is JSON, but no GeoJSON collection of points"),
    ],
)
def test_another_format_is_named_in_one_sentence(tmp_path: Path, content: str | bytes, words: str) -> None:
    (said,) = problems(tmp_path, content)
    assert words in said


@pytest.mark.parametrize(
    ("inside", "words"),
    [
        ("xl/workbook.xml", "is an Excel workbook (xlsx), not CSV; save it as CSV"),
        ("content.xml", "is an OpenDocument spreadsheet"),
        ("sites.csv", "is a zip archive, not CSV; unpack it first"),
    ],
)
def test_an_archive_is_named_by_what_is_in_it(tmp_path: Path, inside: str, words: str) -> None:
    (said,) = problems(tmp_path, archive(tmp_path / "archive", inside))
    assert words in said
