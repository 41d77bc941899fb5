"""The result of a sensitivity run: one row for each parameter, the largest swing first."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from siteopt.plan import write_atomically

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Row:
    """The cost with one parameter at both ends of its range.

    Attributes
    ----------
    parameter, unit, source : str
    low, high : float
        The ends.
    low_usd, high_usd : float or None
        Cost of the best plan found there; None where there is none.
    low_gap, high_gap : float or None
        The proven gaps of these plans.
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
        """Return the largest difference of costs, the baseline included; infinite where an end has no plan."""
        if self.low_usd is None or self.high_usd is None:
            return float("inf")
        ends = (self.low_usd, self.high_usd, baseline_usd)
        return max(ends) - min(ends)


@dataclass(frozen=True, slots=True)
class Tornado:
    """The cost of the scenario as it is, and how far each parameter moves it.

    Attributes
    ----------
    baseline_usd : float
        Cost of the best plan found for the scenario as it is.
    baseline_gap : float or None
    rows : tuple of Row
        Parameters with both ends known, the largest swing first.
    missing : tuple of str
        Requested parameters that are not known yet, because the run was stopped.
    """

    baseline_usd: float
    baseline_gap: float | None
    rows: tuple[Row, ...]
    missing: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the result as a JSON object."""
        return {
            "baseline_usd": self.baseline_usd,
            "baseline_gap": self.baseline_gap,
            "rows": [asdict(row) for row in self.rows],
        }

    def save(self, path: Path) -> None:
        """Write the JSON document; an existing file is replaced once the new one is complete."""
        write_atomically(path, json.dumps(self.to_dict(), indent=1, allow_nan=False) + "\n")
