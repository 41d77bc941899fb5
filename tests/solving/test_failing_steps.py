"""A step that would improve a plan may fail: that never costs the plan."""

from __future__ import annotations

import logging
from math import inf
from threading import Thread
from time import sleep
from typing import TYPE_CHECKING, Any

import pytest

from siteopt import SolverError, solve
from siteopt.highs.driver import HighsDriver
from siteopt.milp.solve import ExactModel
from siteopt.search.local_search import Search
from siteopt.solving.bounding import Bounding
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


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (MemoryError(), "there is not enough memory"),
        (RuntimeError("can't start new thread"), "no more threads can be started"),
        (OSError(11, "Resource temporarily unavailable"), "Resource temporarily unavailable"),
    ],
)
def test_what_the_environment_lacks_is_no_bug(
    small: Scenario,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
    words: str,
) -> None:
    monkeypatch.setattr(ExactModel, "solve", failing(error))
    plan = solve(small, time_limit=inf, gap=0.0, iteration_limit=30)
    assert plan.verified
    assert words in caplog.text
    assert "bug" not in caplog.text
    assert not any(record.exc_info for record in caplog.records)


@pytest.mark.parametrize("method", ["auto", "milp", "search"])
def test_a_solve_does_without_threads_where_none_can_be_started(
    method: Any, small: Scenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A container with a limit on processes: no plan, and "a bug in siteopt"."""
    monkeypatch.setattr(Thread, "start", failing(RuntimeError("can't start new thread")))
    plan = solve(small, time_limit=60.0, gap=1e-4, method=method)
    assert plan.verified
    assert plan.status == "optimal" or method == "search"


@pytest.mark.usefixtures("bugs_are_logged")
def test_a_bug_beside_the_search_keeps_the_plan_and_is_no_interrupt(
    small: Scenario, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The plan said that it was found when the solve was interrupted, which nobody had done."""

    def late(bounding: Bounding, is_wanted: Any) -> None:
        while is_wanted() and not found:
            sleep(0.001)
        raise IndexError("index 1 is out of bounds")

    found: list[float] = []
    monkeypatch.setattr("siteopt.solving.rounds.has_spare_core", lambda: True)
    monkeypatch.setattr(Bounding, "run", late)
    plan = solve(
        small,
        gap=0.0,
        method="search",
        progress=lambda p: None if p.incumbent_usd is None else found.append(p.incumbent_usd),
    )
    assert plan.verified
    assert (plan.status, plan.limit) == ("feasible", "failure")
    assert "report this bug" in caplog.text


def test_without_a_plan_the_failure_is_raised(small: Scenario, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Search, "solution", failing(IndexError("index 1 is out of bounds")))
    with pytest.raises(IndexError):
        solve(small, time_limit=inf, iteration_limit=1)
