"""Which findings of the verifier count against a plan that somebody wrote by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siteopt.rules import FIGURES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from siteopt.plan import Plan
    from siteopt.verify import Violation


def violated_rules(plan: Plan, violations: Sequence[Violation]) -> list[Violation]:
    """Return the findings that count: all of them, or only decisions where the plan reports no cost at all.

    A plan that states figures is held to every one of them; one made by hand, without a cost, states none.
    """
    if plan.cost_lines:
        return list(violations)
    return [v for v in violations if v.rule not in FIGURES]
