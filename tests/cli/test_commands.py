"""The commands end to end: what goes to stdout, to stderr, to files, and which code comes back."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from support.documents.small_document import small_document

import siteopt.cli
from siteopt.cli import main
from siteopt.errors import InfeasibleError, NoPlanError, SolverError
from siteopt.evaluate import evaluate
from siteopt.plan.file import load_plan
from siteopt.scenario import json_schema, load_scenario
from siteopt.verify import verify

if TYPE_CHECKING:
    from pathlib import Path

#: With -P the working directory stays out of the path: the installed package is tested, not the checkout.
COMMAND = [sys.executable, "-P", "-m", "siteopt"]


def run(*arguments: str | Path, **more: Any) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own, in a pipe."""
    return subprocess.run(
        [*COMMAND, *map(str, arguments)], capture_output=True, text=True, timeout=120, check=False, **more
    )


def test_solve_prints_tables_and_writes_the_plan(scenario: Path, tmp_path: Path) -> None:
    """Tables on stdout, progress on stderr, a plan on disk that passes the verifier."""
    done = run("solve", scenario, "--out", tmp_path / "plan.json", "--time-limit", "30", "--seed", "3")
    assert done.returncode == 0, done.stderr
    for heading in ("Sites: ", "Workloads: ", "Cost, net present", "Grid limits: ", "How good it is"):
        assert heading in done.stdout
    assert "\x1b" not in done.stdout + done.stderr
    assert "bound" in done.stderr.splitlines()[-1]
    assert f"The whole plan is in {tmp_path / 'plan.json'}." in done.stdout
    solved = load_plan(tmp_path / "plan.json")
    assert solved.verified
    assert (solved.status, solved.seed) == ("optimal", 3)
    assert verify(load_scenario(scenario), solved) == []


def test_solve_json_prints_exactly_the_plan_file(scenario: Path, tmp_path: Path) -> None:
    """Machines read the same text from stdout as from the file."""
    done = run("solve", scenario, "--json", "--out", tmp_path / "plan.json", "--time-limit", "30")
    assert done.returncode == 0, done.stderr
    assert done.stdout == (tmp_path / "plan.json").read_text()


def test_evaluate_of_what_solve_wrote(scenario: Path, tmp_path: Path) -> None:
    """A plan of ours holds, figure by figure."""
    assert run("solve", scenario, "--out", tmp_path / "plan.json", "--time-limit", "30").returncode == 0
    done = run("evaluate", scenario, tmp_path / "plan.json")
    assert done.returncode == 0, done.stderr
    assert "holds: every rule is met and every figure is correct" in done.stderr


def test_infeasible_scenario_says_why(scenario: Path, tmp_path: Path) -> None:
    """Exit code 1, the reason with numbers on stderr, no file, no traceback."""
    document = small_document()
    document["policy"]["budget_usd"] = 1e7
    scenario.write_text(json.dumps(document))
    done = run("solve", scenario, "--out", tmp_path / "plan.json")
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith(
        "siteopt: infeasible: no plan can meet every rule\n  What must be served and"
    )
    assert "policy.budget_usd is $10.0M" in done.stderr
    assert not (tmp_path / "plan.json").exists()


def test_reader_that_stops_reading_is_no_error(scenario: Path) -> None:
    """``siteopt schema | head -1`` is quiet."""
    line = f"{sys.executable} -P -m siteopt schema | head -n 1"
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout == "{\n"
    assert done.stderr == ""


