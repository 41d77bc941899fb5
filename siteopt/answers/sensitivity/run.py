"""Run a sensitivity analysis: a baseline, then both ends of every range, on several cores, resumable."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from siteopt.answers.sensitivity.journal import Journal, digest
from siteopt.answers.sensitivity.parameters import Parameter, parameters_of
from siteopt.answers.sensitivity.tornado import Row, Tornado
from siteopt.answers.sensitivity.worker import begin, is_asked_to_stop
from siteopt.errors import InfeasibleError, NoPlanError, Problem, ScenarioError, SolverError
from siteopt.evaluate import evaluate
from siteopt.formatting import listed
from siteopt.plan import relative_gap
from siteopt.plan.file import load_plan
from siteopt.run.options import SolveOptions
from siteopt.solving.solve import solve_with
from siteopt.verify import verify

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from siteopt.plan import Plan
    from siteopt.scenario.schema import Scenario

    #: Called with how many solves are done, of how many, and which was the last.
    Tell = Callable[[int, int, str], None]

#: The baseline gets this many times the time of another solve, since every other one starts from it.
BASELINE_TIMES = 3.0
#: Many solves, each of them from a plan that is good already.
USUAL = SolveOptions(time_limit=5.0)


@dataclass(frozen=True, slots=True)
class _Task:
    """One solve, as it is sent to a process."""

    key: str
    name: str
    scenario: Scenario
    base: Scenario
    start: Plan
    options: SolveOptions


def sensitivity(
    scenario: Scenario,
    *,
    parameters: Sequence[str] | None = None,
    journal: Path | None = None,
    jobs: int = 1,
    options: SolveOptions = USUAL,
    tell: Tell | None = None,
) -> Tornado:
    """Solve a scenario with each parameter at both ends of its range, one at a time.

    Parameters
    ----------
    scenario : Scenario
    parameters : sequence of str, optional
        Names; by default all parameters that act on the scenario.
    journal : Path, optional
        File of JSON lines to which results are appended as they come, and from which they are read at the start.
    jobs : int
        Number of processes. With more than one, a script that calls this needs ``if __name__ == "__main__"``.
    options : SolveOptions
        Of each solve; the baseline gets three times as much time.
    tell : callable, optional
        Called with the progress.

    Returns
    -------
    Tornado
        Lacks the parameters that an interrupt left open.

    Raises
    ------
    ScenarioError
        If a name is not that of a parameter that acts on the scenario.
    InfeasibleError, NoPlanError
        If the scenario as it is has no plan, or none was found.
    SolverError
        If HiGHS fails, or one of the processes is ended from outside.
    """
    chosen, known = _chosen(scenario, parameters), Journal(journal)
    tell = tell or (lambda _done, _of, _name: None)
    total = 1 + 2 * len(chosen)
    tell(0, total, "baseline")
    base = _baseline(scenario, options, known)
    tasks = _tasks(scenario, base, chosen, options, known)
    done = total - len(tasks)
    tell(done, total, "baseline")
    try:
        for task, row in _results(tasks, jobs):
            known.put(task.key, row)
            done += 1
            tell(done, total, task.name)
    except KeyboardInterrupt:
        pass  # what is known is kept
    return _tornado(scenario, base, chosen, options, known)


def _tasks(
    scenario: Scenario, base: Plan, chosen: Sequence[Parameter], options: SolveOptions, known: Journal
) -> list[_Task]:
    """List the solves whose results are not known yet: each parameter at both ends of its range."""
    tasks = []
    for p in chosen:
        for end, value in (("low", p.low), ("high", p.high)):
            changed = p.put(scenario, value)
            key = digest(changed, p.name, end, options)
            if known.get(key) is None:
                tasks.append(_Task(key, f"{p.name} {end}", changed, scenario, base, options))
    return tasks


def _chosen(scenario: Scenario, names: Sequence[str] | None) -> list[Parameter]:
    known = parameters_of(scenario)
    if names is None:
        return known
    by_name = {p.name: p for p in known}
    wrong = [name for name in names if name not in by_name]
    if wrong:
        message = f"acts on nothing here or is unknown; there are {listed(list(by_name), len(by_name))}"
        raise ScenarioError([Problem(name, message) for name in wrong], "parameters")
    return [by_name[name] for name in dict.fromkeys(names)]


def _baseline(scenario: Scenario, options: SolveOptions, known: Journal) -> Plan:
    key = digest(scenario, "baseline", options)
    row = known.get(key)
    if row is not None:
        return load_plan(row["plan"])
    plan = solve_with(scenario, replace(options, time_limit=BASELINE_TIMES * options.seconds))
    if plan.limit == "interrupt":
        raise KeyboardInterrupt
    known.put(key, {"parameter": "baseline", "plan": plan.to_dict()})
    return plan


def _results(tasks: Sequence[_Task], jobs: int) -> Iterator[tuple[_Task, dict[str, Any]]]:
    """Yield each task with its result, in the order in which they come."""
    if jobs <= 1 or len(tasks) <= 1:
        for task in tasks:
            row = _solved(task)
            if row is None:
                raise KeyboardInterrupt
            yield task, row
        return
    context = multiprocessing.get_context("spawn")
    stop = context.Event()
    pool = ProcessPoolExecutor(min(jobs, len(tasks)), mp_context=context, initializer=begin, initargs=(stop,))
    try:
        yield from _gathered({pool.submit(_solved, task): task for task in tasks})
    except BrokenProcessPool:
        why = "a process of the analysis was ended from outside, as the system does for want of memory"
        raise SolverError(f"{why}; with fewer of them it may get through") from None
    finally:
        stop.set()
        pool.shutdown(wait=True, cancel_futures=True)


def _gathered(waiting: dict[Any, _Task]) -> Iterator[tuple[_Task, dict[str, Any]]]:
    while waiting:
        finished, _ = wait(waiting, return_when=FIRST_COMPLETED)
        for future in finished:
            task = waiting.pop(future)
            row = future.result()
            if row is None:
                raise KeyboardInterrupt
            yield task, row


def _solved(task: _Task) -> dict[str, Any] | None:
    """Solve for one end of a range; return None where it was interrupted."""
    row: dict[str, Any] = {"parameter": task.name, "cost_usd": None, "gap": None, "base_usd": None}
    try:
        plan = solve_with(task.scenario, task.options, task.start, stop=is_asked_to_stop)
    except InfeasibleError as error:
        return row | {"reason": list(error.reasons)}
    except NoPlanError as error:
        return row | {"reason": [str(error)]}
    if plan.limit == "interrupt":
        return None
    return row | {"cost_usd": plan.cost_usd, "gap": plan.gap, "base_usd": _base_usd(task, plan)}


def _base_usd(task: _Task, plan: Plan) -> float | None:
    """Return what the plan costs in the unchanged scenario, if it is valid there and better than the baseline."""
    try:
        exact = evaluate(task.base, plan)
    except ScenarioError:
        return None
    is_better = exact.cost_usd < task.start.cost_usd - 1.0
    return exact.cost_usd if is_better and not verify(task.base, exact) else None


def _tornado(
    scenario: Scenario, base: Plan, chosen: Iterable[Parameter], options: SolveOptions, known: Journal
) -> Tornado:
    rows, missing, seen = [], [], [base.cost_usd]
    for p in chosen:
        ends = [
            known.get(digest(p.put(scenario, value), p.name, end, options))
            for end, value in (("low", p.low), ("high", p.high))
        ]
        low, high = ends
        if low is None or high is None:
            missing.append(p.name)
            continue
        seen += [end["base_usd"] for end in (low, high) if end.get("base_usd") is not None]
        costs = low["cost_usd"], high["cost_usd"]
        rows.append(Row(p.name, p.unit, p.low, p.high, *costs, low.get("gap"), high.get("gap"), p.source))
    usd = min(seen)
    gap = None if base.bound_usd is None else relative_gap(usd, base.bound_usd, base.cost_lines)
    rows.sort(key=lambda row: (-row.swing_usd(usd), row.parameter))
    return Tornado(usd, gap, tuple(rows), tuple(missing))
