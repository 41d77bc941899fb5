"""The result of a sensitivity run: one row a parameter, the largest swing first."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from siteopt.plan import write_atomically

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Row:
    """One parameter at both ends of its range.

    Attributes
    ----------
    parameter, unit, source : str
    low, high : float
        The ends.
    low_usd, high_usd : float or None
        Cost of the best plan found there; None where there is none.
    low_gap, high_gap : float or None
        Proven gaps of these plans.
    """

    parameter: str
    unit: str
    low: float
    high: float
    low_usd: float | None
    high_usd: float | None
    low_gap: float | None
    high_gap: float | None
    source: str

    def swing_usd(self, baseline_usd: float) -> float:
        """Largest difference of costs, the baseline included; an end without a plan is beyond all of them."""
        if self.low_usd is None or self.high_usd is None:
            return float("inf")
        ends = (self.low_usd, self.high_usd, baseline_usd)
        return max(ends) - min(ends)


@dataclass(frozen=True, slots=True)
class Tornado:
    """All of it.

    Attributes
    ----------
    baseline_usd : float
        Cost of the best plan found for the scenario as it is.
    baseline_gap : float or None
    rows : tuple of Row
        Parameters of which both ends are known, largest swing first.
    missing : tuple of str
        Parameters that were asked for and are not known yet: the run was stopped.
    """

    baseline_usd: float
    baseline_gap: float | None
    rows: tuple[Row, ...]
    missing: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The JSON document."""
        return {
            "baseline_usd": self.baseline_usd,
            "baseline_gap": self.baseline_gap,
            "rows": [asdict(row) for row in self.rows],
        }

    def save(self, path: Path) -> None:
        """Write the document; an existing file is replaced once the new one is complete."""
        write_atomically(path, json.dumps(self.to_dict(), indent=1, allow_nan=False) + "\n")
