"""Broken scenarios: each is refused with exit code 2 and a message that says where and what is right."""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING

import pytest
from support.documents.broken_rules import BROKEN_RULES
from support.documents.broken_scenarios import ABSENT, BROKEN, change
from support.documents.small_document import small_document

from siteopt.cli import main

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A plan of an earlier run, which a failure must leave alone."""
    path = tmp_path / "plan.json"
    path.write_text("an earlier plan")
    return path


def refused(capsys: pytest.CaptureFixture[str], scenario: Path, out: Path) -> str:
    """Run ``solve``, assert that it refuses the scenario and leaves no trace; its message."""
    before = sorted(os.listdir(out.parent))
    code = main(["solve", str(scenario), "--out", str(out)])
    captured = capsys.readouterr()
    assert code == 2, captured.err
    assert captured.out == ""
    assert "Traceback" not in captured.err
    assert "internal error" not in captured.err
    assert captured.err.startswith(f"siteopt: {scenario}: ")
    assert out.read_text() == "an earlier plan"
    assert sorted(os.listdir(out.parent)) == before
    return captured.err


@pytest.mark.parametrize("name", BROKEN)
def test_broken_scenario(name: str, tmp_path: Path, out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One thing is wrong: the message names its path and says what would be right."""
    change_at, value, path, words = BROKEN[name]
    document = small_document()
    change(document, change_at, value)
    scenario = tmp_path / "scenario.json"
    scenario.write_text(json.dumps(document))
    message = refused(capsys, scenario, out)
    line = next((line for line in message.splitlines() if f"{path}: " in line), "")
    assert words in line, message


