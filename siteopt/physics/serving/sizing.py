"""A(n), the largest load that n replicas carry, and the straight lines that bracket it in the MILP.

A table means the same under every sizing rule: `linear` and `utilisation` carry n times what one replica
carries at saturation, `tail` what the queue allows. A cap on utilisation is a row of its own
(`SizingTable.cap_per_replica`), never folded into A: folded in, it would make A non-convex.

A of a tail rule is convex in n: the economy of pooling. Where blocking makes a table non-convex, slopes are
those of its lower convex hull, and each line is moved until it is clear of A itself, so that both stay valid.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from siteopt.physics.serving import queueing, replica_queue
from siteopt.tolerances import SHRINK

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from siteopt.arrays import Floats


Rule = Literal["linear", "utilisation", "tail"]

CONVEX = 1e-9  # of A: a hull within it of the table counts as the table
EXACT = 1e-12  # relative sandwich below which a segment counts as exact
BISECTIONS = 10  # of the sandwich, to 0.3 % of itself


@dataclass(frozen=True, eq=False)
class SizingTable:
    """Largest loads of n = 0..n_max replicas of one workload on one accelerator within one slack.

    Attributes
    ----------
    rule : {"linear", "utilisation", "tail"}
    load : ndarray of float64, shape (n_max + 1,), read-only
        A(n), never falling, A(0) = 0; tail tables are shrunk by 1e-6. In the unit of `saturation`.
    hull : ndarray of float64, shape (n_max + 1,), read-only
        Largest convex function below `load`; the same values where that is convex.
    saturation : float
        Load at which one replica is fully busy: erlangs (slots) or requests/s.
    utilisation_cap : float or None
        Largest load as a fraction of saturation, a row of its own.
    """

    rule: Rule
    load: Floats
    hull: Floats
    saturation: float
    utilisation_cap: float | None

    @property
    def n_max(self) -> int:
        """Most replicas in the table."""
        return int(self.load.size) - 1

    @property
    def convex(self) -> bool:
        """Whether A was convex as tabulated."""
        return bool(np.all(self.load - self.hull <= CONVEX * self.load))

    @property
    def cap_per_replica(self) -> float | None:
        """The most load per replica under the utilisation cap, which is a row of its own; None without a cap."""
        return None if self.utilisation_cap is None else self.utilisation_cap * self.saturation

    def replicas_for(self, load: ArrayLike) -> NDArray[np.int64]:
        """Return the fewest replicas whose A, and whose cap, carry each load; -1 where the table ends below it."""
        wanted = np.asarray(load, dtype=np.float64)
        count = np.searchsorted(self.load, wanted, side="left").astype(np.int64)
        if self.cap_per_replica is not None:
            # One part in 1e12 is rounding: 0.7 x 10 replicas carry a load of 7.
            count = np.maximum(count, np.ceil(wanted / self.cap_per_replica * (1 - 1e-12)).astype(np.int64))
        return np.where(count <= self.n_max, count, -1)


def tail_table(loads: Floats, saturation: float) -> SizingTable:
    """Make a table of loads that were computed, and shrunk, elsewhere."""
    return _table("tail", np.array(loads), saturation, None)


def linear_table(n_max: int, saturation: float = 1.0) -> SizingTable:
    """Make the table A(n) = n x saturation."""
    return _table("linear", saturation * np.arange(n_max + 1.0), saturation, None)


def utilisation_table(n_max: int, utilisation_cap: float, saturation: float = 1.0) -> SizingTable:
    """Make the table A(n) = n x saturation, with the rule's cap as a row of its own."""
    return _table("utilisation", saturation * np.arange(n_max + 1.0), saturation, utilisation_cap)


def service_table(
    n_max: int,
    slack_ms: float,
    service_ms: float,
    scv: float,
    percentile: float,
    slots: int = 1,
    utilisation_cap: float | None = None,
) -> SizingTable:
    """Make the tail table of a fixed-time service (M/G/c over n x slots servers), in erlangs."""
    loads = queueing.load_table(n_max, slack_ms, service_ms, scv, percentile, slots)
    return _table("tail", loads * (1.0 - SHRINK), float(slots), utilisation_cap)


def llm_table(
    replica: replica_queue.LLMReplica,
    n_max: int,
    slack_ms: float,
    percentile: float,
    utilisation_cap: float | None = None,
) -> SizingTable:
    """Make the tail table of a pool of LLM replicas (one queue over n x slots; blocked is missed), in requests/s."""
    loads = replica_queue.llm_rate_table(replica, n_max, slack_ms, percentile)
    return _table("tail", loads * (1.0 - SHRINK), replica.capacity_rps, utilisation_cap)


@dataclass(frozen=True, eq=False)
class Segments:
    """Straight lines above and below A; segment s holds for first[s] <= n <= last[s].

    The segments partition the integers 1..n_max: first[s + 1] = last[s] + 1. They share no breakpoint, because n
    is an integer and a chord across the step between two segments would only be loose; a segment of two
    integers is exact. A pool that is not opened has no segment. All arrays have shape (n_segments,).

    Attributes
    ----------
    outer_slope, outer_intercept : load <= slope x n + intercept holds wherever load <= A(n).
    inner_slope, inner_intercept : load <= slope x n + intercept implies load <= A(n).
    sandwich : float
        Largest (outer - inner) / A over all n: how far the two MILPs can differ in load.
    """

    first: NDArray[np.int64]
    last: NDArray[np.int64]
    outer_slope: Floats
    outer_intercept: Floats
    inner_slope: Floats
    inner_intercept: Floats
    sandwich: float

    @property
    def breakpoints(self) -> NDArray[np.int64]:
        """Where segments begin, and the end of the last."""
        return np.append(self.first, self.last[-1])

    def outer(self, n: ArrayLike) -> Floats:
        """Evaluate the outer line of the segment of each n, 1 <= n <= n_max."""
        s = np.searchsorted(self.last, n, side="left")
        line: Floats = self.outer_slope[s] * np.asarray(n) + self.outer_intercept[s]
        return line

    def inner(self, n: ArrayLike) -> Floats:
        """Evaluate the inner line of the segment of each n, 1 <= n <= n_max."""
        s = np.searchsorted(self.last, n, side="left")
        line: Floats = self.inner_slope[s] * np.asarray(n) + self.inner_intercept[s]
        return line


