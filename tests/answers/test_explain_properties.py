"""Answers about plans against the enumeration of every plan: what forcing costs, what power is worth."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from support.reference.optimum.all_rules import TooManyError, optimum
from support.strategies.all_rules import full_documents

from siteopt import InfeasibleError, Plan, load_scenario, solve
from siteopt.answers.effort import Effort
from siteopt.answers.explain import why, why_not, worth_of_mw, worth_of_zone_mw
from siteopt.answers.explain.variants import with_site
from siteopt.run.options import SolveOptions
from siteopt.scenario.checks import check

if TYPE_CHECKING:
    from siteopt import Scenario
    from siteopt.answers.explain import BreakEven

EFFORT = Effort(SolveOptions(time_limit=1e6, gap=0.0, method="milp"))
TOLERANCE = 2e-6
MONEY = ("price_usd_per_mwh", "demand_charge_usd_per_mw_year", "connection_usd", "land_usd")


def least_usd(scenario: Scenario) -> float:
    """The true optimum; ``inf`` where there is no plan."""
    try:
        found = optimum(scenario)
    except TooManyError:
        assume(False)
        raise
    return inf if found is None else found[0]


def slack_usd(*plans: Plan) -> float:
    return TOLERANCE * (sum(abs(usd) for plan in plans for usd in plan.cost_lines.values()) + 1e6)


def solved(document: dict[str, Any]) -> tuple[Scenario, Plan]:
    """A scenario without tails and its best plan; discarded where there is none."""
    scenario = load_scenario(document)
    try:
        plan = solve(scenario, time_limit=inf, gap=0.0, method="milp")
    except InfeasibleError:
        assume(False)
        raise
    assume(plan.sites)
    return scenario, plan


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """Without tails, where the exact model is exact, and without protection, which takes its time."""
    document = draw(full_documents(may_have_tails=False))
    for workload in document["workloads"]:
        workload.pop("protect", None)
    return document


@settings(max_examples=30)
@given(document=documents(), data=st.data())
def test_why_not_costs_and_turns_where_the_enumeration_does(
    document: dict[str, Any], data: st.DataObject
) -> None:
    """What forcing a site in costs; and that at its break-evens it wins, and not before."""
    scenario, plan = solved(document)
    closed = [s.id for s in scenario.sites if s.id not in {row.id for row in plan.sites}]
    assume(closed)
    site = data.draw(st.sampled_from(closed))
    forced = with_site(scenario, site, status="forced")
    answer = why_not(scenario, plan, site, EFFORT)
    if check(forced):
        assert answer.other is None
        assert answer.reasons
        return
    least = least_usd(scenario)
    truth = least_usd(forced) - least
    if answer.difference is None:
        assert truth == inf
        assert answer.reasons
        return
    assert answer.other is not None
    slack = slack_usd(plan, answer.other)
    assert answer.difference.found_usd == pytest.approx(truth, abs=slack)
    assert answer.difference.low_usd - slack <= truth <= answer.difference.high_usd + slack
    assert sum(answer.lines.values()) == pytest.approx(answer.difference.found_usd, abs=10.0)
    if next(s.status for s in scenario.sites if s.id == site) == "candidate":
        rows = [row for row in answer.breakevens if row.parameter in MONEY]
        if rows:
            check_break_even(scenario, site, data.draw(st.sampled_from(rows)), least, slack)


def check_break_even(scenario: Scenario, site: str, row: BreakEven, least: float, slack: float) -> None:
    """The forced optimum costs the usual one at the break-even, more before; never less where it has none."""

    def forced_usd(value: float) -> float:
        return least_usd(with_site(scenario, site, status="forced", **{row.parameter: value}))

    assert row.is_exact
    assert forced_usd(row.now) >= least - slack
    if row.needed is None:
        assert row.shortfall_usd > 0.0
        assert forced_usd(0.0) - least == pytest.approx(row.shortfall_usd, abs=slack)
    else:
        assert 0.0 <= row.needed <= row.now
        assert forced_usd(row.needed) == pytest.approx(least, abs=slack)


@settings(max_examples=30)
@given(document=documents(), data=st.data())
def test_why_costs_what_the_enumeration_says(document: dict[str, Any], data: st.DataObject) -> None:
    scenario, plan = solved(document)
    site = data.draw(st.sampled_from([row.id for row in plan.sites]))
    assume(next(s.status for s in scenario.sites if s.id == site) != "existing")
    answer = why(scenario, plan, site, EFFORT)
    truth = least_usd(with_site(scenario, site, status="forbidden")) - least_usd(scenario)
    if answer.difference is None or answer.other is None:
        assert truth == inf or check(with_site(scenario, site, status="forbidden"))
        return
    assert answer.difference.found_usd == pytest.approx(truth, abs=slack_usd(plan, answer.other))


@settings(max_examples=30)
@given(document=documents(), data=st.data())
def test_a_megawatt_is_worth_what_the_enumeration_says(document: dict[str, Any], data: st.DataObject) -> None:
    """At a site, and in a grid limit; never less than nothing."""
    scenario, plan = solved(document)
    extra_mw = data.draw(st.sampled_from([0.05, 0.15, 1.0]))
    zones = [g.id for g in scenario.grid_limits]
    if zones and data.draw(st.booleans()):
        zone = data.draw(st.sampled_from(zones))
        answer = worth_of_zone_mw(scenario, plan, zone, EFFORT, extra_mw=extra_mw)
        rows = tuple(
            g.model_copy(update={"limit_mw": g.limit_mw + extra_mw}) if g.id == zone else g
            for g in scenario.grid_limits
        )
        roomier = scenario.model_copy(update={"grid_limits": rows})
    else:
        site = data.draw(st.sampled_from([s for s in scenario.sites if s.status != "forbidden"]))
        answer = worth_of_mw(scenario, plan, site.id, EFFORT, extra_mw=extra_mw)
        roomier = with_site(scenario, site.id, headroom_mw=site.headroom_mw + extra_mw)
    truth = least_usd(scenario) - least_usd(roomier)
    assert answer.other is not None
    assert answer.worth_usd is not None
    slack = slack_usd(plan, answer.other)
    low, high = answer.worth_usd
    assert low - slack <= truth <= high + slack
    assert truth == pytest.approx(low, abs=2 * slack)
    assert high >= -slack
