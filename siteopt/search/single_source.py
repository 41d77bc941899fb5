"""Plans for demands that may not be split: sets of sites with room to spare, filled one demand at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from siteopt._core.assign import Assignment

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from siteopt._core.transport import Transport
    from siteopt.facility_location import FacilityProblem

    Flags = NDArray[np.uint8]
    Indices = NDArray[np.int32]

#: Descents for one set of sites, passes of each, and by how much the price of overload rises or falls between them.
DESCENTS, PASSES, RISE, FALL = 12, 30, 2.0, 0.5


class SingleSource:
    """The best assignment found so far, over all sets of sites tried.

    Parameters
    ----------
    problem : FacilityProblem
    seed : int
    """

    def __init__(self, problem: FacilityProblem, seed: int) -> None:
        self._problem = problem
        self._kernel = Assignment(problem, seed)
        self._kicks = max(2, len(problem.demand) // 50)
        self.cost_usd = np.inf
        self.is_open: Flags = np.zeros(len(problem.capacity), dtype=np.uint8)
        self.arcs: Indices = np.full(len(problem.demand), -1, dtype=np.int32)

    def try_sites(self, is_open: Flags, start: Indices | None = None) -> float:
        """Fill these sites; returns the lowest cost found with them, ``inf`` where nothing fits."""
        kernel, problem = self._kernel, self._problem
        unit = float(np.mean(problem.arc_usd)) + 1e-9
        kernel.penalty_usd = unit
        if problem.capacity @ is_open < problem.demand.sum():
            return np.inf
        if start is None:
            start = np.full(len(problem.demand), -1, dtype=np.int32)
        if not kernel.load_arcs(is_open, start):
            return np.inf
        best = np.inf
        for _ in range(DESCENTS):
            kernel.descend(PASSES)
            if kernel.is_feasible:
                if kernel.cost_usd < best:
                    best = kernel.cost_usd
                    self._keep(is_open)
                kernel.penalty_usd *= FALL
                kernel.kick(self._kicks)
            else:
                kernel.penalty_usd *= RISE
        return best

    def _keep(self, is_open: Flags) -> None:
        if self._kernel.cost_usd < self.cost_usd:
            self.cost_usd = self._kernel.cost_usd
            self.is_open, self.arcs = is_open.copy(), self._kernel.arcs()

    def try_flows(self, transport: Transport) -> float:
        """Fill the open sites of a transport, each demand at first where most of it goes."""
        problem = self._problem
        amount = transport.amounts()
        order = np.lexsort((amount, problem.arc_demand))
        return self.try_sites(transport.is_open(), order[problem.arc_ptr[1:] - 1].astype(np.int32))

    def explore(self, transport: Transport, seed: int, rounds: int, tries: int) -> bool:
        """From the best sites, exchange a few at random, improve with split demands, and fill; whether the cost fell.

        Parameters
        ----------
        transport : Transport
            Of the same sites with a little less capacity, which leaves room for whole demands.
        seed, rounds : int
        tries : int
            Moves of the local search in each round.
        """
        random, before = np.random.default_rng(seed), self.cost_usd
        for _ in range(rounds):
            is_open = self.is_open.copy()
            opened, closed = np.flatnonzero(is_open), np.flatnonzero(is_open == 0)
            count = int(random.integers(1, 4))
            is_open[random.choice(opened, min(count, len(opened)), replace=False)] = 0
            if len(closed):
                is_open[random.choice(closed, min(count + 1, len(closed)), replace=False)] = 1
            if np.isinf(transport.change_sites(is_open, np.inf)):
                continue
            transport.improve(tries)
            self.try_flows(transport)
        return self.cost_usd < before
