"""Solve single-source problems: annealing finds the plan, a tree that decides sites and assigns demands proves it.

Both run concurrently where there are two cores; otherwise they take turns.
"""

from __future__ import annotations

from bisect import bisect_left
from itertools import count, islice
from typing import TYPE_CHECKING

import numpy as np

from siteopt.facility import fitting, solution_of, splittable_relaxation
from siteopt.facility.exact import finish_exactly
from siteopt.facility.rounding import rounded_flows
from siteopt.facility.single_source_search import SingleSourceSearch
from siteopt.facility.single_source_tree import GeneralisedAssignment, SingleSourceTree
from siteopt.facility.splittable_run import SplittableRun
from siteopt.run.concurrency import concurrently, has_spare_core
from siteopt.tolerances import ROUNDING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from siteopt._core.facility.transport import Transport
    from siteopt.arrays import Floats, Indices
    from siteopt.facility import FacilityProblem
    from siteopt.instance import Instance
    from siteopt.run.incumbent import Incumbent
    from siteopt.run.options import SolveOptions

#: Iterations of the search between two looks at the clock; turns after which it starts afresh if only tree nodes are
#: limited.
ITERATIONS, TURNS = 200, 25
#: A turn of the search and a turn of the tree each take this share of the time.
TURN = 0.005
#: One turn in this many is the tree's; if the tree is likely to finish in time, one in this many is the search's.
RARELY = 8
#: Turns that the search has to itself: without a good plan to compare with, the tree would keep far too many sites
#: and spend far too long on assigning demands to them.
ALONE = 10
#: The tree prunes at this share of the gap asked for, so that bounds still reach the gap after the deduction for
#: rounding.
CUT = 0.85
#: Turns of the tree after which its pace counts as known.
LEAST_TURNS = 4
#: Most tree nodes in a turn of the tree: if only tree nodes are limited, and otherwise.
TREE_NODES, MOST_TREE_NODES = 20, 100_000
#: Most arcs with which the exact model is tried if no plan was found.
LARGEST_EXACT = 20_000
#: Share of the time that the assignment to one set of sites may take, and the factor by which that grows after one
#: was cut short: nothing but its bound is kept of such an assignment.
ASSIGNMENT, LONGER = 0.4, 2.0