def segments(table: SizingTable, n_segments: int = 13, tolerance: float = EXACT) -> Segments:
    """Bracket A with at most `n_segments` pairs of lines, the widest sandwich as narrow as possible.

    Where fewer segments reach `tolerance` (relative), no more are made. The error of a segment grows with its
    length, so for a given error the longest segments from the left are the fewest; that error is bisected.

    Raises
    ------
    ValueError
        If `n_segments` is below 1 or the table holds no replica.
    """
    if n_segments < 1 or table.n_max < 1:
        raise ValueError("segments need n_segments >= 1 and a table of at least one replica")
    parts = _partition(table, max(tolerance, EXACT), n_segments)
    if parts is None:
        low, high = max(tolerance, EXACT), 1e-4
        while (parts := _partition(table, high, n_segments)) is None:
            low, high = high, 4.0 * high
        for _ in range(BISECTIONS):
            middle = 0.5 * (low + high)
            trial = _partition(table, middle, n_segments)
            if trial is None:
                low = middle
            else:
                high, parts = middle, trial
    lines = np.array([_lines(table, first, last) for first, last in parts])
    # A few units in the last place, so that rounding cannot put a line on the wrong side of A.
    last_n = np.array([last for _, last in parts])
    margin = 4.0 * np.spacing(table.load[last_n] + np.abs(lines[:, [0, 2]]).max(axis=1) * last_n)
    return Segments(
        first=np.array([first for first, _ in parts], dtype=np.int64),
        last=last_n.astype(np.int64),
        outer_slope=lines[:, 0],
        outer_intercept=lines[:, 1] + margin,
        inner_slope=lines[:, 2],
        inner_intercept=lines[:, 3] - margin,
        sandwich=float(lines[:, 4].max()),
    )


def _table(rule: Rule, loads: Floats, saturation: float, utilisation_cap: float | None) -> SizingTable:
    if loads.size < 2:
        raise ValueError("a sizing table needs at least one replica: n_max >= 1")
    if utilisation_cap is not None and not 0.0 < utilisation_cap <= 1.0:
        raise ValueError(f"utilisation_cap must be above 0 and at most 1: {utilisation_cap}")
    load = np.maximum.accumulate(loads)
    hull = load if np.all(np.diff(load, 2) >= 0.0) else _below(load)
    for values in (load, hull):
        values.flags.writeable = False
    return SizingTable(rule, load, hull, saturation, utilisation_cap)


def lower_hull(x: Floats, y: Floats) -> list[int]:
    """Return the points on the lower convex hull, ``x`` rising (Andrew's monotone chain)."""
    kept: list[int] = []
    for k in range(x.size):
        while len(kept) >= 2:
            a, b = kept[-2], kept[-1]
            if (y[b] - y[a]) * (x[k] - x[b]) <= (y[k] - y[b]) * (x[b] - x[a]):
                break
            kept.pop()
        kept.append(k)
    return kept


def _below(load: Floats) -> Floats:
    """Return the lower convex hull at every integer."""
    n = np.arange(float(load.size))
    kept = lower_hull(n, load)
    hull: Floats = np.minimum(np.interp(n, kept, load[kept]), load)
    return hull


def _partition(table: SizingTable, error: float, n_segments: int) -> list[tuple[int, int]] | None:
    """Find the longest segments from the left within `error`; None if more than `n_segments` are needed."""
    parts: list[tuple[int, int]] = []
    first, n_max = 1, table.n_max
    while first <= n_max:
        if len(parts) == n_segments:
            return None
        last, step = min(first + 1, n_max), 1
        while last + step <= n_max and _lines(table, first, last + step)[4] <= error:
            last, step = last + step, 2 * step
        while step >= 1:
            if last + step <= n_max and _lines(table, first, last + step)[4] <= error:
                last += step
            step //= 2
        parts.append((first, last))
        first = last + 1
    return parts


def _lines(table: SizingTable, first: int, last: int) -> tuple[float, float, float, float, float]:
    """Return outer slope and intercept, inner slope and intercept, and the sandwich of one segment."""
    n = np.arange(first, last + 1)
    load, hull = table.load[first : last + 1], table.hull[first : last + 1]
    scale = np.maximum(load, EXACT * table.saturation)
    if last - first <= 1:
        slope = float(load[-1] - table.load[last - 1])
        at = float(load[0]) - slope * first
        return slope, at, slope, at, 0.0
    rises = np.diff(hull)
    slope = float(hull[-1] - hull[0]) / (last - first)
    at = float((load - slope * n).max())
    # A tangent errs most at the ends of its segment: the best one errs equally at both, or is next to it.
    touch = np.arange(rises.size)
    left = (hull[0] - hull[:-1] + touch * rises) / scale[0]
    right = (hull[-1] - hull[:-1] - (rises.size - touch) * rises) / scale[-1]
    even = int(np.argmin(np.maximum(left, right)))
    best = (np.inf, 0.0, 0.0)
    for rise in rises[max(even - 1, 0) : even + 2].tolist():
        below = float((load - rise * n).min())
        best = min(best, (float((((slope - rise) * n + (at - below)) / scale).max()), rise, below))
    return slope, at, best[1], best[2], best[0]
