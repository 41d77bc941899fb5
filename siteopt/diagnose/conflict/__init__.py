"""Why no plan exists: a smallest set of rules that cannot hold together, in plain words, and what would help."""

from siteopt.diagnose.conflict.find import Conflict, find_conflict, reasons_of
from siteopt.diagnose.conflict.relax import Relaxation
from siteopt.diagnose.conflict.requirements import Requirement, eased, keeping, must_serve, requirements_of

__all__ = [
    "Conflict",
    "Relaxation",
    "Requirement",
    "eased",
    "find_conflict",
    "keeping",
    "must_serve",
    "reasons_of",
    "requirements_of",
]
