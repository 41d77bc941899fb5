"""The command ``siteopt``: one file for each command, no logic of its own.

::

    exit code  0   done: a plan was found, the plan holds, the scenario is valid
               1   no plan can meet every rule; or the plan given breaks one
               2   bad input: the scenario, the plan or the options; a file that cannot be read or written
               3   no plan was found within the limits
               4   a solver failed, or siteopt itself, or what it needs: memory, processes, libraries
             130   interrupted before there was any plan
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
import traceback
from contextlib import ExitStack, redirect_stderr, redirect_stdout
from importlib import import_module
from typing import TYPE_CHECKING, NoReturn

from siteopt.cli.messages import print_error, print_message, say
from siteopt.errors import InfeasibleError, NoPlanError, ScenarioError, SolverError, words_on_environment

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

#: The commands and what they are for. Each is a module of this package, imported only when it is the one to run: the
#: solver and what it needs take a second to import, and the help needs none of it.
COMMANDS = {
    "solve": "find a plan, with a proven gap",
    "check": "validate and summarise a scenario",
    "evaluate": "price and check any plan",
    "compare": "compare central, edge and hybrid, with a verdict on each workload",
    "explain": "explain a plan: why, why not, what a MW is worth, what binds, why there is none",
    "sensitivity": "find which uncertain numbers matter, one at a time",
    "report": "write a plan as a page to read, as GeoJSON or as CSV",
    "profile": "show latency and cost of one workload over load and number of sites",
    "params": "list the built-in catalogue with its sources",
    "schema": "print the JSON Schema of a scenario",
}
EXIT_CODES: dict[type[Exception], int] = {
    InfeasibleError: 1,
    ScenarioError: 2,
    NoPlanError: 3,
    SolverError: 4,
}
INTERRUPTED = 130


class _Parser(argparse.ArgumentParser):
    """A parser that says in two lines what is wrong with the options, instead of repeating all of them."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}\n  see {self.prog} --help\n")


def main(argv: Sequence[str] | None = None, *, on_start: Callable[[], None] = lambda: None) -> int:
    """Run a command and return its exit code.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments after the name of the program; by default those of the process.
    on_start : callable
        Called once the command is known and imported, before it begins.

    Returns
    -------
    int
        Exit code.
    """
    with ExitStack() as streams:
        for stream, redirect in ((sys.stdout, redirect_stdout), (sys.stderr, redirect_stderr)):
            if stream is None:  # a service, or a program without a console
                nowhere = streams.enter_context(open(os.devnull, "w", encoding="utf-8"))
                streams.enter_context(redirect(nowhere))
            elif hasattr(
                stream, "reconfigure"
            ):  # a name that the terminal cannot show must not end the program
                stream.reconfigure(errors="replace")
        try:
            return _run(sys.argv[1:] if argv is None else argv, on_start)
        except SystemExit as end:  # argparse has already printed what there is to say
            return end.code if isinstance(end.code, int) else 0


def _run(argv: Sequence[str], on_start: Callable[[], None]) -> int:
    try:
        args = build_parser(argv).parse_args(argv)
        on_start()
        return int(args.run(args))
    except tuple(EXIT_CODES) as error:
        print_error(error)
        if isinstance(error, NoPlanError) and error.is_interrupted:
            return INTERRUPTED
        return next(code for kind, code in EXIT_CODES.items() if isinstance(error, kind))
    except KeyboardInterrupt:
        say("interrupted")
        return INTERRUPTED
    except Exception as error:
        lacking = words_on_environment(error)
        if lacking is not None:
            say(lacking)
            return EXIT_CODES[ScenarioError if isinstance(error, OSError) else SolverError]
        # Python would exit with 1, which here means that no plan exists.
        if logging.getLogger("siteopt").isEnabledFor(logging.DEBUG):
            traceback.print_exc()
        where = ["this is a bug in siteopt; please report it (solve --log-level debug shows where)"]
        print_message(f"siteopt: internal error: {type(error).__name__}: {error}", where, 1)
        return EXIT_CODES[SolverError]


def build_parser(argv: Sequence[str]) -> argparse.ArgumentParser:
    """Build a parser that knows every command, but only the options of the one to run.

    Parameters
    ----------
    argv : sequence of str
        Arguments after the name of the program.

    Returns
    -------
    argparse.ArgumentParser
    """
    parser = _Parser(
        prog="siteopt",
        description="Decide which substations should host micro data centres, and which AI workloads stay central.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version and exit")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND", parser_class=_Parser)
    # No option before the command takes a value, so the first word is the command.
    asked = next((word for word in argv if not word.startswith("-")), None)
    for name, purpose in COMMANDS.items():
        command = commands.add_parser(name, help=purpose, allow_abbrev=False)
        if name == asked:
            module = import_module(f"siteopt.cli.{name}")
            module.add_options(command)
            command.set_defaults(run=module.run, parser=command)
    return parser


class _Version(argparse.Action):
    """An option that prints the version; only then are the package's metadata read."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        from importlib.metadata import PackageNotFoundError, version

        try:
            known = version("siteopt")
        except PackageNotFoundError:
            known = "(not installed)"
        print(f"siteopt {known}")
        parser.exit()
