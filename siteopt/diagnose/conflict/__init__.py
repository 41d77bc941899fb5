"""Why no plan exists: the fewest rules that cannot hold together, in the planner's words, and what would help."""

from siteopt.diagnose.conflict.find import Conflict, find_conflict, reasons_of
from siteopt.diagnose.conflict.relax import Relaxation
from siteopt.diagnose.conflict.rules import Rule, eased, keeping, must_serve, rules_of

__all__ = [
    "Conflict",
    "Relaxation",
    "Rule",
    "eased",
    "find_conflict",
    "keeping",
    "must_serve",
    "reasons_of",
    "rules_of",
]
