"""Few variables that move all multipliers of the dual: how far each workload's prices are above the first, and more.

Most demands of a workload can be served at the same sites, so that their prices rise and fall together: the dual over
these groups is nearly as high as the whole one, and has few enough variables for the level method.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from siteopt.bounds.level import LevelMethod
from siteopt.tolerances import TINY

if TYPE_CHECKING:
    from siteopt.arrays import Floats
    from siteopt.instance import Instance

#: Prices of a workload are looked for between these times its first ones, less and more.
LESS, MORE = 0.9, 3.0
#: The search ends once no more than this is to be gained, relative to the bound, or after so many steps.
LEAST_GAIN, MOST_STEPS = 1e-5, 200
#: Groups pay where there are so many times more demands.
MANY = 10


class Groups:
    """Groups of one instance's multipliers: demands by workload, each grid limit, capital, cover by workload.

    Parameters
    ----------
    instance : Instance
    first_usd : ndarray, shape (n_demand,)
        Prices that demands have at first, USD.
    has_capital : bool
        Whether there is a multiplier for capital.
    cover_usd : ndarray, shape (n_cover,)
        Price of cover that stands for one unit of its group, USD per call per second.
    """

    def __init__(self, instance: Instance, first_usd: Floats, has_capital: bool, cover_usd: Floats) -> None:
        n_workload, n_limit = len(instance.workload_ids), len(instance.grid.id)
        n_link, n_site = len(instance.links.id), len(instance.sites.id)
        total = float(np.abs(first_usd).sum())
        # The prices of links and of linear rules are left at nothing: they are a matter of a few sites each.
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
        """Multipliers to evaluate next; None where next to nothing is to be gained any more."""
        self._point = self._level.next()
        if self._point is None or self._steps >= MOST_STEPS or self._level.is_done(LEAST_GAIN):
            return None
        self._steps += 1
        result: Floats = self._first_usd + self._unit * np.append(self._point, 0.0)[self._group]
        return result

    def add(self, value: float, gradient: Floats) -> None:
        """Value and subgradient at the multipliers last asked for."""
        assert self._point is not None
        kept = self._group >= 0
        slope = np.bincount(self._group[kept], (self._unit * gradient)[kept], len(self._point))
        self._level.add(self._point, value, slope.astype(np.float64))


def pays(instance: Instance) -> bool:
    """Whether an instance has many more demands than groups."""
    n_group = len(instance.workload_ids) + len(instance.grid.id)
    return len(instance.demands.region) >= MANY * n_group
