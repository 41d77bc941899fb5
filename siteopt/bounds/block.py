"""Lagrangian bound of a scenario whose flows are left implicit, over all of its sites.

Prices start where no site can pay: every demand costs what it does at the best site when that is full. The prices of
whole workloads are found first, by the level method. Then every price goes its own way along averaged subgradients, at
a pace of its own that falls with the swings it has seen (AdaGrad, Duchi et al. 2011): thousands of sites would take a
demand without latency limit once its price is a little too high, a few one that must stay near.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from siteopt._core.block import BlockPricer
from siteopt.bounds.groups import Groups, pays
from siteopt.bounds.lagrangian import ROUNDING

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from siteopt.compile.block import Block
    from siteopt.instance import Instance

    Floats = NDArray[np.float64]

#: First and shortest step, relative to a price; weight of a new subgradient and of its square in their averages.
FIRST_STEP, SHORTEST_STEP, WEIGHT, SQUARE_WEIGHT = 1e-3, 1e-5, 0.3, 0.1
#: Failed steps in a row that make steps shorter, and by how much.
FAILURES, SHORTER = 10, 0.6
#: Swings below this do not lengthen a step any more.
LEAST_SWING = 1e-2


class BlockAscent:
    """Dual ascent over a whole block, in steps, so that the caller can share the time with a search.

    Parameters
    ----------
    block : Block

    Attributes
    ----------
    bound_usd : float
        No plan of the whole scenario costs less.
    demand_usd : ndarray, shape (n_demand,)
        The prices of demands where that was reached.
    cheapest_site : ndarray of int32, shape (n_demand,)
        Site where each demand is cheapest when that is full; -1 where none may serve it.
    openness : ndarray, shape (n_site,)
        Running average of how often each site was open.
    site_value : ndarray, shape (n_site,)
        What each site costs less what it gains at the best prices, USD; at least that where positive.
    """

    def __init__(self, block: Block) -> None:
        instance = block.instance
        self._pricer, self._n_demand = BlockPricer(block), len(instance.demands.region)
        per_mw = average_usd_per_mw(instance)
        cheapest, self.cheapest_site = self._pricer.cheapest(per_mw)
        budget = [instance.budget_usd] if np.isfinite(instance.budget_usd) else []
        self._right = np.concatenate([instance.grid.limit_mw, budget])
        self._lower = np.concatenate([np.full(self._n_demand, -np.inf), np.zeros(len(self._right))])
        self._upper = np.concatenate([instance.demands.unserved_usd, np.full(len(self._right), np.inf)])
        start = np.minimum(cheapest, instance.demands.unserved_usd)
        self._center = np.concatenate([start, np.zeros(len(self._right))])
        size = np.maximum(np.abs(start), 1e-9 * max(1.0, float(np.abs(start).max(initial=0.0))))
        finite = per_mw[np.isfinite(per_mw)]
        rows = np.full(len(instance.grid.id), float(np.median(finite)) if len(finite) else 1.0)
        self._unit = np.concatenate([size, rows, np.ones(len(budget))])
        self.openness = np.zeros(len(instance.sites.id))
        self.site_value = np.zeros(len(instance.sites.id))
        self._direction = self._swing = np.zeros(0)
        self._length, self._failed = FIRST_STEP, 0
        self._groups = Groups(instance, start, len(budget) > 0, np.zeros(0)) if pays(instance) else None
        self.bound_usd = -np.inf

    @property
    def demand_usd(self) -> Floats:
        """See the class."""
        return self._center[: self._n_demand]

    @property
    def has_converged(self) -> bool:
        """Whether steps have become too short to matter."""
        return self._length < SHORTEST_STEP

    def run(self, steps: int, keep_going: Callable[[], bool] = lambda: True) -> None:
        """Take up to so many steps."""
        for _ in range(steps):
            if self.has_converged or not keep_going():
                return
            if self._groups is not None:
                self._step_by_groups(self._groups)
            elif not len(self._direction):
                self._direction = self._try(self._center)
                self._swing = np.maximum(np.square(self._direction), LEAST_SWING**2)
            else:
                self._step()

    def _step_by_groups(self, groups: Groups) -> None:
        trial = groups.next()
        if trial is None:
            self._groups = None
            return
        value, gradient = self._evaluate(trial)
        groups.add(
            value, np.concatenate([gradient[: self._n_demand], gradient[self._n_demand :] * self._right])
        )
        self._keep(value, np.minimum(trial, self._upper))

    def _step(self) -> None:
        blocked = (self._center >= self._upper) & (self._direction > 0.0)
        direction = np.where(blocked, 0.0, self._direction)
        step = self._length * self._unit * direction / np.sqrt(self._swing)
        before = self.bound_usd
        gradient = self._try(np.clip(self._center + step, self._lower, self._upper))
        self._swing = np.maximum(
            (1.0 - SQUARE_WEIGHT) * self._swing + SQUARE_WEIGHT * np.square(gradient), LEAST_SWING**2
        )
        self._direction = WEIGHT * gradient + (1.0 - WEIGHT) * self._direction
        self._failed = 0 if self.bound_usd > before else self._failed + 1
        if self._failed >= FAILURES:
            self._length, self._failed = self._length * SHORTER, 0

    def _try(self, trial: Floats) -> Floats:
        value, gradient = self._evaluate(trial)
        self._keep(value, trial)
        return gradient

    def _keep(self, value: float, trial: Floats) -> None:
        """Take over prices that are better, within penalties; without what goes beyond one a value is no lower."""
        if value > self.bound_usd:
            self.bound_usd, self._center = value, trial
            self.site_value = self._pricer.site_value.copy()

    def _evaluate(self, multipliers: Floats) -> tuple[float, Floats]:
        """Value of the dual function, and its subgradient in shares of a demand, a limit or the budget."""
        demand = np.ascontiguousarray(multipliers[: self._n_demand])
        rows = multipliers[self._n_demand :]
        n_limit = self._pricer.n_limit
        capital = float(rows[n_limit]) if len(rows) > n_limit else 0.0
        sites = self._pricer.price(demand, np.ascontiguousarray(rows[:n_limit]), capital)
        # Where serving a demand is priced above its penalty, it is not served.
        spared = np.maximum(0.0, demand - self._upper[: self._n_demand])
        served, coupled = float((demand - spared).sum()), float(rows @ self._right)
        magnitude = abs(sites) + float(np.abs(demand).sum()) + coupled
        used = np.concatenate([self._pricer.used_mw, [self._pricer.capex_usd] * (len(rows) > n_limit)])
        over = (used - self._right) / np.maximum(self._right, 1e-9)
        self.openness = (1.0 - WEIGHT) * self.openness + WEIGHT * (self._pricer.option >= 0)
        value = sites + served - coupled - ROUNDING * magnitude
        return value, np.concatenate([(spared <= 0.0) - self._pricer.served, over])


def average_usd_per_mw(instance: Instance) -> Floats:
    """Cost of opening an option over the IT power that it carries, at the number of modules where that is least.

    Shape (n_option,); ``inf`` for an option that carries nothing.
    """
    options, designs = instance.options, instance.designs
    first, factor = designs.capex_ptr[options.design], instance.life_factor
    sunk, capacity = designs.capex_usd[first + options.sunk_modules], instance.option_capacity_mw
    least = np.full(len(options.site), np.inf)
    for modules in range(1, int(options.max_modules.max(initial=0)) + 1):
        room = np.minimum((modules - options.spare_modules) * options.module_mw, capacity)
        may = (modules >= options.min_modules) & (modules <= options.max_modules) & (room > 0.0)
        usd = designs.capex_usd[first + np.minimum(modules, options.max_modules)] - sunk
        average = (options.fixed_usd + factor * usd) / np.where(may, room, 1.0)
        least = np.where(may, np.minimum(least, average), least)
    return least
