"""The findings of the verifier that count against a plan, which may be written by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siteopt.rules import FIGURES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from siteopt.plan import Plan
    from siteopt.verify import Violation


def violated_rules(plan: Plan, violations: Sequence[Violation]) -> list[Violation]:
    """Return the findings that count: all of them or, for a plan without costs, only those on its decisions.

    A plan that states figures is held to every one of them; one made by hand, without costs, states none.
    """
    if plan.cost_lines:
        return list(violations)
    return [v for v in violations if v.rule not in FIGURES]
