"""Solve splittable problems: a search finds the plan, a tree proves the bound.

Both run concurrently where there are two cores; otherwise they take turns. The better the plan, the more the tree can
fix; in return, its roundings are new sites to search from.
"""

from __future__ import annotations

from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from siteopt.facility import solution_of
from siteopt.facility.dive import dive
from siteopt.facility.plan_search import PlanSearch
from siteopt.facility.root_bound import RootBound
from siteopt.facility.rounding import rounded_flows, rounded_sites
from siteopt.facility.tree import FacilityTree
from siteopt.run.concurrency import concurrently, has_spare_core
from siteopt.tolerances import ROUNDING

if TYPE_CHECKING:
    from collections.abc import Callable

    from siteopt._core.facility.transport import Transport
    from siteopt.arrays import Floats, Indices, Masks
    from siteopt.facility import FacilityProblem
    from siteopt.facility.tree import TreePlan
    from siteopt.instance import Instance
    from siteopt.run.incumbent import Incumbent
    from siteopt.run.options import SolveOptions

#: Number of restricted sites, which are all that plans may use: this many times those needed, and this many more.
TIMES_NEEDED, MORE_SITES = 2.0, 40
#: Sites above this openness are always among them.
LIKELY = 0.02
#: Tree nodes and steps of the search in a turn.
TREE_NODES, STEPS = 10, 10
#: Share of the time that the search has to itself when both take turns, unless it stalls before. It is less up to
#: SMALL sites, as the tree often solves those quickly, and more above LARGE, where a tree node takes too long to
#: prove anything.
ALONE, SMALL, SMALL_ALONE, LARGE, LARGE_ALONE = 0.3, 600, 0.05, 2000, 1.0
#: Most of the time that the ascent at the root and the dive may take, each: a plan is worth more than a better bound.
ROOT, DIVE = 0.5, 0.25


