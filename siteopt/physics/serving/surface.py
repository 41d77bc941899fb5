"""How fast pools of a deployment answer, at every size and load: tabulated once, by simulation.

Everything that a plan asks of a pool of language-model replicas is read from this one table: the largest load A(n) that
n replicas carry within given limits, and how long the requests of a pool take. One rule decides both, so that a plan
which keeps to A(n) keeps its limits.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from siteopt.physics.serving.sizing import lower_hull
from siteopt.tolerances import SHRINK

if TYPE_CHECKING:
    from collections.abc import Iterable

    from siteopt.arrays import Floats

METRICS = ("ttft", "tpot", "e2e")
#: Share of the simulated load that is promised.
MARGIN = 0.97


class Limit(NamedTuple):
    """The most that a metric may be in a share ``percentile`` of requests, ms, round trips already taken off."""

    metric: str
    ms: float
    percentile: float


@dataclass(frozen=True, eq=False)
class Surface:
    """Quantiles of a deployment's pools.

    Attributes
    ----------
    rps : float
        Requests per second at which one replica saturates: the unit of loads.
    sizes : tuple of int
        Replicas, rising.
    loads : ndarray of float64, shape (n_load,)
        Shares of saturation, rising.
    percentiles : tuple of float
    quantile_ms : ndarray of float64, shape (metric, percentile, size, n_load)
        Never falling in the load; ``inf`` at loads beyond the end of a row, where a limit is missed anyway.
    """

    rps: float
    sizes: tuple[int, ...]
    loads: Floats
    percentiles: tuple[float, ...]
    quantile_ms: Floats

    def shares(self, metric: str, percentile: float, ms: Floats) -> Floats:
        """Return the largest load within a limit, as a share of saturation, for each of several limits.

        Linear between simulated loads; 0 where even the least load misses, the last load where none does. Larger pools
        carry no less.

        Parameters
        ----------
        metric : str
        percentile : float
            One of ``percentiles``.
        ms : ndarray of float64, shape (k,)

        Returns
        -------
        ndarray of float64, shape (size, k)
        """
        found = np.empty((len(self.sizes), len(ms)))
        for row, quantiles in enumerate(self._rows(metric, percentile)):
            known = quantiles[np.isfinite(quantiles)]
            met = np.searchsorted(known, ms, side="right")  # so many loads are within the limit
            at, after = np.maximum(met - 1, 0), np.minimum(met, len(known) - 1)
            rise = known[after] - known[at] if len(known) else np.zeros(len(ms))
            part = (
                np.divide(ms - known[at], rise, out=np.zeros(len(ms)), where=rise > 0.0)
                if len(known)
                else 0.0
            )
            load = self.loads[at] + part * (self.loads[after] - self.loads[at])
            found[row] = np.where(met > 0, load, 0.0)
        return np.maximum.accumulate(found, axis=0)

    def carried_rps(self, n_max: int, limits: Iterable[Limit]) -> Floats:
        """Return A(n), the requests per second that n = 0 .. ``n_max`` replicas carry within all limits.

        The lower convex hull of what was simulated, less a margin: with 1 / sqrt(n) between the simulated sizes, level
        in the load per replica beyond the last. Where pools carry the highest load that was simulated, which no cap on
        utilisation allows, the table goes on in a straight line.
        """
        per_size = np.min(
            [self.shares(x.metric, x.percentile, np.array([x.ms]))[:, 0] for x in limits], axis=0
        )
        n = np.arange(0.0, self.sizes[-1] + 1.0)
        share = np.append(0.0, self.between(n[1:]) @ per_size)
        x, y = _with_far_end(n, n * share, share, float(self.loads[-1]))
        kept = lower_hull(x, y)
        table: Floats = np.interp(np.arange(n_max + 1.0), x[kept], y[kept])
        return table * (MARGIN * self.rps * (1.0 - SHRINK))

    def quantile(self, metric: str, percentile: float, replicas: int, rate_rps: float) -> float:
        """Return the least ms within which a pool keeps a limit at a rate: the same rule as A(n), the other way round.

        ``inf`` where no limit that was simulated holds.
        """
        load = rate_rps / (replicas * self.rps * MARGIN * (1.0 - SHRINK))
        knots = np.unique(self._rows(metric, percentile))
        knots = knots[np.isfinite(knots)]
        weights = self.between(np.array([float(replicas)]))[0]
        at = weights @ self.shares(metric, percentile, knots)
        place = int(np.searchsorted(at, load * (1.0 - ROUNDING), side="left"))
        if place == len(knots):
            return inf
        if place == 0:
            return float(knots[0])
        below = np.nextafter(knots[place], -inf)
        just = float(weights @ self.shares(metric, percentile, np.array([below]))[:, 0])
        if load >= just or just <= at[place - 1]:
            return float(knots[place])
        part = max(load - at[place - 1], 0.0) / (just - at[place - 1])
        return float(knots[place - 1] + part * (knots[place] - knots[place - 1]))

    def between(self, n: Floats) -> Floats:
        """Return the weights of the simulated sizes in pools of n replicas, linear in 1 / sqrt(n); shape (n, size)."""
        scores = -1.0 / np.sqrt(np.array(self.sizes, dtype=np.float64))
        place = np.clip(np.searchsorted(self.sizes, n, side="right") - 1, 0, len(self.sizes) - 1)
        after = np.minimum(place + 1, len(self.sizes) - 1)
        width = np.where(after > place, scores[after] - scores[place], 1.0)
        part = np.where(after > place, (-1.0 / np.sqrt(n) - scores[place]) / width, 0.0)
        weights = np.zeros((len(n), len(self.sizes)))
        weights[np.arange(len(n)), place] = 1.0 - part
        weights[np.arange(len(n)), after] += part
        return weights

    def _rows(self, metric: str, percentile: float) -> Floats:
        rows: Floats = self.quantile_ms[METRICS.index(metric), self.percentiles.index(percentile)]
        return rows


#: Pool so large that a hull which ends there has no slope above what one more replica carries in the end.
FAR = 1e7
#: Relative; loads that differ by less are the same load after some sums.
ROUNDING = 1e-9


def _with_far_end(n: Floats, carried: Floats, share: Floats, top: float) -> tuple[Floats, Floats]:
    """Return A(n) with a far point that its hull ends at, in units of one replica's saturation.

    Where all pools from some size on carry the highest load, the table ends soon after that size, once a replica more
    carries no more than it can at most; otherwise at the largest size, level in the load per replica.
    """
    full = np.flatnonzero(share >= top * (1.0 - ROUNDING))
    if not len(full):
        return np.append(n, FAR), np.append(carried, FAR * share[-1])
    for end in range(int(full[0]), len(n)):
        slope = carried[end] - carried[end - 1]
        if slope <= 1.0:
            break
    far = carried[end] + slope * (FAR - end)
    return np.append(n[: end + 1], FAR), np.append(carried[: end + 1], far)
