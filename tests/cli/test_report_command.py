"""``siteopt report``: what it writes, what it refuses, and that nothing is written where anything is wrong."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest
from support.documents.all_rules import full_plan, full_scenario
from support.documents.small_document import small_document

from siteopt.cli import main
from siteopt.plan.file import load_plan
from siteopt.report.csv_tables import HEADERS
from siteopt.scenario import load_scenario
from siteopt.scenario.digest import scenario_sha256

if TYPE_CHECKING:
    from pathlib import Path


def run(*arguments: str | Path) -> int:
    """The command in this process."""
    return main([*map(str, arguments)])


def save(path: Path, document: dict[str, Any]) -> Path:
    """A JSON document as a file."""
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


@pytest.fixture
def full(tmp_path: Path) -> Path:
    """The full scenario, and its plan in ``plan.json`` beside it."""
    save(tmp_path / "plan.json", full_plan())
    return save(tmp_path / "full.json", full_scenario())


def test_a_solved_plan_knows_its_scenario(
    scenario: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """``siteopt solve s.json --out plan.json``, then ``siteopt report plan.json -o report.html``: nothing else."""
    monkeypatch.chdir(tmp_path)
    assert run("solve", "scenario.json", "--out", "plan.json", "--iteration-limit", "3") == 0
    plan = load_plan("plan.json")
    assert plan.scenario == "scenario.json"
    assert plan.scenario_sha256 == scenario_sha256(load_scenario(scenario))
    capsys.readouterr()
    assert (
        run("report", "plan.json", "-o", "report.html", "--geojson", "plan.geojson", "--csv", "tables") == 0
    )
    said = capsys.readouterr()
    assert said.out.splitlines()[0].startswith("report.html (")
    assert said.err == ""
    assert "Verified: every rule holds" in (tmp_path / "report.html").read_text(encoding="utf-8")
    assert json.loads((tmp_path / "plan.geojson").read_text(encoding="utf-8"))["type"] == "FeatureCollection"
    assert {path.stem for path in (tmp_path / "tables").iterdir()} == set(HEADERS)


def test_the_scenario_is_found_beside_the_plan_too(
    scenario: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder with both that was moved or sent: the plan's old path leads nowhere, the file beside it does."""
    monkeypatch.chdir(tmp_path)
    assert run("solve", scenario, "--out", "plan.json", "--iteration-limit", "3") == 0
    (tmp_path / "sent").mkdir()
    for name in ("plan.json", "scenario.json"):
        shutil.move(tmp_path / name, tmp_path / "sent" / name)
    assert run("report", "sent/plan.json", "-o", "report.html") == 0
    (tmp_path / "sent" / "scenario.json").unlink()
    (tmp_path / "report.html").unlink()
    assert run("report", "sent/plan.json", "-o", "report.html") == 2
    assert not (tmp_path / "report.html").exists()


