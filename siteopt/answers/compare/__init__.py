"""Compare central, edge and hybrid: the three side by side, a verdict on each workload, and what would turn it."""

from siteopt.answers.compare.comparison import Comparison, compare
from siteopt.answers.compare.modes import ModeResult
from siteopt.answers.compare.turn import PARAMETERS, Turn, turn
from siteopt.answers.compare.verdict import FormulaBreakEven, Verdict, verdicts_of

__all__ = [
    "PARAMETERS",
    "Comparison",
    "FormulaBreakEven",
    "ModeResult",
    "Turn",
    "Verdict",
    "compare",
    "turn",
    "verdicts_of",
]
