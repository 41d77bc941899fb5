"""``siteopt explain SCENARIO [PLAN]``: one question about a plan, or why there is none."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from siteopt.answers.effort import Effort
from siteopt.answers.explain import what_binds, why, why_not, worth_of_mw, worth_of_zone_mw
from siteopt.cli.interrupts import until_written
from siteopt.cli.messages import say
from siteopt.cli.options import gap, positive_seconds, seed
from siteopt.cli.progress import ProgressPrinter
from siteopt.cli.quantities import positive
from siteopt.cli.terminal import progress_console, result_console, results
from siteopt.diagnose.conflict import find_conflict
from siteopt.evaluate import evaluate
from siteopt.plan.file import load_plan
from siteopt.report.explain import print_answer, print_binding, print_conflict
from siteopt.run.options import SolveOptions
from siteopt.scenario import load_scenario

if TYPE_CHECKING:
    import argparse

    from siteopt.answers.explain import Answer
    from siteopt.plan import Plan
    from siteopt.scenario import Scenario


#: Default time for an answer, s.
QUESTION_SECONDS, CONFLICT_SECONDS = 75.0, 100.0


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument("scenario", metavar="SCENARIO", help="scenario.json")
    parser.add_argument("plan", metavar="PLAN", nargs="?", help="plan.json; not for --infeasible")
    asked = parser.add_argument_group("the question").add_mutually_exclusive_group(required=True)
    asked.add_argument("--why-not", metavar="SITE", help="what forcing SITE in costs, and what makes it win")
    asked.add_argument("--why", metavar="SITE", help="what doing without SITE costs")
    asked.add_argument("--mw", metavar="SITE", help="what 1 MW more headroom at SITE is worth")
    asked.add_argument("--mw-zone", metavar="ZONE", help="what 1 MW more in the grid limits of ZONE is worth")
    asked.add_argument(
        "--binds", action="store_true", help="which limits bind, and what is left of the others"
    )
    asked.add_argument("--infeasible", action="store_true", help="which rules conflict, and what would help")
    parser.add_argument(
        "--extra-mw",
        type=positive,
        default=1.0,
        metavar="MW",
        help="how much more, for --mw and --mw-zone (1)",
    )
    parser.add_argument(
        "--time-limit",
        type=positive_seconds,
        metavar="S",
        help="seconds (default 75, and 100 for --infeasible)",
    )
    parser.add_argument(
        "--gap", type=gap, default=1e-4, metavar="G", help="relative gap of every solve (default 0.0001)"
    )
    parser.add_argument("--seed", type=seed, default=1, metavar="N", help="seed of the search (default 1)")
    parser.add_argument("--method", choices=("auto", "milp", "search"), default="auto", help="default auto")
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")


def run(args: argparse.Namespace) -> int:
    """Answer the question; exit with code 1 where the answer is that there is no plan."""
    if args.infeasible != (args.plan is None):
        args.parser.error("--infeasible takes a scenario alone" if args.plan else "argument PLAN is missing")
    scenario = load_scenario(args.scenario)
    if args.infeasible:
        return _infeasible(args, scenario)
    plan = load_plan(args.plan)
    if args.binds:
        return _binds(args, scenario, plan)
    console = progress_console()
    with until_written() as is_asked_to_stop:
        with ProgressPrinter(console) as progress:
            seconds = args.time_limit or QUESTION_SECONDS
            options = SolveOptions(seconds, args.gap, args.seed, args.method)
            answer = _ask(args, scenario, plan, Effort(options, progress, is_asked_to_stop))
        if answer.is_interrupted:
            say("interrupted; this is what was found until then")
        with results():
            if args.json:
                _print_json(answer.to_dict())
            else:
                print_answer(result_console(), answer, plan, args.extra_mw)
        return int(answer.other is None)


def _ask(args: argparse.Namespace, scenario: Scenario, plan: Plan, effort: Effort) -> Answer:
    if args.why_not is not None:
        return why_not(scenario, plan, args.why_not, effort)
    if args.why is not None:
        return why(scenario, plan, args.why, effort)
    if args.mw is not None:
        return worth_of_mw(scenario, plan, args.mw, effort, extra_mw=args.extra_mw)
    return worth_of_zone_mw(scenario, plan, args.mw_zone, effort, extra_mw=args.extra_mw)


def _binds(args: argparse.Namespace, scenario: Scenario, plan: Plan) -> int:
    rows = what_binds(scenario, evaluate(scenario, plan))
    with results():
        if args.json:
            _print_json([asdict(row) | {"slack": row.slack, "binds": row.binds} for row in rows])
        else:
            print_binding(result_console(), rows)
    return 0


def _infeasible(args: argparse.Namespace, scenario: Scenario) -> int:
    console = progress_console()
    with console.status("looking for a conflict") as status:
        shown = (lambda text: status.update(text)) if console.is_terminal else None
        conflict = find_conflict(scenario, time_limit=args.time_limit or CONFLICT_SECONDS, say=shown)
    if conflict is None:
        say(f"{args.scenario} is feasible: a plan meets every rule")
        return 0
    with results():
        if args.json:
            _print_json(asdict(conflict))
        else:
            print_conflict(result_console(), conflict)
    return 1 if conflict.rules else 3


def _print_json(document: Any) -> None:
    print(json.dumps(document, indent=1, allow_nan=False))
