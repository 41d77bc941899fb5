"""Parsers for values of options, so that they are checked before any work is done."""

from __future__ import annotations

import argparse
import math
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from siteopt.plan import create_beside

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

from siteopt.run.options import LARGEST_SEED

LOG_LEVELS = ("debug", "info", "warning", "error")


def positive_seconds(text: str) -> float:
    """Parse a time limit: any positive number, ``inf`` for none."""
    value = _number(text)
    if not value > 0:
        raise argparse.ArgumentTypeError(f"{text} should be greater than 0 (inf for no limit)")
    return value


def gap(text: str) -> float:
    """Parse a relative gap: 0.005 for 0.5 %."""
    value = _number(text)
    if not 0 <= value < 1:
        raise argparse.ArgumentTypeError(f"{text} should be at least 0 and less than 1; 0.005 is 0.5 %")
    return value


def count(text: str) -> int:
    """Parse a limit on steps: a whole number from 1 on."""
    value = _integer(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} should be at least 1")
    return value


def seed(text: str) -> int:
    """Parse a seed: a whole number from 0 to 2**31 - 1."""
    value = _integer(text)
    if not 0 <= value <= LARGEST_SEED:
        raise argparse.ArgumentTypeError(f"{text} should be between 0 and {LARGEST_SEED}")
    return value


def output_file(text: str) -> Path:
    """Parse the path of a file that can be written, lest this fail after an hour of work."""
    path = Path(text)
    try:
        reason = _unusable(path)
    except OSError as error:
        reason = f"cannot be written: {(error.strerror or str(error)).lower()}"
    except ValueError:
        reason = "is not the name of a file"
    if reason:
        raise argparse.ArgumentTypeError(f"{text!r} {reason}" if "\0" in text else f"{text} {reason}")
    return path


def _unusable(path: Path) -> str:
    """Return why a file cannot be written; empty where it can."""
    kind = path.stat().st_mode if path.exists() else stat.S_IFREG
    if stat.S_ISDIR(kind):
        return "is a directory; name a file"
    if stat.S_ISSOCK(kind):
        return "is a socket; name a file"
    if path.exists() and not os.access(path, os.W_OK):
        return "cannot be written: permission denied"
    if stat.S_ISREG(kind):
        target = Path(os.path.realpath(path))
        if not target.parent.is_dir():
            return f"cannot be written: {path.parent} is not a directory"
        handle, temporary = create_beside(target)  # any objection of the file system shows now
        os.close(handle)
        temporary.unlink()
    return ""


def add_output(parser: argparse.ArgumentParser) -> None:
    """Add the options ``--out`` and ``--json``, the same for every command that produces a plan."""
    parser.add_argument("--out", type=output_file, metavar="PLAN.json", help="write the plan to this file")
    parser.add_argument("--json", action="store_true", help="print the plan as JSON instead of tables")


def refuse_inputs(
    parser: argparse.ArgumentParser, outputs: Mapping[str, Path | None], inputs: Iterable[Path]
) -> None:
    """Exit with code 2 where an output, given by its option, would replace a file that was read."""
    known = [name for name in inputs if name.exists()]
    for option, path in outputs.items():
        if path is not None and path.exists() and any(path.samefile(name) for name in known):
            parser.error(f"argument {option}: {path} is an input itself; choose another file")


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
