"""``siteopt sensitivity SCENARIO``: a tornado of the uncertain numbers that matter."""

from __future__ import annotations

import argparse
import json
import os
from typing import TYPE_CHECKING

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from siteopt.answers.sensitivity import BASELINE_TIMES, Tornado, parameters_of, sensitivity
from siteopt.cli.messages import say
from siteopt.cli.options import count, gap, output_file, positive_seconds, refuse_inputs, seed
from siteopt.cli.terminal import progress_console, result_console, results
from siteopt.report.sensitivity import print_tornado
from siteopt.run.options import SolveOptions
from siteopt.scenario import load_scenario
from siteopt.scenario.inputs import noting_inputs

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from siteopt.scenario import Scenario


#: Default time for all solves together, and the most for one of them, s.
RUN_SECONDS, MOST_SECONDS_EACH = 60.0, 5.0


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument("scenario", metavar="SCENARIO", help="scenario.json")
    parser.add_argument("--parameters", nargs="+", metavar="NAME", help="only these; --list names them all")
    parser.add_argument("--list", action="store_true", help="list the parameters with ranges and sources")
    parser.add_argument(
        "--out",
        type=output_file,
        metavar="FILE.json",
        help="write the result here; each solve is also kept in FILE.jsonl, from which a stopped run goes on",
    )
    parser.add_argument("--jobs", type=count, metavar="N", help="processes (default: one per core)")
    parser.add_argument(
        "--time-limit",
        type=positive_seconds,
        metavar="S",
        help="seconds per solve (default: at most 5, and so that the run takes about a minute)",
    )
    parser.add_argument(
        "--gap", type=gap, default=0.005, metavar="G", help="stop each solve at this gap (default 0.005)"
    )
    parser.add_argument("--seed", type=seed, default=1, metavar="N", help="seed of the search (default 1)")
    parser.add_argument("--method", choices=("auto", "milp", "search"), default="auto", help="default auto")
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")


def run(args: argparse.Namespace) -> int:
    """Solve what is not known yet, write and print the tornado; exit with code 130 where it was interrupted."""
    with noting_inputs() as inputs:
        scenario = load_scenario(args.scenario)
    journal = None if args.out is None else _journal(args)
    refuse_inputs(args.parser, {"--out": args.out}, inputs)
    if args.list:
        return _list(args, scenario)
    tornado = _run(args, scenario, journal)
    code = 130 if tornado.missing else 0
    if args.out is not None:
        code = _save(tornado, args.out) or code
    with results():
        if args.json:
            print(json.dumps(tornado.to_dict(), indent=1, allow_nan=False))
        else:
            print_tornado(result_console(), tornado)
    return code


def _journal(args: argparse.Namespace) -> Path | None:
    """Return the path of the journal, beside the result; None where the result is a pipe or a device."""
    path: Path = args.out.with_suffix(".jsonl")
    if args.out.exists() and not args.out.is_file():
        return None
    if path == args.out:
        args.parser.error(f"argument --out: {path} is the name of the journal; end it in .json")
    if path.exists() and not path.is_file():
        args.parser.error(f"argument --out: its journal {path} is not a regular file; choose another name")
    try:
        output_file(str(path))
    except argparse.ArgumentTypeError as error:
        args.parser.error(f"argument --out: its journal {error}")
    return path


def _run(args: argparse.Namespace, scenario: Scenario, journal: Path | None) -> Tornado:
    console = progress_console()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("baseline", total=None)

        def tell(done: int, of: int, name: str) -> None:
            bar.update(task, completed=done, total=of, description=name)
            if not console.is_terminal:
                console.print(f"{done} of {of} solves: {name}", soft_wrap=True)

        jobs = args.jobs or os.cpu_count() or 1
        seconds = args.time_limit or _seconds_each(scenario, args.parameters, jobs)
        return sensitivity(
            scenario,
            parameters=args.parameters,
            journal=journal,
            jobs=jobs,
            options=SolveOptions(seconds, args.gap, args.seed, args.method),
            tell=tell,
        )


def _seconds_each(scenario: Scenario, names: Sequence[str] | None, jobs: int) -> float:
    """Return the time for each solve, in tenths of a second, with which the whole run takes about a minute."""
    n = len(names if names is not None else parameters_of(scenario))
    return max(0.5, min(MOST_SECONDS_EACH, round(RUN_SECONDS / (BASELINE_TIMES + 2.0 * n / jobs), 1)))


def _save(tornado: Tornado, path: Path) -> int:
    try:
        tornado.save(path)
    except OSError as error:
        say(f"{path} could not be written: {error.strerror}")
        return 2
    return 0


def _list(args: argparse.Namespace, scenario: Scenario) -> int:
    with results():
        rows = parameters_of(scenario)
        if args.json:
            keys = ("name", "unit", "low", "high", "source")
            print(json.dumps([{key: getattr(row, key) for key in keys} for row in rows], indent=1))
        else:
            for row in rows:
                print(f"{row.name}: {row.low:,.4g} to {row.high:,.4g} {row.unit}; {row.source}")
    return 0
