"""``siteopt evaluate``: any plan is priced, and every rule that it breaks is named."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from support.documents.small_document_plan import hand_made_plan

from siteopt.cli import main
from siteopt.plan.file import load_plan
from siteopt.scenario import load_scenario
from siteopt.verify import verify

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_evaluate_prices_a_hand_made_plan(
    scenario: Path, plan: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A plan without figures gets them, and holds."""
    out = tmp_path / "exact.json"
    assert main(["evaluate", str(scenario), str(plan), "--out", str(out)]) == 0
    captured = capsys.readouterr()
    assert "small: cost $155.6M" in captured.out
    assert "Priced, not optimised | verified" in captured.out
    assert captured.err == f"siteopt: {plan} holds: every rule is met and every figure is correct\n"
    exact = load_plan(out)
    assert exact.verified
    assert verify(load_scenario(scenario), exact) == []


def test_evaluate_names_a_broken_rule(scenario: Path, plan: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One replica too few: the figures are printed, the rule is named, the code is 1."""
    document = hand_made_plan()
    document["pools"][1]["replicas"] = 112
    plan.write_text(json.dumps(document))
    assert main(["evaluate", str(scenario), str(plan)]) == 1
    captured = capsys.readouterr()
    assert "| NOT VERIFIED" in captured.out
    assert captured.err.startswith(
        f"siteopt: {plan} does not hold: 1 violation\n  utilisation_cap: zurich-hub/chat"
    )


def test_evaluate_names_a_false_figure(
    scenario: Path, plan: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A plan that states its cost is held to it; the true figures are printed all the same."""
    out = plan.with_name("exact.json")
    assert main(["evaluate", str(scenario), str(plan), "--out", str(out)]) == 0
    document = json.loads(out.read_text())
    document["cost_lines"]["energy"] -= 1e6
    out.write_text(json.dumps(document))
    capsys.readouterr()
    assert main(["evaluate", str(scenario), str(out)]) == 1
    captured = capsys.readouterr()
    assert "cost_lines: energy: reported" in captured.err
    assert "small: cost $155.6M" in captured.out


def test_evaluate_of_a_plan_that_cannot_be_priced(
    scenario: Path, plan: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Vision at the hub breaks its rules on tier and jurisdiction; there is no such flow to price."""
    document = hand_made_plan()
    document["flows"][3]["site"] = "zurich-hub"
    plan.write_text(json.dumps(document))
    assert main(["evaluate", str(scenario), str(plan)]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "cannot be priced" in captured.err
    assert "\n  tier: " in captured.err
    assert "\n  jurisdiction: " in captured.err
    assert "latency_ms" not in captured.err


def test_evaluate_refuses_a_broken_plan(
    scenario: Path, plan: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file that is no plan is bad input, not a plan that does not hold."""
    document = hand_made_plan()
    document["flows"][3]["share"] = "all"
    plan.write_text(json.dumps(document))
    assert main(["evaluate", str(scenario), str(plan)]) == 2
    assert f"siteopt: {plan}: 1 problem\n  flows[3].share: " in capsys.readouterr().err
