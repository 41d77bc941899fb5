"""Answer questions about a plan: why a site is in it or not, what a megawatt is worth, what binds."""

from siteopt.answers.explain.answer import Answer
from siteopt.answers.explain.ask import why, why_not, worth_of_mw, worth_of_zone_mw
from siteopt.answers.explain.binding import Use, what_binds
from siteopt.answers.explain.breakeven import BreakEven
from siteopt.answers.explain.difference import Difference, difference

__all__ = [
    "Answer",
    "BreakEven",
    "Difference",
    "Use",
    "difference",
    "what_binds",
    "why",
    "why_not",
    "worth_of_mw",
    "worth_of_zone_mw",
]
