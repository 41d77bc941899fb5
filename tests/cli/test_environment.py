"""Faults of the environment: one sentence with its exit code, and the plan where it can be kept."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from siteopt.cli import main
from siteopt.plan.file import load_plan

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.skipif(sys.platform == "win32", reason="descriptors are closed by a shell")
@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_a_plan_is_written_where_there_is_no_standard_output(
    closed: str, scenario: Path, tmp_path: Path
) -> None:
    """Services start programs so; what is opened next must not take the place of what is closed."""
    out = tmp_path / "plan.json"
    line = f"{sys.executable} -P -m siteopt solve {scenario} --method milp --out {out} {closed}"
    assert subprocess.run(["bash", "-c", line], capture_output=True, timeout=120, check=False).returncode == 0
    assert load_plan(out).verified


def test_a_program_without_a_console_can_call_the_command(
    scenario: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``pythonw`` has neither ``sys.stdout`` nor ``sys.stderr``: AttributeError, and no plan."""
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    assert main(["solve", str(scenario), "--out", str(tmp_path / "plan.json")]) == 0
    assert main(["solve", "no such file"]) == 2
    assert load_plan(tmp_path / "plan.json").verified
    assert (sys.stdout, sys.stderr) == (None, None)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no device that is always full")
@pytest.mark.parametrize("command", ["schema", "check {0}", "solve {0} --out {1}", "params"])
def test_results_that_find_no_room_are_one_sentence(command: str, scenario: Path, tmp_path: Path) -> None:
    """Not a bug of ours; and the plan, which has room elsewhere, is there."""
    out = tmp_path / "plan.json"
    line = f"{sys.executable} -P -m siteopt {command.format(scenario, out)} > /dev/full"
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == "siteopt: No space left on device"
    assert out.exists() == ("solve" in command)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no device that is always full")
@pytest.mark.parametrize("level", ["warning", "debug"])
def test_progress_that_finds_no_room_does_not_end_the_work(
    level: str, scenario: Path, tmp_path: Path
) -> None:
    out = tmp_path / "plan.json"
    line = f"{sys.executable} -P -m siteopt solve {scenario} --log-level {level} --out {out} 2> /dev/full"
    assert subprocess.run(["bash", "-c", line], capture_output=True, timeout=120, check=False).returncode == 0
    assert load_plan(out).verified


@pytest.mark.skipif(sys.platform == "win32", reason="there is no limit on files")
def test_a_limit_on_the_size_of_files_leaves_the_printed_plan(scenario: Path, tmp_path: Path) -> None:
    """``ulimit -f``: the earlier file stays whole, and nothing is left beside it."""
    out = tmp_path / "plan.json"
    out.write_text("earlier")
    line = f"ulimit -f 1; {sys.executable} -P -m siteopt solve {scenario} --json --out {out}"
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 2
    assert json.loads(done.stdout)["verified"]
    assert done.stderr.splitlines()[-1] == f"siteopt: {out} could not be written: File too large"
    assert sorted((p.name, p.read_text()) for p in tmp_path.glob("plan*")) == [("plan.json", "earlier")]
    assert list(tmp_path.glob(".siteopt-*")) == []


def test_a_library_that_is_missing_is_one_sentence(scenario: Path) -> None:
    """An installation that lacks something is no bug of ours either."""
    code = "import runpy, sys\nsys.modules['highspy'] = None\nsys.argv = ['siteopt', 'solve', {!r}]\n"
    code = code.format(str(scenario)) + "runpy.run_module('siteopt', run_name='__main__', alter_sys=True)"
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 4
    assert done.stderr.startswith("siteopt: the installation is broken: import of highspy")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (MemoryError(), "there is not enough memory for this"),
        (RuntimeError("can't start new thread"), "no more threads can be started here"),
    ],
)
def test_what_the_environment_lacks_is_one_sentence(
    error: Exception,
    words: str,
    scenario: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A limit on threads was "a bug in siteopt"."""

    def fail(*_args: object, **_options: object) -> None:
        raise error

    monkeypatch.setattr("siteopt.cli.solve.solve", fail)
    assert main(["solve", str(scenario)]) == 4
    assert capsys.readouterr().err == f"siteopt: {words}\n"
