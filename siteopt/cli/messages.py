"""Messages on stderr about what went wrong."""

from __future__ import annotations

import sys
from contextlib import suppress

from siteopt.errors import InfeasibleError, ScenarioError

#: Most lines of a list; the problems of a scenario are few, one for each cause, and none may hide another.
MOST_LINES = 40


def say(text: str) -> None:
    """Print a line on stderr; if that fails, the command goes on without it."""
    _write(f"siteopt: {text}")


def print_error(error: Exception) -> None:
    """Say on stderr, in one message, what is wrong and where."""
    if isinstance(error, ScenarioError):
        source = error.source or "the input"
        n = len(error.problems)
        _write(f"siteopt: {source}: {n} problem{'s' if n != 1 else ''}")
        for problem in error.problems:
            _write(f"  {problem}")
    elif isinstance(error, InfeasibleError):
        n = len(error.reasons)
        print_message("siteopt: infeasible: no plan can meet every rule", error.reasons, n)
    else:
        print_message(f"siteopt: {error}", (), 0)


def print_message(head: str, lines: object, n: int) -> None:
    """Print a headline and indented lines on stderr, cut where there are very many."""
    _write(head)
    for _, line in zip(range(MOST_LINES), iter(lines), strict=False):  # type: ignore[call-overload]
        _write(f"  {line}")
    if n > MOST_LINES:
        _write(f"  … and {n - MOST_LINES} more")


def _write(line: str) -> None:
    with suppress(OSError):
        print(line, file=sys.stderr)
