"""``explain``, ``compare`` and ``sensitivity`` end to end: exit codes, JSON, files, tables."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from support.documents.small_document import small_document

from siteopt.cli import main

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def solved(scenario: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """The best plan of the small document as a file."""
    path = tmp_path / "solved.json"
    assert main(["solve", str(scenario), "--out", str(path), "--gap", "0", "--json"]) == 0
    capsys.readouterr()
    return path


def answered(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> Any:
    """The JSON that a command prints."""
    code = main([*map(str, arguments), "--json"])
    out = capsys.readouterr()
    assert code == 0, out.err
    return json.loads(out.out)


def test_explain_why_not(scenario: Path, solved: Path, capsys: pytest.CaptureFixture[str]) -> None:
    closed = closed_site(solved)
    answer = answered(capsys, "explain", scenario, solved, "--why-not", closed)
    assert answer["question"] == "why-not"
    assert answer["difference"]["verdict"] == "dearer"
    assert answer["breakevens"]
    assert main(["explain", str(scenario), str(solved), "--why-not", closed]) == 0
    text = capsys.readouterr().out
    assert f"With {closed} forced in" in text
    assert "It loses most on" in text
    assert "Any one of these" in text


def closed_site(plan: Path) -> str:
    """A site that the plan leaves out."""
    inside = {site["id"] for site in json.loads(plan.read_text())["sites"]}
    return next(s["id"] for s in small_document()["sites"] if s["id"] not in inside)


@pytest.mark.parametrize("question", [["--mw", "zurich-hub"], ["--mw-zone", "german-grid"]])
def test_explain_what_a_megawatt_is_worth(
    question: list[str], scenario: Path, solved: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = answered(capsys, "explain", scenario, solved, *question)
    assert answer["difference"]["low_usd"] <= answer["difference"]["high_usd"] + 1.0
    assert main(["explain", str(scenario), str(solved), *question, "--extra-mw", "2"]) == 0
    out = capsys.readouterr()
    assert "2 MW more" in out.out
    assert "worth" in out.out


def test_explain_what_binds(scenario: Path, solved: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = answered(capsys, "explain", scenario, solved, "--binds")
    assert {"kind", "subject", "used", "limit", "slack", "binds", "step", "unit", "is_floor"} == set(rows[0])
    assert main(["explain", str(scenario), str(solved), "--binds"]) == 0
    assert "What binds" in capsys.readouterr().out


def test_explain_infeasible(tmp_path: Path, scenario: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 1 with a conflict, 0 where there is a plan."""
    document = small_document()
    document["sites"][0]["headroom_mw"] = document["sites"][1]["headroom_mw"] = 0.1
    path = tmp_path / "tight.json"
    path.write_text(json.dumps(document))
    assert main(["explain", str(path), "--infeasible"]) == 1
    text = capsys.readouterr().out
    assert "There is a conflict of" in text
    assert "vision from" in text
    assert "Any one of these is enough" in text
    assert main(["explain", str(path), "--infeasible", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["is_minimal"]
    assert found["relaxations"]
    assert main(["explain", str(scenario), "--infeasible"]) == 0
    assert "is feasible" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--binds"], "PLAN is missing"),
        (["plan", "--infeasible"], "takes a scenario alone"),
        (["plan"], "is required"),
        (["plan", "--why", "a", "--mw", "b"], "not allowed with"),
        (["plan", "--mw", "zurich-hub", "--extra-mw", "0"], "greater than 0"),
    ],
)
def test_explain_refuses_half_a_question(
    arguments: list[str], words: str, scenario: Path, plan: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    filled = [str(plan) if word == "plan" else word for word in arguments]
    assert main(["explain", str(scenario), *filled]) == 2
    assert words in capsys.readouterr().err


def test_explain_names_sites_that_are_near(
    scenario: Path, plan: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["explain", str(scenario), str(plan), "--why", "hamburg"]) == 2
    assert "did you mean hamburg-ost" in capsys.readouterr().err


def test_compare(scenario: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "comparison.json"
    document = answered(capsys, "compare", scenario, "--gap", "0", "--out", out)
    assert document == json.loads(out.read_text())
    assert [row["mode"] for row in document["modes"]] == ["central", "edge", "hybrid"]
    assert {row["workload"] for row in document["verdicts"]} == {"chat", "vision", "training"}
    assert main(["compare", str(scenario), "--gap", "0", "--workload", "chat", "--parameter", "price"]) == 0
    text = capsys.readouterr().out
    for words in (
        "Side by side",
        "Verdicts",
        "carbon, t",
        "99th percentile",
        "chat turns from",
        "central leaves out",
    ):
        assert words in text


def test_compare_refuses_a_parameter_without_a_workload(
    scenario: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compare", str(scenario), "--parameter", "price"]) == 2
    assert "needs --workload" in capsys.readouterr().err


def test_sensitivity(scenario: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Written as it comes, and again without a solve."""
    out = tmp_path / "tornado.json"
    arguments = ["sensitivity", str(scenario), "--parameters", "demand", "electricity", "--jobs", "1"]
    arguments += ["--gap", "0", "--time-limit", "60", "--out", str(out)]
    assert main(arguments) == 0
    first = capsys.readouterr()
    assert "Change in cost" in first.out
    assert "5 of 5 solves" in first.err
    assert len((tmp_path / "tornado.jsonl").read_text().splitlines()) == 5
    document = json.loads(out.read_text())
    assert {row["parameter"] for row in document["rows"]} == {"demand", "electricity"}
    assert main(arguments) == 0
    second = capsys.readouterr()
    assert "solves: demand" not in second.err
    assert second.out == first.out
    assert json.loads(out.read_text()) == document


def test_sensitivity_lists_its_parameters(scenario: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = answered(capsys, "sensitivity", scenario, "--list")
    assert {"name", "unit", "low", "high", "source"} == set(rows[0])
    assert main(["sensitivity", str(scenario), "--list"]) == 0
    assert "demand: 0.8 to 1.2" in capsys.readouterr().out
    assert main(["sensitivity", str(scenario), "--parameters", "weather"]) == 2
    assert "weather" in capsys.readouterr().err
