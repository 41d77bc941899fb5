"""Scenarios with too many flows to list, at a size where the other way can be taken, too."""

from __future__ import annotations

from math import inf
from time import sleep
from typing import Any

import pytest
from support.documents.edits import changed
from support.documents.small_document import small_document
from support.documents.small_scenario import small_scenario

import siteopt.compile.many
from siteopt import InfeasibleError, Progress, ScenarioError, compare, evaluate, load_scenario, solve, verify
from siteopt.bounds.implicit_flows import ImplicitAscent
from siteopt.cli import main


@pytest.fixture(autouse=True)
def no_flow_is_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(siteopt.compile.many, "MOST_LISTED", 0)


@pytest.fixture(scope="module")
def usual() -> Any:
    """What the usual way proves."""
    return solve(load_scenario(small_document()), time_limit=60.0, gap=0.0)


def test_plan_and_bound_enclose_the_optimum(usual: Any) -> None:
    scenario = load_scenario(small_document())
    plan = solve(scenario, time_limit=20.0, iteration_limit=30, gap=0.0)
    assert verify(scenario, plan) == []
    assert plan.bound_usd <= usual.cost_usd * (1.0 + 1e-9)
    assert plan.cost_usd >= usual.bound_usd * (1.0 - 1e-9)
    assert plan.cost_usd <= usual.cost_usd * 1.02
    assert evaluate(scenario, plan).cost_usd == pytest.approx(plan.cost_usd)


def test_same_seed_same_plan() -> None:
    scenario = load_scenario(small_document())
    first, second = (solve(scenario, iteration_limit=8, gap=0.0, seed=3) for _ in range(2))
    assert first.cost_usd == second.cost_usd
    assert first.flows == second.flows


def test_news_only_gets_better() -> None:
    told: list[Progress] = []
    solve(load_scenario(small_document()), iteration_limit=20, gap=0.0, progress=told.append)
    costs = [news.incumbent_usd for news in told if news.incumbent_usd is not None]
    assert costs == sorted(costs, reverse=True)
    assert all(news.incumbent_usd is not None for news in told[-len(costs) :])


@pytest.mark.usefixtures("bugs_are_logged")
def test_a_bug_beside_the_search_keeps_the_plan(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The plan was thrown away: what went wrong in the other thread was raised after the last problem."""
    found: list[float] = []

    def bug(_ascent: Any, _steps: int, cost_usd: float, keep_going: Any) -> None:
        while cost_usd < inf and keep_going() and not found:
            sleep(0.001)
        if found:
            raise IndexError("index 1 is out of bounds")

    monkeypatch.setattr("siteopt.solving.restricted.run.has_spare_core", lambda: True)
    monkeypatch.setattr(ImplicitAscent, "run", bug)

    def note(news: Progress) -> None:
        if news.incumbent_usd is not None:
            found.append(news.incumbent_usd)

    plan = solve(load_scenario(small_document()), time_limit=60.0, gap=0.0, progress=note)
    assert plan.verified
    assert plan.limit == "failure"
    assert "report this bug" in caplog.text


def test_what_nobody_reaches_is_told_before_anything_is_searched() -> None:
    edits = {"workloads.0.slo.0.ms": 1e-3}
    scenario = load_scenario(changed(small_scenario(), edits))
    with pytest.raises(InfeasibleError):
        solve(scenario, time_limit=5.0)


def test_check_counts_without_a_list(tmp_path: Any, capsys: pytest.CaptureFixture[str]) -> None:
    import json

    path = tmp_path / "scenario.json"
    path.write_text(json.dumps(small_document()), encoding="utf-8")
    assert main(["check", str(path)]) == 0
    assert "admissible flow" in capsys.readouterr().out


@pytest.mark.parametrize("ask", [lambda s: compare(s, time_limit=5.0), lambda s: solve(s, method="milp")])
def test_what_needs_every_flow_says_so(ask: Any) -> None:
    with pytest.raises(ScenarioError, match="looks at every flow"):
        ask(load_scenario(small_document()))
