"""Rounds of local search, with bounding concurrent where there are two cores, else between them."""

from __future__ import annotations

from contextlib import nullcontext
from math import inf
from typing import TYPE_CHECKING

from siteopt.bounds.lagrangian import LagrangianAscent
from siteopt.matheuristics.flow_lp import cheapest_flows, flows_of_sites
from siteopt.run.concurrency import concurrently, has_spare_core
from siteopt.search.local_search import Search
from siteopt.solving.bounding import Bounding
from siteopt.solving.warm_start import load_warm_start

if TYPE_CHECKING:
    from siteopt.instance import Instance, Solution
    from siteopt.run.incumbent import Incumbent
    from siteopt.run.options import SolveOptions
    from siteopt.solving.warm_start import Decisions

#: Dual steps before the first round and after each, where both take turns.
FIRST_STEPS, STEPS_PER_ROUND = 100, 20
#: The search has stalled when this many rounds in a row bring no gain.
STALLED_ROUNDS = 120
#: All flows of a solution are chosen anew if it costs at most this share more than the best one.
NEAR = 0.005
#: Rounds within which the sites of a hint must bring a better plan.
TRIED = 8


class Rounds:
    """The search and the bound of one solve.

    Parameters
    ----------
    instance : Instance
    incumbent : Incumbent
        Told of plans and bounds; its clock and its gap say when to stop.
    options : SolveOptions
        Under a limit on iterations both take turns even on two cores, so that the same seed gives the same plan.
    """

    def __init__(self, instance: Instance, incumbent: Incumbent, options: SolveOptions) -> None:
        self._instance, self._incumbent = instance, incumbent
        self._search, self._seed = Search(instance, options.seed), options.seed
        most = options.iteration_limit
        self._most = float("inf") if most is None else most
        self._takes_turns = most is not None or not has_spare_core()
        self._done = self._stalled = 0
        # Reserve is set anew in every round, so that choosing flows anew pays even while a descent still gains.
        self._sets_reserve = bool(instance.variants.is_protected.any())
        self._rearranged_usd = float("inf")

    @property
    def are_used_up(self) -> bool:
        """Whether the limit on rounds is reached."""
        return self._done >= self._most

    def search_briefly(self, warm_start: Decisions | None, deadline: float) -> float:
        """Search until a few rounds bring no gain, for a warm start of the exact model.

        Returns
        -------
        float
            A quick bound, USD, for where the exact model has no time to prove one.
        """
        self._load(warm_start, inf)
        while self._stalled <= 3 and self._done < STALLED_ROUNDS:
            ends = inf if self._incumbent.solution is None else deadline
            if not self._goes_on(ends):
                break
            self._round(ends)
        ascent = LagrangianAscent(self._instance)
        ascent.run(1, self._incumbent.cost_usd)
        ascent.run(FIRST_STEPS, self._incumbent.cost_usd, lambda: self._is_open(2.0 * deadline))
        return ascent.bound_usd

    def search_and_prove(self, warm_start: Decisions | None, deadline: float, *, exact_follows: bool) -> None:
        """Search and prove bounds until the gap or a limit is reached, or neither plan nor bound improves any more.

        Parameters
        ----------
        warm_start : Decisions or None
        deadline : float
            When to stop at the latest, in seconds of the clock.
        exact_follows : bool
            Whether to give up where no plan is found: there may be none at all, which only the exact model can prove.
        """
        incumbent = self._incumbent
        bounding = Bounding(self._instance, incumbent, deadline, in_part=not exact_follows)
        aside = nullcontext() if self._takes_turns else concurrently(bounding.run, incumbent.clock.fail)
        with aside:
            self._load(warm_start, deadline)
            if self._takes_turns:
                bounding.turn(FIRST_STEPS)
            while self._goes_on(deadline):
                if exact_follows and incumbent.solution is None and self._done >= STALLED_ROUNDS:
                    return
                self._round(deadline)
                if self._takes_turns:
                    bounding.turn(STEPS_PER_ROUND)
                hint = bounding.hint()
                if hint is not None:
                    self._try_sites(hint, deadline)
                if self._stalled >= STALLED_ROUNDS and bounding.is_done:
                    return

    def _is_open(self, deadline: float) -> bool:
        clock = self._incumbent.clock
        return clock.left > 0.0 and clock.seconds < deadline and not self._incumbent.is_good_enough

    def _goes_on(self, deadline: float) -> bool:
        return self._is_open(deadline) and not self.are_used_up

    def _load(self, warm_start: Decisions | None, deadline: float) -> None:
        load_warm_start(self._search, warm_start, lambda: self._is_open(deadline))
        self._incumbent.offer(self._search.solution(), "search")

    def _round(self, deadline: float) -> None:
        before = self._incumbent.cost_usd
        paid = self._search.round(lambda: self._is_open(deadline))
        found = self._search.solution(lambda: self._is_open(deadline))
        usd = self._incumbent.offer(found, "search")
        if found is not None and (self._sets_reserve or not paid):
            self._rearrange(found, usd, deadline)
            paid = paid or self._incumbent.cost_usd < before
        self._stalled = 0 if paid else self._stalled + 1
        self._done += 1

    def _try_sites(self, hint: Solution, deadline: float) -> None:
        """Continue the search from the sites of a hint, unless some rounds from there bring no better plan."""
        flows = flows_of_sites(self._instance, hint, lambda: self._is_open(deadline))
        if flows is None:
            return
        before, before_usd = self._search, self._incumbent.cost_usd
        self._search = Search(self._instance, self._seed)
        self._search.serve_from(hint.option, *flows, lambda: self._is_open(deadline))
        for _ in range(TRIED):
            if self._goes_on(deadline):
                self._round(deadline)
        if self._incumbent.cost_usd >= before_usd:
            self._search = before

    def _rearrange(self, found: Solution, usd: float, deadline: float) -> None:
        """Choose all flows of a solution anew, if it is new and costs little more than the best one."""
        best_usd = self._incumbent.cost_usd
        is_known = usd == self._rearranged_usd or usd > best_usd + NEAR * abs(best_usd)
        if is_known or not self._is_open(deadline):
            return
        self._rearranged_usd = usd
        flows = cheapest_flows(self._instance, found, lambda: self._is_open(deadline))
        if flows is not None:
            self._search.try_flows(found, *flows, lambda: self._is_open(deadline))
            self._incumbent.offer(self._search.solution(), "search")
