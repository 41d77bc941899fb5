"""``siteopt params [WORD ...]``: the built-in catalogue, every figure with its source."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from siteopt.cli.terminal import result_console, results
from siteopt.errors import Problem, ScenarioError
from siteopt.formatting import listed
from siteopt.report.params import GROUPS, figures_document, print_figures, select_figures, suggestions
from siteopt.scenario.catalogue import load_catalogue

if TYPE_CHECKING:
    import argparse


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument("words", metavar="WORD", nargs="*", help="show only figures that contain every word")
    parser.add_argument("--group", choices=GROUPS, help="show only this part of the catalogue")
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")


def run(args: argparse.Namespace) -> int:
    """Select and print figures; finding none is an error."""
    catalogue = load_catalogue()
    figures = select_figures(catalogue, args.words, args.group)
    if not figures:
        where = f"{args.group} of the catalogue" if args.group else "the catalogue"
        near = suggestions(catalogue, args.words)
        hint = f"did you mean {listed(near, len(near))}?" if near else "try fewer words"
        words = " ".join(args.words)
        raise ScenarioError([Problem("", f"nothing in {where} contains {words!r}; {hint}")], "params")
    with results():
        if args.json:
            print(json.dumps(figures_document(figures), indent=1))
        else:
            print_figures(result_console(), figures)
    return 0
