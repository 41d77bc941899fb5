"""Ctrl-C, and SIGTERM as Slurm, Docker and Kubernetes send it: the plan or one sentence, and nobody left behind."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
from support.documents.small_document import small_document

from siteopt.cli import main
from siteopt.errors import NoPlanError
from siteopt.plan.file import load_plan

if TYPE_CHECKING:
    from pathlib import Path

SIGNALS = [signal.SIGINT, signal.SIGTERM]
COMMAND = [sys.executable, "-P", "-m", "siteopt"]
#: Runs the command, and sends itself a signal as soon as it looks for a module.
SIGNALLED = """
import os, runpy, sys
class Hook:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            os.kill(os.getpid(), {number})
sys.meta_path.insert(0, Hook())
sys.argv = ["siteopt", "solve", {scenario!r}]
runpy.run_module("siteopt", run_name="__main__", alter_sys=True)
"""


@pytest.fixture
def endless(tmp_path: Path) -> Path:
    """A scenario whose last tenth of a percent takes longer than anybody waits."""
    document = small_document()
    base, cities = document["sites"][0], document["regions"][:3]
    document["sites"] += [
        base | {"id": f"s{i}", "lat": 47.5 + i * 0.08, "headroom_mw": 2.0} for i in range(80)
    ]
    document["regions"] += [cities[i % 3] | {"id": f"r{i}", "lat": 47.6 + i * 0.05} for i in range(100)]
    document["demand"] += [
        {"region": f"r{i}", "workload": "chat", "peak_rps": 900.0 + 7 * i, "mean_rps": 400.0}
        for i in range(100)
    ]
    document["policy"] = {}
    path = tmp_path / "endless.json"
    path.write_text(json.dumps(document))
    return path


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_gives_the_best_plan_so_far(number: signal.Signals, endless: Path, tmp_path: Path) -> None:
    """It is not an error: what is found by then is written and printed, with what is proven about it."""
    out = tmp_path / "plan.json"
    process = subprocess.Popen(
        [*COMMAND, "solve", str(endless), "--json", "--gap", "0", "--time-limit", "600", "--out", str(out)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    while "plan  " not in (line := process.stderr.readline()) or "plan  none yet" in line:
        assert line, "it ended before there was a plan"
    process.send_signal(number)
    stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == 0, stderr
    assert json.loads(stdout)["limit"] == "interrupt"
    assert load_plan(out).verified


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_ends_a_comparison_with_what_was_found(number: signal.Signals, endless: Path) -> None:
    """Three solves, one signal: the mode that runs is the last one."""
    process = subprocess.Popen(
        [
            *COMMAND,
            "compare",
            str(endless),
            "--json",
            "--gap",
            "0",
            "--time-limit",
            "600",
            "--method",
            "search",
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    while not re.search(r"plan +\$", process.stderr.readline()):
        pass
    process.send_signal(number)
    stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == 0, stderr
    assert "interrupted; this is what was found until then" in stderr
    central, edge, hybrid = json.loads(stdout)["modes"]
    assert central["cost_usd"] > 0.0
    assert edge["reasons"] == hybrid["reasons"] == ["the comparison was interrupted before"]


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize(
    "module", ["siteopt.cli", "siteopt.cli.solve", "numpy.linalg", "pydantic", "highspy"]
)
def test_a_signal_while_modules_are_imported_is_one_sentence(
    module: str, number: signal.Signals, scenario: Path
) -> None:
    """Where a module is imported an exception is a traceback, or gets lost in a callback of the importer."""
    code = SIGNALLED.format(module=module, number=int(number), scenario=str(scenario))
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "siteopt: interrupted\n")


def test_an_interrupt_inside_of_exec_has_its_exit_code(tmp_path: Path) -> None:
    """Python remembers it, though it was handled, and ended the process by SIGINT: libraries make functions so."""
    (tmp_path / "interrupted.py").write_text("""
import runpy, sys, siteopt.cli
def main(on_start):
    on_start()
    try:
        exec("import os, signal, time; os.kill(os.getpid(), signal.SIGINT); time.sleep(9)")
    except KeyboardInterrupt:
        return 130
siteopt.cli.main = main
runpy.run_module("siteopt", run_name="__main__", alter_sys=True)
""")
    command = [sys.executable, "-m", "interrupted"]
    done = subprocess.run(command, capture_output=True, timeout=60, check=False, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (130, b"")


def test_a_signal_before_there_is_any_plan_has_the_code_of_an_interrupt(
    scenario: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It was 3, as if the limits had been too short."""

    def fail(*_args: object, **_options: object) -> None:
        raise NoPlanError("no plan found: interrupted after 0.1 s", is_interrupted=True)

    monkeypatch.setattr("siteopt.cli.solve.solve", fail)
    assert main(["solve", str(scenario)]) == 130
    assert capsys.readouterr().err == "siteopt: no plan found: interrupted after 0.1 s\n"


def test_a_signal_after_the_solve_waits_until_the_plan_is_written(
    scenario: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Between the last look of the solver at the clock and the file there was nobody to catch it."""
    from siteopt.scenario.digest import scenario_sha256

    def late(*args: object) -> str:
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), 0)  # the interpreter looks at its signals
        return scenario_sha256(*args)  # type: ignore[arg-type]

    monkeypatch.setattr("siteopt.cli.solve.scenario_sha256", late)
    before = [signal.getsignal(number) for number in SIGNALS]
    assert main(["solve", str(scenario), "--out", str(tmp_path / "plan.json")]) == 0
    assert load_plan(tmp_path / "plan.json").verified
    assert [signal.getsignal(number) for number in SIGNALS] == before
    assert "interrupted" not in capsys.readouterr().err


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="there are no process groups")
@pytest.mark.parametrize("number", [signal.SIGTERM, getattr(signal, "SIGKILL", None)])
def test_no_process_outlives_a_sensitivity_analysis(number: signal.Signals, endless: Path) -> None:
    """Workers of 170 MB waited for ever for the next solve of a parent that was gone."""
    process = subprocess.Popen(
        [*COMMAND, "sensitivity", str(endless), "--jobs", "2", "--time-limit", "2"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stderr is not None
    while not process.stderr.readline().startswith(
        "2 of "
    ):  # the baseline is known, and so is a result of a worker
        pass
    process.send_signal(number)
    process.stderr.close()
    assert process.wait(60) == (130 if number == signal.SIGTERM else -number)
    deadline = time.monotonic() + 30.0
    while _is_alive(process.pid):
        assert time.monotonic() < deadline
        time.sleep(0.1)


def _is_alive(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True
