"""Broken options: refused before any work is done, with exit code 2 and in two lines."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest
from support.documents.small_document import small_document

from siteopt.cli import main

if TYPE_CHECKING:
    from pathlib import Path

#: Options that are refused before the scenario is even looked at, and what is said.
OPTIONS: dict[str, tuple[list[str], str]] = {
    "no command": ([], "COMMAND"),
    "unknown command": (["sovle"], "invalid choice: 'sovle'"),
    "no scenario": (["solve"], "SCENARIO"),
    "unknown option": (["solve", "s.json", "--fast"], "unrecognized arguments: --fast"),
    "abbreviated option": (["solve", "s.json", "--time", "3"], "unrecognized arguments: --time 3"),
    "no time": (["solve", "s.json", "--time-limit", "0"], "--time-limit: 0 should be greater than 0"),
    "time in words": (["solve", "s.json", "--time-limit", "1h"], "--time-limit: '1h' is not a number"),
    "gap in percent": (["solve", "s.json", "--gap", "1"], "0.005 is 0.5 %"),
    "gap that is none": (["solve", "s.json", "--gap", "nan"], "--gap: 'nan' is not a number"),
    "negative seed": (["solve", "s.json", "--seed", "-1"], "--seed: -1 should be between 0 and"),
    "half a seed": (["solve", "s.json", "--seed", "0.5"], "'0.5' is not a whole number"),
    "no nodes": (["solve", "s.json", "--node-limit", "0"], "--node-limit: 0 should be at least 1"),
    "unknown method": (["solve", "s.json", "--method", "magic"], "invalid choice: 'magic'"),
    "unknown log level": (["solve", "s.json", "--log-level", "loud"], "invalid choice: 'loud'"),
    "out is a directory": (["solve", "s.json", "--out", "."], "--out: . is a directory; name a file"),
    "out in a lost folder": (["solve", "s.json", "--out", "lost/p.json"], "lost is not a directory"),
}


@pytest.mark.parametrize("name", OPTIONS)
def test_bad_option(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A wrong option costs two lines, not a page of usage."""
    arguments, words = OPTIONS[name]
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert words in captured.err
    assert len(captured.err.splitlines()) == 2


def test_out_is_the_scenario_itself(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The plan may not replace its own input."""
    scenario = tmp_path / "scenario.json"
    scenario.write_text(json.dumps(small_document()))
    assert main(["solve", str(scenario), "--out", str(scenario)]) == 2
    assert "is an input itself" in capsys.readouterr().err
    assert json.loads(scenario.read_text()) == small_document()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_out_without_permission(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder that may not be written to is found out before solving."""
    tmp_path.chmod(0o500)
    assert main(["solve", "s.json", "--out", str(tmp_path / "plan.json")]) == 2
    assert "permission denied" in capsys.readouterr().err


def with_a_table(tmp_path: Path) -> tuple[Path, Path]:
    """The small document with its demand in a file of its own."""
    document = small_document()
    keys = ("region", "workload", "peak_rps", "mean_rps")
    rows = [[str(demand[key]) for key in keys] for demand in document["demand"]]
    table = tmp_path / "tab.csv"
    table.write_text("\n".join(map(",".join, [list(keys), *rows])) + "\n")
    document["demand"] = {"file": "tab.csv"}
    scenario = tmp_path / "scenario.json"
    scenario.write_text(json.dumps(document))
    return scenario, table


@pytest.mark.parametrize("command", ["solve", "compare", "sensitivity"])
def test_a_table_of_the_scenario_is_an_input_too(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A table of sites was replaced by a plan, with exit code 0; by another name it is the same file."""
    scenario, table = with_a_table(tmp_path)
    before = table.read_text()
    (tmp_path / "link.csv").symlink_to(table)
    for out in (table, tmp_path / "link.csv"):
        assert main([command, str(scenario), "--out", str(out)]) == 2
        assert f"{out} is an input itself" in capsys.readouterr().err
    assert table.read_text() == before


def test_the_journal_of_a_sensitivity_analysis_is_not_its_result(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scenario = tmp_path / "scenario.json"
    scenario.write_text(json.dumps(small_document()))
    assert main(["sensitivity", str(scenario), "--out", str(tmp_path / "tornado.jsonl")]) == 2
    assert "is the name of the journal" in capsys.readouterr().err
    (tmp_path / "tornado.jsonl").mkdir()
    assert main(["sensitivity", str(scenario), "--out", str(tmp_path / "tornado.json")]) == 2
    assert "its journal" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("x" * 300, "file name too long"),
        ("a\0b", "is not the name of a file"),
        ("/proc/plan.json", "cannot be written"),
    ],
)
def test_a_name_that_the_system_refuses_is_found_out_before_the_solve(
    name: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["solve", "no such scenario", "--out", name]) == 2
    assert words in capsys.readouterr().err


def test_nothing_is_left_of_the_trial(tmp_path: Path) -> None:
    """Whether a file can be made is found out by making one."""
    assert main(["solve", "no such scenario", "--out", str(tmp_path / "plan.json")]) == 2
    assert list(tmp_path.iterdir()) == []
