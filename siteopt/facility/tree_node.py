"""A tree node of branch and bound over sites, and what branching on each site has brought so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from siteopt.arrays import Flags, Floats, Indices, Rows, Singles

    Status = NDArray[np.int8]

OPEN, FREE, CLOSED = 1, 0, -1


@dataclass(order=True, slots=True)
class TreeNode:
    """Decisions on sites, and prices to continue the ascent from.

    Attributes
    ----------
    bound_usd : bound of the parent
    order : order of creation, which breaks ties
    status, price, active : decisions; prices; sites to consider while climbing
    banned : arcs that may not be used, if any, in the order of ``site_demand``
    site, step : the last decision, and by how much it moved the site's openness
    averages : shortfall of each demand and openness of each site at the end of the parent's climb
    """

    bound_usd: float
    order: int
    status: Status = field(compare=False)
    price: Floats = field(compare=False)
    active: Indices = field(compare=False)
    banned: Flags | None = field(compare=False, default=None)
    site: int = field(compare=False, default=-1)
    step: float = field(compare=False, default=1.0)
    averages: tuple[Singles, Singles] | None = field(compare=False, default=None)


class PseudoCosts:
    """Average rise of the bound on deciding a site, per unit of openness; the mean of all sites if it never was."""

    def __init__(self, n_site: int) -> None:
        self._gain, self._count = np.zeros((2, n_site)), np.zeros((2, n_site))

    def learn(self, site: int, decision: int, step: float, gain: float) -> None:
        """Record by how much a decision raised the bound that moved the site's openness by ``step``."""
        if np.isfinite(gain):
            up = int(decision == OPEN)
            self._gain[up, site] += max(0.0, gain) / step
            self._count[up, site] += 1

    def best(self, sites: Rows, openness: Floats) -> int:
        """Return the position of the site to branch on, where the product of the two expected rises is largest."""
        count = self._count[:, sites]
        average = self._gain.sum(axis=1) / np.maximum(1.0, self._count.sum(axis=1))
        average = np.where(self._count.sum(axis=1) > 0, average, 1.0)[:, None]
        gain = np.where(count > 0, self._gain[:, sites] / np.maximum(1.0, count), average)
        least = 1e-6 * average.max() + 1e-12
        score = np.maximum(gain[0] * openness, least) * np.maximum(gain[1] * (1.0 - openness), least)
        return int(np.argmax(score))
