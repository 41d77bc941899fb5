"""Reports of a running solve, and its clock, which can stop it. Plain data: nothing is printed here."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Progress:
    """A report of a running solve.

    Attributes
    ----------
    seconds : float
        Since the solve began.
    incumbent_usd : float or None
        Cost of the best plan so far.
    bound_usd : float or None
        Best proven bound so far.
    gap : float or None
        Gap between the two; None as well if nothing is spent and it is infinite.
    source : str
        What reports: ``compile``, ``bound``, ``search`` or ``milp``.
    """

    seconds: float
    incumbent_usd: float | None
    bound_usd: float | None
    gap: float | None
    source: str


class Clock:
    """Clock of a solve: the time since its start, its time limit, and whether it has been asked to stop.

    Parameters
    ----------
    time_limit : float
        Seconds; ``inf`` for none.
    stop : callable, optional
        Returns whether to stop.
    """

    def __init__(self, time_limit: float, stop: Callable[[], bool] | None = None) -> None:
        self._start = time.perf_counter()
        self.time_limit = time_limit
        self._stop, self._asking = stop, threading.Lock()
        self.interrupted = self.has_failed = False

    @property
    def seconds(self) -> float:
        """Seconds since the start."""
        return time.perf_counter() - self._start

    @property
    def left(self) -> float:
        """Seconds until the time limit; 0 once it is reached or the solve was interrupted."""
        if self._stop is not None and not self.interrupted:
            self._ask(self._stop)
        return 0.0 if self.interrupted else max(0.0, self.time_limit - self.seconds)

    def interrupt(self) -> None:
        """Ask whatever is running to stop at its next opportunity and hand over what it has."""
        self.interrupted = True

    def fail(self) -> None:
        """End the solve as an interrupt does, because a step of it failed beside the others."""
        self.has_failed = True
        self.interrupt()

    def _ask(self, stop: Callable[[], bool]) -> None:
        """Interrupt if ``stop`` says so or fails; do nothing while another thread is asking it."""
        if not self._asking.acquire(blocking=False):
            return
        try:
            if stop():
                self.interrupt()
        except Exception:
            logger.warning("stop raised an exception, which ends the solve", exc_info=True)
            self.interrupt()
        finally:
            self._asking.release()
