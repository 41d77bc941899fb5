"""Branch and bound for single-source problems: decide sites as if demands were splittable, then assign the demands.

Once all sites are decided, a generalised assignment problem is left: 0-1 knapsacks bound its cost, reduced costs
remove arcs, and an exact method solves it. As long as sites are undecided, the bound of splittable demands is nearly
as good and far quicker.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from siteopt._core.facility.dual_ascent import FacilityDual
from siteopt._core.facility.transport import Transport
from siteopt.facility import keeping
from siteopt.facility.tree import FacilityTree
from siteopt.facility.tree_node import OPEN, TreeNode
from siteopt.tolerances import ROUNDING

if TYPE_CHECKING:
    from collections.abc import Callable

    from siteopt.arrays import Floats, Indices
    from siteopt.facility import FacilityProblem
    from siteopt.facility.root_bound import RootBound
    from siteopt.facility.tree_node import Status

#: Steps of the ascent with single sources once all sites are decided; their first length and weight.
LEAF_STEPS, LENGTH, WEIGHT = 300, 0.2, 0.3


@dataclass(frozen=True, slots=True)
class GeneralisedAssignment:
    """Outcome of assigning each demand to one of the decided sites.

    Attributes
    ----------
    site : site of each demand, or None if no plan below the cutoff was found
    bound_usd : no assignment costs less than this, or than the cutoff if that is less
    is_final : whether the bound is as high as it gets
    """

    site: Indices | None
    bound_usd: float
    is_final: bool


if TYPE_CHECKING:
    #: Assigns the demands of a problem to its sites for less than a cutoff, if that is possible.
    AssignmentSolver = Callable[[FacilityProblem, float], GeneralisedAssignment]


class SingleSourceTree(FacilityTree):
    """Branch-and-bound tree of a single-source problem.

    Parameters
    ----------
    single_source : FacilityProblem
    relaxed : FacilityProblem
        Its splittable relaxation, with the same sites and possibly more demands.
    root : RootBound
        Bound of ``relaxed``.
    gap : float
        Tree nodes whose bound is within this share of the incumbent are pruned.
    cost_usd : float
        Cost of the incumbent.
    solver : callable
    """

    def __init__(
        self,
        single_source: FacilityProblem,
        relaxed: FacilityProblem,
        root: RootBound,
        gap: float,
        cost_usd: float,
        solver: AssignmentSolver,
    ) -> None:
        self._single_source, self._solver = single_source, solver
        self.best_site: Indices | None = None
        every = np.arange(len(single_source.capacity), dtype=np.int32)
        super().__init__(relaxed, root, every, Transport(relaxed, len(every)), gap, cost_usd)

    @property
    def bound_usd(self) -> float:
        """Lower bound on every plan, USD; at most the cutoff, as reduced costs remove what costs that much or more."""
        return min(super().bound_usd, self._cutoff)

    def _try(self, status: Status, openness: Floats) -> float:
        """Return ``inf``: as long as sites are undecided, plans are made elsewhere."""
        return np.inf

    def _leaf(self, node: TreeNode) -> None:
        problem = self._single_source
        sites = np.flatnonzero(node.status == OPEN).astype(np.int32)
        if len(sites) == 0:
            return  # reduced costs have closed all sites
        restricted = problem.restricted(sites, np.arange(len(problem.demand), dtype=np.int32), problem.demand)
        restricted, bound = filtered(restricted, self._cutoff)
        bound = max(bound, node.bound_usd)
        if bound >= self._cutoff:
            self._lowest_done = min(self._lowest_done, bound)
            return
        cutoff = self._cutoff
        assignment = self._solver(restricted, cutoff)
        if assignment.site is not None:
            cost = assignment_cost(restricted, assignment.site)
            if cost < self.cost_usd:
                self.cost_usd, self.best_site = cost, sites[assignment.site]
            cutoff = min(cutoff, cost)
        bound = max(bound, min(assignment.bound_usd, cutoff))
        if assignment.is_final:
            self._lowest_done = min(self._lowest_done, bound)
        else:
            self._push(replace(node, bound_usd=bound))


def assignment_cost(problem: FacilityProblem, site: Indices) -> float:
    """Return the cost of opening all sites and of serving each demand from its site."""
    chosen = np.flatnonzero(problem.arc_site == site[problem.arc_demand])
    return float(
        problem.fixed_usd.sum() + problem.arc_usd[chosen] @ problem.demand[problem.arc_demand[chosen]]
    )


def filtered(problem: FacilityProblem, cutoff: float) -> tuple[FacilityProblem, float]:
    """Bound the assignment to all sites, and drop the arcs that no assignment below the cutoff can use.

    Given prices of the demands, forcing an arc that its site's continuous knapsack leaves out into it costs, for each
    unit, the knapsack's critical rate less that of the arc, and never less where demands have a single source.
    """
    n_site = len(problem.capacity)
    every, is_open = np.arange(n_site, dtype=np.int32), np.ones(n_site, dtype=np.int8)
    transport = Transport(replace(problem, is_splittable=True), n_site)
    bound = transport.load_sites(every)
    if bound >= cutoff:
        return problem, bound
    price = transport.prices()
    dual = FacilityDual(problem)
    knapsack_bound, _, _ = dual.ascend(price, is_open, every, LEAF_STEPS, cutoff, cutoff, LENGTH, WEIGHT)
    if knapsack_bound >= cutoff:
        return problem, knapsack_bound
    split = FacilityDual(replace(problem, is_splittable=True)).value(price, is_open, every)
    demand = problem.arc_demand
    loss = (
        _critical_rates(problem, price)[problem.arc_site] - price[demand] + problem.arc_usd
    ) * problem.demand[demand]
    kept = keeping(problem, split + loss <= cutoff)
    if np.any(np.diff(kept.arc_ptr) == 0):
        return kept, cutoff  # every arc of some demand is too expensive
    return kept, max(bound, knapsack_bound)


def _critical_rates(problem: FacilityProblem, price: Floats) -> Floats:
    """Return the worth of a unit of capacity at each site, shape (n_site,)."""
    critical = np.zeros(len(problem.capacity))
    rate = price[problem.site_demand] - problem.site_usd
    for j in range(len(critical)):
        rows = slice(problem.site_ptr[j], problem.site_ptr[j + 1])
        order = np.argsort(-rate[rows], kind="stable")
        load = np.cumsum(problem.demand[problem.site_demand[rows]][order])
        first = int(np.searchsorted(load, problem.capacity[j] * (1.0 + ROUNDING), side="right"))
        if first < len(order):
            critical[j] = max(0.0, rate[rows][order[first]])
    return critical
