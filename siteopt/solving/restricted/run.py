"""One solve of a scenario with too many flows to list: search of restricted problems, dual ascent over all sites."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from siteopt.bounds.implicit_flows import ImplicitAscent
from siteopt.compile import compile_instance
from siteopt.compile.implicit_flows import compile_implicit_flows
from siteopt.compile.part import with_sites
from siteopt.diagnose.proofs import implicit_impossibilities
from siteopt.errors import InfeasibleError
from siteopt.evaluate import plan_of
from siteopt.run.concurrency import concurrently, has_spare_core
from siteopt.run.incumbent import Incumbent, log_failure
from siteopt.search.local_search import Search
from siteopt.solving.restricted.site_choice import SiteChoice
from siteopt.solving.warm_start import decisions_of, load_warm_start

if TYPE_CHECKING:
    from collections.abc import Callable

    from siteopt.instance import Instance
    from siteopt.plan import Limit, Plan
    from siteopt.run.options import SolveOptions
    from siteopt.run.progress import Clock, Progress
    from siteopt.scenario.schema import Scenario

#: Dual steps before the first restricted problem, the share of the time that they may take, and dual steps per round.
FIRST_STEPS, FIRST_SHARE, STEPS_PER_ROUND = 100, 0.2, 5
#: A restricted problem is left when this many rounds in a row bring no gain; the search ends when this many restricted
#: problems in a row bring none.
STALLED_ROUNDS, STALLED_PROBLEMS = 4, 3
#: Gains below this, relative to the cost, do not count.
GAIN = 1e-5


@dataclass(frozen=True, slots=True, eq=False)
class RestrictedProblem:
    """Some or all sites of a scenario, with their flows listed, and the best solution that was found on them."""

    scenario: Scenario
    instance: Instance
    incumbent: Incumbent


class RestrictedRun:
    """One solve of a scenario with too many flows to list.

    Parameters
    ----------
    scenario : Scenario
    clock : Clock
    options : SolveOptions
        Under a limit on iterations search and bound take turns even on two cores, so that the same seed gives the same
        plan.
    progress : callable or None

    Attributes
    ----------
    is_exhausted : bool
        Always False: running out of moves proves nothing.
    limit : {"iterations"} or None

    Raises
    ------
    InfeasibleError
        If a demand that must be served is out of reach of every site.
    """

    def __init__(
        self,
        scenario: Scenario,
        clock: Clock,
        options: SolveOptions,
        progress: Callable[[Progress], None] | None,
    ) -> None:
        implicit = compile_implicit_flows(scenario)
        reasons = implicit_impossibilities(scenario, implicit)
        if reasons:
            raise InfeasibleError(reasons)
        self._scenario, self._ascent = scenario, ImplicitAscent(implicit)
        self._site_choice = SiteChoice(implicit, self._ascent)
        self._clock, self._options, self._progress = clock, options, progress
        limit = options.iteration_limit
        self._rounds_left = float("inf") if limit is None else limit
        self._takes_turns = limit is not None or not has_spare_core()
        self._row = {site.id: j for j, site in enumerate(scenario.sites)}
        self._current: Incumbent | None = None
        self._best_usd = float("inf")
        self.is_exhausted = False
        self.limit: Limit | None = None

    def work(self, warm_start: Plan | None) -> RestrictedProblem:
        """Search restricted problems up to the gap, a limit, or a stall; return the one with the best plan."""
        deadline = self._clock.seconds + FIRST_SHARE * self._clock.time_limit
        self._ascent.run(
            FIRST_STEPS, float("inf"), lambda: self._has_time() and self._clock.seconds < deadline
        )

        def climb(is_wanted: Callable[[], bool]) -> None:
            while is_wanted() and self._has_time() and not self._ascent.has_converged:
                self._climb(lambda: is_wanted() and self._has_time())

        best: RestrictedProblem | None = None
        try:
            with nullcontext() if self._takes_turns else concurrently(climb, self._clock.fail):
                best = self._search_problems(warm_start)
        except Exception as error:
            if best is None or best.incumbent.solution is None:
                raise
            log_failure(error)
        best.incumbent.prove(self._ascent.bound_usd, "bound")
        self.limit = "iterations" if self._rounds_left <= 0 else None
        return best

    def _search_problems(self, warm_start: Plan | None) -> RestrictedProblem:
        best, stalled = self._search_problem(warm_start), 0
        while stalled < STALLED_PROBLEMS and self._goes_on(best.incumbent):
            last: RestrictedProblem | None = None
            with best.incumbent.outlives_failure():
                last = self._search_problem(self._plan(best))
            if last is None:
                break
            gained = last.incumbent.cost_usd < best.incumbent.cost_usd * (1.0 - GAIN)
            stalled = 0 if gained or not self._ascent.has_converged else stalled + 1
            if last.incumbent.cost_usd < best.incumbent.cost_usd:
                best = last
        return best

    def _has_time(self) -> bool:
        return self._clock.left > 0.0

    def _goes_on(self, incumbent: Incumbent) -> bool:
        return self._has_time() and self._rounds_left > 0 and not incumbent.is_good_enough

    def _plan(self, restricted: RestrictedProblem) -> Plan | None:
        solution = restricted.incumbent.solution
        return None if solution is None else plan_of(restricted.scenario, restricted.instance, solution)

    def _tell(self, news: Progress) -> None:
        """Pass progress on unless it is a step back: a restricted problem begins without a plan or with a worse one."""
        cost_usd = float("inf") if news.incumbent_usd is None else news.incumbent_usd
        if cost_usd <= self._best_usd:
            self._best_usd = cost_usd
            if self._progress is not None:
                self._progress(news)

    def _climb(self, keep_going: Callable[[], bool]) -> None:
        self._ascent.run(STEPS_PER_ROUND, self._best_usd, keep_going)
        if self._current is not None:
            self._current.prove(self._ascent.bound_usd, "bound")

    def _search_problem(self, plan: Plan | None) -> RestrictedProblem:
        """List the flows of a new restricted problem, go on from the best plan so far, and search until that stalls."""
        known = [] if plan is None else [self._row[s.id] for s in plan.sites if s.id in self._row]
        rows = self._site_choice.choose(np.array(known, dtype=np.int32))
        part = with_sites(self._scenario, rows.tolist())
        instance = compile_instance(part)
        incumbent = Incumbent(instance, self._clock, self._options.gap, self._tell)
        incumbent.prove(self._ascent.bound_usd, "bound")
        self._current = incumbent
        with incumbent.outlives_failure():
            self._search_in(RestrictedProblem(part, instance, incumbent), plan)
        return RestrictedProblem(part, instance, incumbent)

    def _search_in(self, restricted: RestrictedProblem, plan: Plan | None) -> None:
        instance, incumbent = restricted.instance, restricted.incumbent
        search, stalled = Search(instance, self._options.seed), 0
        known = None if plan is None else decisions_of(restricted.scenario, instance, plan)
        load_warm_start(search, known, self._has_time)
        incumbent.offer(search.solution(), "search")
        while stalled < STALLED_ROUNDS and self._goes_on(incumbent):
            before_usd = search.cost_usd
            search.round(self._has_time)
            stalled = 0 if search.cost_usd < before_usd * (1.0 - GAIN) else stalled + 1
            incumbent.offer(search.solution(), "search")
            if self._takes_turns:
                self._climb(self._has_time)
            self._rounds_left -= 1
