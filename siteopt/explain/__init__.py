"""Questions about a plan: why not there, why there, what a megawatt is worth, what binds."""

from siteopt.explain.answer import Answer
from siteopt.explain.ask import why, why_not, worth_of_mw, worth_of_zone_mw
from siteopt.explain.binding import Binding, what_binds
from siteopt.explain.breakeven import BreakEven
from siteopt.explain.difference import Difference, difference

__all__ = [
    "Answer",
    "Binding",
    "BreakEven",
    "Difference",
    "difference",
    "what_binds",
    "why",
    "why_not",
    "worth_of_mw",
    "worth_of_zone_mw",
]