@pytest.mark.parametrize("name", BROKEN_RULES)
def test_broken_rule(name: str, tmp_path: Path, out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One rule is broken: it is the only problem, and its line is known to the letter."""
    changes, path, words = BROKEN_RULES[name]
    document = small_document()
    for change_at, value in changes.items():
        change(document, change_at, value)
    scenario = tmp_path / "scenario.json"
    scenario.write_text(json.dumps(document))
    head, line = refused(capsys, scenario, out).splitlines()
    assert head.endswith(": 1 problem")
    assert re.sub(r' \(in "[^"]*"\)$', "", line) == f"  {path}: {words}"


#: name: (bytes of the file, words of the message)
NOT_A_SCENARIO: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "the file is empty; a scenario is a JSON object"),
    "blank": (b" \n\t\n", "the file is empty"),
    "not JSON": (b'{"schema_version": 1,\n "sites": [}', "not JSON: Expecting value at line 2, column 12"),
    "a list": (b"[]", "a scenario is a JSON object {...}, not a list"),
    "a number": (b"42", "not a number"),
    "YAML": (b"schema_version: 1\nsites:\n", "not JSON"),
    "wrong encoding": ("{'name': 'München'}".encode("latin-1"), "is not UTF-8 text (byte 11 is 0xfc)"),
    "UTF-16": ('{"schema_version": 1}'.encode("utf-16"), "is UTF-16; save it as UTF-8"),
    "a key twice": (b'{"schema_version": 1, "schema_version": 1}', "schema_version: stands twice"),
    "a key twice in a row": (b'{"sites": [{"id": "a", "lat": 1, "lat": 2}]}', "the object whose id is 'a'"),
    "nested too deeply": (b"[" * 100_000, "nested too deeply"),
    "a number of 5000 digits": (b'{"schema_version": ' + b"1" * 5000 + b"}", "thousands of digits"),
}


@pytest.mark.parametrize("name", NOT_A_SCENARIO)
def test_file_that_is_no_scenario(
    name: str, tmp_path: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Text that is no JSON object is named as what it is."""
    content, words = NOT_A_SCENARIO[name]
    scenario = tmp_path / "scenario.json"
    scenario.write_bytes(content)
    assert words in refused(capsys, scenario, out)


def test_directory_instead_of_file(tmp_path: Path, out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A directory is not read as a file."""
    folder = tmp_path / "scenario"
    folder.mkdir()
    assert f"{folder} is a directory; name a file" in refused(capsys, folder, out)


def test_file_that_is_not_there(tmp_path: Path, out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A wrong name is repeated as it was given."""
    assert "lost.json does not exist" in refused(capsys, tmp_path / "lost.json", out)


def test_all_problems_at_once(tmp_path: Path, out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Five mistakes give five lines, in one run."""
    document = small_document()
    for path, value in (
        ("sites[0].headroom_mw", "much"),
        ("sites[2].tier", "huge"),
        ("designs[1].pue", 0.5),
        ("regions[3].latitude", 1.0),
        ("demand[5].peak_rps", ABSENT),
    ):
        change(document, path, value)
    scenario = tmp_path / "scenario.json"
    scenario.write_text(json.dumps(document))
    message = refused(capsys, scenario, out)
    assert ": 5 problems" in message
    assert len(message.splitlines()) == 6


def test_one_fault_on_many_rows_is_one_line(
    tmp_path: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A table with a wrong column does not scroll everything else away."""
    document = small_document()
    document["demand"] = [{"region": "hamburg", "workload": "chat", "peak_rps": -1, "mean_rps": 1}] * 500
    scenario = tmp_path / "scenario.json"
    scenario.write_text(json.dumps(document))
    message = refused(capsys, scenario, out)
    assert ": 1 problem\n" in message
    assert "so in 500 places: demand[0].peak_rps, demand[1].peak_rps, demand[2].peak_rps, ...)" in message


#: name: (text of sites.csv, words of the message); the table has the columns of the first line.
HEADER = "id,lat,lon,tier,jurisdiction,designs,headroom_mw,price_usd_per_mwh\n"
GOOD = "hamburg-ost,53.5,10.1,micro,DE,module,12,80\n"
TABLES: dict[str, tuple[str, str]] = {
    "empty table": ("", "the first line of sites.csv is empty; it should name the columns"),
    "no rows": (HEADER, "sites: should not be empty"),
    "short row": (HEADER + GOOD + "a,1,2\n", "line 3 of sites.csv has 3 cells, but the first line names 8"),
    "column twice": ("id,id\na,b\n", "the first line of sites.csv names 'id' twice"),
    "column without a name": (
        HEADER.replace("\n", ",,x\n") + GOOD.replace("\n", ",b,1\n"),
        "has a column without a name",
    ),
    "column and its key": (
        "id,existing,existing.design\na,b,c\n",
        "names both 'existing' and keys inside it",
    ),
    "open quote": (HEADER + '"hamburg\n', "line 2 of sites.csv is not CSV"),
    "text for a number": (HEADER + GOOD.replace("12", "zwölf"), '"zwölf" (sites.csv, line 2)'),
    "digits in groups": (HEADER + GOOD.replace("12", "1_200"), 'not "1_200" (sites.csv, line 2)'),
    "NaN": (HEADER + GOOD.replace("12", "nan"), "should be a finite number"),
    "line after an empty one": (HEADER + GOOD + "\n" + GOOD.replace("12", "-3"), "(sites.csv, line 4)"),
    "unknown column": (
        HEADER.replace("lat", "latt") + GOOD,
        "the first line of sites.csv lacks 'lat' (is it 'latt'?)",
    ),
    "connections in a cell": (
        HEADER.replace("\n", ",connection_steps\n") + GOOD.replace("\n", ",5\n"),
        "the first line of sites.csv names 'connection_steps', but no cell holds a list of objects;"
        " list these rows in the JSON document",
    ),
    "a connection over several columns": (
        HEADER.replace("\n", ",connection_steps[0].up_to_mw\n") + GOOD.replace("\n", ",5\n"),
        "names 'connection_steps', but no cell holds a list of objects",
    ),
    "PUE of an unknown design": (
        HEADER.replace("\n", ",pue.hall-2\n") + GOOD.replace("\n", ",1.2\n"),
        "sites[0].pue.hall-2: unknown design 'hall-2'; did you mean 'hall'? (sites.csv, line 2)",
    ),
    "duplicate id": (HEADER + GOOD + GOOD, "first used by sites[0]; ids are unique (sites.csv, line 3)"),
}


@pytest.mark.parametrize("name", TABLES)
def test_broken_table(name: str, tmp_path: Path, out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A mistake in a CSV file is named with the file and the line."""
    text, words = TABLES[name]
    document = small_document() | {"sites": {"file": "sites.csv"}, "grid_limits": []}
    (tmp_path / "sites.csv").write_text(text, encoding="utf-8")
    scenario = tmp_path / "scenario.json"
    scenario.write_text(json.dumps(document))
    assert words in refused(capsys, scenario, out)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names")
@pytest.mark.parametrize("command", ["check", "evaluate", "table"])
def test_pipes_and_devices_are_no_inputs(
    command: str, scenario: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A pipe may never be written to, and a device never ends: both hung, or filled the memory."""
    os.mkfifo(tmp_path / "pipe")
    for name in (str(tmp_path / "pipe"), "/dev/zero"):
        document = json.loads(scenario.read_text()) | {"sites": {"file": name}}
        (tmp_path / "table.json").write_text(json.dumps(document))
        words = {"check": [name], "evaluate": [str(scenario), name], "table": [str(tmp_path / "table.json")]}
        assert main([command if command != "table" else "check", *words[command]]) == 2
        assert f"{name} cannot be read: it is not a regular file" in capsys.readouterr().err
