"""``siteopt check SCENARIO``: whether it is valid, how large it is, and what about it looks odd."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siteopt.cli.terminal import result_console, results
from siteopt.compile import compile_instance
from siteopt.compile.implicit_flows import compile_implicit_flows
from siteopt.compile.many import has_many_flows
from siteopt.diagnose.proofs import implicit_impossibilities, impossibilities
from siteopt.diagnose.remarks import suspicions
from siteopt.report.check import print_check
from siteopt.report.extent import implicit_extent, listed_extent
from siteopt.scenario import load_scenario

if TYPE_CHECKING:
    import argparse


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument("scenario", metavar="SCENARIO", help="scenario.json")


def run(args: argparse.Namespace) -> int:
    """Load, compile and summarise a scenario; exit with code 1 where arithmetic shows that no plan exists."""
    scenario = load_scenario(args.scenario)
    if has_many_flows(scenario):
        implicit = compile_implicit_flows(scenario)
        impossible = implicit_impossibilities(scenario, implicit)
        extent, suspicious = implicit_extent(implicit), suspicions(scenario, None)
    else:
        instance = compile_instance(scenario)
        impossible = impossibilities(scenario, instance)
        extent, suspicious = listed_extent(instance), suspicions(scenario, instance)
    with results():
        print_check(result_console(), scenario, extent, impossible, suspicious)
    return int(bool(impossible))
