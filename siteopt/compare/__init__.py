"""Central, edge and hybrid side by side, a verdict for each workload, and what would turn it."""

from siteopt.compare.modes import ModeResult
from siteopt.compare.turn import PARAMETERS, Turn, turn
from siteopt.compare.verdict import FormulaBreakEven, Verdict, verdicts_of
from siteopt.compare.whole import Comparison, compare

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