class SplittableRun:
    """A solve of a splittable problem."""

    def __init__(
        self, instance: Instance, problem: FacilityProblem, incumbent: Incumbent, options: SolveOptions
    ) -> None:
        self._instance, self._problem, self._incumbent, self._options = instance, problem, incumbent, options
        self._clock, self._node_limit = incumbent.clock, options.step_limit
        self._cost = np.inf

    def work(self) -> None:
        root = self._climb()
        if np.isinf(root.bound_usd):
            return
        self._incumbent.prove(root.bound_usd, "bound")
        # Plain rounding takes no time and is sometimes good enough; the dive takes as long as the ascent.
        found = self._restrict(root, root.openness)
        if found is not None:
            self._offer(found[0], found[2])
        if self._incumbent.is_good_enough:
            return
        found = self._restrict(root, self._dive(root))
        if found is None:
            return
        restricted_sites, restricted, transport = found
        self._offer(restricted_sites, transport)
        # The dive found sites that can carry the demand: the plain rounding reaches such a set too, if there is time.
        rounding = rounded_flows(restricted, root.openness[restricted_sites])
        if rounding is None:
            return
        gap = 0.999 * self._incumbent.gap_wanted
        tree = FacilityTree(self._problem, root, restricted_sites, rounding, gap, transport.cost_usd)
        offer = partial(self._offer, restricted_sites)
        search = PlanSearch(restricted, transport, self._options.seed, self._clock, offer)
        proof = _Proof(tree, restricted_sites, rounding, search, self._incumbent, self._offer_plan)
        if self._node_limit is None and has_spare_core():
            self._side_by_side(search, proof)
        else:
            self._in_turns(search, proof)
        search.finish()
        if tree.best is not None:
            self._offer_plan(tree.best)
        self._incumbent.prove(tree.bound_usd, "bound")

    def _climb(self) -> RootBound:
        root, goes_on = RootBound(self._problem), self._for_a_share(ROOT)
        while not root.has_converged and goes_on():
            root.climb()
        return root

    def _dive(self, root: RootBound) -> Floats:
        return dive(self._problem, root, self._for_a_share(DIVE))

    def _for_a_share(self, share: float) -> Callable[[], bool]:
        """Return a function that says whether to go on, for a share of the time from now on."""
        ends = self._clock.seconds + share * self._clock.time_limit
        return lambda: self._clock.seconds < ends and self._goes_on()

    def _side_by_side(self, search: PlanSearch, proof: _Proof) -> None:
        is_large = len(self._problem.capacity) > LARGE

        def prove(is_wanted: Callable[[], bool]) -> None:
            while is_large and not search.has_stalled and is_wanted() and self._goes_on():
                search.window()
            while not proof.is_done and is_wanted() and self._goes_on():
                proof.advance()

        with concurrently(prove, self._clock.fail):
            for _ in search.steps():
                if proof.is_done or not self._goes_on():
                    break

    def _in_turns(self, search: PlanSearch, proof: _Proof) -> None:
        node_limit, n_site, steps = self._node_limit, len(self._problem.capacity), search.steps()
        share = SMALL_ALONE if n_site <= SMALL else ALONE if n_site <= LARGE else LARGE_ALONE
        alone = self._clock.seconds + share * self._clock.time_limit
        while not proof.is_done and self._goes_on() and (node_limit is None or proof.tree_nodes < node_limit):
            began = self._clock.seconds
            for _ in islice(steps, STEPS):
                if not self._goes_on():
                    return
            now = self._clock.seconds
            if search.has_stalled or now > alone:
                # As long as the steps took; with a limit on tree nodes just one turn, so that every run is the same.
                proof.advance()
                while node_limit is None and self._clock.seconds < 2.0 * now - began and not proof.is_done:
                    proof.advance()

    def _goes_on(self) -> bool:
        return self._clock.left > 0.0 and not self._incumbent.is_good_enough

    def _restricted(self, restricted_sites: Indices) -> FacilityProblem:
        problem = self._problem
        if len(restricted_sites) == len(problem.capacity):
            return problem
        demands = np.arange(len(problem.demand), dtype=np.int32)
        return problem.restricted(restricted_sites, demands, problem.demand)

    def _restrict(
        self, root: RootBound, openness: Floats
    ) -> tuple[Indices, FacilityProblem, Transport] | None:
        """Choose restricted sites, enough to serve all demand; return them, their problem and flows of the rounding.

        None if even all sites cannot serve it.
        """
        problem, n_site = self._problem, len(self._problem.capacity)
        cheapest = np.argsort(root.reduced_usd, kind="stable")
        needed = max(len(rounded_sites(problem, openness)), int(np.count_nonzero(root.openness > 0.5)))
        fractional = np.flatnonzero(openness > LIKELY)
        size = min(n_site, int(TIMES_NEEDED * needed + MORE_SITES))
        while True:
            restricted_sites = np.union1d(cheapest[:size], fractional).astype(np.int32)
            restricted = self._restricted(restricted_sites)
            transport = rounded_flows(restricted, openness[restricted_sites])
            if transport is not None:
                return restricted_sites, restricted, transport
            if size == n_site:
                return None
            size = min(n_site, 2 * size)

    def _offer_plan(self, plan: TreePlan) -> None:
        """Hand on a plan of the tree if it is better than what was handed on before."""
        if plan.cost_usd < self._cost * (1.0 - ROUNDING):
            self._cost = plan.cost_usd
            self._offer_amounts(plan.sites, plan.amounts, plan.is_open > 0)

    def _offer(self, restricted_sites: Indices, transport: Transport) -> None:
        """Offer the plan of the loaded sites to the incumbent, if it is better."""
        if transport.cost_usd >= self._cost * (1.0 - ROUNDING):
            return
        self._cost = transport.cost_usd
        self._offer_amounts(restricted_sites, transport.amounts(), transport.is_open() > 0)

    def _offer_amounts(self, restricted_sites: Indices, part_amount: Floats, part_is_open: Masks) -> None:
        problem = self._problem
        amount = np.zeros(len(problem.arc_usd))
        kept = np.zeros(len(problem.capacity), dtype=bool)
        kept[restricted_sites] = True
        amount[kept[problem.arc_site]] = part_amount
        is_open = np.zeros(len(problem.capacity), dtype=bool)
        is_open[restricted_sites] = part_is_open
        self._incumbent.offer(solution_of(self._instance, problem, amount, is_open), "search")


class _Proof:
    """The turns of the tree, and its exchange of plans with the search."""

    def __init__(
        self,
        tree: FacilityTree,
        restricted_sites: Indices,
        rounding: Transport,
        search: PlanSearch,
        incumbent: Incumbent,
        offer: Callable[[TreePlan], None],
    ) -> None:
        self._tree, self._restricted_sites, self._rounding = tree, restricted_sites, rounding
        self._search, self._incumbent, self._offer = search, incumbent, offer
        search.restart_from = rounding.is_open()
        self.is_done = tree.is_done

    @property
    def tree_nodes(self) -> int:
        """Number of tree nodes so far."""
        return self._tree.tree_nodes

    def advance(self) -> None:
        """Work on some tree nodes, then give the search their rounding, and their plan if it is better.

        A plan with a site that the search does not have goes to the incumbent directly.
        """
        tree, search = self._tree, self._search
        tree.learn(search.cost_usd)
        before = tree.cost_usd
        tree.run(TREE_NODES, lambda: self._incumbent.clock.left > 0.0)
        plan = tree.best
        if plan is not None and plan.cost_usd < before:
            is_open = np.isin(self._restricted_sites, plan.open_sites).astype(np.uint8)
            if np.count_nonzero(is_open) == len(plan.open_sites):
                search.found(is_open)
            else:
                self._offer(plan)
        search.restart_from = self._rounding.is_open()
        self._incumbent.prove(tree.bound_usd, "bound")
        self.is_done = tree.is_done
