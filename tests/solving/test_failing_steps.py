"""A step that would improve a plan may fail: that never costs the plan."""

from __future__ import annotations

import logging
from math import inf
from typing import TYPE_CHECKING, Any

import pytest

from siteopt import SolverError, solve
from siteopt.highs.driver import HighsDriver
from siteopt.milp.solve import ExactModel
from siteopt.search.local_search import Search
from siteopt.solving.rounds import Rounds

if TYPE_CHECKING:
    from siteopt import Scenario


def failing(error: Exception) -> Any:
    """A stand-in that raises whatever it is called with."""

    def fail(*_arguments: Any, **_more: Any) -> None:
        raise error

    return fail


def test_a_solver_that_fails_in_every_step_leaves_the_plan_of_the_search(
    small: Scenario, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A link of 0 Gbit/s made a programme that HiGHS refused, and the plan found before it was thrown away."""
    monkeypatch.setattr(HighsDriver, "solve", failing(SolverError("HiGHS ended with 'Empty'")))
    plan = solve(small, time_limit=inf, gap=0.0, iteration_limit=5)
    assert plan.verified
    assert plan.status == "feasible"
    assert "HiGHS ended with 'Empty'" in caplog.text


@pytest.mark.usefixtures("bugs_are_logged")
@pytest.mark.parametrize(
    ("where", "name"), [(Rounds, "_rearrange"), (ExactModel, "solve")], ids=["search", "exact model"]
)
def test_a_bug_in_a_step_is_logged_and_leaves_the_plan(
    small: Scenario,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    where: type,
    name: str,
) -> None:
    monkeypatch.setattr(where, name, failing(IndexError("index 1 is out of bounds")))
    with caplog.at_level(logging.ERROR):
        plan = solve(small, time_limit=inf, gap=0.0, iteration_limit=30)
    assert plan.verified
    assert "report this bug" in caplog.text
    assert any(record.exc_info for record in caplog.records)


def test_without_a_plan_the_failure_is_raised(small: Scenario, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Search, "solution", failing(IndexError("index 1 is out of bounds")))
    with pytest.raises(IndexError):
        solve(small, time_limit=inf, iteration_limit=1)
