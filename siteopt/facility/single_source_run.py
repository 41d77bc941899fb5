"""Where demands may not be split: annealing for the plan, a tree that decides sites and fills them for the proof.

Both run side by side where there are two cores, else they take turns.
"""

from __future__ import annotations

from bisect import bisect_left
from itertools import count, islice
from typing import TYPE_CHECKING

import numpy as np

from siteopt.facility import divisible, fitting, solution_of
from siteopt.facility.dive import dive
from siteopt.facility.exact import finish_exactly
from siteopt.facility.root_bound import RootBound
from siteopt.facility.rounding import loaded
from siteopt.facility.single_source_search import SingleSource
from siteopt.facility.single_source_tree import Filling, WholeTree
from siteopt.facility.splittable_run import DivisibleRun
from siteopt.run.concurrency import beside, has_spare_core
from siteopt.tolerances import ROUNDING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from siteopt._core.facility.transport import Transport
    from siteopt.arrays import Floats, Indices
    from siteopt.facility import FacilityProblem
    from siteopt.instance import Instance
    from siteopt.run.incumbent import Incumbent
    from siteopt.run.options import SolveOptions

#: Iterations of the search between looks at the clock; turns after which it begins anew where only nodes are limited.
ITERATIONS, TURNS = 200, 25
#: A turn of the search and one of the tree take this share of the time each.
TURN = 0.005
#: Of so many turns, one is the tree's, or the search's if the tree is likely to end in time.
RARELY = 8
#: Turns that the search has to itself: without a good plan to compare them with, the tree looks at far too many sites
#: and fills them far too long.
ALONE = 10
#: The tree leaves off what is within this share of the gap asked for, so that bounds lowered for rounding suffice.
CUT = 0.85
#: Turns of the tree after which its pace is known.
LEAST_TURNS = 4
#: Nodes of a turn of the tree, where only nodes are limited and else.
NODES, MOST_NODES = 20, 100_000
#: Up to so many arcs the exact model looks for a plan where none was found.
LARGEST_EXACT = 20_000
#: Share of the time that filling one set of sites may take, and how much more the next one gets after one that was cut
#: short: what it had come to is lost but for its bound.
FILL, LONGER = 0.4, 2.0


