"""Capacitated facility location inside an instance: plans and bounds by its own methods, which are far stronger.

A dual ascent bounds, its openness is rounded, local search and windows improve the plan, and a tree proves; the last
two take turns, for the better the plan the more the tree can fix, and the tree's roundings are new starts.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from siteopt._core.transport import Transport
from siteopt.bounds.branch import FacilityTree
from siteopt.bounds.root import RootBound
from siteopt.bounds.whole import WholeTree, whole_root
from siteopt.facility_location import recognised, solution_of
from siteopt.search.single_source import SingleSource
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
#: Moves of the local search, nodes of the tree and windows between looks at the clock.
TRIES, NODES = 50, 10
#: Share of the time that local search and windows may take before the tree begins; windows without success in a row,
#: in units of open sites, after which it begins anyway; windows after the tree has found a better plan.
SEARCH_SHARE, STALLED = 0.35, 1.5
#: Up to so many sites, the tree is tried before the search, for so many nodes, and the search has less of the time.
SMALL, SMALL_NODES, SMALL_SHARE = 600, 200, 0.05
#: Share of the time for windows after the tree has found a better plan.
AGAIN_SHARE = 0.05
#: Shares of capacity held back while sites are chosen for whole demands; moves of the search, explorations in a turn.
SPARE, WHOLE_TRIES, EXPLORED = (0.0, 0.002, 0.005, 0.01, 0.02), 300, 10
#: After so many turns without success, explorations are as rare.
IDLE_TURNS = 15
#: A window: nodes of its tree, blocks of its root, and the least that is worth finding, relative to its cost.
WINDOW_NODES, WINDOW_BLOCKS, WINDOW_GAP = 150, 4, 1e-6


def improve(instance: Instance, incumbent: Incumbent, seed: int, node_limit: int | None = None) -> bool:
    """Work on an instance that is capacitated facility location until the gap or the time is reached.

    Parameters
    ----------
    instance : Instance
    incumbent : Incumbent
        Told of plans and bounds; its clock and its gap say when to stop.
    seed : int
    node_limit : int, optional
        Most nodes of the tree.

    Returns
    -------
    bool
        False where the instance is not of this kind, and nothing was done.
    """
    problem = recognised(instance)
    if problem is None:
        return False
    kind = _Run if problem.is_splittable else _WholeRun
    kind(instance, problem, incumbent, seed).work(node_limit)
    return True


class _Run:
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
        found = self._start(root)
        if found is None:
            return
        core, part, transport = found
        self._offer(core, transport)
        windows = Windows(part, transport, solve_window, self._seed)
        rounding = Transport(part, len(core))
        rounding.load_sites(np.flatnonzero(transport.is_open()).astype(np.int32))
        tree = FacilityTree(self._problem, root, core, rounding, 0.999 * self._incumbent.gap_wanted)
        is_small = len(self._problem.capacity) <= SMALL
        share = SMALL_SHARE if is_small else SEARCH_SHARE
        self._descend(core, transport, self._clock.seconds + share * self._clock.time_limit)
        tree.learn(transport.cost_usd)
        if is_small:
            self._prove(tree, core, transport, None, SMALL_NODES if node_limit is None else node_limit)
        self._windows(core, transport, windows, self._clock.seconds + share * self._clock.time_limit)
        tree.learn(transport.cost_usd)
        self._prove(tree, core, transport, None if is_small else windows, node_limit)

    def _goes_on(self) -> bool:
        return self._clock.left > 0.0 and not self._incumbent.is_good_enough

    def _restricted(self, core: Indices) -> FacilityProblem:
        problem = self._problem
        if len(core) == len(problem.capacity):
            return problem
        return problem.restricted(core, np.arange(len(problem.demand), dtype=np.int32), problem.demand)

    def _start(self, root: RootBound) -> tuple[Indices, FacilityProblem, Transport] | None:
        """Core and flows of the rounded openness; the core grows until it can serve everything."""
        problem, n_site = self._problem, len(self._problem.capacity)
        openness, reduced = root.openness, root.reduced_usd
        by_openness = np.argsort(-openness, kind="stable")
        needed = (
            int(np.searchsorted(np.cumsum(problem.capacity[by_openness]), problem.demand.sum() * (1 - 1e-12)))
            + 1
        )
        size = min(n_site, int(CORE * max(needed, np.count_nonzero(openness > 0.5)) + CORE_MORE))
        while True:
            core = np.sort(np.argsort(reduced, kind="stable")[:size]).astype(np.int32)
            part = self._restricted(core)
            transport = Transport(part, size)
            order = np.argsort(-openness[core], kind="stable")
            carried = np.cumsum(part.capacity[order])
            first = int(np.searchsorted(carried, problem.demand.sum() * (1.0 - 1e-12))) + 1
            while first < 2 * size:
                if np.isfinite(transport.load_sites(np.sort(order[: min(first, size)]).astype(np.int32))):
                    return core, part, transport
                first = first * 2
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
        while self._goes_on() and self._clock.seconds < deadline:
            if transport.improve(TRIES):
                break
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
    ) -> None:
        """Nodes of the tree; a better plan found there is improved before it goes on."""
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
        self._incumbent.prove(tree.bound_usd, "bound")


class _WholeRun(_Run):
    """The same where demands may not be split."""

    def work(self, node_limit: int | None) -> None:
        divisible = replace(self._problem, is_splittable=True)
        root = RootBound(divisible)
        while not root.has_converged and self._goes_on():
            root.climb()
        if np.isinf(root.bound_usd):
            return
        self._incumbent.prove(root.bound_usd, "bound")
        found = self._start(root)
        if found is None:
            return
        core, part, _ = found
        plans = SingleSource(part, self._seed)
        spare = [self._with_room(part, share, root.openness[core]) for share in SPARE]
        transports = [transport for transport in spare if transport is not None]
        for transport in transports:
            transport.improve(WHOLE_TRIES)
            plans.try_flows(transport)
            self._offer_whole(core, plans)
        if not transports:
            return
        tree = WholeTree(
            self._problem,
            whole_root(self._problem, root),
            core,
            transports[0],
            0.999 * self._incumbent.gap_wanted,
            plans,
        )
        self._incumbent.prove(tree.bound_usd, "bound")
        turn = idle = 0
        while not tree.is_done and self._goes_on() and (node_limit is None or tree.nodes < node_limit):
            if idle < IDLE_TURNS or turn % IDLE_TURNS == 0:
                pays = plans.explore(
                    transports[turn % len(transports)], self._seed + turn, EXPLORED, WHOLE_TRIES // 10
                )
                idle = 0 if pays else idle + 1
            tree.learn(plans.cost_usd)
            tree.run(5 * NODES, lambda: self._clock.left > 0.0)
            self._offer_whole(core, plans)
            self._incumbent.prove(tree.bound_usd, "bound")
            turn += 1
        self._incumbent.prove(tree.bound_usd, "bound")

    def _with_room(self, part: FacilityProblem, share: float, openness: Floats) -> Transport | None:
        """Flows of the sites that look most open, each with a share of its capacity held back."""
        part = replace(part, capacity=part.capacity * (1.0 - share), is_splittable=True)
        transport = Transport(part, len(part.capacity))
        order = np.argsort(-openness, kind="stable").astype(np.int32)
        needed = int(np.searchsorted(np.cumsum(part.capacity[order]), part.demand.sum())) + 1
        while needed <= 2 * len(order):
            if np.isfinite(transport.load_sites(np.sort(order[:needed]))):
                return transport
            needed *= 2
        return None

    def _offer_whole(self, core: Indices, plans: SingleSource) -> None:
        if plans.cost_usd >= self._cost * (1.0 - 1e-12):
            return
        self._cost = plans.cost_usd
        part, _problem = self._restricted(core), self._problem
        is_used = np.zeros(len(part.arc_usd))
        is_used[plans.arcs] = 1.0
        self._offer_amounts(core, is_used * part.demand[part.arc_demand], plans.is_open > 0)


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
