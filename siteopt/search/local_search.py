"""Construction and local search over the compiled evaluator, in rounds that a caller can stop between."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from siteopt._core.evaluator import Evaluator
from siteopt._core.search import LocalSearch
from siteopt.evaluate import unserved_penalty_usd
from siteopt.instance import Solution

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from siteopt.instance import Instance

#: Ruins per round, and how many neighbouring sites one of them touches, by turns.
RUINS = 200
NEIGHBOURS = (1, 2, 3, 4)


class Search:
    """One run of the search on an instance.

    Parameters
    ----------
    instance : Instance
    seed : int
        Same seed, same calls: same solutions.
    """

    def __init__(self, instance: Instance, seed: int) -> None:
        self._instance = instance
        self._evaluator = Evaluator(instance, unserved_penalty_usd(instance))
        self._kernel = LocalSearch(self._evaluator, seed)
        self._descending = True
        self._round = 0

    @property
    def cost_usd(self) -> float:
        """Cost of the current state, USD, with a penalty for must-serve demand that it leaves out."""
        return self._evaluator.cost_usd

    @property
    def evaluated(self) -> int:
        """Moves evaluated so far."""
        return self._kernel.evaluated

    def solution(self) -> Solution | None:
        """The current state, or None where it does not meet every rule."""
        return Solution(*self._evaluator.state()) if self._evaluator.is_feasible() else None

    def load(
        self, option: NDArray[np.int32], share: NDArray[np.float64], unserved: NDArray[np.float64]
    ) -> bool:
        """Start from given sites and flows; returns whether they meet every rule."""
        self._descending = True
        return self._evaluator.load(option, share, unserved)

    def construct(self) -> None:
        """A first state: open everything and let the search close it, or nothing and let it open; the cheaper one."""
        instance = self._instance
        sites = instance.sites
        best = best_options(instance)
        standing = np.where((sites.is_existing | sites.is_forced) == 1, best, -1).astype(np.int32)
        starts = [standing]
        if np.isinf(instance.budget_usd) and instance.max_sites >= np.count_nonzero(sites.is_existing == 0):
            starts.append(best)
        states = [self._descend_from(option) for option in starts]
        cheapest = min(range(len(starts)), key=lambda n: states[n][0])
        self.load(*states[cheapest][1])

    def _descend_from(
        self, option: NDArray[np.int32]
    ) -> tuple[float, tuple[NDArray[np.int32], NDArray[np.float64], NDArray[np.float64]]]:
        instance = self._instance
        self.load(option, np.zeros(len(instance.arcs.demand)), np.ones(len(instance.demands.region)))
        self._kernel.order_demands(hardest_first(instance))
        self._kernel.serve_all()
        for _ in range(6):
            self._kernel.improve_flows()
            if not self._kernel.improve_sites():
                break
        option, _, _, share, unserved = self._evaluator.state()
        return self.cost_usd, (option, share, unserved)

    def round(self) -> bool:
        """One round: descend while that pays, else ruin and recreate; returns whether the cost fell."""
        before = self.cost_usd
        if self._descending:
            flows, sites = self._kernel.improve_flows(), self._kernel.improve_sites()
            self._descending = (flows or sites) and self.cost_usd < before * (1.0 - 1e-6)
        else:
            self._kernel.ruin_and_recreate(RUINS, NEIGHBOURS[self._round % len(NEIGHBOURS)])
            self._descending = self.cost_usd < before - 1.0
        self._round += 1
        return self.cost_usd < before - 1.0


def best_options(instance: Instance) -> NDArray[np.int32]:
    """The design of each site that is cheapest per MW when full, -1 where there is none, shape (n_site,)."""
    options, sites = instance.options, instance.sites
    capacity = np.maximum(instance.option_capacity_mw, 1e-9)
    capital = (
        options.fixed_usd + (options.max_modules - options.sunk_modules) * options.module_usd
    ) / capacity
    power = (sites.energy_usd_per_mw + sites.carbon_usd_per_mw + sites.demand_usd_per_mw)[options.site]
    price = capital + options.pue * power
    best = np.full(len(sites.id), -1, dtype=np.int32)
    for o in np.lexsort((np.arange(len(price)), -price)):  # the cheapest of a site is written last
        best[options.site[o]] = o
    return best


def hardest_first(instance: Instance) -> NDArray[np.int32]:
    """Demands by what they may choose from: indivisible ones first, then the fewest arcs first, then the largest."""
    demands = instance.demands
    choices = np.diff(demands.arc_ptr)
    return np.lexsort((-demands.peak_rps, choices, demands.is_splittable)).astype(np.int32)
