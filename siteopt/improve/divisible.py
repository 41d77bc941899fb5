"""Where demands may be split: rounding, local search and windows for the plan, a tree for the proof.

The last two take turns, for the better the plan the more the tree can fix, and the tree's roundings are new starts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from siteopt._core.transport import Transport
from siteopt.bounds.branch import FacilityTree
from siteopt.bounds.dive import dive
from siteopt.bounds.root import RootBound
from siteopt.facility_location import solution_of
from siteopt.search.windows import Windows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from siteopt.facility_location import FacilityProblem
    from siteopt.incumbent import Incumbent
    from siteopt.instance import Instance

    Floats = NDArray[np.float64]
    Flags = NDArray[np.uint8]
    Indices = NDArray[np.int32]

#: Sites that plans are made of: this many times those that are needed, and some more.
CORE, CORE_MORE = 2.0, 40
#: Sites above this openness belong to the core too.
LIKELY = 0.02
#: Where the rounded sites do not reach every demand, they grow by this part of their number.
GROWTH = 12
#: Moves of the local search, nodes of the tree and windows between looks at the clock.
TRIES, NODES = 50, 10
#: Seconds between plans that a running local search hands on.
OFFER_EVERY = 0.5
#: Shares of the time that local search, then windows may take before the tree begins; windows without success in a row,
#: in units of open sites, after which it begins anyway.
DESCENT_SHARE, WINDOW_SHARE, STALLED = 0.06, 0.25, 1.0
#: Up to so many sites, the tree is tried before the search, for so many nodes, and the search has less of the time.
SMALL, SMALL_NODES, SMALL_SHARE = 600, 200, 0.05
#: Above so many sites a node takes too long to prove anything, and windows go on until they stall.
LARGE = 2000
#: Share of the time for windows after the tree has found a better plan, and of the time beside the tree for restarts:
#: local search and windows from a node's rounding, which ends elsewhere and at times better.
AGAIN_SHARE, RESTART_SHARE = 0.05, 0.5
#: A restart is worth windows if its plan is within this of the best one.
WORTH_WINDOWS = 1e-3
#: A window: nodes of its tree (many quick windows find more than a few thorough ones), blocks of its root, and the
#: least that is worth finding, relative to its cost.
WINDOW_NODES, WINDOW_BLOCKS, WINDOW_GAP = 50, 4, 1e-6


class DivisibleRun:
    """One solve of one problem."""

    def __init__(self, instance: Instance, problem: FacilityProblem, incumbent: Incumbent, seed: int) -> None:
        self._instance, self._problem, self._incumbent, self._seed = instance, problem, incumbent, seed
        self._clock = incumbent.clock
        self._cost = np.inf

    def work(self, node_limit: int | None) -> None:
        root = RootBound(self._problem)
        while not root.has_converged and self._goes_on():
            root.climb()
        if np.isinf(root.bound_usd):
            return
        self._incumbent.prove(root.bound_usd, "bound")
        # The plain rounding is there at once, and at times near enough; the dive takes as long as the ascent.
        found = self._start(root, root.openness)
        if found is not None:
            self._offer(found[0], found[2])
        if self._incumbent.is_good_enough:
            return
        found = self._start(root, dive(self._problem, root))
        if found is None:
            return
        core, part, transport = found
        self._offer(core, transport)
        windows = Windows(part, transport, solve_window, self._seed)
        # The dive found sites that can carry the demand, so that growing the plain rounding finds some too.
        rounding = loaded(part, root.openness[core])
        assert rounding is not None
        gap = 0.999 * self._incumbent.gap_wanted
        tree = FacilityTree(self._problem, root, core, rounding, gap, transport.cost_usd)
        is_small = len(self._problem.capacity) <= SMALL
        share = SMALL_SHARE if is_small else DESCENT_SHARE
        self._descend(core, transport, self._clock.seconds + share * self._clock.time_limit)
        tree.learn(transport.cost_usd)
        if is_small:
            self._prove(tree, core, transport, None, SMALL_NODES if node_limit is None else node_limit)
        restarts = None if is_small else _Restarts(part, rounding, self._seed)
        if restarts is not None:
            share = WINDOW_SHARE if len(self._problem.capacity) <= LARGE else 1.0
            if share < 1.0:
                self._restart(core, transport, restarts)
        self._windows(core, transport, windows, self._clock.seconds + share * self._clock.time_limit)
        tree.learn(transport.cost_usd)
        self._prove(tree, core, transport, None if is_small else windows, node_limit, restarts)

    def _goes_on(self) -> bool:
        return self._clock.left > 0.0 and not self._incumbent.is_good_enough

    def _restricted(self, core: Indices) -> FacilityProblem:
        problem = self._problem
        if len(core) == len(problem.capacity):
            return problem
        return problem.restricted(core, np.arange(len(problem.demand), dtype=np.int32), problem.demand)

    def _start(self, root: RootBound, openness: Floats) -> tuple[Indices, FacilityProblem, Transport] | None:
        """Core and flows of the rounded openness; the core grows until it can serve everything."""
        problem, n_site = self._problem, len(self._problem.capacity)
        cheapest = np.argsort(root.reduced_usd, kind="stable")
        needed = max(len(rounded(problem, openness)), int(np.count_nonzero(root.openness > 0.5)))
        fractional = np.flatnonzero(openness > LIKELY)
        size = min(n_site, int(CORE * needed + CORE_MORE))
        while True:
            core = np.union1d(cheapest[:size], fractional).astype(np.int32)
            part = self._restricted(core)
            transport = loaded(part, openness[core])
            if transport is not None:
                return core, part, transport
            if size == n_site:
                return None
            size = min(n_site, 2 * size)

    def _offer(self, core: Indices, transport: Transport) -> None:
        """Hand the plan of the loaded sites on, if it is better."""
        if transport.cost_usd >= self._cost * (1.0 - 1e-12):
            return
        self._cost = transport.cost_usd
        self._offer_amounts(core, transport.amounts(), transport.is_open() > 0)

    def _offer_amounts(self, core: Indices, part_amount: Floats, part_is_open: NDArray[np.bool_]) -> None:
        problem = self._problem
        amount = np.zeros(len(problem.arc_usd))
        kept = np.zeros(len(problem.capacity), dtype=bool)
        kept[core] = True
        amount[kept[problem.arc_site]] = part_amount
        is_open = np.zeros(len(problem.capacity), dtype=bool)
        is_open[core] = part_is_open
        self._incumbent.offer(solution_of(self._instance, problem, amount, is_open), "search")

    def _descend(self, core: Indices, transport: Transport, deadline: float) -> None:
        """Local search until no move pays, or the time is up."""
        offered = self._clock.seconds
        while self._goes_on() and self._clock.seconds < deadline:
            if transport.improve(TRIES):
                break
            if self._clock.seconds > offered + OFFER_EVERY:
                self._offer(core, transport)
                offered = self._clock.seconds
        self._offer(core, transport)

    def _windows(self, core: Indices, transport: Transport, windows: Windows, deadline: float) -> None:
        failed, most = 0, STALLED * np.count_nonzero(transport.is_open())
        while failed < most and self._goes_on() and self._clock.seconds < deadline:
            if windows.step():
                failed = 0
                self._offer(core, transport)
            else:
                failed += 1

    def _prove(
        self,
        tree: FacilityTree,
        core: Indices,
        transport: Transport,
        windows: Windows | None,
        node_limit: int | None,
        restarts: _Restarts | None = None,
    ) -> None:
        """Nodes of the tree; a better plan found there is improved before it goes on."""
        began, restarted = self._clock.seconds, 0.0
        while not tree.is_done and self._goes_on() and (node_limit is None or tree.nodes < node_limit):
            before = tree.cost_usd
            tree.run(NODES, lambda: self._clock.left > 0.0)
            if tree.cost_usd < before and tree.best_open is not None:
                transport.change_sites(tree.best_open[core], np.inf)
                self._offer(core, transport)
                transport.improve(TRIES)
                self._offer(core, transport)
                if windows is not None:
                    self._windows(
                        core, transport, windows, self._clock.seconds + AGAIN_SHARE * self._clock.time_limit
                    )
                tree.learn(transport.cost_usd)
            self._incumbent.prove(tree.bound_usd, "bound")
            now = self._clock.seconds
            if restarts is not None and restarted < RESTART_SHARE * (now - began):
                self._restart(core, transport, restarts)
                tree.learn(transport.cost_usd)
                restarted += self._clock.seconds - now
        self._incumbent.prove(tree.bound_usd, "bound")

    def _restart(self, core: Indices, transport: Transport, restarts: _Restarts) -> None:
        trial = restarts.transport
        if np.isinf(trial.change_sites(restarts.rounding.is_open(), np.inf)):
            return
        deadline = self._clock.seconds + AGAIN_SHARE * self._clock.time_limit
        self._descend(core, trial, deadline)
        if trial.cost_usd < transport.cost_usd * (1.0 + WORTH_WINDOWS):
            self._windows(core, trial, restarts.windows, deadline)
        if trial.cost_usd < transport.cost_usd:
            transport.change_sites(trial.is_open(), np.inf)


class _Restarts:
    """Flows of their own for starts from the roundings of a tree, and windows over them."""

    def __init__(self, part: FacilityProblem, rounding: Transport, seed: int) -> None:
        self.rounding = rounding
        self.transport = Transport(part, len(part.capacity))
        self.transport.load_sites(np.flatnonzero(rounding.is_open()).astype(np.int32))
        self.windows = Windows(part, self.transport, solve_window, seed + 1)


def rounded(problem: FacilityProblem, openness: Floats) -> Indices:
    """The sites that look most open, as many as the demand needs; all where that is not enough."""
    order = np.argsort(-openness, kind="stable").astype(np.int32)
    carried = np.cumsum(problem.capacity[order])
    count = int(np.searchsorted(carried, problem.demand.sum() * (1.0 - 1e-12))) + 1
    return order[:count]


def loaded(problem: FacilityProblem, openness: Floats) -> Transport | None:
    """Flows of the rounded openness, with more sites where those do not reach every demand; None if all do not."""
    transport = Transport(problem, len(problem.capacity))
    order = np.argsort(-openness, kind="stable").astype(np.int32)
    count = len(rounded(problem, openness))
    while True:
        if np.isfinite(transport.load_sites(np.sort(order[:count]))):
            return transport
        if count >= len(order):
            return None
        count = min(len(order), count + max(1, count // GROWTH))


def solve_window(problem: FacilityProblem, is_open: Flags, price: Floats) -> tuple[Flags | None, bool]:
    """Better sites of a window than the open ones, or None; and whether it was solved to the end."""
    transport = Transport(problem, len(problem.capacity))
    cost = transport.load_sites(np.flatnonzero(is_open).astype(np.int32))
    if np.isinf(cost):
        return None, True
    root = RootBound(problem, price)
    for _ in range(WINDOW_BLOCKS):
        root.climb()
        if root.bound_usd > cost * (1.0 - WINDOW_GAP):
            return None, True
    every = np.arange(len(problem.capacity), dtype=np.int32)
    tree = FacilityTree(problem, root, every, transport, WINDOW_GAP)
    tree.run(WINDOW_NODES)
    return tree.best_open, tree.is_done
