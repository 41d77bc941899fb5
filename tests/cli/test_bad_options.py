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
    assert "is the input itself" in capsys.readouterr().err
    assert json.loads(scenario.read_text()) == small_document()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_out_without_permission(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder that may not be written to is found out before solving."""
    tmp_path.chmod(0o500)
    assert main(["solve", "s.json", "--out", str(tmp_path / "plan.json")]) == 2
    assert "permission denied" in capsys.readouterr().err
