"""Solve a scenario: search, bound and exact model share the time; what comes out is verified."""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import replace
from math import inf
from typing import TYPE_CHECKING, Any

from siteopt.compile import compile_instance
from siteopt.compile.many import has_many_flows, refuse_to_list
from siteopt.errors import InfeasibleError, OutOfTimeError
from siteopt.facility import facility_instance, recognised
from siteopt.facility.run import solve_facility_location
from siteopt.milp.moves import model_size
from siteopt.run.incumbent import Incumbent
from siteopt.run.interrupts import interruptible
from siteopt.run.options import SolveOptions
from siteopt.run.progress import Clock
from siteopt.scenario import as_scenario
from siteopt.scenario.facility_location import FacilityLocation
from siteopt.search.local_search import Search
from siteopt.solving.finish import finished_plan
from siteopt.solving.problems import ArraysProblem, ScenarioProblem
from siteopt.solving.restricted import RestrictedRun
from siteopt.solving.rounds import Rounds

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from os import PathLike

    from siteopt.instance import Instance
    from siteopt.plan import Limit, Plan
    from siteopt.run.options import Method
    from siteopt.run.progress import Progress
    from siteopt.scenario.schema import Scenario
    from siteopt.solving.problems import SolvableProblem
    from siteopt.solving.warm_start import Decisions

logger = logging.getLogger(__name__)

#: Above this many arcs and moves the first relaxation of the exact model takes longer than a user would wait.
LARGEST_MODEL = 60_000
#: Arcs and moves for which the exact model can be built in a second. Where that cannot be in time it is left out, since
#: Pyomo cannot be stopped while it declares variables.
BUILT_PER_SECOND = 50_000
#: Share of the time that search and bound may take before the exact model gets the rest.
SEARCH_SHARE = 0.5
#: The same under method ``milp``, where they are no more than a start for it.
BRIEF_SHARE = 0.2


def solve(
    scenario: Scenario | FacilityLocation | str | PathLike[str] | Mapping[str, Any],
    *,
    time_limit: float | None = 60.0,
    gap: float = 0.005,
    seed: int = 1,
    method: Method = "auto",
    node_limit: int | None = None,
    iteration_limit: int | None = None,
    start: Plan | None = None,
    progress: Callable[[Progress], None] | None = None,
    stop: Callable[[], bool] | None = None,
) -> Plan:
    """Find a plan and prove how good it is.

    Parameters
    ----------
    scenario : Scenario, path, dict or FacilityLocation
        A scenario, whatever :func:`siteopt.load_scenario` takes, or what :func:`siteopt.facility_location` returned.
    time_limit : float or None
        Seconds; None or ``inf`` for no limit. The best plan so far is returned when it is reached, and on Ctrl-C or
        SIGTERM where the solve runs in the main thread.
    gap : float
        Stop once (cost - bound) / (sum of the positive cost lines) is at most this.
    seed : int
        Under a limit on iterations the same seed gives the same plan; else that depends on the pace of two threads.
    method : {"auto", "milp", "search"}
        ``search``: local search with the Lagrangian bound. ``milp``: the exact model, warm-started from a quick search.
        ``auto``: search first, then the exact model if it is small enough and the gap is not reached yet.
    node_limit, iteration_limit : int, optional
        Most tree nodes of the exact model, and most rounds of the search.
    start : Plan, optional
        Warm start; may be a plan of a slightly different scenario.
    progress : callable, optional
        Called with a :class:`~siteopt.run.progress.Progress` on every change; from any thread, one at a time.
        An exception that it raises is logged and ends the solve with the best plan so far.
    stop : callable, optional
        Called many times a second, likewise; once it returns True the solve ends with the best plan so far.

    Returns
    -------
    Plan
        Verified by :func:`siteopt.verify`.

    Raises
    ------
    ScenarioError
        If the scenario is not a sound one, or method ``milp`` is requested for a scenario with too many flows to list.
    InfeasibleError
        If it is proven that no plan meets every rule.
    NoPlanError
        If none was found within the limits, and none of the proofs of impossibility holds.
    SolverError
        If HiGHS fails, or the plan does not pass verification.
    ValueError
        If an option is out of its range.
    """
    problem = scenario if isinstance(scenario, FacilityLocation) else as_scenario(scenario)
    options = SolveOptions(time_limit, gap, seed, method, node_limit, iteration_limit)
    return solve_with(problem, options, start, progress, stop)


def solve_with(
    scenario: Scenario | FacilityLocation,
    options: SolveOptions,
    start: Plan | None = None,
    progress: Callable[[Progress], None] | None = None,
    stop: Callable[[], bool] | None = None,
) -> Plan:
    """Find a plan with the given :class:`SolveOptions`; otherwise the same as :func:`solve`."""
    clock = Clock(options.seconds, stop)
    if not isinstance(scenario, FacilityLocation) and options.method == "milp":
        refuse_to_list(scenario, "method milp")
    with interruptible(clock):
        problem: SolvableProblem
        run: _Run | RestrictedRun
        if isinstance(scenario, FacilityLocation):
            problem = ArraysProblem(scenario, facility_instance(scenario))
        elif has_many_flows(scenario):
            run = RestrictedRun(scenario, clock, options, progress)
            restricted = run.work(start)
            problem = ScenarioProblem(scenario, restricted.scenario, restricted.instance)
            best = restricted.incumbent
            return finished_plan(problem, best, options, is_exhausted=run.is_exhausted, limit=run.limit)
        else:
            problem = ScenarioProblem(scenario, scenario, compile_instance(scenario))
        run = _Run(problem, clock, options, progress)
        best = run.work(start)
        return finished_plan(problem, best, options, is_exhausted=run.is_exhausted, limit=run.limit)


