"""A process that solves one programme; :mod:`siteopt.highs.process` starts and ends it.

The programme comes in on standard input, and what the solver finds goes out on standard output, all of it pickled.
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
import threading
from typing import TYPE_CHECKING, Any, BinaryIO

from siteopt.errors import SolverError
from siteopt.highs.driver import HighsDriver
from siteopt.highs.monitor import Silent

if TYPE_CHECKING:
    from siteopt.arrays import Floats


class _Reporter(Silent):
    """Monitor that writes every solution and every new bound to a stream."""

    def __init__(self, out: BinaryIO) -> None:
        self._out, self._bound = out, float("-inf")

    def on_solution(self, values: Floats, objective: float) -> None:
        self.say("solution", values, objective)

    def on_bound(self, bound: float) -> None:
        if bound > self._bound:
            self._bound = bound
            self.say("bound", bound)

    def say(self, *message: Any) -> None:
        pickle.dump(message, self._out, pickle.HIGHEST_PROTOCOL)
        self._out.flush()


def _end_with(parent: BinaryIO) -> None:
    """Wait until the parent is gone, then end this process, which nobody else would do."""
    parent.read()
    os._exit(1)


def main() -> None:
    """Solve the programme from standard input, and report how that ended."""
    for number in (signal.SIGINT, signal.SIGTERM):  # they go to all processes; the parent decides
        signal.signal(number, signal.SIG_IGN)
    matrix, options, limits = pickle.load(sys.stdin.buffer)
    threading.Thread(target=_end_with, args=(sys.stdin.buffer,), daemon=True).start()
    reporter = _Reporter(sys.stdout.buffer)
    try:
        reporter.say("answer", HighsDriver(matrix, options).solve(limits, reporter))
    except SolverError as error:
        reporter.say("failure", str(error))
    os._exit(0)  # skips the interpreter's shutdown, in which the thread above still holds standard input


if __name__ == "__main__":
    main()
