"""The gap as a share of spending, in USD, and where the share has no limit."""

from __future__ import annotations

import pytest

from siteopt import Plan, load_plan
from siteopt.plan import relative_gap, with_bound


def test_net_cost_may_be_near_zero_without_a_gap_as_large_as_it_is_small() -> None:
    assert relative_gap(1.0, -1.0, {"energy": 100.0, "revenue": -99.0}) == pytest.approx(0.02)


@pytest.mark.parametrize(("bound_usd", "gap"), [(-0.01, 0.0), (-0.011, None), (-50_000.0, None), (0.0, 0.0)])
def test_a_plan_that_spends_nothing_is_solved_to_a_cent_or_has_no_gap(
    bound_usd: float, gap: float | None
) -> None:
    """The revenue that it forgoes made it infinite, which no JSON can hold."""
    plan = with_bound(Plan(cost_usd=0.0, cost_lines={"energy": 0.0, "revenue": 0.0}), bound_usd)
    assert (plan.bound_usd, plan.gap, plan.gap_usd) == (bound_usd, gap, -bound_usd)
    assert load_plan(plan.to_dict()) == plan


def test_a_bound_above_the_cost_is_the_cost() -> None:
    plan = with_bound(Plan(cost_usd=5.0, cost_lines={"energy": 5.0}), 5.1)
    assert (plan.bound_usd, plan.gap, plan.gap_usd) == (5.0, 0.0, 0.0)
    bare = with_bound(plan, None)
    assert (bare.bound_usd, bare.gap, bare.gap_usd) == (None, None, None)


def test_older_files_do_not_say_the_gap_in_usd() -> None:
    document = with_bound(Plan(cost_usd=5.0, cost_lines={"energy": 5.0}), 4.0).to_dict()
    del document["gap_usd"]
    plan = load_plan(document)
    assert (plan.gap, plan.gap_usd) == (pytest.approx(0.2), None)
