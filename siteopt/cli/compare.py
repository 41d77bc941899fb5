"""``siteopt compare SCENARIO``: central only, edge only and hybrid, and a verdict on each workload."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from siteopt.answers.compare import PARAMETERS, compare
from siteopt.cli.interrupts import until_written
from siteopt.cli.messages import say
from siteopt.cli.options import gap, output_file, positive_seconds, refuse_inputs, seed
from siteopt.cli.progress import ProgressPrinter
from siteopt.cli.terminal import progress_console, result_console, results
from siteopt.plan import write_atomically
from siteopt.report.compare import print_comparison
from siteopt.scenario import load_scenario
from siteopt.scenario.inputs import noting_inputs

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from siteopt.answers.compare import Comparison


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument("scenario", metavar="SCENARIO", help="scenario.json")
    parser.add_argument("--workload", metavar="ID", help="find by solving what turns the verdict on it")
    parser.add_argument(
        "--parameter",
        choices=tuple(PARAMETERS),
        nargs="+",
        default=(),
        help="what to vary (default: the nearest by formula); rtt: all distances in the network",
    )
    parser.add_argument(
        "--time-limit", type=positive_seconds, default=90.0, metavar="S", help="seconds in total (default 90)"
    )
    parser.add_argument(
        "--gap", type=gap, default=0.005, metavar="G", help="stop each solve at this gap (default 0.005)"
    )
    parser.add_argument("--seed", type=seed, default=1, metavar="N", help="seed of the search (default 1)")
    parser.add_argument("--method", choices=("auto", "milp", "search"), default="auto", help="default auto")
    parser.add_argument(
        "--out", type=output_file, metavar="FILE.json", help="write the comparison to this file"
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")


def run(args: argparse.Namespace) -> int:
    """Compare the modes and print the result; exit with code 1 where no mode has a plan."""
    if args.parameter and args.workload is None:
        args.parser.error("argument --parameter: needs --workload")
    with noting_inputs() as inputs:
        scenario = load_scenario(args.scenario)
    refuse_inputs(args.parser, {"--out": args.out}, inputs)
    console = progress_console()
    with until_written() as is_asked_to_stop:
        with ProgressPrinter(console) as progress:
            comparison = compare(
                scenario,
                time_limit=args.time_limit,
                gap=args.gap,
                seed=args.seed,
                method=args.method,
                workload=args.workload,
                parameters=tuple(args.parameter),
                progress=progress,
                say=lambda text: console.print(f"solving: {text}", soft_wrap=True),
                stop=is_asked_to_stop,
            )
        return _write(args, scenario.name, comparison)


def _write(args: argparse.Namespace, name: str, comparison: Comparison) -> int:
    if comparison.is_interrupted:
        if all(mode.plan is None for mode in comparison.modes):
            raise KeyboardInterrupt
        say("interrupted; this is what was found until then")
    text = json.dumps(comparison.to_dict(), indent=1, allow_nan=False) + "\n"
    code = 0 if args.out is None else _save(args.out, text)
    with results():
        if args.json:
            sys.stdout.write(text)
        else:
            print_comparison(result_console(), comparison, name)
    return code or int(all(mode.plan is None for mode in comparison.modes))


def _save(path: Path, text: str) -> int:
    try:
        write_atomically(path, text)
    except OSError as error:
        say(f"{path} could not be written: {error.strerror}")
        return 2
    return 0
