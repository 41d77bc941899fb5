"""The level method: maximise a concave function of few variables, given its values and subgradients.

After Lemarechal, Nemirovskii and Nesterov (1995). The linear pieces found so far lie above the function; the next
point is the one nearest to the best so far at which they all promise a given part of the largest possible gain.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import linprog

if TYPE_CHECKING:
    from siteopt.arrays import Floats

#: Part of the largest possible gain that the next point has to promise.
LEVEL = 0.4


class LevelMethod:
    """Linear pieces above a concave function, and the best point so far.

    Parameters
    ----------
    lower, upper : ndarray, shape (n,)
        Box to search, in units in which the variables are of similar size.

    Attributes
    ----------
    best, value : where the function was highest so far, and how high; at first the point of the box nearest to 0
    promised : upper bound on the function, as far as the pieces tell
    """

    def __init__(self, lower: Floats, upper: Floats) -> None:
        self._lower, self._upper = lower, upper
        self._slopes: list[Floats] = []
        self._offsets: list[float] = []
        self.best = np.clip(np.zeros(len(lower)), lower, upper)
        self.value = -np.inf
        self.promised = np.inf

    def is_done(self, share: float) -> bool:
        """Return whether at most this share of the best value can still be gained."""
        return np.isfinite(self.promised) and self.promised - self.value <= share * abs(self.value)

    def add(self, point: Floats, value: float, slope: Floats) -> None:
        """Record the value and the subgradient at a point."""
        self._slopes.append(slope)
        self._offsets.append(value - float(slope @ point))
        if value > self.value:
            self.best, self.value = point, value

    def next(self) -> Floats | None:
        """Return the point to evaluate next, or None if the pieces leave nothing to gain or the solver fails."""
        if not self._slopes:
            return self.best
        unit = max(1.0, abs(self.value))
        slopes, offsets = np.array(self._slopes) / unit, np.array(self._offsets) / unit
        n = len(self._lower)
        box = np.column_stack([self._lower, self._upper])
        # The most that all pieces promise: maximise t with t <= offset + slope @ x.
        above = np.column_stack([-slopes, np.ones(len(offsets))])
        most = linprog(np.append(np.zeros(n), -1.0), above, offsets, bounds=[*box, (None, None)])
        if most.status != 0:
            return None
        self.promised = -most.fun * unit
        level = self.value / unit + LEVEL * (-most.fun - self.value / unit)
        if self.promised <= self.value + 1e-9 * unit:
            return None
        # The nearest point that is promised the level: minimise r with |x - best| <= r.
        near = np.vstack([np.eye(n), -np.eye(n)])
        rows = np.vstack(
            [
                np.column_stack([-slopes, np.zeros(len(offsets))]),
                np.column_stack([near, -np.ones(2 * n)]),
            ]
        )
        right = np.concatenate([offsets - level, self.best, -self.best])
        found = linprog(np.append(np.zeros(n), 1.0), rows, right, bounds=[*box, (0.0, None)])
        return found.x[:n] if found.status == 0 else None
