"""Search for plans of single-source problems: annealed ruin and recreate, in cycles of growing length."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import numpy as np

from siteopt._core.facility.assignment import Assignment
from siteopt.instance import ranges

if TYPE_CHECKING:
    from siteopt.arrays import Flags, Indices
    from siteopt.facility import FacilityProblem

#: Nearest demands of a site, through which its neighbours are found, and number of these neighbours.
NEAREST, NEIGHBOURS = 8, 40
#: First and last temperature of a cycle, as multiples of the mean cost of serving a demand in the first plan.
HOT, COLD = 0.4, 0.04
#: Each cycle is this many times as long as the one before it, and the first one takes this share of the whole search.
LONGER, FIRST = 3.0, 0.02


class SingleSourceSearch:
    """Annealing search that keeps the best assignment of demands to sites so far.

    Parameters
    ----------
    problem : FacilityProblem
    seed : int
    """

    def __init__(self, problem: FacilityProblem, seed: int) -> None:
        self._problem = problem
        self._kernel = Assignment(problem, near_sites(problem, NEIGHBOURS), seed)
        self._kernel.penalty_usd = max(float(np.mean(problem.arc_usd)), 1e-9)
        self._found: deque[Indices] = deque(maxlen=1)
        self._unit_usd = 1.0
        self._cycle_begins, self._cycle_ends = 0.0, FIRST

    @property
    def cost_usd(self) -> float:
        """Cost of the best plan, USD; ``inf`` if there is none."""
        return self._kernel.best_usd

    @property
    def sites(self) -> Indices:
        """Site of each demand in the best plan, shape (n_demand,)."""
        return self._kernel.best_sites()

    def begin(self, is_open: Flags, site: Indices) -> None:
        """Start from open sites and a site for each demand; one that reaches no open site opens its nearest one."""
        problem, is_open = self._problem, is_open.copy()
        reached = np.bincount(problem.arc_demand, is_open[problem.arc_site], len(problem.demand)) > 0
        is_open[problem.arc_site[problem.arc_ptr[:-1][~reached]]] = 1
        if not self._kernel.load_sites(is_open, site):
            raise ValueError("a demand fits into no site")
        self._kernel.descend()
        self._unit_usd = max(self._kernel.flow_usd / len(problem.demand), 1e-9)

    def go_on(self, iterations: int, progress: float) -> None:
        """Continue annealing.

        Parameters
        ----------
        iterations : int
        progress : float
            Share of the search that is over, in [0, 1]; it sets the temperature.
        """
        self._take_over()
        if progress >= self._cycle_ends:
            length = LONGER * (self._cycle_ends - self._cycle_begins)
            self._cycle_begins = self._cycle_ends
            # If too little is left for another cycle after this one, this one takes all of it.
            self._cycle_ends += length if self._cycle_ends + (1.0 + LONGER) * length <= 1.0 else 1.0
        length = min(1.0, self._cycle_ends) - self._cycle_begins
        done = min(1.0, max(0.0, (progress - self._cycle_begins) / max(length, 1e-9)))
        heat = self._unit_usd * HOT * (COLD / HOT) ** done
        self._kernel.anneal(iterations, heat)

    def found(self, site: Indices) -> None:
        """Report a better plan that was found elsewhere; any thread may call this."""
        self._found.append(site)

    def _take_over(self) -> None:
        """Continue from a plan that was found elsewhere, if there is one."""
        if self._found:
            site = self._found.pop()
            is_open = np.zeros(len(self._problem.capacity), dtype=np.uint8)
            is_open[site] = 1
            self._kernel.load_sites(is_open, site)


def near_sites(problem: FacilityProblem, count: int) -> Indices:
    """Find the sites nearest to each site, itself first, by the cheapest way through one of its nearest demands.

    Returns
    -------
    ndarray of int32, shape (n_site, min(count, n_site))
    """
    n_site = len(problem.capacity)
    near = np.repeat(np.arange(n_site, dtype=np.int32)[:, None], min(count, n_site), axis=1)
    for site in range(n_site):
        if problem.stop.ask():
            break
        first = problem.site_ptr[site]
        through = slice(first, min(first + NEAREST, problem.site_ptr[site + 1]))
        demands = problem.site_demand[through]
        rows = ranges(problem.arc_ptr[demands], problem.arc_ptr[demands + 1])
        length = problem.arc_ptr[demands + 1] - problem.arc_ptr[demands]
        distance = np.full(n_site, np.inf)
        np.minimum.at(
            distance,
            problem.arc_site[rows],
            problem.arc_usd[rows] + np.repeat(problem.site_usd[through], length),
        )
        distance[site] = -1.0
        near[site] = np.argsort(distance, kind="stable")[: near.shape[1]]
    return near
