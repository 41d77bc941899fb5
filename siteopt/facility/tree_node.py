"""A tree node of branch and bound over sites, and what is known about branching on each."""

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
    """What is decided, and prices to go on from.

    Attributes
    ----------
    bound_usd : of the parent
    order : of creation, which breaks ties
    status, price, active : decisions; prices; sites to look at while climbing
    banned : arcs that may not be used, where any are, in the order of ``site_demand``
    site, step : the last decision, and by how much it moved the site's openness
    averages : what demands are short of and openness of the sites, at the end of the parent's climb
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
    """What deciding a site has raised the bound by so far, per unit of openness; average where it was never decided."""

    def __init__(self, n_site: int) -> None:
        self._gain, self._count = np.zeros((2, n_site)), np.zeros((2, n_site))

    def learn(self, site: int, decision: int, step: float, gain: float) -> None:
        """Count what a decision has brought that moved the site's openness by ``step``."""
        if np.isfinite(gain):
            up = int(decision == OPEN)
            self._gain[up, site] += max(0.0, gain) / step
            self._count[up, site] += 1

    def best(self, sites: Rows, openness: Floats) -> int:
        """Position of the site whose two outcomes are likely to raise the bound most, by their product."""
        count = self._count[:, sites]
        average = self._gain.sum(axis=1) / np.maximum(1.0, self._count.sum(axis=1))
        average = np.where(self._count.sum(axis=1) > 0, average, 1.0)[:, None]
        gain = np.where(count > 0, self._gain[:, sites] / np.maximum(1.0, count), average)
        least = 1e-6 * average.max() + 1e-12
        score = np.maximum(gain[0] * openness, least) * np.maximum(gain[1] * (1.0 - openness), least)
        return int(np.argmax(score))
