"""Questions about a plan: what is refused, how an interval becomes a verdict, what turns it, what binds."""

from __future__ import annotations

from dataclasses import replace
from math import inf
from typing import TYPE_CHECKING, Any

import pytest
from support.documents.edits import changed
from support.documents.small_scenario import small_scenario

from siteopt import Plan, Scenario, ScenarioError, evaluate, load_scenario, solve
from siteopt.answers.effort import Effort
from siteopt.answers.explain import (
    Difference,
    difference,
    what_binds,
    why,
    why_not,
    worth_of_mw,
    worth_of_zone_mw,
)
from siteopt.answers.explain.ask import bounded
from siteopt.answers.explain.variants import with_site
from siteopt.run.options import SolveOptions

if TYPE_CHECKING:
    from collections.abc import Callable

    from siteopt import Progress

EFFORT = Effort(SolveOptions(time_limit=1e6, gap=0.0))
#: The hub is nearly full, so that ``sub`` takes over where it may.
NARROW: dict[str, Any] = {"sites.0.headroom_mw": 0.13}


@pytest.fixture(scope="module")
def narrow() -> tuple[Scenario, Plan]:
    """The hub has room for two replicas of three; a micro site must help out."""
    scenario = load_scenario(changed(small_scenario(), NARROW))
    return scenario, solve(scenario, time_limit=inf, gap=0.0)


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (10.0, 20.0, "dearer"),
        (-20.0, -10.0, "cheaper"),
        (-5.0, 20.0, "undetermined"),
        (-0.5, 0.5, "same"),
        (-inf, 20.0, "undetermined"),
        (0.5, 20.0, "undetermined"),
    ],
)
def test_an_interval_that_spans_zero_is_undetermined(low: float, high: float, verdict: str) -> None:
    assert Difference(low, high, 0.0, tolerance_usd=1.0).verdict == verdict


def test_the_interval_comes_from_both_gaps() -> None:
    """Bound less cost on one side, cost less bound on the other."""
    base = Plan(cost_usd=100.0, bound_usd=90.0, cost_lines={"energy": 100.0})
    other = Plan(cost_usd=130.0, bound_usd=115.0, cost_lines={"energy": 130.0})
    found = difference(base, other)
    assert (found.low_usd, found.high_usd, found.found_usd) == (15.0, 40.0, 30.0)
    assert found.verdict == "dearer"
    no_bound = difference(replace(base, bound_usd=None), other)
    assert no_bound.high_usd == inf


def test_wrong_questions_are_answered_with_the_right_one(narrow: tuple[Scenario, Plan]) -> None:
    scenario, plan = narrow
    inside = plan.sites[-1].id
    outside = next(s.id for s in scenario.sites if s.id not in {row.id for row in plan.sites})
    questions: list[tuple[Callable[..., Any], str, str]] = [
        (why_not, "subb", "did you mean sub"),
        (why_not, inside, f"ask --why {inside}"),
        (why, outside, f"ask --why-not {outside}"),
        (worth_of_mw, "nowhere", "there is no site"),
        (worth_of_zone_mw, "east", "no grid limit"),
    ]
    for ask, subject, words in questions:
        with pytest.raises(ScenarioError) as caught:
            ask(scenario, plan, subject, EFFORT)
        assert words in str(caught.value)


def test_a_plan_that_breaks_a_rule_is_refused(narrow: tuple[Scenario, Plan]) -> None:
    scenario, plan = narrow
    tight = with_site(scenario, "hub", headroom_mw=0.05)
    with pytest.raises(ScenarioError, match="does not hold"):
        worth_of_mw(tight, plan, "hub", EFFORT)


def test_a_megawatt_at_a_full_hub_saves_the_second_site(narrow: tuple[Scenario, Plan]) -> None:
    """With room at the hub the micro site is closed: what that saves is what the megawatt is worth."""
    scenario, plan = narrow
    answer = worth_of_mw(scenario, plan, "hub", EFFORT)
    roomy = solve(with_site(scenario, "hub", headroom_mw=1.13), time_limit=inf, gap=0.0)
    assert answer.worth_usd is not None
    assert answer.worth_usd == pytest.approx((plan.cost_usd - roomy.cost_usd,) * 2, rel=1e-6)
    assert answer.worth_usd[0] > 1e5
    assert answer.lines["facilities"] < 0.0


def test_why_a_site_is_there_names_what_replaces_it(narrow: tuple[Scenario, Plan]) -> None:
    scenario, plan = narrow
    micro = next(row.id for row in plan.sites if row.id != "hub")
    answer = why(scenario, plan, micro, EFFORT)
    assert answer.difference is not None
    assert answer.difference.verdict == "dearer"
    assert sum(answer.lines.values()) == pytest.approx(answer.difference.found_usd, abs=1.0)


