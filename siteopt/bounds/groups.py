"""Move all multipliers of the dual by a few variables, such as a common factor on the prices of each workload.

Most demands of a workload can be served at the same sites, so that their prices rise and fall together: the dual over
these groups reaches nearly as high as the full one and has few enough variables for the level method.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from siteopt.bounds.level import LevelMethod
from siteopt.tolerances import TINY

if TYPE_CHECKING:
    from siteopt.arrays import Floats
    from siteopt.instance import Instance

#: How far the prices of a workload may fall below and rise above its first ones, as shares of these.
LESS, MORE = 0.9, 3.0
#: The method ends once at most this can still be gained, relative to the bound, or after this many steps.
LEAST_GAIN, MOST_STEPS = 1e-5, 200
#: Groups pay if there are at least this many demands per group.
MANY = 10


class Groups:
    """Groups of one instance's multipliers: demands by workload, each grid limit, capital, cover by workload.

    Parameters
    ----------
    instance : Instance
    first_usd : ndarray, shape (n_demand,)
        First prices of the demands, USD.
    has_capital : bool
        Whether there is a multiplier for capital.
    cover_usd : ndarray, shape (n_cover,)
        Price of cover at one unit of its group, USD per call per second.
    """

    def __init__(self, instance: Instance, first_usd: Floats, has_capital: bool, cover_usd: Floats) -> None:
        n_workload, n_limit = len(instance.workload_ids), len(instance.grid.id)
        n_link, n_site = len(instance.links.id), len(instance.sites.id)
        total = float(np.abs(first_usd).sum())
        # The prices of links and of linear rules stay at zero: each of them concerns only a few sites.
        n_rule = len(instance.linear_rules)
        groups = (
            instance.demands.workload,
            n_workload + np.arange(n_limit),
            np.full(n_link, -1),
            np.full(int(has_capital), n_workload + n_limit),
            np.tile(n_workload + n_limit + int(has_capital) + np.arange(len(cover_usd)), n_site),
            np.full(n_rule, -1),
        )
        units = (
            np.abs(first_usd),
            total / np.maximum(instance.grid.limit_mw, TINY),
            np.zeros(n_link),
            np.ones(int(has_capital)),
            np.tile(cover_usd, n_site),
            np.zeros(n_rule),
        )
        self._group, self._unit = np.concatenate(groups).astype(np.intp), np.concatenate(units)
        self._first_usd = np.concatenate([first_usd, np.zeros(len(self._unit) - len(first_usd))])
        n_group = n_workload + n_limit + int(has_capital) + len(cover_usd)
        is_price = np.arange(n_group) < n_workload
        self._level = LevelMethod(np.where(is_price, -LESS, 0.0), np.where(is_price, MORE, 1.0))
        self._point: Floats | None = None
        self._steps = 0

    def next(self) -> Floats | None:
        """Return the multipliers to evaluate next, or None once there is next to nothing left to gain."""
        self._point = self._level.next()
        if self._point is None or self._steps >= MOST_STEPS or self._level.is_done(LEAST_GAIN):
            return None
        self._steps += 1
        result: Floats = self._first_usd + self._unit * np.append(self._point, 0.0)[self._group]
        return result

    def add(self, value: float, gradient: Floats) -> None:
        """Record the value and the subgradient at the multipliers that were last asked for."""
        assert self._point is not None
        kept = self._group >= 0
        slope = np.bincount(self._group[kept], (self._unit * gradient)[kept], len(self._point))
        self._level.add(self._point, value, slope.astype(np.float64))


def pays(instance: Instance) -> bool:
    """Return whether an instance has so many more demands than groups that grouping pays."""
    n_group = len(instance.workload_ids) + len(instance.grid.id)
    return len(instance.demands.region) >= MANY * n_group