class WholeRun(DivisibleRun):
    """One solve of one problem whose demands may not be split."""

    def __init__(
        self, instance: Instance, problem: FacilityProblem, incumbent: Incumbent, options: SolveOptions
    ) -> None:
        self._whole = fitting(problem)
        super().__init__(instance, divisible(self._whole), incumbent, options)
        self._original = problem
        self._fill_seconds = FILL * self._clock.time_limit
        # Not the tree's own word, which holds only between its turns.
        self._is_proven = False

    def work(self) -> None:
        """Search and tree in turns; where they cannot begin, the exact model if it is small enough."""
        self._own()
        is_small = len(self._original.arc_usd) <= LARGEST_EXACT
        if is_small and self._incumbent.solution is None and self._clock.left > 0.0:
            finish_exactly(self._instance, self._incumbent, self._options)

    def _own(self) -> None:
        root = RootBound(self._problem)
        while not root.has_converged and self._goes_on():
            root.climb()
        if np.isinf(root.bound_usd) or not is_complete(self._whole):
            return
        self._incumbent.prove(root.bound_usd, "bound")
        found = self._start(root, dive(self._problem, root))
        if found is None:
            return
        core, _, transport = found
        plans = self._plans(core, transport)
        if plans is None:
            # Some demand is too large for every site of the core.
            core = np.arange(len(self._whole.capacity), dtype=np.int32)
            everywhere = loaded(self._problem, root.openness)
            plans = None if everywhere is None else self._plans(core, everywhere)
        if plans is not None:
            gap = CUT * self._incumbent.gap_wanted
            tree = WholeTree(self._whole, self._problem, root, gap, dearest(self._whole), self._fill)
            self._is_proven = tree.is_done
            if self._node_limit is None and has_spare_core():
                self._at_once(tree, plans, core)
            else:
                self._take_turns(tree, plans, core)

    def _plans(self, core: Indices, transport: Transport) -> SingleSource | None:
        """The search over some sites, begun from flows of split demands; None where a demand fits into none of them."""
        demands = np.arange(len(self._whole.demand), dtype=np.int32)
        part = self._whole.restricted(core, demands, self._whole.demand)
        if not is_complete(part):
            return None
        plans = SingleSource(part, self._options.seed)
        # The relaxation may have one more demand, whose arcs are the last ones.
        plans.begin(transport.is_open(), largest_shares(part, transport.amounts()[: len(part.arc_site)]))
        self._offer_sites(core, plans)
        return plans

    def _at_once(self, tree: WholeTree, plans: SingleSource, core: Indices) -> None:
        """The search here, the tree beside it."""

        def prove(is_wanted: Callable[[], bool]) -> None:
            while is_wanted() and self._goes_on() and not self._is_proven:
                self._advance(tree, plans, core)

        def search(turns: Iterator[int]) -> None:
            for turn in turns:
                if not self._goes_on() or self._is_proven:
                    return
                self._search(plans, turn)
                self._offer_sites(core, plans)

        turns = count()
        search(islice(turns, ALONE))
        with beside(prove, self._clock.interrupt):
            search(turns)

    def _take_turns(self, tree: WholeTree, plans: SingleSource, core: Indices) -> None:
        node_limit, turn, pace = self._node_limit, 0, Pace()
        while not self._is_proven and self._goes_on() and (node_limit is None or tree.nodes < node_limit):
            is_promising = np.isfinite(plans.cost_usd) and pace.needed(tree.cost_usd) <= self._clock.left
            if not is_promising or turn % RARELY == 0:
                self._search(plans, turn)
                ends = self._clock.seconds + TURN * self._clock.time_limit
                while self._clock.seconds < ends < np.inf and self._goes_on():
                    self._search(plans, turn)
                self._offer_sites(core, plans)
            if is_promising or turn % RARELY == RARELY - 1:
                began = self._clock.seconds
                self._advance(tree, plans, core)
                pace.add(self._clock.seconds - began, tree.bound_usd)
            turn += 1

    def _search(self, plans: SingleSource, turn: int) -> None:
        limit = self._clock.time_limit
        plans.go_on(ITERATIONS, (turn % TURNS) / TURNS if np.isinf(limit) else self._clock.seconds / limit)

    def _advance(self, tree: WholeTree, plans: SingleSource, core: Indices) -> None:
        """A turn of the tree; the search goes on from its plan, if that is better and the search has all its sites."""
        deadline, before = self._clock.seconds + TURN * self._clock.time_limit, tree.cost_usd
        tree.learn(self._cost)
        tree.run(NODES if np.isinf(deadline) else MOST_NODES, lambda: self._clock.seconds < deadline)
        site = tree.best_site if tree.cost_usd < min(before, self._cost) else None
        if site is not None:
            self._offer_whole(site, tree.cost_usd)
            position = np.full(len(self._whole.capacity), -1, dtype=np.int32)
            position[core] = np.arange(len(core))
            if np.all(position[site] >= 0):
                plans.found(position[site])
        if np.isfinite(tree.bound_usd):
            self._incumbent.prove(tree.bound_usd, "bound")
        self._is_proven = tree.is_done

    def _fill(self, problem: FacilityProblem, cutoff_usd: float) -> Filling:
        """Fill decided sites with HiGHS."""
        # Pyomo takes most of a second to import, which solves that end before need not wait for.
        from siteopt.facility.generalised_assignment import fill_sites

        seconds = self._fill_seconds
        deadline = self._clock.seconds + seconds
        filling = Filling(
            *fill_sites(
                problem,
                cutoff_usd,
                self._options.seed,
                min(self._clock.left, seconds),
                lambda: self._clock.left > 0.0 and self._clock.seconds < deadline,
            )
        )
        if not filling.is_final:
            self._fill_seconds = LONGER * seconds
        return filling

    def _offer_sites(self, core: Indices, plans: SingleSource) -> None:
        if plans.cost_usd < self._cost:
            self._offer_whole(core[plans.sites], plans.cost_usd)

    def _offer_whole(self, site: Indices, cost_usd: float) -> None:
        """Hand on a plan that serves each demand from one site."""
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
    """How fast a bound rises, by the second half of the time that was spent on it."""

    def __init__(self) -> None:
        self._seconds, self._bound = [0.0], [-np.inf]

    def add(self, seconds: float, bound_usd: float) -> None:
        """So many more seconds were spent, and this is the bound now."""
        self._seconds.append(self._seconds[-1] + seconds)
        self._bound.append(bound_usd)

    def needed(self, goal_usd: float) -> float:
        """Seconds until the bound reaches the goal; none while there is nothing to judge by."""
        if len(self._seconds) < LEAST_TURNS:
            return 0.0
        half = bisect_left(self._seconds, 0.5 * self._seconds[-1])
        risen = self._bound[-1] - self._bound[half]
        spent = self._seconds[-1] - self._seconds[half]
        return (goal_usd - self._bound[-1]) * spent / risen if risen > 0.0 else np.inf


def is_complete(problem: FacilityProblem) -> bool:
    """Whether each demand has an arc."""
    return bool(np.all(np.diff(problem.arc_ptr) > 0))


def dearest(problem: FacilityProblem) -> float:
    """More than any plan costs."""
    most = np.maximum.reduceat(problem.arc_usd, problem.arc_ptr[:-1])
    return float(problem.fixed_usd.sum() + most @ problem.demand) * (1.0 + 1e-6) + 1.0


def largest_shares(problem: FacilityProblem, amount: Floats) -> Indices:
    """The site that most of each demand goes to, shape (n_demand,)."""
    order = np.lexsort((amount, problem.arc_demand))
    return problem.arc_site[order[problem.arc_ptr[1:] - 1]].astype(np.int32)
