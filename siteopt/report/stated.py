"""What is said of the proof of a plan that was read: only solving again could tell whether its bound is one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siteopt.formatting import money

if TYPE_CHECKING:
    from siteopt.plan import Plan

STATED = "as stated in the file, not rechecked"


def words_on_stated_bound(plan: Plan) -> str:
    """Say that the bound of a plan from a file was taken as it stands; nothing where it has none."""
    return "" if plan.bound_usd is None else f"its bound of {money(plan.bound_usd)} is {STATED}"
