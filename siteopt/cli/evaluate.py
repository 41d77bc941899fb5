"""``siteopt evaluate SCENARIO PLAN``: the exact figures of any plan, and whether it holds."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from siteopt.cli.messages import print_message, say
from siteopt.cli.options import add_output, refuse_inputs
from siteopt.cli.output import write_plan
from siteopt.errors import ScenarioError
from siteopt.evaluate import evaluate
from siteopt.formatting import counted
from siteopt.plan.file import load_plan
from siteopt.report.stated import words_on_stated_bound
from siteopt.report.violations import violated_rules
from siteopt.scenario import load_scenario
from siteopt.scenario.inputs import noting_inputs
from siteopt.verify import verify

if TYPE_CHECKING:
    import argparse


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument("scenario", metavar="SCENARIO", help="scenario.json")
    parser.add_argument("plan", metavar="PLAN", help="plan.json, ours or hand-made; figures may be missing")
    add_output(parser)


def run(args: argparse.Namespace) -> int:
    """Verify the plan as it stands, price its decisions, and print both."""
    with noting_inputs() as inputs:
        scenario = load_scenario(args.scenario)
        plan = load_plan(args.plan)
    refuse_inputs(args.parser, {"--out": args.out}, inputs)
    try:
        exact = evaluate(scenario, plan)
    except ScenarioError:
        # A plan that serves what may not be served cannot be priced; the verifier says what is wrong.
        broken = violated_rules(plan, verify(scenario, plan))
        if not broken:
            raise
        print_message(f"siteopt: {args.plan} cannot be priced, as it does not hold:", broken, len(broken))
        return 1
    # A plan that states figures is held to them; one made by hand gets figures and moves after failures from us.
    broken = list(verify(scenario, plan if plan.cost_lines else exact))
    code = write_plan(scenario, replace(exact, verified=not broken), out=args.out, as_json=args.json)
    if broken:
        print_message(
            f"siteopt: {args.plan} does not hold: {counted(len(broken), 'violation')}", broken, len(broken)
        )
    elif not args.json:
        stated = words_on_stated_bound(plan)
        say(f"{args.plan} holds: every rule is met and every figure is correct{stated and f', but {stated}'}")
    return code or int(bool(broken))