class _Run:
    """One solve: its stages, and why the last of them ended."""

    def __init__(
        self,
        problem: SolvableProblem,
        clock: Clock,
        options: SolveOptions,
        progress: Callable[[Progress], None] | None,
    ) -> None:
        self._problem, self._instance = problem, problem.instance
        reasons = problem.impossibilities()
        if reasons:
            raise InfeasibleError(reasons)
        self._incumbent = Incumbent(self._instance, clock, options.gap, progress)
        self._clock, self._options = clock, options
        self._quick_bound_usd = -inf
        self.is_exhausted = False
        self.limit: Limit | None = None

    def work(self, start: Plan | None) -> Incumbent:
        """Run the stages of the method, from a known plan if there is one; return the best that they found."""
        method, exact_follows = self._options.method, self._is_model_worth_it()
        warm_start = None if start is None else self._problem.decisions(start)
        instance, incumbent = self._instance, self._incumbent
        with incumbent.outlives_failure():
            if warm_start is not None and method != "milp" and recognised(instance) is not None:
                self._offer(warm_start)
            is_textbook = method != "milp" and solve_facility_location(instance, incumbent, self._options)
            # Its own methods may end without a plan where some demand fits into none of the sites that they look at.
            if not is_textbook or (incumbent.solution is None and self._clock.left > 0.0):
                self._search(exact_follows, warm_start)
        if exact_follows:
            with incumbent.outlives_failure(), suppress(OutOfTimeError):
                self._exact()
        if incumbent.bound_usd is None:
            incumbent.prove(self._quick_bound_usd, "bound")
        return self._incumbent

    def _is_model_worth_it(self) -> bool:
        """Whether the exact model is asked for, or small enough for what it brings, and can be built in time."""
        method, size = self._options.method, model_size(self._instance)
        if method == "milp" and size > BUILT_PER_SECOND * self._clock.left:
            logger.warning(
                "the exact model, of %d flows and moves, cannot be built in time: it is left out", size
            )
            return False
        return method == "milp" or (method == "auto" and size <= LARGEST_MODEL)

    def _offer(self, known: Decisions) -> None:
        """Offer known decisions as they are, for the methods of facility location do not begin from any."""
        search = Search(self._instance, self._options.seed)
        if search.load(*known):
            self._incumbent.offer(search.solution(), "search")

    def _search(self, exact_follows: bool, warm_start: Decisions | None) -> None:
        rounds = Rounds(self._instance, self._incumbent, self._options)
        if self._options.method == "milp" and exact_follows:
            self._quick_bound_usd = rounds.search_briefly(warm_start, self._clock.time_limit * BRIEF_SHARE)
        else:
            deadline = self._clock.time_limit * (SEARCH_SHARE if exact_follows else 1.0)
            rounds.search_and_prove(warm_start, deadline, exact_follows=exact_follows)
        if rounds.are_used_up:
            self.limit = "iterations"

    def _exact(self) -> None:
        """Solve the exact model for what is left of the time, warm-started from the incumbent."""
        incumbent, clock, options = self._incumbent, self._clock, self._options
        if incumbent.is_good_enough or clock.left <= 0.0:
            return
        # Pyomo takes most of a second to import, which solves that end earlier need not wait for.
        from siteopt.highs.driver import Limits
        from siteopt.milp.solve import ExactModel

        def keep_going() -> bool:
            return clock.left > 0.0

        model = ExactModel(self._instance, keep_going=keep_going)
        limits = Limits(clock.left, options.node_limit, incumbent.gap_wanted, options.seed)
        answer = model.solve(limits, _Polish(self._instance, incumbent, options.seed), incumbent.solution)
        if answer.outcome == "infeasible":
            raise InfeasibleError(self._problem.reasons(min(10.0, max(1.0, clock.left))))
        if (
            answer.outcome == "optimal"
            and len(self._instance.slack_tiers.variant)
            and not incumbent.is_good_enough
        ):
            # The outer model is solved, yet its plan needs more replicas than it counted: close in from within.
            inner = ExactModel(self._instance, "inner", keep_going=keep_going)
            limits = replace(limits, seconds=clock.left)
            answer = inner.solve(limits, _Polish(self._instance, incumbent, options.seed), incumbent.solution)
        self.is_exhausted = answer.outcome == "optimal"
        self.limit = None
        if answer.outcome == "limit" and clock.left > 0.0 and not incumbent.is_good_enough:
            self.limit = "nodes"


class _Polish:
    """Listener of the exact model that improves every solution found by local search."""

    def __init__(self, instance: Instance, incumbent: Incumbent, seed: int) -> None:
        self._search, self._incumbent = Search(instance, seed), incumbent

    def found(self, option: Any, share: Any, unserved: Any, moves: Any) -> Any:
        """Polish a solution; return the incumbent if it is better than the solution that came in."""
        if self._search.load(option, share, unserved, moves):
            came_in = self._search.cost_usd
            self._incumbent.offer(self._search.solution(), "milp")
            self._search.round(lambda: self._incumbent.clock.left > 0.0)
            self._incumbent.offer(self._search.solution(), "search")
            if self._incumbent.cost_usd < came_in - 1.0:
                return self._incumbent.solution
        return None

    def proved(self, bound_usd: float) -> None:
        """Pass a bound on to the incumbent."""
        self._incumbent.prove(bound_usd, "milp")

    def should_stop(self) -> bool:
        """Whether the gap is reached, the time is over, or the user asked to stop."""
        return self._incumbent.is_good_enough or self._incumbent.clock.left <= 0.0
