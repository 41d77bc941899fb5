"""Few variables that move all multipliers of the dual: how far each workload's prices are above their start, and more.

Most demands of a workload can be served at the same sites, so that their prices rise and fall together: the dual over
these groups is nearly as high as the whole one, and has few enough variables to be solved outright.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from siteopt.instance import Instance

    Floats = NDArray[np.float64]

#: Prices of a workload are looked for between these times its start, less and more.
LESS, MORE = 0.9, 3.0
#: Groups pay where there are so many times more demands.
MANY = 10


class Groups:
    """Groups of one instance's multipliers: demands by workload, each grid limit, capital, cover by workload.

    Parameters
    ----------
    instance : Instance
    start : ndarray, shape (n_demand,)
        Prices that demands start from, USD.
    has_capital : bool
        Whether there is a multiplier for capital.
    cover_usd : ndarray, shape (n_cover,)
        Price of cover that stands for one unit of its group, USD per call per second.

    Attributes
    ----------
    lower, upper : ndarray, shape (n_group,)
        Where each variable is looked for.
    """

    def __init__(self, instance: Instance, start: Floats, has_capital: bool, cover_usd: Floats) -> None:
        n_workload, n_limit = len(instance.workload_ids), len(instance.grid.id)
        n_link, n_site = len(instance.links.id), len(instance.sites.id)
        total = float(np.abs(start).sum())
        # The price of links is left at nothing: whether one is full is a matter of the sites beside it.
        groups = (
            instance.demands.workload,
            n_workload + np.arange(n_limit),
            np.full(n_link, -1),
            np.full(int(has_capital), n_workload + n_limit),
            np.tile(n_workload + n_limit + int(has_capital) + np.arange(len(cover_usd)), n_site),
        )
        units = (
            np.abs(start),
            total / np.maximum(instance.grid.limit_mw, 1e-9),
            np.zeros(n_link),
            np.ones(int(has_capital)),
            np.tile(cover_usd, n_site),
        )
        self._group, self._unit = np.concatenate(groups).astype(np.intp), np.concatenate(units)
        self._start = np.concatenate([start, np.zeros(len(self._unit) - len(start))])
        n_group = n_workload + n_limit + int(has_capital) + len(cover_usd)
        self.lower = np.where(np.arange(n_group) < n_workload, -LESS, 0.0)
        self.upper = np.where(np.arange(n_group) < n_workload, MORE, 1.0)

    def multipliers(self, point: Floats) -> Floats:
        """All multipliers."""
        result: Floats = self._start + self._unit * np.append(point, 0.0)[self._group]
        return result

    def slope(self, gradient: Floats) -> Floats:
        """Subgradient in the groups, from that in the multipliers."""
        kept = self._group >= 0
        moved = (self._unit * gradient)[kept]
        return np.bincount(self._group[kept], weights=moved, minlength=len(self.lower)).astype(np.float64)


def pays(instance: Instance) -> bool:
    """Whether an instance has many more demands than groups."""
    n_group = len(instance.workload_ids) + len(instance.grid.id)
    return len(instance.demands.region) >= MANY * n_group