def test_a_changed_scenario_is_refused_unless_it_is_named(
    scenario: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bound of one scenario says nothing about another; who insists gets a page that says so."""
    monkeypatch.chdir(tmp_path)
    assert run("solve", "scenario.json", "--out", "plan.json", "--iteration-limit", "3") == 0
    document = small_document()
    document["sites"][0]["name"] = "Renamed"
    save(scenario, document)
    capsys.readouterr()
    assert run("report", "plan.json", "-o", "page.html") == 2
    assert "scenario.json has changed since the plan was made" in capsys.readouterr().err
    assert not (tmp_path / "page.html").exists()
    assert run("report", "plan.json", "--scenario", "scenario.json", "-o", "page.html") == 0
    assert "is not what the plan was made for" in capsys.readouterr().err
    assert "is not what the plan was made for" in (tmp_path / "page.html").read_text(encoding="utf-8")


def test_layout_does_not_change_a_scenario(scenario: Path, tmp_path: Path) -> None:
    """The fingerprint is of what is said, not of how it is laid out; a figure more or less changes it."""
    before = scenario_sha256(load_scenario(scenario))
    document = json.loads(scenario.read_text())
    assert scenario_sha256(load_scenario(dict(reversed(document.items())))) == before
    document["policy"]["carbon_usd_per_t"] = 1234.5
    assert scenario_sha256(load_scenario(document)) != before


def test_a_hand_made_plan_is_priced_first(scenario: Path, plan: Path, tmp_path: Path) -> None:
    """Decisions alone are enough; without the name of a scenario it has to be given."""
    out = tmp_path / "page.html"
    assert run("report", plan, "-o", out) == 2
    assert not out.exists()
    assert run("report", plan, "--scenario", scenario, "-o", out) == 0
    assert "priced and checked as given, not optimised" in out.read_text(encoding="utf-8")


def test_a_plan_that_breaks_a_rule_gets_a_page_that_says_so(
    full: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = full_plan()
    document["cost_lines"]["energy"] += 1000.0
    plan, out = save(tmp_path / "wrong.json", document), tmp_path / "page.html"
    assert run("report", plan, "--scenario", full, "-o", out) == 1
    assert "wrong.json does not hold" in capsys.readouterr().err
    assert "Does not hold" in out.read_text(encoding="utf-8")


def test_a_plan_of_something_else_gets_no_page(
    full: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where ids are unknown there is nothing to draw."""
    document = full_plan()
    document["sites"][0]["id"] = "elsewhere"
    plan, out = save(tmp_path / "wrong.json", document), tmp_path / "page.html"
    assert run("report", plan, "--scenario", full, "-o", out) == 1
    assert "elsewhere" in capsys.readouterr().err
    assert not out.exists()


def test_results_of_other_commands_are_shown(full: Path, tmp_path: Path) -> None:
    rows = [{"parameter": "price", "low": 1, "high": 2, "low_usd": 6e6, "high_usd": None, "unit": "USD"}]
    sensitivity = save(tmp_path / "s.json", {"baseline_usd": 6.5e6, "rows": rows})
    modes = [
        {
            "mode": "central",
            "cost_usd": 7e6,
            "bound_usd": None,
            "cost_lines": {"energy": 7e6},
            "unserved": {"search": 0.5},
        }
    ]
    turns = [{"parameter": "PUE", "unit": "", "now": 1.2, "turns_at": 3.04}]
    verdicts = [{"workload": "chat", "reason": "regional: near", "breakevens": turns}]
    compare, out = save(tmp_path / "c.json", {"modes": modes, "verdicts": verdicts}), tmp_path / "page.html"
    plan, extras = tmp_path / "plan.json", ("--sensitivity", sensitivity, "--compare", compare)
    assert run("report", plan, "--scenario", full, "-o", out, *extras) == 0
    html = out.read_text(encoding="utf-8")
    assert "than the plan that builds only centrally, which leaves out 50% of search." in html
    assert "no plan" in html
    assert "PUE 3.04 (now 1.2)" in html


@pytest.mark.parametrize(
    ("option", "text", "complaint"),
    [
        ("--sensitivity", "[]", "a sensitivity result is a JSON object {...}, not"),
        (
            "--sensitivity",
            '{"baseline_usd": "x", "rows": 3}',
            'baseline_usd: should be a finite number, not "x"',
        ),
        ("--sensitivity", '{"baseline_usd": 1, "rows": [7]}', "rows[0]: should be an object, not 7"),
        (
            "--sensitivity",
            '{"baseline_usd": 1, "rows": [{"parameter": 1}]}',
            "rows[0].parameter: should be a string",
        ),
        (
            "--compare",
            '{"modes": [{"mode": "central", "cost_usd": 1}]}',
            "modes[0].cost_lines: should be an object, not null",
        ),
        ("--compare", "", "the file is empty"),
    ],
)
def test_bad_results_are_named(
    full: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], option: str, text: str, complaint: str
) -> None:
    extra = tmp_path / "extra.json"
    extra.write_text(text)
    out = tmp_path / "page.html"
    assert run("report", tmp_path / "plan.json", "--scenario", full, "-o", out, option, extra) == 2
    assert complaint in capsys.readouterr().err
    assert not out.exists()


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ([], "nothing to write"),
        (["-o", "full.json"], "is an input itself"),
        (["--geojson", "plan.json"], "is an input itself"),
        (["-o", "x.html", "--geojson", "./x.html"], "is also the page"),
        (["-o", "nowhere/x.html"], "nowhere is not a directory"),
        (["--csv", "full.json"], "is a file; name a directory"),
        (["--csv", "nowhere/tables"], "nowhere is not a directory"),
        (["--csv", "."], "is not a table of this command"),
    ],
)
def test_bad_options_end_before_anything_is_written(
    full: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    complaint: str,
) -> None:
    """A table of the planner's own that has the name of one of ours stays what it is."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sites.csv").write_text("id,lat,lon\n")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert run("report", "plan.json", "--scenario", full.name, *arguments) == 2
    assert complaint in capsys.readouterr().err
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_our_own_tables_are_replaced(full: Path, tmp_path: Path) -> None:
    for _ in range(2):
        assert run("report", tmp_path / "plan.json", "--scenario", full, "--csv", tmp_path / "tables") == 0
    assert sorted(path.stem for path in (tmp_path / "tables").iterdir()) == sorted(HEADERS)


def test_a_file_that_cannot_be_written_is_an_error(
    full: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("siteopt.cli.report.write_atomically", fail)
    assert run("report", tmp_path / "plan.json", "--scenario", full, "-o", tmp_path / "page.html") == 2
    assert "page.html could not be written: No space left on device" in capsys.readouterr().err
