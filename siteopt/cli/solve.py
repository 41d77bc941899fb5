"""``siteopt solve SCENARIO``: find a plan and prove how good it is."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from siteopt.cli.interrupts import until_written
from siteopt.cli.messages import say
from siteopt.cli.options import LOG_LEVELS, add_output, count, gap, positive_seconds, refuse_inputs, seed
from siteopt.cli.output import write_plan
from siteopt.cli.progress import ProgressPrinter
from siteopt.cli.terminal import logging_to, progress_console
from siteopt.diagnose.remarks import on_input
from siteopt.plan.file import load_plan
from siteopt.scenario import load_scenario
from siteopt.scenario.digest import scenario_sha256
from siteopt.scenario.inputs import noting_inputs
from siteopt.solving.solve import solve

if TYPE_CHECKING:
    import argparse


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument("scenario", metavar="SCENARIO", help="scenario.json")
    parser.add_argument(
        "--time-limit", type=positive_seconds, default=60.0, metavar="S", help="seconds (default 60)"
    )
    parser.add_argument(
        "--gap", type=gap, default=0.005, metavar="G", help="stop at this relative gap (default 0.005)"
    )
    parser.add_argument("--seed", type=seed, default=1, metavar="N", help="seed of the search (default 1)")
    parser.add_argument("--method", choices=("auto", "milp", "search"), default="auto", help="default auto")
    parser.add_argument("--node-limit", type=count, metavar="N", help="most tree nodes of branch and bound")
    parser.add_argument("--iteration-limit", type=count, metavar="N", help="most steps of the local search")
    parser.add_argument(
        "--start", metavar="PLAN.json", help="start from this plan, of this scenario or a similar one"
    )
    parser.add_argument("--log-level", choices=LOG_LEVELS, default="warning", help="default warning")
    add_output(parser)


def run(args: argparse.Namespace) -> int:
    """Solve a scenario, write the plan and print it."""
    console = progress_console()
    with logging_to(console, args.log_level):
        with noting_inputs() as inputs:
            scenario = load_scenario(args.scenario)
            start = None if args.start is None else load_plan(args.start)
        refuse_inputs(args.parser, {"--out": args.out}, inputs)
        for remark in on_input(scenario):
            say(remark)
        with until_written() as is_asked_to_stop:
            with ProgressPrinter(console) as progress:
                plan = solve(
                    scenario,
                    time_limit=args.time_limit,
                    gap=args.gap,
                    seed=args.seed,
                    method=args.method,
                    node_limit=args.node_limit,
                    iteration_limit=args.iteration_limit,
                    start=start,
                    progress=progress,
                    stop=is_asked_to_stop,
                )
            plan = replace(plan, scenario=args.scenario, scenario_sha256=scenario_sha256(scenario))
            return write_plan(scenario, plan, out=args.out, as_json=args.json)
