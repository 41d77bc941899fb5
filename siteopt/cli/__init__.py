"""The command ``siteopt``: one file per command, no logic of its own.

::

    exit code  0   done: a plan was found, the plan holds, the scenario is valid
               1   no plan can meet every rule; or the plan given breaks one
               2   bad input: the scenario, the plan or the options
               3   no plan was found within the limits
               4   a solver failed, or siteopt itself
             130   interrupted before there was any plan
"""

from __future__ import annotations

import argparse
import logging
import sys
import traceback
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, NoReturn

from siteopt.cli import check, compare, evaluate, explain, params, profile, report, schema, sensitivity, solve
from siteopt.cli.terminal import print_error, print_message
from siteopt.errors import InfeasibleError, NoPlanError, ScenarioError, SolverError

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMANDS = (solve, check, evaluate, compare, explain, sensitivity, report, profile, params, schema)
EXIT_CODES: dict[type[Exception], int] = {
    InfeasibleError: 1,
    ScenarioError: 2,
    NoPlanError: 3,
    SolverError: 4,
}
INTERRUPTED = 130


class _Parser(argparse.ArgumentParser):
    """Says what is wrong with the options in two lines instead of repeating all of them."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}\n  see {self.prog} --help\n")


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments after the name of the program; those of the process where absent.

    Returns
    -------
    int
        Exit code.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a name that the terminal cannot show must not end the program
            stream.reconfigure(errors="replace")
    try:
        return _run(build_parser().parse_args(argv))
    except SystemExit as end:  # argparse has said what is to be said
        return end.code if isinstance(end.code, int) else 0


def _run(args: argparse.Namespace) -> int:
    try:
        return int(args.run(args))
    except tuple(EXIT_CODES) as error:
        print_error(error)
        return next(code for kind, code in EXIT_CODES.items() if isinstance(error, kind))
    except KeyboardInterrupt:
        print("siteopt: interrupted", file=sys.stderr)
        return INTERRUPTED
    except Exception as error:
        # Python would exit with 1, which here means that no plan exists.
        if logging.getLogger("siteopt").isEnabledFor(logging.DEBUG):
            traceback.print_exc()
        where = ["this is a bug in siteopt; please report it (solve --log-level debug shows where)"]
        print_message(f"siteopt: internal error: {type(error).__name__}: {error}", where, 1)
        return EXIT_CODES[SolverError]


def build_parser() -> argparse.ArgumentParser:
    """The options of all commands."""
    parser = _Parser(
        prog="siteopt",
        description="Which substations should host micro data centres, which AI workloads stay central.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"siteopt {_version()}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND", parser_class=_Parser)
    for command in COMMANDS:
        command.add_parser(commands)
    return parser


def _version() -> str:
    try:
        return version("siteopt")
    except PackageNotFoundError:
        return "(not installed)"
