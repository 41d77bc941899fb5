"""Values of options, checked before any work is done."""

from __future__ import annotations

import argparse
import math
import os
from pathlib import Path

from siteopt.run.options import LARGEST_SEED

LOG_LEVELS = ("debug", "info", "warning", "error")


def positive_seconds(text: str) -> float:
    """A time limit: any positive number, ``inf`` for none."""
    value = _number(text)
    if not value > 0:
        raise argparse.ArgumentTypeError(f"{text} should be greater than 0 (inf for no limit)")
    return value


def gap(text: str) -> float:
    """A relative gap: 0.005 for 0.5 %."""
    value = _number(text)
    if not 0 <= value < 1:
        raise argparse.ArgumentTypeError(f"{text} should be at least 0 and less than 1; 0.005 is 0.5 %")
    return value


def count(text: str) -> int:
    """A limit on steps: a whole number from 1."""
    value = _integer(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} should be at least 1")
    return value


def seed(text: str) -> int:
    """A seed: a whole number of 32 bits from 0."""
    value = _integer(text)
    if not 0 <= value <= LARGEST_SEED:
        raise argparse.ArgumentTypeError(f"{text} should be between 0 and {LARGEST_SEED}")
    return value


def output_file(text: str) -> Path:
    """A file that can be written, found out before the hour of work whose result it should hold."""
    path = Path(text)
    folder = path.parent
    reason = ""
    if path.is_dir():
        reason = "is a directory; name a file"
    elif not folder.is_dir():
        reason = f"cannot be written: {folder} is not a directory"
    elif not os.access(folder, os.W_OK | os.X_OK) or (path.exists() and not os.access(path, os.W_OK)):
        reason = "cannot be written: permission denied"
    if reason:
        raise argparse.ArgumentTypeError(f"{text} {reason}")
    return path


def add_output(parser: argparse.ArgumentParser) -> None:
    """Options ``--out`` and ``--json``, the same for every command that gives a plan."""
    parser.add_argument("--out", type=output_file, metavar="PLAN.json", help="write the plan to this file")
    parser.add_argument("--json", action="store_true", help="print the plan as JSON instead of tables")


def refuse_same_file(parser: argparse.ArgumentParser, out: Path | None, *inputs: str) -> None:
    """End with exit code 2 where the output would replace an input."""
    for name in inputs:
        if out is not None and out.exists() and os.path.exists(name) and out.samefile(name):
            parser.error(f"argument --out: {out} is the input itself; choose another file")


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number") from None
    if math.isnan(value):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number")
    return value


def _integer(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from None
