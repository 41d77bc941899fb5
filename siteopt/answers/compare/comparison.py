"""The comparison of central only, edge only and hybrid."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from siteopt.answers.compare.modes import ModeResult, figures_of, with_mode
from siteopt.answers.compare.turn import Turn, turn
from siteopt.answers.compare.verdict import Verdict, verdicts_of
from siteopt.answers.effort import Effort
from siteopt.compile.many import refuse_to_list
from siteopt.errors import InfeasibleError, NoPlanError
from siteopt.run.options import SolveOptions
from siteopt.scenario.checks import check

if TYPE_CHECKING:
    from collections.abc import Callable

    from siteopt.plan import Plan
    from siteopt.run.options import Method
    from siteopt.run.progress import Clock, Progress
    from siteopt.scenario.schema import Mode, Scenario

#: Share of the time for each mode; the last one may use what the others left.
SHARES: dict[Mode, float] = {"central": 0.25, "edge": 0.25, "hybrid": 1.0}
#: The same where a workload is asked about, because its turns take most of the time.
BRIEF: dict[Mode, float] = {"central": 0.1, "edge": 0.1, "hybrid": 0.3}


@dataclass(frozen=True, slots=True)
class Comparison:
    """The three modes side by side, the verdicts, and the turns of one workload.

    Attributes
    ----------
    modes : tuple of ModeResult
        Central, edge, hybrid.
    verdicts : tuple of Verdict
        Empty where hybrid has no plan.
    turns : tuple of Turn
        For the workload asked about: where its verdict turns, by solving.
    is_interrupted : bool
        Whether it was ended before its time; what is there is what was found by then.
    """

    modes: tuple[ModeResult, ...]
    verdicts: tuple[Verdict, ...]
    turns: tuple[Turn, ...] = ()
    is_interrupted: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Return the comparison as a JSON object."""
        return {
            "modes": [mode.to_dict() for mode in self.modes],
            "verdicts": [asdict(verdict) for verdict in self.verdicts],
            "turns": [asdict(row) for row in self.turns],
        }


def compare(
    scenario: Scenario,
    *,
    time_limit: float | None = 90.0,
    gap: float = 0.005,
    seed: int = 1,
    method: Method = "auto",
    workload: str | None = None,
    parameters: tuple[str, ...] = (),
    progress: Callable[[Progress], None] | None = None,
    say: Callable[[str], None] | None = None,
    stop: Callable[[], bool] | None = None,
) -> Comparison:
    """Solve a scenario under each mode, and say for each workload where it is best served, why, and what would turn it.

    Parameters
    ----------
    scenario : Scenario
        Its own mode does not matter.
    time_limit : float or None
        Seconds for all of it; None or ``inf`` for no limit.
    gap : float
        Relative gap at which each solve may stop.
    seed : int
    method : {"auto", "milp", "search"}
    workload : str, optional
        Whose break-evens are found by solving; those of all others are by formula.
    parameters : tuple of str
        Which of ``rtt``, ``price``, ``demand`` and ``pue`` to turn by solving; the nearest by formula where empty.
    progress : callable, optional
        Called with the progress of the running solve.
    say : callable, optional
        Called with words that say which solve is running.
    stop : callable, optional
        Called many times a second; ends the comparison with what was found so far once it returns True, as Ctrl-C and
        SIGTERM do during a solve.

    Returns
    -------
    Comparison

    Raises
    ------
    ScenarioError
        If there is no such workload, or there are too many flows to list.
    """
    refuse_to_list(scenario, "compare")
    options = SolveOptions(time_limit, gap, seed, method)
    effort = Effort(options, progress, stop)
    clock = effort.start_clock()
    results = _modes(scenario, effort, clock, BRIEF if workload is not None else SHARES, say)
    hybrid = results[-1]
    if hybrid.plan is None:
        return Comparison(results, (), is_interrupted=clock.interrupted)
    base = with_mode(scenario, "hybrid")
    verdicts = verdicts_of(base, hybrid.plan)
    turns: tuple[Turn, ...] = ()
    if workload is not None:
        turns = turn(base, hybrid.plan, verdicts, workload, parameters, effort, clock, say)
    return Comparison(results, verdicts, turns, clock.interrupted)


def _modes(
    scenario: Scenario,
    effort: Effort,
    clock: Clock,
    shares: dict[Mode, float],
    say: Callable[[str], None] | None,
) -> tuple[ModeResult, ...]:
    """Solve the scenario under each mode within its share of the time; hybrid starts from the better of the others."""
    results: list[ModeResult] = []
    for mode, share in shares.items():
        seconds = min(clock.left, share * clock.time_limit)
        if clock.interrupted:
            results.append(ModeResult(mode, reasons=("the comparison was interrupted before",)))
            continue
        if say is not None:
            say(mode)
        start = _cheapest(results) if mode == "hybrid" else None
        results.append(_solved(with_mode(scenario, mode), effort, seconds, start, clock))
    return tuple(results)


def _cheapest(results: list[ModeResult]) -> Plan | None:
    """Return the cheapest of the plans that leave the fewest workloads out."""
    plans = [(len(r.left_out), r.plan.cost_usd, n) for n, r in enumerate(results) if r.plan is not None]
    return results[min(plans)[2]].plan if plans else None


def _solved(
    scenario: Scenario, effort: Effort, seconds: float, start: Plan | None, clock: Clock
) -> ModeResult:
    mode = scenario.policy.mode
    problems = check(scenario)
    if problems:
        return ModeResult(mode, reasons=tuple(problem.message for problem in problems))
    try:
        return figures_of(scenario, effort.solve(scenario, seconds, start, clock))
    except InfeasibleError as error:
        return ModeResult(mode, reasons=error.reasons)
    except NoPlanError as error:
        return ModeResult(mode, reasons=(str(error),))
