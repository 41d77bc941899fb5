"""Branch and bound where demands may not be split: 0-1 knapsacks bound, and once sites are decided, arcs are."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

import numpy as np

from siteopt.bounds.branch import OPEN, FacilityTree, Node
from siteopt.bounds.root import RootBound

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from siteopt._core.transport import Transport
    from siteopt.facility_location import FacilityProblem

    Floats = NDArray[np.float64]
    Flags = NDArray[np.uint8]
    Status = NDArray[np.int8]
    Indices = NDArray[np.int32]

#: Blocks of the ascent with whole demands, after that with divisible ones.
BLOCKS = 12


class Plans(Protocol):
    """Who fills sets of sites with whole demands."""

    cost_usd: float
    is_open: Flags

    def try_sites(self, is_open: Flags, start: Indices | None = None) -> float:
        """Fill these sites as cheaply as may be; the best plan of all calls is kept."""


def whole_root(problem: FacilityProblem, divisible: RootBound) -> RootBound:
    """Root of a problem with whole demands from that of its relaxation, which climbs far more easily."""
    root = RootBound(problem, divisible.price)
    for _ in range(BLOCKS):
        if root.climb() == np.inf:
            break
    return root


class WholeTree(FacilityTree):
    """The tree of a problem whose demands may not be split.

    Parameters
    ----------
    problem : FacilityProblem
    root : RootBound
    core : ndarray of int32
    transport : Transport
        Of the core; its cost is that of the best plan's sites with split demands, and is not used.
    gap : float
    plans : Plans
        Of the core; holds the best plan.
    """

    def __init__(
        self,
        problem: FacilityProblem,
        root: RootBound,
        core: Indices,
        transport: Transport,
        gap: float,
        plans: Plans,
    ) -> None:
        self._plans = plans
        self._by_demand = np.argsort(problem.site_demand, kind="stable")
        self._arc_site = np.repeat(np.arange(len(problem.capacity)), np.diff(problem.site_ptr))
        self._none = np.zeros(len(problem.site_demand), dtype=np.uint8)
        super().__init__(problem, root, core, transport, gap, plans.cost_usd)

    def _climb(self, node: Node, price: Floats) -> float:
        self._dual.ban(self._none if node.banned is None else node.banned)
        return super()._climb(node, price)

    def _flows(self, is_open: Flags) -> float:
        cost = self._plans.try_sites(is_open)
        if self._plans.cost_usd < self.cost_usd:
            self.cost_usd = self._plans.cost_usd
            self.best_open = np.zeros(len(self._problem.capacity), dtype=np.uint8)
            self.best_open[self._core] = self._plans.is_open
        return cost

    def _leaf(self, node: Node) -> None:
        """All sites are decided: branch on an arc of the demand that the knapsacks disagree about most."""
        problem = self._problem
        if node.banned is None:
            self._flows((node.status[self._core] == OPEN).astype(np.uint8))
        banned = self._none if node.banned is None else node.banned
        wrong = np.abs(self._dual.served() - problem.demand)
        for demand in np.argsort(-wrong, kind="stable"):
            rows = self._by_demand[problem.arc_ptr[demand] : problem.arc_ptr[demand + 1]]
            usable = rows[(banned[rows] == 0) & (node.status[self._arc_site[rows]] == OPEN)]
            if len(usable) > 1:
                break
            if len(usable) == 0:
                return  # nothing can serve this demand: there is no plan here
        else:
            # Every demand has one arc: the plan is given, and its cost is the bound of this node.
            self._finish(node, banned)
            return
        taken = usable[self._dual.choices()[usable]]
        chosen = taken[0] if len(taken) else usable[np.argmin(problem.site_usd[usable])]
        alone, without = banned.copy(), banned.copy()
        alone[rows] = 1
        alone[chosen] = 0
        without[chosen] = 1
        for bans in (alone, without):
            self._push(replace(node, banned=bans))

    def _finish(self, node: Node, banned: Flags) -> None:
        problem = self._problem
        usable = np.flatnonzero((banned == 0) & (node.status[self._arc_site] == OPEN))
        load = np.bincount(
            self._arc_site[usable], problem.demand[problem.site_demand[usable]], len(problem.capacity)
        )
        if np.all(load <= problem.capacity + 1e-9):
            cost = problem.fixed_usd[node.status == OPEN].sum()
            cost += (problem.site_usd * problem.demand[problem.site_demand])[usable].sum()
            self._lowest_done = min(self._lowest_done, float(cost))
