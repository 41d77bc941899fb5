"""Lagrangian bound: price the assignment and whatever sites share, then solve each site by itself.

If there are many demands, the level method first finds the best prices that move by whole workloads. Then every price
moves on its own by the volume algorithm (Barahona and Anbil 2000): subgradient steps along a running average of the
subgradients. By weak duality every evaluation is a valid bound, whatever the prices, so the best one seen counts and
nothing depends on convergence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from siteopt._core.dual.lagrangian import SitePricer
from siteopt.bounds.first_prices import cheapest_usd, cover_usd, scale
from siteopt.bounds.groups import Groups, pays
from siteopt.instance import Prices
from siteopt.tolerances import ROUNDING

if TYPE_CHECKING:
    from collections.abc import Callable

    from siteopt._core.dual.subproblem import SiteSubproblems
    from siteopt.arrays import Floats
    from siteopt.instance import Instance

#: Failed steps in a row before steps shorten, steps between checks of progress, and step length that ends the ascent.
FAILURES = 20
PATIENCE = 100
SHORTEST_STEP = 2e-4
#: Weight of the newest step in the average of how often a site was open.
RECENT = 0.3
#: While no plan is known, steps aim this far above the bound, relative to it.
AHEAD = 0.03
#: Bound that no real plan costs, USD: where no plan exists, prices grow without end, until they overflow.
OUT_OF_REACH_USD = 1e30


class LagrangianAscent:
    """Dual ascent on one instance in single steps, so that the caller can share the time with a search.

    Parameters
    ----------
    instance : Instance
    pricer : SiteSubproblems, optional
        Solves the sites' subproblems; by default from the flows that the instance lists.
    first_usd : ndarray, shape (n_demand,), optional
        First prices of the demands, USD; by default the cost of each at its cheapest site.

    Attributes
    ----------
    bound_usd : float
        Lower bound on the cost of every plan.
    iterations : int
        Steps so far.
    openness : ndarray, shape (n_site,)
        Running average of how often each site was open.
    site_value : ndarray, shape (n_site,)
        Cost of each site less what it gains at the best prices, USD.
    """

    def __init__(
        self, instance: Instance, pricer: SiteSubproblems | None = None, first_usd: Floats | None = None
    ) -> None:
        self._instance = instance
        self._pricer = SitePricer(instance) if pricer is None else pricer
        if first_usd is None:
            first_usd = cheapest_usd(instance)
        n_cover = self._pricer.n_site * self._pricer.n_cover
        budget = [instance.budget_usd] if np.isfinite(instance.budget_usd) else []
        rules = instance.linear_rules
        self._weights = rules.weights
        # All multipliers in one vector: demands, grid limits, links, capital where there is a budget, cover by site,
        # linear rules.
        n_limit, n_link = len(instance.grid.id), len(instance.links.id)
        self._ends = np.cumsum([len(first_usd), n_limit, n_link, len(budget), n_cover, len(rules)]).tolist()
        self._right = np.concatenate(
            [instance.grid.limit_mw, instance.links.limit_gbps, budget, np.zeros(n_cover)]
        )
        n_right, no_limit = len(self._right), np.full(len(first_usd), -np.inf)
        # A rule without an upper limit cannot have a price above 0, one without a lower limit none below 0.
        least, most = (
            np.where(np.isfinite(rules.lower), -np.inf, 0.0),
            np.where(np.isfinite(rules.upper), np.inf, 0.0),
        )
        self._lower = np.concatenate([no_limit, np.zeros(n_right), least])
        self._upper = np.concatenate([instance.demands.unserved_usd, np.full(n_right, np.inf), most])
        self._scale = scale(instance, first_usd, budget, n_cover)
        self._center = np.concatenate(
            [np.minimum(first_usd, instance.demands.unserved_usd), np.zeros(n_right + len(rules))]
        )
        self._direction = np.zeros(len(self._center))
        self._length, self._weight, self._stalled = 0.1, 0.3, 0
        self._groups = None
        if pays(instance):
            self._groups = Groups(instance, first_usd, len(budget) > 0, cover_usd(instance))
        self._bound_at_check = -np.inf
        self.iterations = 0
        self.bound_usd = -np.inf
        self.openness = np.zeros(len(instance.sites.id))
        self.site_value = np.zeros(len(instance.sites.id))

    @property
    def demand_usd(self) -> Floats:
        """Prices of the demands at which the bound was reached, USD, shape (n_demand,)."""
        return self._center[: self._ends[0]]

    @property
    def prices(self) -> Prices:
        """Prices at which the bound was reached."""
        return self._split(self._center)

    @property
    def has_converged(self) -> bool:
        """Whether steps have become too short to matter, or the bound so high that none is needed."""
        return self._length <= SHORTEST_STEP or self.bound_usd >= OUT_OF_REACH_USD

    def run(self, iterations: int, target_usd: float, keep_going: Callable[[], bool] = lambda: True) -> None:
        """Take up to ``iterations`` steps towards ``target_usd``, the cost of a plan (``inf`` while none is known)."""
        for _ in range(iterations):
            if not keep_going() or self.has_converged:
                return
            self._iterate(target_usd)

    def _iterate(self, target_usd: float) -> None:
        self.iterations += 1
        if self._groups is not None:
            self._step_by_groups(self._groups)
            return
        if self.iterations == 1:
            value, self._direction = self._evaluate(self._center)
            self._keep(value, self._center)
            return
        trial = self._step(target_usd)
        value, gradient = self._evaluate(trial)
        self._adapt(value, trial, gradient)
        self._direction = self._weight * gradient + (1.0 - self._weight) * self._direction
        if self.iterations % PATIENCE == 0:
            if self.bound_usd - self._bound_at_check < 0.01 * self._distance(target_usd):
                self._weight = max(self._weight / 2.0, 1e-4)
            self._bound_at_check = self.bound_usd

    def _step_by_groups(self, groups: Groups) -> None:
        """Take a step of the level method; after the last one the volume algorithm continues from its best prices."""
        trial = groups.next()
        if trial is None:
            self._groups = None
            value, self._direction = self._evaluate(self._center)
            self._keep(value, self._center)
            return
        value, gradient = self._evaluate(trial)
        groups.add(value, gradient / self._scale)
        # Capping prices at the penalties does not lower the value.
        self._keep(value, np.minimum(trial, self._upper))

    def _keep(self, value: float, trial: Floats) -> bool:
        """Keep multipliers if they are better than the best so far, and return whether they are."""
        if value <= self.bound_usd:
            return False
        self.bound_usd, self._center = value, trial
        self.site_value = self._pricer.site_value.copy()
        return True

    def _distance(self, target_usd: float) -> float:
        """Return how far above the bound a step aims, USD."""
        if np.isinf(target_usd):
            return AHEAD * abs(self.bound_usd)
        return max(target_usd - self.bound_usd, 1e-6 * abs(target_usd))

    def _step(self, target_usd: float) -> Floats:
        center = self._center
        # Components that would push a multiplier beyond its limits do not count towards the length of the step.
        blocked = ((center <= self._lower) & (self._direction < 0.0)) | (
            (center >= self._upper) & (self._direction > 0.0)
        )
        direction = np.where(blocked, 0.0, self._direction)
        norm = float(direction @ direction)
        if norm <= 0.0:
            self._length = 0.0
            return center
        length = self._length * self._distance(target_usd) / norm
        trial: Floats = center + length * self._scale * direction
        return np.clip(trial, self._lower, self._upper)

    def _adapt(self, value: float, trial: Floats, gradient: Floats) -> None:
        """Lengthen steps that succeed along the average direction, and shorten them after too many failures."""
        if self._keep(value, trial):
            if float(self._direction @ gradient) >= 0.0:
                self._length = min(2.0, self._length * 1.1)
            self._stalled = 0
            return
        self._stalled += 1
        if self._stalled >= FAILURES:
            self._length, self._stalled = self._length * 0.66, 0

    def _split(self, multipliers: Floats) -> Prices:
        demand, grid, links, capital, cover, rules = np.split(multipliers, self._ends[:-1])
        return Prices(
            np.ascontiguousarray(demand),
            np.ascontiguousarray(grid),
            np.ascontiguousarray(links),
            cover.reshape(self._pricer.n_site, self._pricer.n_cover),
            float(capital[0]) if len(capital) else 0.0,
            np.ascontiguousarray(rules),
        )

    def _evaluate(self, multipliers: Floats) -> tuple[float, Floats]:
        """Return the value of the dual function (a lower bound on every plan) and its subgradient in scaled units."""
        prices, pricer = self._split(multipliers), self._pricer
        sites = pricer.price(
            prices.demand_usd,
            prices.limit_usd_per_mw,
            prices.capital,
            prices.link_usd_per_gbps,
            prices.cover_usd_per_rps,
            self._weights.T @ prices.rule_usd if len(prices.rule_usd) else None,
        )
        # A demand whose price exceeds its penalty is not served.
        spared = np.maximum(0.0, prices.demand_usd - self._upper[: len(prices.demand_usd)])
        served = float((prices.demand_usd - spared).sum())
        coupled = float(multipliers[len(prices.demand_usd) : self._ends[4]] @ self._right)
        ruled, size, rule_gradient = self._of_rules(prices.rule_usd)
        magnitude = abs(sites) + float(np.abs(prices.demand_usd).sum()) + coupled + size
        coupled += ruled
        self.openness = (1.0 - RECENT) * self.openness + RECENT * (pricer.option >= 0)
        has_budget = self._ends[3] > self._ends[2]
        used = np.concatenate(
            [
                *(pricer.used_mw, pricer.used_gbps, [pricer.capex_usd] if has_budget else []),
                pricer.uncovered_rps.ravel(),
            ]
        )
        parts = [(spared <= 0.0) - pricer.served, used - self._right, rule_gradient]
        gradient = np.concatenate(parts) * self._scale
        # Lowered, so that it remains a bound despite floating-point rounding.
        return sites + served - coupled - ROUNDING * magnitude, gradient

    def _of_rules(self, rule_usd: Floats) -> tuple[float, float, Floats]:
        """Return the most that use within the limits of the linear rules is priced at, and their subgradient.

        Between the two, USD: the size of what is added up for them, here and at the sites. Prices of either sign
        cancel out, and as they grow what is left is nothing but rounding.
        """
        rules = self._instance.linear_rules
        weights = self._weights[:, self._pricer.option[self._pricer.option >= 0]]
        use = np.asarray(weights.sum(axis=1)).ravel()
        limit = np.clip(use, rules.lower, rules.upper)
        limit = np.where(rule_usd > 0.0, rules.upper, np.where(rule_usd < 0.0, rules.lower, limit))
        size = np.abs(rule_usd) @ (np.abs(limit) + np.asarray(abs(weights).sum(axis=1)).ravel())
        return float(rule_usd @ limit), float(size), use - limit
