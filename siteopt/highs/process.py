"""HiGHS in a process of its own, which can be ended at any moment.

Inside a first relaxation or a sub-MIP, HiGHS may not react to an interrupt for many seconds.
"""

from __future__ import annotations

import logging
import os
import pickle
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from siteopt.errors import SolverError
from siteopt.highs.driver import Answer, HighsDriver

if TYPE_CHECKING:
    from siteopt.highs.driver import Limits
    from siteopt.highs.monitor import Monitor
    from siteopt.highs.programme import Matrix

#: Programmes with fewer entries are solved sooner than a process starts.
FEW_ENTRIES = 20_000
_POLL_SECONDS = 0.05
logger = logging.getLogger(__name__)


def solve_in_process(matrix: Matrix, options: dict[str, bool], limits: Limits, monitor: Monitor) -> Answer:
    """Solve a programme, or stop at once when the monitor says so.

    Parameters
    ----------
    matrix : Matrix
    options : dict of str to bool
        Options of HiGHS by name.
    limits : Limits
    monitor : Monitor
        Called from a thread of its own; has nothing to offer.

    Returns
    -------
    Answer
        With the outcome "limit", and the best solution and bound so far, where it was stopped or its process was lost
        or could not be started.

    Raises
    ------
    SolverError
        If HiGHS fails.
    """
    if len(matrix.value) < FEW_ENTRIES:
        return HighsDriver(matrix, options).solve(limits, monitor)
    try:
        worker = _Worker((matrix, options, limits), monitor)
    except (
        OSError
    ) as error:  # no more processes, descriptors or memory; what is known already is worth more than this
        logger.warning("no process could be started for HiGHS: %s", error.strerror)
        return Answer("limit", None, np.inf, -np.inf, 0)
    try:
        while worker.is_busy() and not monitor.should_stop():
            pass
    finally:
        worker.end()
    return worker.answer()


def launch_worker() -> subprocess.Popen[bytes]:
    """Start the process of :mod:`siteopt.highs.worker`, which waits for a programme."""
    # It takes its modules from where this process does, and not from the folder that it happens to run in.
    path = os.pathsep.join(entry or os.getcwd() for entry in sys.path)
    return subprocess.Popen(
        (sys.executable, "-P", "-m", "siteopt.highs.worker"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"PYTHONPATH": path},
    )


class _Worker:
    """The process, and the thread that talks to it.

    Parameters
    ----------
    job : tuple
        The programme to solve, with its options and limits.
    monitor : Monitor
    """

    def __init__(self, job: tuple[Any, ...], monitor: Monitor) -> None:
        self._monitor = monitor
        self._failure: str | None = None
        self._answer = Answer("limit", None, np.inf, -np.inf, 0)
        self._process = launch_worker()
        self._thread = threading.Thread(target=self._speak, args=(job,), daemon=True)
        self._thread.start()

    def is_busy(self) -> bool:
        """Whether the process is still working, after a short wait."""
        self._thread.join(_POLL_SECONDS)
        return self._thread.is_alive()

    def end(self) -> None:
        """End the process at once, whatever it is doing."""
        self._process.kill()
        self._thread.join()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            # What was being sent when it ended is still in the buffer, and can no longer be sent.
            with suppress(OSError):
                pipe.close()
        self._process.wait()

    def answer(self) -> Answer:
        """Return the answer, or the best so far where the process was ended or lost.

        Raises
        ------
        SolverError
            If HiGHS failed.
        """
        if self._failure is not None:
            raise SolverError(self._failure)
        return self._answer

    def _speak(self, job: tuple[Any, ...]) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            pickle.dump(job, self._process.stdin, pickle.HIGHEST_PROTOCOL)
            self._process.stdin.flush()
            while self._hears(*pickle.load(self._process.stdout)):
                pass
        except (OSError, EOFError, pickle.UnpicklingError):
            logger.debug(
                "the process of HiGHS is gone"
            )  # ended from here, or by the system for want of memory

    def _hears(self, what: str, *said: Any) -> bool:
        """Act on a message; return whether more are to come."""
        match what:
            case "solution":
                values, objective = said
                self._answer = replace(self._answer, values=values, objective=objective)
                self._monitor.on_solution(values, objective)
            case "bound":
                self._answer = replace(self._answer, bound=said[0])
                self._monitor.on_bound(said[0])
            case "answer":
                (self._answer,) = said
            case "failure":
                (self._failure,) = said
        return what in ("solution", "bound")
