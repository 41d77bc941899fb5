"""Listeners of a running solve, which may also stop it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from siteopt.arrays import Floats


class Monitor(Protocol):
    """Listener of a running solve. Called from the solver's thread, so it must be quick."""

    def on_solution(self, values: Floats, objective: float) -> None:
        """Take a better solution."""

    def on_bound(self, bound: float) -> None:
        """Take the proven bound, each time that the solver reports it; unchanged values are repeated."""

    def offer(self) -> Floats | None:
        """Return a solution found elsewhere that the solver should know, once; None where there is none."""

    def should_stop(self) -> bool:
        """Whether to stop at the next chance."""


class Silent:
    """A monitor that neither listens nor stops anything."""

    def on_solution(self, values: Floats, objective: float) -> None:
        """Ignore the solution."""

    def on_bound(self, bound: float) -> None:
        """Ignore the bound."""

    def offer(self) -> Floats | None:
        """Offer nothing."""
        return None

    def should_stop(self) -> bool:
        """Never stop."""
        return False


class Until(Silent):
    """A monitor that stops when it is told to.

    Parameters
    ----------
    keep_going : callable
        Returns False once the solve should stop.
    """

    def __init__(self, keep_going: Callable[[], bool]) -> None:
        self._keep_going = keep_going

    def should_stop(self) -> bool:
        """Whether to stop at the next chance."""
        return not self._keep_going()
