"""The solve as a whole: arguments, limits, interruption, and what it says about how it ended."""

from __future__ import annotations

import os
import signal
import threading
from dataclasses import replace
from math import inf
from typing import TYPE_CHECKING, Any

import pytest
from support.documents.edits import REMOVE, changed
from support.documents.small_scenario import small_scenario

from siteopt import InfeasibleError, NoPlanError, Progress, SolverError, load_scenario, solve, verify
from siteopt.errors import OutOfTimeError
from siteopt.solving.finish import _below

if TYPE_CHECKING:
    from siteopt import Scenario


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"method": "magic"}, "method must be"),
        ({"time_limit": 0.0}, "time_limit must be positive"),
        ({"time_limit": float("nan")}, "time_limit must be positive"),
        ({"gap": -0.1}, "gap must not be negative"),
    ],
)
def test_wrong_arguments_are_refused(small: Scenario, arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        solve(small, **arguments)


@pytest.mark.parametrize("method", ["auto", "milp"])
def test_gap_zero_ends_with_a_proof(small: Scenario, method: Any) -> None:
    plan = solve(small, time_limit=inf, gap=0.0, method=method)
    assert (plan.status, plan.limit, plan.verified) == ("optimal", None, True)
    assert plan.bound_usd == pytest.approx(plan.cost_usd, rel=1e-5)
    assert plan.method == method


def test_a_wide_gap_ends_early(small: Scenario) -> None:
    plan = solve(small, time_limit=inf, gap=10.0)
    assert (plan.status, plan.stop_reason) == ("optimal", "gap")


def test_the_iteration_limit_is_named(germany: Scenario) -> None:
    plan = solve(germany, time_limit=inf, gap=0.0, method="search", iteration_limit=2)
    assert (plan.status, plan.stop_reason, plan.limit) == ("feasible", "limit", "iterations")


def test_the_time_limit_is_named_and_kept(germany: Scenario) -> None:
    plan = solve(germany, time_limit=1.5, gap=0.0, method="search")
    assert (plan.status, plan.stop_reason, plan.limit) == ("feasible", "limit", "time")
    assert plan.seconds < 10.0
    assert verify(germany, plan) == []


def test_progress_tells_a_monotone_story(small: Scenario) -> None:
    """Plans get cheaper, bounds get higher, and they never cross."""
    seen: list[Progress] = []
    plan = solve(small, time_limit=inf, gap=0.0, progress=seen.append)
    costs = [p.incumbent_usd for p in seen if p.incumbent_usd is not None]
    bounds = [p.bound_usd for p in seen if p.bound_usd is not None]
    assert costs == sorted(costs, reverse=True)
    assert bounds == sorted(bounds)
    assert bounds[-1] <= costs[-1] * (1 + 1e-9)
    assert costs[-1] == pytest.approx(plan.cost_usd)
    assert {p.source for p in seen} <= {"compile", "bound", "search", "milp"}


def test_a_bound_may_pass_a_plan_by_what_the_tolerance_of_its_lines_is_worth(small: Scenario) -> None:
    """Net cost may be small beside them: a plan that serves 4e-7 more than its replicas carry earns 2 USD of 5.2e6."""
    plan = solve(small, time_limit=inf, gap=0.0)
    lines = dict.fromkeys(plan.cost_lines, 0.0) | {"accelerators": 3.2e6, "revenue": -5.2e6}
    plan = replace(plan, cost_usd=-2e6, cost_lines=lines)
    for beyond_usd in (2.04, 0.0):
        assert _below(plan, -2e6 + beyond_usd) == -2e6
    assert _below(plan, -2e6 - 1.0) == -2e6 - 1.0
    with pytest.raises(SolverError, match="exceeds the plan's cost"):
        _below(plan, -2e6 + 9.0)


def test_infeasible_says_why() -> None:
    edits = {"policy.budget_usd": 1000.0, "workloads.1.unserved_usd_per_1k": REMOVE, "demand.3": REMOVE}
    with pytest.raises(InfeasibleError) as caught:
        solve(load_scenario(changed(small_scenario(), edits)), time_limit=inf)
    assert caught.value.reasons


def test_a_solve_in_another_thread_needs_no_signal(small: Scenario) -> None:
    """Signals belong to the main thread; elsewhere the solve runs without a handler."""
    plans = []
    thread = threading.Thread(target=lambda: plans.append(solve(small, time_limit=inf, gap=0.0)))
    thread.start()
    thread.join(60.0)
    assert plans[0].verified


def test_stop_ends_a_solve_with_the_best_plan_so_far(germany: Scenario) -> None:
    """A host stops a solve without a signal: a job that was cancelled, a window that was closed."""
    seen: list[Progress] = []

    def stop() -> bool:
        return any(report.incumbent_usd is not None for report in seen)

    plan = solve(germany, time_limit=inf, gap=0.0, progress=seen.append, stop=stop)
    assert (plan.status, plan.limit, plan.verified) == ("feasible", "interrupt", True)


def test_stop_before_there_is_a_plan(germany: Scenario) -> None:
    with pytest.raises(NoPlanError, match="interrupted") as caught:
        solve(germany, time_limit=inf, stop=lambda: True)
    assert caught.value.is_interrupted


@pytest.mark.parametrize("method", ["auto", "search", "milp"])
def test_an_exception_in_progress_ends_the_solve_and_keeps_the_plan(
    method: Any, germany: Scenario, caplog: pytest.LogCaptureFixture
) -> None:
    """A connection that is gone, a window that was closed: an hour of work was lost with it."""

    def tell(report: Progress) -> None:
        if report.incumbent_usd is not None:
            raise ConnectionError("nobody listens")

    plan = solve(germany, time_limit=inf, gap=0.0, method=method, progress=tell)
    assert (plan.limit, plan.verified) == ("interrupt", True)
    assert [record.getMessage() for record in caplog.records if "nobody listens" in (record.exc_text or "")]


@pytest.mark.parametrize(
    ("number", "handler"),
    [(signal.SIGTERM, lambda *_: None), (signal.SIGINT, signal.SIG_IGN), (signal.SIGTERM, signal.SIG_IGN)],
)
def test_signals_that_a_host_handles_or_ignores_stay_its_own(
    number: signal.Signals, handler: Any, small: Scenario
) -> None:
    seen: list[Any] = []
    before = signal.signal(number, handler)
    try:
        solve(small, progress=lambda _: seen.append(signal.getsignal(number)), gap=0.5)
        assert seen
        assert {*seen, signal.getsignal(number)} == {handler}
    finally:
        signal.signal(number, before)


def test_signals_are_given_back(small: Scenario) -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    during: list[Any] = []
    solve(small, progress=lambda _: during.append(signal.getsignal(signal.SIGTERM)), gap=0.5)
    assert during
    assert signal.SIG_DFL not in during
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def test_sigterm_ends_a_solve_with_the_best_plan_so_far(germany: Scenario) -> None:
    """Slurm, Docker and Kubernetes send it, and some seconds later what cannot be handled."""

    sent: list[Progress] = []

    def tell(report: Progress) -> None:
        if report.incumbent_usd is not None and not sent:
            sent.append(report)
            os.kill(os.getpid(), signal.SIGTERM)

    plan = solve(germany, time_limit=inf, gap=0.0, method="search", progress=tell)
    assert (plan.limit, plan.verified) == ("interrupt", True)


def test_the_exact_model_without_time_leaves_a_bound_all_the_same(
    small: Scenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_late(*_: object, **__: object) -> None:
        raise OutOfTimeError("no time")

    monkeypatch.setattr("siteopt.milp.solve.ExactModel", too_late)
    plan = solve(small, time_limit=20.0, gap=0.0, method="milp")
    best = solve(small, gap=0.0, method="search", iteration_limit=50)
    assert plan.verified
    assert plan.bound_usd is not None
    assert plan.bound_usd <= best.cost_usd * (1.0 + 1e-9)


def test_a_model_that_cannot_be_built_in_time_is_left_out(
    small: Scenario, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The search has the time then, with its bound."""
    monkeypatch.setattr("siteopt.solving.solve.BUILT_PER_SECOND", 1)
    plan = solve(small, time_limit=1.0, gap=0.0, method="milp", iteration_limit=20)
    assert "cannot be built in time" in caplog.text
    assert plan.verified
    assert plan.gap is not None
