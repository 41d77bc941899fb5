"""The answer to a question about a plan: two plans side by side, their difference, and what would turn it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from math import isfinite
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from siteopt.answers.explain.breakeven import BreakEven
    from siteopt.answers.explain.difference import Difference
    from siteopt.plan import Plan

Question = Literal["why-not", "why", "mw", "mw-zone"]


@dataclass(frozen=True, slots=True)
class Answer:
    """A question about a plan, and its answer.

    Attributes
    ----------
    question : str
    subject : str
        Site, or grid zone.
    base : Plan
        The plan asked about, with a bound; or a better one, where the question led to it.
    given_usd : float
        Cost of the plan asked about.
    other : Plan or None
        The plan of the supposed scenario; None where it has none.
    difference : Difference or None
        Cost of the supposed optimum less that of the base; the worth of a megawatt is its negative.
    lines : dict of str to float
        Cost lines of the other plan less those of the base, USD; only those that differ.
    reasons : tuple of str
        Why the supposed scenario has no plan, or why it cannot differ.
    breakevens : tuple of BreakEven
        How far parameters of a site would have to move for it to be in the plan.
    is_interrupted : bool
        Whether it was ended before its time; what is there is what was found by then.
    """

    question: Question
    subject: str
    given_usd: float
    base: Plan
    other: Plan | None
    difference: Difference | None
    lines: dict[str, float]
    reasons: tuple[str, ...] = ()
    breakevens: tuple[BreakEven, ...] = ()
    is_interrupted: bool = False

    @property
    def worth_usd(self) -> tuple[float, float] | None:
        """The gain as an interval: from the base's bound less the other's cost to its cost less the other's bound."""
        if self.difference is None:
            return None
        return -self.difference.high_usd, -self.difference.low_usd

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as a JSON object."""
        found = self.difference
        return {
            "question": self.question,
            "subject": self.subject,
            "given_usd": self.given_usd,
            "base": _figures(self.base),
            "other": None if self.other is None else _figures(self.other),
            "difference": None
            if found is None
            else {
                "low_usd": _finite(found.low_usd),
                "high_usd": _finite(found.high_usd),
                "found_usd": found.found_usd,
                "verdict": found.verdict,
            },
            "cost_lines": self.lines,
            "reasons": list(self.reasons),
            "breakevens": [asdict(row) for row in self.breakevens],
        }


def _figures(plan: Plan) -> dict[str, Any]:
    return {"cost_usd": plan.cost_usd, "bound_usd": plan.bound_usd, "gap": plan.gap, "sites": len(plan.sites)}


def _finite(value: float) -> float | None:
    return value if isfinite(value) else None
