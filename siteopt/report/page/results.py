"""Results of ``siteopt sensitivity`` and ``siteopt compare``, read from their JSON for the page to show."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from siteopt.errors import Problem, ScenarioError
from siteopt.formatting import listed, percent
from siteopt.scenario.files import read_text
from siteopt.scenario.json_text import decode_object, short
from siteopt.tolerances import NEGLIGIBLE_SHARE

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Swing:
    """The cost at both ends of one parameter's range; None where that end has no plan (yet)."""

    parameter: str
    low: float
    high: float
    low_usd: float | None
    high_usd: float | None
    unit: str = ""
    source: str = ""

    def width_usd(self, baseline_usd: float) -> float:
        """Return the span of costs, the baseline included, USD; infinite where an end has no plan."""
        if self.low_usd is None or self.high_usd is None:
            return math.inf
        ends = (self.low_usd, self.high_usd, baseline_usd)
        return max(ends) - min(ends)


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """The cost with one parameter at a time at both ends of its range."""

    baseline_usd: float
    rows: tuple[Swing, ...]


@dataclass(frozen=True, slots=True)
class ModeCost:
    """What a plan of the scenario in one mode costs.

    Attributes
    ----------
    mode : str
    cost_usd : float or None
        None where the mode has no plan.
    cost_lines : dict of str to float
    unserved : dict of str to float
        By workload: share of its peak requests that is not served; workloads that are served in full may be missing.
    reasons : tuple of str
        Why there is no plan.
    """

    mode: str
    cost_usd: float | None
    cost_lines: dict[str, float]
    unserved: dict[str, float] = field(default_factory=dict)
    reasons: tuple[str, ...] = ()

    @property
    def left_out(self) -> str:
        """What is not served, in words: ``100% of search, 12% of agent``; empty where everything is."""
        shares = sorted(self.unserved.items(), key=lambda item: (-item[1], item[0]))
        return listed(
            [f"{percent(share)} of {workload}" for workload, share in shares if share > NEGLIGIBLE_SHARE]
        )


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a workload is best served where it is, and what would change that."""

    workload: str
    words: str
    turns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Comparison:
    """What other modes cost, and why each workload is served where it is."""

    modes: tuple[ModeCost, ...] = ()
    reasons: tuple[Reason, ...] = ()


class _Reader:
    """A reader of typed values from a JSON object, which remembers every problem with its path."""

    def __init__(self, path: Path) -> None:
        self.source, self.problems = str(path), list[Problem]()

    def number(self, holder: dict[str, Any], key: str, path: str, optional: bool = False) -> float:
        value = holder.get(key)
        is_number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        if is_number or (optional and value is None):
            return math.nan if value is None else float(value)
        self.problems.append(Problem(path + key, f"should be a finite number, not {short(value)}"))
        return math.nan

    def words(self, holder: dict[str, Any], key: str, path: str, default: str | None = None) -> str:
        value = holder.get(key, default)
        if isinstance(value, str):
            return value
        self.problems.append(Problem(path + key, f"should be a string, not {short(value)}"))
        return ""

    def numbers(self, holder: dict[str, Any], key: str, path: str) -> dict[str, float]:
        """Return an object whose values are numbers."""
        value = holder.get(key)
        if isinstance(value, dict):
            return {name: self.number(value, name, f"{path}{key}.") for name in value}
        self.problems.append(Problem(path + key, f"should be an object, not {short(value)}"))
        return {}

    def objects(self, holder: dict[str, Any], key: str) -> list[tuple[str, dict[str, Any]]]:
        """Return path and content of each object in a list."""
        value = holder.get(key)
        if not isinstance(value, list):
            self.problems.append(Problem(key, f"should be a list, not {short(value)}"))
            return []
        rows = [(f"{key}[{n}]", row) for n, row in enumerate(value)]
        self.problems += [
            Problem(path, f"should be an object, not {short(row)}")
            for path, row in rows
            if not isinstance(row, dict)
        ]
        return [(f"{path}.", row) for path, row in rows if isinstance(row, dict)]

    def finish(self) -> None:
        if self.problems:
            raise ScenarioError(self.problems, self.source)


def _document(path: Path, what: str) -> dict[str, Any]:
    try:
        return decode_object(read_text(path), what)
    except ScenarioError as error:
        raise ScenarioError(error.problems, str(path)) from None


def load_sensitivity(path: Path) -> Sensitivity:
    """Read what ``siteopt sensitivity`` wrote.

    Raises
    ------
    ScenarioError
        With every problem found.
    """
    document, read = _document(path, "sensitivity result"), _Reader(path)
    baseline = read.number(document, "baseline_usd", "")
    rows = tuple(
        Swing(
            read.words(row, "parameter", at),
            read.number(row, "low", at),
            read.number(row, "high", at),
            _or_none(read.number(row, "low_usd", at, optional=True)),
            _or_none(read.number(row, "high_usd", at, optional=True)),
            read.words(row, "unit", at, ""),
            read.words(row, "source", at, ""),
        )
        for at, row in read.objects(document, "rows")
    )
    read.finish()
    return Sensitivity(baseline, rows)


def _or_none(value: float) -> float | None:
    return None if math.isnan(value) else value


def load_comparison(path: Path) -> Comparison:
    """Read what ``siteopt compare --json`` wrote.

    Raises
    ------
    ScenarioError
        With every problem found.
    """
    document, read = _document(path, "comparison"), _Reader(path)
    modes = tuple(_mode(read, row, at) for at, row in read.objects(document, "modes"))
    verdicts = read.objects(document, "verdicts") if "verdicts" in document else []
    reasons = tuple(_reason(read, row, at) for at, row in verdicts)
    read.finish()
    return Comparison(modes, reasons)


def _reason(read: _Reader, row: dict[str, Any], at: str) -> Reason:
    turns = [
        f"{read.words(turn, 'parameter', f'{at}{key}')}"
        f" {read.number(turn, 'turns_at', f'{at}{key}'):,.3g} {read.words(turn, 'unit', f'{at}{key}', '')}".rstrip()
        + f" (now {read.number(turn, 'now', f'{at}{key}'):,.3g})"
        for key, turn in (read.objects(row, "breakevens") if "breakevens" in row else [])
    ]
    return Reason(read.words(row, "workload", at), read.words(row, "reason", at), tuple(turns))


def _mode(read: _Reader, row: dict[str, Any], at: str) -> ModeCost:
    mode = read.words(row, "mode", at)
    if row.get("cost_usd") is None:
        reasons = row.get("reasons")
        return ModeCost(mode, None, {}, reasons=tuple(map(str, reasons)) if isinstance(reasons, list) else ())
    cost, lines = read.number(row, "cost_usd", at), read.numbers(row, "cost_lines", at)
    return ModeCost(mode, cost, lines, read.numbers(row, "unserved", at) if "unserved" in row else {})