class SingleSourceRun(SplittableRun):
    """A solve of a single-source problem."""

    def __init__(
        self, instance: Instance, problem: FacilityProblem, incumbent: Incumbent, options: SolveOptions
    ) -> None:
        self._single_source = fitting(problem)
        super().__init__(instance, splittable_relaxation(self._single_source), incumbent, options)
        self._original = problem
        self._assignment_seconds = ASSIGNMENT * self._clock.time_limit
        # Kept apart from the tree's own flag, which is only valid between its turns.
        self._is_proven = False

    def work(self) -> None:
        """Run search and tree; if they cannot begin and the exact model is small enough, solve that."""
        self._own()
        is_small = len(self._original.arc_usd) <= LARGEST_EXACT
        if is_small and self._incumbent.solution is None and self._clock.left > 0.0:
            finish_exactly(self._instance, self._incumbent, self._options)

    def _own(self) -> None:
        root = self._climb()
        if np.isinf(root.bound_usd) or not is_complete(self._single_source):
            return
        self._incumbent.prove(root.bound_usd, "bound")
        found = self._restrict(root, self._dive(root))
        if found is None:
            return
        restricted_sites, _, transport = found
        plans = self._plans(restricted_sites, transport)
        if plans is None:
            # Some demand is too large for each of the restricted sites.
            restricted_sites = np.arange(len(self._single_source.capacity), dtype=np.int32)
            everywhere = rounded_flows(self._problem, root.openness)
            plans = None if everywhere is None else self._plans(restricted_sites, everywhere)
        if plans is not None:
            gap = CUT * self._incumbent.gap_wanted
            cost_usd = dearest(self._single_source)
            tree = SingleSourceTree(self._single_source, self._problem, root, gap, cost_usd, self._assign)
            self._is_proven = tree.is_done
            if self._node_limit is None and has_spare_core():
                self._at_once(tree, plans, restricted_sites)
            else:
                self._take_turns(tree, plans, restricted_sites)

    def _plans(self, restricted_sites: Indices, transport: Transport) -> SingleSourceSearch | None:
        """Begin the search over some sites from flows of split demands; None if some demand fits into none of them."""
        demands = np.arange(len(self._single_source.demand), dtype=np.int32)
        restricted = self._single_source.restricted(restricted_sites, demands, self._single_source.demand)
        if not is_complete(restricted):
            return None
        plans = SingleSourceSearch(restricted, self._options.seed)
        # The relaxation may have one more demand, whose arcs are the last ones.
        plans.begin(
            transport.is_open(), largest_shares(restricted, transport.amounts()[: len(restricted.arc_site)])
        )
        self._offer_sites(restricted_sites, plans)
        return plans

    def _at_once(self, tree: SingleSourceTree, plans: SingleSourceSearch, restricted_sites: Indices) -> None:
        """Search in this thread while the tree proves the bound in a second one."""

        def prove(is_wanted: Callable[[], bool]) -> None:
            while is_wanted() and self._goes_on() and not self._is_proven:
                self._advance(tree, plans, restricted_sites)

        def search(turns: Iterator[int]) -> None:
            for turn in turns:
                if not self._goes_on() or self._is_proven:
                    return
                self._search(plans, turn)
                self._offer_sites(restricted_sites, plans)

        turns = count()
        search(islice(turns, ALONE))
        with concurrently(prove, self._clock.fail):
            search(turns)

    def _take_turns(
        self, tree: SingleSourceTree, plans: SingleSourceSearch, restricted_sites: Indices
    ) -> None:
        node_limit, turn, pace = self._node_limit, 0, Pace()
        while (
            not self._is_proven and self._goes_on() and (node_limit is None or tree.tree_nodes < node_limit)
        ):
            is_promising = np.isfinite(plans.cost_usd) and pace.needed(tree.cost_usd) <= self._clock.left
            if not is_promising or turn % RARELY == 0:
                self._search(plans, turn)
                ends = self._clock.seconds + TURN * self._clock.time_limit
                while self._clock.seconds < ends < np.inf and self._goes_on():
                    self._search(plans, turn)
                self._offer_sites(restricted_sites, plans)
            if is_promising or turn % RARELY == RARELY - 1:
                began = self._clock.seconds
                self._advance(tree, plans, restricted_sites)
                pace.add(self._clock.seconds - began, tree.bound_usd)
            turn += 1

    def _search(self, plans: SingleSourceSearch, turn: int) -> None:
        limit = self._clock.time_limit
        plans.go_on(ITERATIONS, (turn % TURNS) / TURNS if np.isinf(limit) else self._clock.seconds / limit)

    def _advance(self, tree: SingleSourceTree, plans: SingleSourceSearch, restricted_sites: Indices) -> None:
        """Give the tree a turn; the search takes over its plan if that is better and uses restricted sites only."""
        deadline, before = self._clock.seconds + TURN * self._clock.time_limit, tree.cost_usd
        tree.learn(self._cost)
        tree.run(
            TREE_NODES if np.isinf(deadline) else MOST_TREE_NODES, lambda: self._clock.seconds < deadline
        )
        site = tree.best_site if tree.cost_usd < min(before, self._cost) else None
        if site is not None:
            self._offer_assignment(site, tree.cost_usd)
            position = np.full(len(self._single_source.capacity), -1, dtype=np.int32)
            position[restricted_sites] = np.arange(len(restricted_sites))
            if np.all(position[site] >= 0):
                plans.found(position[site])
        if np.isfinite(tree.bound_usd):
            self._incumbent.prove(tree.bound_usd, "bound")
        self._is_proven = tree.is_done

    def _assign(self, problem: FacilityProblem, cutoff_usd: float) -> GeneralisedAssignment:
        """Assign the demands to the decided sites with HiGHS."""
        # Pyomo takes most of a second to import; a solve that ends earlier should not have to wait for it.
        from siteopt.facility.generalised_assignment import solve_generalised_assignment

        seconds = self._assignment_seconds
        deadline = self._clock.seconds + seconds
        assignment = GeneralisedAssignment(
            *solve_generalised_assignment(
                problem,
                cutoff_usd,
                self._options.seed,
                min(self._clock.left, seconds),
                lambda: self._clock.left > 0.0 and self._clock.seconds < deadline,
            )
        )
        if not assignment.is_final:
            self._assignment_seconds = LONGER * seconds
        return assignment

    def _offer_sites(self, restricted_sites: Indices, plans: SingleSourceSearch) -> None:
        if plans.cost_usd < self._cost:
            self._offer_assignment(restricted_sites[plans.sites], plans.cost_usd)

    def _offer_assignment(self, site: Indices, cost_usd: float) -> None:
        """Offer a plan that serves each demand from one site to the incumbent, if it is better."""
        if cost_usd >= self._cost * (1.0 - ROUNDING):
            return
        self._cost = cost_usd
        problem = self._original
        demand = problem.arc_demand
        amount = np.where(problem.arc_site == site[demand], problem.demand[demand], 0.0)
        is_open = np.zeros(len(problem.capacity), dtype=bool)
        is_open[site] = True
        self._incumbent.offer(solution_of(self._instance, problem, amount, is_open), "search")


class Pace:
    """Pace at which a bound rises, judged by the second half of the time that was spent on it."""

    def __init__(self) -> None:
        self._seconds, self._bound = [0.0], [-np.inf]

    def add(self, seconds: float, bound_usd: float) -> None:
        """Record that the bound has reached this value after that many more seconds."""
        self._seconds.append(self._seconds[-1] + seconds)
        self._bound.append(bound_usd)

    def needed(self, goal_usd: float) -> float:
        """Estimate the seconds until the bound reaches the goal; 0 while there is too little to judge by."""
        if len(self._seconds) < LEAST_TURNS:
            return 0.0
        half = bisect_left(self._seconds, 0.5 * self._seconds[-1])
        risen = self._bound[-1] - self._bound[half]
        spent = self._seconds[-1] - self._seconds[half]
        return (goal_usd - self._bound[-1]) * spent / risen if risen > 0.0 else np.inf


def is_complete(problem: FacilityProblem) -> bool:
    """Return whether each demand has an arc."""
    return bool(np.all(np.diff(problem.arc_ptr) > 0))


def dearest(problem: FacilityProblem) -> float:
    """Return a cost that no plan reaches, USD."""
    most = np.maximum.reduceat(problem.arc_usd, problem.arc_ptr[:-1])
    return float(problem.fixed_usd.sum() + most @ problem.demand) * (1.0 + 1e-6) + 1.0


def largest_shares(problem: FacilityProblem, amount: Floats) -> Indices:
    """Return the site that serves most of each demand, shape (n_demand,)."""
    order = np.lexsort((amount, problem.arc_demand))
    return problem.arc_site[order[problem.arc_ptr[1:] - 1]].astype(np.int32)