@pytest.mark.parametrize("command", ["solve", "check", "solve --json"])
def test_readers_that_are_gone_do_not_end_the_work(command: str, scenario: Path, tmp_path: Path) -> None:
    """Neither progress nor result may fail for want of a reader; the file is written all the same."""
    out = tmp_path / "plan.json"
    option = f"--out {out}" if command.startswith("solve") else ""
    line = (
        f"{sys.executable} -P -m siteopt {command} {scenario} {option} 2>&1 | true; echo ${{PIPESTATUS[0]}}"
    )
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout == "0\n"
    assert out.exists() == bool(option)


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (
            InfeasibleError(["A is too small.", "B is too far."]),
            1,
            "every rule\n  A is too small.\n  B is too far.\n",
        ),
        (NoPlanError("no plan found within 60 s"), 3, "siteopt: no plan found within 60 s\n"),
        (SolverError("HiGHS failed"), 4, "siteopt: HiGHS failed\n"),
        (ZeroDivisionError("oops"), 4, "siteopt: internal error: ZeroDivisionError: oops\n"),
        (KeyboardInterrupt(), 130, "siteopt: interrupted\n"),
        (OSError(28, "No space left on device", "/x/y"), 2, "siteopt: /x/y: No space left on device\n"),
        (OSError(12, "Cannot allocate memory"), 2, "siteopt: Cannot allocate memory\n"),
        (MemoryError(), 4, "siteopt: there is not enough memory for this\n"),
        (ImportError("libz.so.1 is missing"), 4, "installation is broken: libz.so.1 is missing\n"),
    ],
)
def test_exit_codes(
    error: BaseException,
    code: int,
    words: str,
    scenario: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Each way to fail has its code and its words; the file of an earlier run stays."""

    def fail(*_args: object, **_options: object) -> None:
        raise error

    out = tmp_path / "plan.json"
    out.write_text("earlier")
    monkeypatch.setattr("siteopt.cli.solve.solve", fail)
    assert main(["solve", str(scenario), "--out", str(out)]) == code
    captured = capsys.readouterr()
    assert words in captured.err
    assert "Traceback" not in captured.err
    assert captured.out == ""
    assert out.read_text() == "earlier"


def test_options_reach_the_solver(
    scenario: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is typed is what is asked for."""
    asked: dict[str, Any] = {}

    def stand_in(_scenario: object, **options: Any) -> None:
        asked.update(options)
        raise NoPlanError("enough")

    monkeypatch.setattr("siteopt.cli.solve.solve", stand_in)
    line = "--time-limit inf --gap 0.02 --seed 9 --method milp --node-limit 7 --iteration-limit 8"
    assert main(["solve", str(scenario), *line.split()]) == 3
    capsys.readouterr()
    assert callable(asked.pop("progress"))
    assert callable(asked.pop("stop"))
    assert asked == {
        **{"time_limit": float("inf"), "gap": 0.02, "seed": 9, "method": "milp"},
        **{"node_limit": 7, "iteration_limit": 8, "start": None},
    }


def test_internal_error_shows_its_place_on_demand(
    scenario: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """``--log-level debug`` gives the traceback that a report of a bug needs."""

    def fail(*_args: object, **_options: object) -> None:
        raise ZeroDivisionError("oops")

    monkeypatch.setattr("siteopt.cli.solve.solve", fail)
    level = logging.getLogger("siteopt").level
    try:
        assert main(["solve", str(scenario), "--log-level", "debug"]) == 4
    finally:
        logging.getLogger("siteopt").setLevel(level)
    assert "Traceback" in capsys.readouterr().err


def test_log_goes_to_stderr(
    scenario: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The library's log is shown from the level that was asked for, and only during the command."""

    def talk(*_args: object, **_options: object) -> None:
        logging.getLogger("siteopt.search").info("round 1 of [many]")
        logging.getLogger("siteopt.search").debug("detail")
        raise NoPlanError("enough")

    monkeypatch.setattr("siteopt.cli.solve.solve", talk)
    main(["solve", str(scenario), "--log-level", "info"])
    captured = capsys.readouterr()
    assert "INFO siteopt.search: round 1 of [many]\n" in captured.err
    assert "detail" not in captured.err
    assert captured.out == ""
    main(["solve", str(scenario)])
    assert "round 1" not in capsys.readouterr().err


def test_plan_that_cannot_be_saved_is_still_printed(
    scenario: Path,
    plan: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A disk that fills up during an hour of solving does not take the result with it."""

    def full(*_args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("siteopt.plan.plan.write_atomically", full)
    assert main(["evaluate", str(scenario), str(plan), "--json", "--out", str(tmp_path / "p.json")]) == 2
    captured = capsys.readouterr()
    assert json.loads(captured.out)["cost_usd"] > 0
    assert "p.json could not be written: No space left on device" in captured.err


def test_check(scenario: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A valid scenario is summarised."""
    assert main(["check", str(scenario)]) == 0
    captured = capsys.readouterr()
    assert captured.out.startswith("small is valid")
    assert captured.err == ""


def test_check_of_an_impossible_scenario(scenario: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Valid, but without a plan: the summary says so and the code is that of an infeasible one."""
    document = small_document()
    document["policy"]["max_sites"] = 0
    scenario.write_text(json.dumps(document))
    assert main(["check", str(scenario)]) == 1
    assert "No plan can exist:\n- " in capsys.readouterr().out


def test_schema(capsys: pytest.CaptureFixture[str]) -> None:
    """The JSON Schema on stdout, and nothing else."""
    assert main(["schema"]) == 0
    assert json.loads(capsys.readouterr().out) == json_schema()


def test_version_and_help(capsys: pytest.CaptureFixture[str]) -> None:
    """Both go to stdout with code 0."""
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("siteopt ")
    for command in ([], *([name] for name in siteopt.cli.COMMANDS)):
        assert main([*command, "--help"]) == 0
        assert "usage: siteopt" in capsys.readouterr().out


def test_a_warm_start_is_read_and_kept(scenario: Path, plan: Path, tmp_path: Path) -> None:
    """``--start`` goes on from a plan, and does not replace it."""
    out = tmp_path / "plan.json"
    assert (
        main(["solve", str(scenario), "--start", str(plan), "--iteration-limit", "1", "--out", str(out)]) == 0
    )
    assert load_plan(out).cost_usd <= evaluate(load_scenario(scenario), load_plan(plan)).cost_usd
    before = plan.read_text()
    assert main(["solve", str(scenario), "--start", str(plan), "--out", str(plan)]) == 2
    assert plan.read_text() == before
    assert main(["solve", str(scenario), "--start", "no such plan"]) == 2
