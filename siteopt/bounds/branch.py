"""Branch and bound for capacitated facility location: best bound first, bounds from the Lagrangian dual.

After Goertz and Klose (2012): sites are branched on, each node climbs a little further from its parent's prices, what
reduced costs prove is fixed, and the sites that look open are tried as a plan.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from siteopt._core.facility import FacilityDual
from siteopt._core.transport import Transport

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from siteopt.facility_location import FacilityProblem

    Floats = NDArray[np.float64]
    Flags = NDArray[np.uint8]
    Status = NDArray[np.int8]

OPEN, FREE, CLOSED = 1, 0, -1
#: Steps from the parent's prices at a node; steps of the root between looks at its progress.
NODE_STEPS, ROOT_STEPS = 40, 50
#: A site whose share of openness is outside of this and 1 less this counts as decided.
UNDECIDED = 0.02


@dataclass(order=True, slots=True)
class Node:
    """What is decided, and prices to go on from."""

    bound_usd: float
    order: int
    status: Status = field(compare=False)
    price: Floats = field(compare=False)
    parent_usd: float = field(compare=False)
    site: int = field(compare=False, default=-1)
    step: float = field(compare=False, default=1.0)


class RootBound:
    """Dual ascent of a whole problem, in blocks, with a target that follows the progress.

    Parameters
    ----------
    problem : FacilityProblem
    """

    def __init__(self, problem: FacilityProblem, price: Floats | None = None) -> None:
        n_site = len(problem.capacity)
        self.dual = FacilityDual(problem)
        self.status: Status = np.zeros(n_site, dtype=np.int8)
        self.all = np.arange(n_site, dtype=np.int32)
        self.price = first_prices(problem) if price is None else price.copy()
        self.bound_usd = self.dual.value(self.price, self.status, self.all)
        self._ahead, self._length, self._weight = 0.3 if price is None else 0.01, 0.2, 0.2
        self._idle = 0

    @property
    def has_converged(self) -> bool:
        """Whether three blocks in a row brought next to nothing."""
        return self._idle >= 3 or not np.isfinite(self.bound_usd)

    def climb(self, steps: int = ROOT_STEPS) -> float:
        """One block of steps; returns the bound."""
        before = self.bound_usd
        size = max(abs(before), 1.0)
        self.bound_usd, self._length, self._weight = self.dual.ascend(
            self.price,
            self.status,
            self.all,
            steps,
            before + self._ahead * size,
            np.inf,
            self._length,
            self._weight,
        )
        gained = (self.bound_usd - before) / size
        ahead = min(max(0.005, 1.5 * gained), 0.3)
        if ahead < self._ahead:
            self._length = min(0.5, self._length * self._ahead / ahead)
        self._ahead = ahead
        self._idle = self._idle + 1 if gained < 2e-6 else 0
        return self.bound_usd


def first_prices(problem: FacilityProblem) -> Floats:
    """Each demand's cheapest unit if full sites shared their fixed cost."""
    per_unit = problem.fixed_usd / np.maximum(problem.capacity, 1e-9)
    price = np.full(len(problem.demand), np.inf)
    np.minimum.at(price, problem.arc_demand, problem.arc_usd + per_unit[problem.arc_site])
    return np.where(np.isfinite(price), price, 0.0)