def test_a_break_even_is_where_both_plans_cost_the_same() -> None:
    """Forced in, ``alp`` loses to ``sub``; at the price found for its land or connection it draws level."""
    scenario = load_scenario(changed(small_scenario(), NARROW | {"sites.2.connection_usd": 400_000.0}))
    plan = solve(scenario, time_limit=inf, gap=0.0)
    closed = next(s.id for s in scenario.sites if s.id not in {row.id for row in plan.sites})
    answer = why_not(scenario, plan, closed, EFFORT)
    row = next(r for r in answer.breakevens if r.parameter == "connection_usd")
    assert row.needed is not None
    assert row.is_exact
    for factor, wins in ((0.98, True), (1.02, False)):
        there = with_site(scenario, closed, connection_usd=factor * row.needed)
        forced = solve(with_site(there, closed, status="forced"), time_limit=inf, gap=0.0)
        usual = solve(with_site(there, closed, status="forbidden"), time_limit=inf, gap=0.0)
        assert (forced.cost_usd < usual.cost_usd) is wins


def test_a_forced_site_that_cannot_be_ready_says_so(small: Scenario) -> None:
    plan = solve(small, time_limit=inf, gap=0.0)
    policy = small.policy.model_copy(update={"max_sites": 0})
    answer = why_not(small.model_copy(update={"policy": policy}), plan, "sub", EFFORT)
    assert answer.other is None
    assert "max_sites" in " ".join(answer.reasons)


def test_a_bound_of_another_scenario_is_not_believed(small: Scenario) -> None:
    """Prices have changed since the plan was made: its bound is found anew."""
    plan = solve(small, time_limit=inf, gap=0.0)
    dear = with_site(small, "hub", price_usd_per_mwh=60.0)
    again = bounded(dear, plan, EFFORT, 1e6, EFFORT.start_clock())
    assert again.cost_usd == pytest.approx(evaluate(dear, plan).cost_usd)
    assert again.bound_usd is not None
    assert plan.bound_usd is not None
    assert again.bound_usd > plan.bound_usd
    assert bounded(small, plan, EFFORT, 1e6, EFFORT.start_clock()).bound_usd == plan.bound_usd


def test_an_interrupt_ends_the_whole_answer_with_what_there_is(narrow: tuple[Scenario, Plan]) -> None:
    """It ended the running solve alone: the way back and every break-even had to be interrupted one by one."""
    scenario, plan = narrow
    outside = next(s.id for s in scenario.sites if s.id not in {row.id for row in plan.sites})
    solves: list[str] = []

    def told(progress: Progress) -> None:
        if progress.incumbent_usd is not None:
            solves.append(progress.source)

    effort = Effort(SolveOptions(time_limit=1e6, gap=0.0, method="search"), told, lambda: bool(solves))
    answer = why_not(scenario, plan, outside, effort)
    assert answer.is_interrupted
    assert answer.other is not None
    assert answer.other.limit == "interrupt"
    assert all(row.solves == 0 for row in answer.breakevens)
    assert not why_not(scenario, plan, outside, EFFORT).is_interrupted


def test_an_interrupt_before_there_is_anything_to_compare_with_is_one(narrow: tuple[Scenario, Plan]) -> None:
    scenario, plan = narrow
    outside = next(s.id for s in scenario.sites if s.id not in {row.id for row in plan.sites})
    unbounded = replace(plan, bound_usd=None, gap=None, gap_usd=None)
    with pytest.raises(KeyboardInterrupt):
        why_not(scenario, unbounded, outside, Effort(SolveOptions(time_limit=1e6), stop=lambda: True))


def test_what_binds_is_what_has_no_room_for_one_more(narrow: tuple[Scenario, Plan]) -> None:
    """The hub takes two replicas of 0.06 MW in 0.13; a third one does not fit."""
    scenario, plan = narrow
    rows = {(row.kind, row.subject): row for row in what_binds(scenario, plan)}
    hub = rows["headroom", "hub"]
    assert (hub.used, hub.limit) == (pytest.approx(0.12), 0.13)
    assert hub.binds
    assert hub.slack == pytest.approx(0.01)
    assert not rows["modules", "hub"].binds
    sites = rows["sites", "policy.max_sites"]
    assert (sites.used, sites.limit, sites.binds) == (1.0, 2.0, False)
    spent = rows["budget", "policy.budget_usd"]
    assert spent.used == pytest.approx(sum(row.capex_usd for row in plan.sites))
    assert [row.binds for row in what_binds(scenario, plan)] == sorted(
        (row.binds for row in what_binds(scenario, plan)), reverse=True
    )
