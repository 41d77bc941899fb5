"""Branch and bound for capacitated facility location: best bound first, bounds from the Lagrangian dual.

After Goertz and Klose (2012): branch on sites, climb a little further from the parent's prices at each tree node, fix
the decisions that reduced costs prove, and try the sites that look open as a plan.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from siteopt._core.facility.dual_ascent import FacilityDual
from siteopt._core.facility.transport import Transport
from siteopt.facility.rounding import counts
from siteopt.facility.tree_node import CLOSED, FREE, OPEN, PseudoCosts, TreeNode

if TYPE_CHECKING:
    from collections.abc import Callable

    from siteopt.arrays import Flags, Floats, Indices
    from siteopt.facility import FacilityProblem
    from siteopt.facility.root_bound import RootBound
    from siteopt.facility.tree_node import Status

#: Steps of a run, most runs before all sites are priced, and what a run must gain as a multiple of what branching
#: would.
STEPS, MOST_RUNS, SHARE = 20, 20, 0.7
#: First step length without and with the running averages of the parent, and weight of a new subgradient. Aiming at
#: the incumbent's cost proved best: a tree node that can be pruned at all gets there in a few steps.
LENGTH, RESUMED, WEIGHT = 0.1, 0.01, 0.1
#: Most rounds of climbing and pricing, which end once pricing costs at most this share of what was climbed.
MOST_ROUNDS, LOST = 4, 0.1
#: While climbing, only sites are considered whose reduced cost is at most this share of what is left to prove.
LIKELY = 0.1
#: All sites are considered if there are at most this many, or if more than this share of them are likely.
FEW, NEARLY_ALL = 300, 0.8
#: Tree nodes whose rounding is tried as a plan: the first ones, one in so many after them, and all without fractions.
#: If the plan's cost is this near the bound, relative to it, the prices of its flows are tried in the dual.
ALWAYS_TRIED, TRIED_EVERY, NEAR = 20, 10, 1e-3
#: How many numbers of open sites a rounding tries until it reaches every demand.
TRIES = 3
#: A site counts as decided if its openness is within this of 0 or 1.
UNDECIDED = 0.02


@dataclass(frozen=True, slots=True, eq=False)
class TreePlan:
    """A plan that the tree has found.

    Attributes
    ----------
    cost_usd : float
    sites : ndarray of int32
        Rows of the sites that the flows may go to.
    is_open : ndarray of uint8
        Whether each of ``sites`` is open.
    amounts : ndarray
        Units of demand on each arc of the problem restricted to ``sites``.
    """

    cost_usd: float
    sites: Indices
    is_open: Flags
    amounts: Floats

    @property
    def open_sites(self) -> Indices:
        """Rows of the open sites."""
        return self.sites[self.is_open > 0]


class FacilityTree:
    """Branch-and-bound tree of a problem.

    Parameters
    ----------
    problem : FacilityProblem
    root : RootBound
    restricted_sites : ndarray of int32
        Sites that plans may use; the bound still holds for all sites.
    transport : Transport
        Flows of the problem restricted to ``restricted_sites``, with the incumbent's sites loaded.
    gap : float
        Tree nodes whose bound is within this share of the incumbent are pruned.
    cost_usd : float, optional
        Cost of the incumbent, if it differs from that of the loaded sites.
    """

    def __init__(
        self,
        problem: FacilityProblem,
        root: RootBound,
        restricted_sites: Indices,
        transport: Transport,
        gap: float,
        cost_usd: float | None = None,
    ) -> None:
        self._problem, self._restricted_sites = problem, restricted_sites
        self._transport, self._gap = transport, gap
        self._dual = FacilityDual(problem)
        self._costs = PseudoCosts(len(problem.capacity))
        self._heap: list[TreeNode] = []
        self._order, self._lowest_done = 0, np.inf
        self.cost_usd = transport.cost_usd if cost_usd is None else cost_usd
        self.best: TreePlan | None = None
        self.tree_nodes = 0
        status = np.where(
            root.status == FREE, self._fixed(root.status, root.reduced_usd, root.bound_usd), root.status
        )
        active = self._likely(status, root.openness, root.reduced_usd, root.bound_usd)
        self._push(TreeNode(root.bound_usd, 0, status, root.price.copy(), active))

    @property
    def bound_usd(self) -> float:
        """Lower bound on the cost of every plan, USD."""
        return min(self._lowest_done, self._heap[0].bound_usd if self._heap else np.inf, self.cost_usd)

    @property
    def is_done(self) -> bool:
        """Whether no plan that is left can be better by more than the gap."""
        return not self._heap or self._heap[0].bound_usd >= self._cutoff

    @property
    def _cutoff(self) -> float:
        return self.cost_usd - self._gap * abs(self.cost_usd)

    def run(self, tree_nodes: int, keep_going: Callable[[], bool] = lambda: True) -> None:
        """Work on up to ``tree_nodes`` tree nodes."""
        for _ in range(tree_nodes):
            if self.is_done or not keep_going():
                return
            node = heapq.heappop(self._heap)
            self._expand(node)
            if self._problem.stop.stopped:
                # What was cut short proves nothing: the tree node is as it was before.
                heapq.heappush(self._heap, node)
                return

    def learn(self, cost_usd: float) -> None:
        """Report that a plan of this cost was found elsewhere."""
        self.cost_usd = min(self.cost_usd, cost_usd)

    def _push(self, node: TreeNode) -> None:
        if node.bound_usd >= self._cutoff:
            self._lowest_done = min(self._lowest_done, node.bound_usd)
            return
        self._order += 1
        node.order = self._order
        heapq.heappush(self._heap, node)

    def _expand(self, node: TreeNode) -> None:
        self.tree_nodes += 1
        price = node.price.copy()
        own = self._climb(node, price)
        bound = max(node.bound_usd, own)
        if node.site >= 0:
            self._costs.learn(node.site, int(node.status[node.site]), node.step, bound - node.bound_usd)
        if bound >= self._cutoff:
            self._lowest_done = min(self._lowest_done, bound)
            return
        openness, reduced = self._dual.openness.copy(), self._dual.reduced_usd.copy()
        averages = self._dual.direction.astype(np.float32), openness.astype(np.float32)
        undecided = np.count_nonzero(
            (openness > UNDECIDED) & (openness < 1.0 - UNDECIDED) & (node.status == FREE)
        )
        if undecided == 0 or self.tree_nodes <= ALWAYS_TRIED or self.tree_nodes % TRIED_EVERY == 0:
            cost = self._try(node.status, openness)
            if self._problem.is_splittable and cost - bound < NEAR * abs(cost):
                bound = max(bound, self._dual_of_flows(node.status))
        # Reduced costs are what a site would add to the bound that they belong to, not to a better one.
        status = self._fixed(node.status, reduced, own)
        free = np.flatnonzero(status == FREE)
        active = self._likely(status, openness, reduced, bound)
        if len(free) == 0:
            self._leaf(TreeNode(bound, 0, status, price, active, node.banned))
            return
        share = np.clip(openness[free], UNDECIDED, 1.0 - UNDECIDED)
        best = self._costs.best(free, share)
        for decision, step in ((CLOSED, share[best]), (OPEN, 1.0 - share[best])):
            child = status.copy()
            child[free[best]] = decision
            site = int(free[best])
            self._push(TreeNode(bound, 0, child, price, active, node.banned, site, float(step), averages))

    def _climb(self, node: TreeNode, price: Floats) -> float:
        """Climb over the sites that are likely to open, then price all that may open, and return the bound.

        Only the pricing of all sites makes the bound valid.
        """
        every = np.flatnonzero(node.status != CLOSED).astype(np.int32)
        active = node.active[node.status[node.active] != CLOSED]
        length, bound, is_all = LENGTH, -np.inf, len(every) <= FEW or len(active) > NEARLY_ALL * len(every)
        if is_all:
            active = every
        if node.averages is not None:
            self._dual.resume(price, *node.averages, node.site, node.status[node.site] == OPEN)
            length = RESUMED
        for _ in range(MOST_ROUNDS):
            within, length = self._climb_on(node, price, active, length)
            if is_all:
                return float(within)
            bound = self._dual.value(price, node.status, every)
            is_kept = bound >= within - LOST * (within - node.bound_usd)
            if is_kept or bound >= self._cutoff:
                break
            active = np.union1d(active, every[self._dual.reduced_usd[every] < 0.0]).astype(np.int32)
        return bound

    def _climb_on(self, node: TreeNode, price: Floats, active: Indices, length: float) -> tuple[float, float]:
        """Climb as long as a run gains more than branching would in the same time; return bound and step length.

        One more run at every one of n tree nodes takes as much time as going from n to n^(1 + 1 / runs) tree nodes.
        """
        weight, within = WEIGHT, node.bound_usd
        for n in range(MOST_RUNS):
            before, goes_on = within, n > 0 or node.averages is not None
            within, length, weight = self._dual.ascend(
                price, node.status, active, STEPS, self.cost_usd, self._cutoff, length, weight, goes_on
            )
            climbed = within - node.bound_usd
            if within >= self._cutoff or within - before < climbed * SHARE * np.log2(1.0 + 1.0 / (n + 1)):
                break
        return within, length

    def _fixed(self, status: Status, reduced: Floats, bound: float) -> Status:
        """Return the decisions together with those that the reduced costs prove.

        Plans with the opposite decision are pruned: they cost at least the bound plus the reduced cost, which is at
        least the cutoff but may well be less than the incumbent's cost.
        """
        is_fixed = (status == FREE) & (np.abs(reduced) > self._cutoff - bound)
        self._lowest_done = min(self._lowest_done, bound + np.abs(reduced[is_fixed]).min(initial=np.inf))
        decision = np.where(reduced > 0.0, CLOSED, OPEN)
        return np.where(is_fixed, decision, status).astype(np.int8)

    def _likely(self, status: Status, openness: Floats, reduced: Floats, bound: float) -> Indices:
        likely = (reduced <= LIKELY * (self._cutoff - bound)) | (openness > 0.0)
        return np.flatnonzero((status == OPEN) | ((status == FREE) & likely)).astype(np.int32)

    def _dual_of_flows(self, status: Status) -> float:
        """Return the bound at the prices of the flows last tried; it is their cost if their sites are the best ones."""
        every = np.flatnonzero(status != CLOSED).astype(np.int32)
        return self._dual.value(self._transport.prices(), status, every)

    def _leaf(self, node: TreeNode) -> None:
        """Solve a tree node whose sites are all decided, which leaves only their flows."""
        status = node.status
        sites = np.flatnonzero(status == OPEN).astype(np.int32)
        demands = np.arange(len(self._problem.demand), dtype=np.int32)
        rest = Transport(self._problem.restricted(sites, demands, self._problem.demand), len(sites))
        cost = rest.load_sites(np.arange(len(sites), dtype=np.int32))
        self._lowest_done = min(self._lowest_done, cost)
        self._keep(sites, rest)

    def _try(self, status: Status, openness: Floats) -> float:
        """Open the sites that look most open, as many as it takes, and return the cost of that plan."""
        rank = np.where(status == OPEN, 2.0, np.where(status == CLOSED, -1.0, openness))
        rank = rank[self._restricted_sites]
        order = np.argsort(-rank, kind="stable")
        capacity, cost = self._problem.capacity[self._restricted_sites[order]], np.inf
        is_open = (rank > 0.5).astype(np.uint8)
        for count in islice(counts(capacity, self._dual.total_demand), TRIES):
            is_open[order[:count]] = 1
            cost = self._flows(is_open)
            if np.isfinite(cost):
                break
        return cost

    def _flows(self, is_open: Flags) -> float:
        """Return the cost of opening a set of the restricted sites, and keep the best set."""
        cost = self._transport.change_sites(is_open, np.inf)
        if cost < self.cost_usd:
            self._keep(self._restricted_sites, self._transport)
        return cost

    def _keep(self, sites: Indices, transport: Transport) -> None:
        """Keep the plan of flows to some of the sites if it is the best so far."""
        cost = transport.cost_usd
        if cost < self.cost_usd:
            self.cost_usd = cost
            self.best = TreePlan(cost, sites, transport.is_open(), transport.amounts())
