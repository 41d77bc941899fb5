"""``siteopt profile``: deployments of a workload, its latency under load, and what sharing it between sites costs."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

from siteopt.answers.profile import Request, case_of, profile
from siteopt.cli.messages import say
from siteopt.cli.options import count, output_file, refuse_inputs
from siteopt.cli.quantities import percentile, positive, share, zero_or_more
from siteopt.cli.terminal import result_console, results
from siteopt.report.profile import print_profile
from siteopt.report.profile_plot import SUFFIXES, plot_profile, require_plotting
from siteopt.scenario import load_scenario
from siteopt.scenario.inputs import noting_inputs

if TYPE_CHECKING:
    from pathlib import Path

    from siteopt.answers.profile import Profile

DESCRIPTION = """Name a model and accelerators, or a workload of a scenario; options override what the workload says.
Without a scenario, --workload is a class of the catalogue (siteopt params --group workloads)."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.description = DESCRIPTION
    what = parser.add_argument_group("what")
    what.add_argument("--model", metavar="ID", help="model of the catalogue or the scenario")
    what.add_argument("--accelerator", metavar="ID", nargs="+", default=(), help="one or several to compare")
    what.add_argument("--input-tokens", type=zero_or_more, metavar="N", help="mean tokens read by one call")
    what.add_argument("--output-tokens", type=positive, metavar="N", help="mean tokens written by one call")
    what.add_argument("--scenario", metavar="SCENARIO", help="use its workloads, hardware and policy")
    what.add_argument("--workload", metavar="ID", help="workload of the scenario, or class of the catalogue")
    how = parser.add_argument_group("how")
    for metric, words in (
        ("ttft", "time to first token"),
        ("tpot", "time per output token"),
        ("e2e", "whole request"),
    ):
        how.add_argument(f"--{metric}-ms", type=positive, metavar="MS", help=f"limit: {words}")
    how.add_argument("--percentile", type=percentile, metavar="P", help="of every limit (default 0.99)")
    how.add_argument("--engine", metavar="NAME", help="inference engine (default vllm)")
    how.add_argument("--precision", choices=("bf16", "fp8", "fp4"), nargs="+", default=(), help="to try")
    how.add_argument("--network-share", type=share, metavar="X", help="of an SLO, for the network (0.25)")
    where = parser.add_argument_group("curves")
    where.add_argument("--replicas", type=count, default=4, metavar="N", help="in one pool (default 4)")
    where.add_argument("--total-rps", type=positive, metavar="R", help="calls/s that the sites share")
    where.add_argument("--rtt-ms", type=zero_or_more, default=0.0, metavar="MS", help="round trip (0)")
    parser.add_argument("--plot", type=_plot_file, metavar="FILE.svg|png", help="draw the curves")
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")


def run(args: argparse.Namespace) -> int:
    """Profile the workload and print the result; exit with code 1 where no deployment meets the SLO."""
    if args.plot is not None:
        require_plotting()
    with noting_inputs() as inputs:
        base = None if args.scenario is None else load_scenario(args.scenario)
    refuse_inputs(args.parser, {"--plot": args.plot}, inputs)
    result = profile(
        case_of(_request(args), base), replicas=args.replicas, total_rps=args.total_rps, rtt_ms=args.rtt_ms
    )
    with results():
        if args.json:
            print(json.dumps(result.to_dict(), indent=1, allow_nan=False))
        else:
            print_profile(result_console(), result)
    if result.curves is None:
        return 1
    return 0 if args.plot is None else _plot(result, args.plot)


def _plot(result: Profile, path: Path) -> int:
    try:
        plot_profile(result, path)
    except OSError as error:
        say(f"{path} could not be written: {error.strerror}")
        return 2
    say(f"the curves are in {path}")
    return 0


def _request(args: argparse.Namespace) -> Request:
    limits = {metric: getattr(args, f"{metric}_ms") for metric in ("ttft", "tpot", "e2e")}
    return Request(
        workload=args.workload,
        model=args.model,
        accelerators=tuple(args.accelerator),
        input_tokens=args.input_tokens,
        output_tokens=args.output_tokens,
        limits_ms={metric: ms for metric, ms in limits.items() if ms is not None},
        percentile=args.percentile,
        engine=args.engine,
        precisions=tuple(args.precision),
        network_share=args.network_share,
    )


def _plot_file(text: str) -> Path:
    path = output_file(text)
    if path.suffix.lower() not in SUFFIXES:
        raise argparse.ArgumentTypeError(f"{text} should end in {' or '.join(SUFFIXES)}")
    return path
