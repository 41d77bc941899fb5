"""``siteopt report PLAN``: a page for those who decide, and files for maps and spreadsheets."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from siteopt.cli.messages import print_message, say
from siteopt.cli.options import output_file, refuse_inputs
from siteopt.cli.terminal import results
from siteopt.errors import Problem, ScenarioError
from siteopt.evaluate import evaluate
from siteopt.formatting import counted
from siteopt.plan import write_atomically
from siteopt.plan.file import load_plan
from siteopt.report.csv_tables import HEADERS, csv_tables, first_line
from siteopt.report.geojson import geojson
from siteopt.report.page import Subject, page
from siteopt.report.page.results import Comparison, load_comparison, load_sensitivity
from siteopt.report.violations import violated_rules
from siteopt.scenario import load_scenario
from siteopt.scenario.digest import scenario_sha256
from siteopt.scenario.inputs import noting_inputs
from siteopt.verify import verify

if TYPE_CHECKING:
    from collections.abc import Sequence

    from siteopt.plan import Plan
    from siteopt.scenario import Scenario
    from siteopt.verify import Violation

#: Rules of the verifier that a plan must meet before anything else can be said about it.
STRUCTURE = {"unknown_id", "duplicate", "number"}


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument("plan", metavar="PLAN", help="plan.json, ours or hand-made")
    parser.add_argument(
        "--scenario", metavar="SCENARIO", help="scenario.json (default: the one that the plan names)"
    )
    parser.add_argument(
        "-o", "--out", type=output_file, metavar="PAGE.html", help="write the page to this file"
    )
    parser.add_argument(
        "--geojson", type=output_file, metavar="FILE", help="write sites, regions and flows for a map"
    )
    parser.add_argument("--csv", type=_folder, metavar="DIR", help="write the tables into this directory")
    parser.add_argument(
        "--compare", metavar="FILE.json", help="show the other modes, from what siteopt compare wrote"
    )
    parser.add_argument(
        "--sensitivity", metavar="FILE.json", help="show a tornado, from what siteopt sensitivity wrote"
    )


def run(args: argparse.Namespace) -> int:
    """Read all inputs and make all outputs before the first is written."""
    if args.out is None and args.geojson is None and args.csv is None:
        args.parser.error("nothing to write: give -o PAGE.html, --geojson FILE or --csv DIR")
    with noting_inputs() as inputs:
        plan = load_plan(args.plan)
        name = args.scenario or _remembered(args.plan, plan)
        scenario = load_scenario(name)
    _refuse_inputs(args, inputs)
    remarks = _changed(args, plan, scenario, name)
    broken = violated_rules(plan, verify(scenario, plan))
    priced = _priced(scenario, plan, broken)
    if priced is None:
        print_message(f"siteopt: {args.plan} cannot be shown, as it does not hold:", broken, len(broken))
        return 1
    subject = Subject(
        scenario,
        priced,
        tuple(broken),
        scenario_name=name,
        plan_name=args.plan,
        remarks=tuple(remarks),
        comparison=load_comparison(Path(args.compare)) if args.compare else Comparison(),
        sensitivity=load_sensitivity(Path(args.sensitivity)) if args.sensitivity else None,
    )
    code = _write(_texts(args, subject))
    if broken:
        print_message(
            f"siteopt: {args.plan} does not hold: {counted(len(broken), 'violation')}", broken, len(broken)
        )
    return code or int(bool(broken))


def _priced(scenario: Scenario, plan: Plan, broken: Sequence[Violation]) -> Plan | None:
    """Return the plan with figures; None where it names what the scenario lacks, or cannot be priced."""
    if any(violation.rule in STRUCTURE for violation in broken):
        return None
    if plan.cost_lines:
        return plan
    try:
        return replace(evaluate(scenario, plan), verified=not broken)
    except ScenarioError:
        if not broken:
            raise
        return None


def _folder(text: str) -> Path:
    """Parse a directory that exists, or can be made."""
    path = Path(text)
    if path.exists() and not path.is_dir():
        raise argparse.ArgumentTypeError(f"{text} is a file; name a directory")
    if not path.exists() and not path.parent.is_dir():
        raise argparse.ArgumentTypeError(f"{text} cannot be made: {path.parent} is not a directory")
    return path


def _remembered(plan_name: str, plan: Plan) -> str:
    """Find the scenario that the plan was made for, from the working directory or beside the plan."""
    if not plan.scenario:
        message = "does not name the scenario that it was made for; give --scenario SCENARIO"
        raise ScenarioError([Problem("scenario", message)], plan_name)
    places = (
        Path(plan.scenario),
        Path(plan_name).parent / plan.scenario,
        Path(plan_name).parent / Path(plan.scenario).name,
    )
    found = next((place for place in places if place.is_file()), None)
    if found is None:
        message = f"{plan.scenario!r} was found neither here nor beside the plan; give --scenario SCENARIO"
        raise ScenarioError([Problem("scenario", message)], plan_name)
    return str(found)


def _changed(args: argparse.Namespace, plan: Plan, scenario: Scenario, name: str) -> list[str]:
    """Return a remark if the scenario is not the one that the plan was made for; an error, unless the user named it."""
    if not plan.scenario_sha256 or plan.scenario_sha256 == scenario_sha256(scenario):
        return []
    if not args.scenario:
        message = (
            f"{name} has changed since the plan was made; solve it again, or insist with --scenario {name}"
        )
        raise ScenarioError([Problem("scenario_sha256", message)], args.plan)
    remark = f"{name} is not what the plan was made for: bound and gap belong to that scenario, the checks to this one."
    say(remark)
    return [remark]


def _refuse_inputs(args: argparse.Namespace, inputs: Sequence[Path]) -> None:
    """Exit with code 2 where an output would replace an input, another output, or a table that siteopt did not make."""
    others = [Path(name) for name in (args.compare, args.sensitivity) if name]
    refuse_inputs(args.parser, {"--out": args.out, "--geojson": args.geojson}, [*inputs, *others])
    if args.out is not None and args.geojson is not None and args.out.resolve() == args.geojson.resolve():
        args.parser.error(f"argument --geojson: {args.geojson} is also the page; choose another file")
    for name in HEADERS if args.csv is not None else ():
        path = args.csv / f"{name}.csv"
        if path.exists() and not _is_ours(path, name):
            args.parser.error(
                f"argument --csv: {path} is not a table of this command; choose another directory"
            )


def _is_ours(path: Path, name: str) -> bool:
    header = first_line(name).encode("utf-8")
    try:
        with path.open("rb") as stream:
            return stream.read(len(header)) == header
    except OSError:
        return False


def _texts(args: argparse.Namespace, subject: Subject) -> dict[Path, str]:
    texts: dict[Path, str] = {}
    if args.out is not None:
        texts[args.out] = page(subject)
    if args.geojson is not None:
        texts[args.geojson] = geojson(subject.scenario, subject.plan)
    if args.csv is not None:
        texts |= {args.csv / f"{name}.csv": text for name, text in csv_tables(subject).items()}
    return texts


def _write(texts: dict[Path, str]) -> int:
    """Write each file as a whole and return the exit code: 2 as soon as one cannot be written."""
    with results():
        for path, text in texts.items():
            try:
                path.parent.mkdir(exist_ok=True)
                write_atomically(path, text)
            except OSError as error:
                say(f"{path} could not be written: {error.strerror}")
                return 2
        for path in texts:
            if path.suffix != ".csv":
                print(f"{path} ({path.stat().st_size / 1000:,.0f} kB)")
        tables = [path for path in texts if path.suffix == ".csv"]
        if tables:
            print(f"{tables[0].parent}: {counted(len(tables), 'table')}")
    return 0
