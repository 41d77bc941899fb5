"""The proof in a plan's file is not taken for one that was made: whoever reads the file says so."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from support.documents.small_document import small_document

from siteopt.cli import main

if TYPE_CHECKING:
    from pathlib import Path

STATED = "as stated in the file, not rechecked"


@pytest.fixture
def tampered(scenario: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """A plan after three rounds that claims to be the best: its bound is raised to its cost."""
    path = tmp_path / "tampered.json"
    assert (
        main(["solve", str(scenario), "--out", str(path), "--iteration-limit", "3", "--method", "search"])
        == 0
    )
    assert STATED not in capsys.readouterr().out
    plan = json.loads(path.read_text())
    plan |= {"bound_usd": plan["cost_usd"], "gap": 0.0, "gap_usd": 0.0, "status": "optimal", "scenario": ""}
    path.write_text(json.dumps(plan))
    return path


def test_the_page_does_not_call_it_proven(scenario: Path, tampered: Path, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    assert main(["report", str(tampered), "--scenario", str(scenario), "-o", str(page)]) == 0
    text = page.read_text(encoding="utf-8")
    for place in (
        "could still be saved",  # the verdict
        f"<small>{STATED}</small>",  # the figures at the top
        f"the bound is {STATED}",  # the certificate
        f"USD), {STATED}: no plan",  # the evidence
    ):
        assert place in text
    assert f"({STATED}), so at most" in text
    assert "proven:" not in text


def test_evaluate_holds_it_to_everything_but_the_bound(
    scenario: Path, tampered: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", str(scenario), str(tampered)]) == 0
    assert f"every figure is correct, but its bound of $81.9M is {STATED}" in capsys.readouterr().err


def test_explain_says_what_its_interval_rests_on(
    scenario: Path, tampered: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    inside = {site["id"] for site in json.loads(tampered.read_text())["sites"]}
    closed = next(site["id"] for site in small_document()["sites"] if site["id"] not in inside)
    assert main(["explain", str(scenario), str(tampered), "--why-not", closed]) == 0
    assert f"is {STATED}." in " ".join(capsys.readouterr().out.split())
