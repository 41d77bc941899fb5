"""The difference between the optima of two scenarios, as an interval that follows from the gaps of two plans."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Literal

from siteopt.tolerances import SAME_COST

if TYPE_CHECKING:
    from siteopt.plan import Plan

Verdict = Literal["dearer", "cheaper", "same", "undetermined"]


@dataclass(frozen=True, slots=True)
class Difference:
    """The cost of one optimum less that of another.

    Attributes
    ----------
    low_usd, high_usd : float
        The difference of the true optima lies between them: bound less cost, cost less bound.
    found_usd : float
        Difference of the two plans that were found.
    tolerance_usd : float
        Differences up to this count as none.
    """

    low_usd: float
    high_usd: float
    found_usd: float
    tolerance_usd: float

    @property
    def verdict(self) -> Verdict:
        """Which optimum is cheaper; ``undetermined`` where the interval spans zero."""
        if self.low_usd > self.tolerance_usd:
            return "dearer"
        if self.high_usd < -self.tolerance_usd:
            return "cheaper"
        if max(abs(self.low_usd), abs(self.high_usd)) <= self.tolerance_usd:
            return "same"
        return "undetermined"


def difference(base: Plan, other: Plan) -> Difference:
    """Return the optimum of ``other``'s scenario less that of ``base``'s."""
    low = -inf if other.bound_usd is None else other.bound_usd - base.cost_usd
    high = inf if base.bound_usd is None else other.cost_usd - base.bound_usd
    spending = sum(usd for usd in base.cost_lines.values() if usd > 0.0)
    return Difference(low, high, other.cost_usd - base.cost_usd, SAME_COST * max(spending, 1.0))