class FacilityTree:
    """The tree of one problem.

    Parameters
    ----------
    problem : FacilityProblem
    transport : Transport
        With the incumbent's sites loaded; better plans are left in ``best_open``.
    price : ndarray
        Prices of the root.
    gap : float
        Nodes whose bound is within this share of the incumbent are done with.
    """

    def __init__(
        self,
        problem: FacilityProblem,
        transport: Transport,
        price: Floats,
        cost_usd: float,
        gap: float,
        status: Status | None = None,
    ) -> None:
        self._problem, self._transport = problem, transport
        self._dual = FacilityDual(problem)
        n = len(problem.capacity)
        self._gap = gap
        self.cost_usd = cost_usd
        self.best_open: Flags | None = None
        self._gain = np.zeros((2, n))
        self._count = np.zeros((2, n))
        self._heap: list[Node] = []
        self._order = 0
        self._lowest_done = np.inf
        self.nodes = 0
        status = np.zeros(n, dtype=np.int8) if status is None else status.copy()
        self._push(Node(-np.inf, 0, status, price.copy(), -np.inf))

    @property
    def bound_usd(self) -> float:
        """No plan costs less, of those that the root's decisions allow."""
        return min(self._lowest_done, self._heap[0].bound_usd if self._heap else np.inf, self.cost_usd)

    @property
    def is_done(self) -> bool:
        """Whether nothing is left that could be better by more than the gap."""
        return not self._heap or self._heap[0].bound_usd >= self._cutoff

    @property
    def _cutoff(self) -> float:
        return self.cost_usd - self._gap * abs(self.cost_usd)

    def run(self, nodes: int, keep_going: Callable[[], bool] = lambda: True) -> None:
        """Work on up to so many nodes."""
        for _ in range(nodes):
            if self.is_done or not keep_going():
                return
            self._expand(heapq.heappop(self._heap))

    def _push(self, node: Node) -> None:
        if node.bound_usd >= self._cutoff:
            self._lowest_done = min(self._lowest_done, node.bound_usd)
            return
        self._order += 1
        node.order = self._order
        heapq.heappush(self._heap, node)

    def _expand(self, node: Node) -> None:
        self.nodes += 1
        price = node.price.copy()
        bound = self._climb(node, price)
        if node.site >= 0 and np.isfinite(bound):
            up = int(node.status[node.site] == OPEN)
            self._gain[up, node.site] += max(0.0, bound - node.parent_usd) / node.step
            self._count[up, node.site] += 1
        if bound >= self._cutoff:
            self._lowest_done = min(self._lowest_done, bound)
            return
        openness, reduced = self._dual.openness.copy(), self._dual.reduced_usd.copy()
        self._try(node.status, openness)
        status = self._fixed(node.status, reduced, bound)
        free = np.flatnonzero(status == FREE)
        if len(free) == 0:
            self._leaf(status)
            return
        self._branch(node, status, free, openness, price, bound)

    def _climb(self, node: Node, price: Floats) -> float:
        active = np.flatnonzero(node.status != CLOSED).astype(np.int32)
        ahead = max(self.cost_usd, node.parent_usd)
        bound, _, _ = self._dual.ascend(
            price, node.status, active, NODE_STEPS, ahead, self._cutoff, 0.1, 0.3
        )
        return max(bound, node.bound_usd)

    def _fixed(self, status: Status, reduced: Floats, bound: float) -> Status:
        """Decisions with those added that the reduced costs prove."""
        room = self._cutoff - bound
        status = status.copy()
        free = status == FREE
        status[free & (reduced > room)] = CLOSED
        status[free & (-reduced > room)] = OPEN
        return status

    def _branch(
        self, node: Node, status: Status, free: NDArray[np.intp], openness: Floats, price: Floats, bound: float
    ) -> None:
        share = np.clip(openness[free], UNDECIDED, 1.0 - UNDECIDED)
        average = [
            self._gain[up].sum() / max(1.0, self._count[up].sum()) if self._count[up].any() else 1.0
            for up in (0, 1)
        ]
        gain = [
            np.where(
                self._count[up, free] > 0,
                self._gain[up, free] / np.maximum(1.0, self._count[up, free]),
                average[up],
            )
            for up in (0, 1)
        ]
        small = 1e-6 * max(average) + 1e-12
        score = np.maximum(gain[0] * share, small) * np.maximum(gain[1] * (1.0 - share), small)
        best = int(np.argmax(score))
        site, at = int(free[best]), float(share[best])
        for decision, step in ((CLOSED, at), (OPEN, 1.0 - at)):
            child = status.copy()
            child[site] = decision
            self._push(Node(bound, 0, child, price, bound, site, step))

    def _leaf(self, status: Status) -> None:
        cost = self._cost_of((status == OPEN).astype(np.uint8), np.inf)
        self._lowest_done = min(self._lowest_done, cost)

    def _try(self, status: Status, openness: Floats) -> None:
        """The sites that look most open, as many as the demand needs."""
        rank = np.where(status == OPEN, 2.0, np.where(status == CLOSED, -1.0, openness))
        order = np.argsort(-rank, kind="stable")
        carried = np.cumsum(self._problem.capacity[order])
        needed = int(np.searchsorted(carried, self._dual.total_demand * (1.0 - 1e-9))) + 1
        is_open = (rank > 0.5).astype(np.uint8)
        is_open[order[:needed]] = 1
        self._cost_of(is_open, self.cost_usd)

    def _cost_of(self, is_open: Flags, limit: float) -> float:
        cost = self._transport.change_sites(is_open, np.inf)
        if cost < self.cost_usd:
            self.cost_usd = cost
            self.best_open = self._transport.is_open()
        return cost
