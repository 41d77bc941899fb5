"""How a running solve reports, and how it is asked to stop. Plain data: no printing here."""

from __future__ import annotations

import time
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """One report of a running solve.

    Attributes
    ----------
    seconds : float
        Since the solve began.
    incumbent_usd : float or None
        Cost of the best plan so far.
    bound_usd : float or None
        Best proven bound so far.
    gap : float or None
        Gap between the two; None also where nothing is spent and it has no limit.
    source : str
        What speaks: ``compile``, ``bound``, ``search``, ``milp``.
    """

    seconds: float
    incumbent_usd: float | None
    bound_usd: float | None
    gap: float | None
    source: str


class Clock:
    """Time since the start of a solve, its limit, and the wish to stop.

    Parameters
    ----------
    time_limit : float
        Seconds; ``inf`` for none.
    """

    def __init__(self, time_limit: float) -> None:
        self._start = time.perf_counter()
        self.time_limit = time_limit
        self.interrupted = False

    @property
    def seconds(self) -> float:
        """Elapsed since the start."""
        return time.perf_counter() - self._start

    @property
    def left(self) -> float:
        """Until the time limit; 0 once it is reached or an interrupt was asked for."""
        return 0.0 if self.interrupted else max(0.0, self.time_limit - self.seconds)

    def interrupt(self) -> None:
        """Ask whatever runs to stop at its next chance and hand over what it has."""
        self.interrupted = True
