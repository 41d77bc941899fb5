"""The output of a plan: to a file, as JSON, or as tables."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from siteopt.cli.messages import say
from siteopt.cli.terminal import result_console, results
from siteopt.report.console import print_plan

if TYPE_CHECKING:
    from pathlib import Path

    from siteopt.plan import Plan
    from siteopt.scenario import Scenario


def write_plan(scenario: Scenario, plan: Plan, *, out: Path | None, as_json: bool) -> int:
    """Save and print a plan; it is printed even where the file cannot be written.

    Returns
    -------
    int
        Exit code: 0, or 2 where the file could not be written.
    """
    code = 0
    if out is not None:
        try:
            plan.save(out)
        except OSError as error:
            say(f"{out} could not be written: {error.strerror}")
            code = 2
    with results():
        if as_json:
            sys.stdout.write(plan.to_json())
        else:
            print_plan(result_console(), scenario, plan)
            if out is not None and code == 0:
                print(f"\nThe whole plan is in {out}.")
    return code
