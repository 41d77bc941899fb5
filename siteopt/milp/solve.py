"""Solve the exact model from the best known plan, handing on the solutions and bounds found on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from siteopt.highs.driver import BOUND_TOLERANCE, Answer, HighsDriver, Limits
from siteopt.milp.build import build_model
from siteopt.milp.columns import columns_of, flows_of
from siteopt.milp.matrix import compile_matrix
from siteopt.milp.memory import no_garbage_collection
from siteopt.milp.objective import USD_PER_UNIT

if TYPE_CHECKING:
    from collections.abc import Callable

    from siteopt.arrays import Floats, Indices
    from siteopt.instance import Instance, Moves, Solution
    from siteopt.milp.layout import Layout
    from siteopt.milp.segments import Bracket


class Listener(Protocol):
    """Receiver of what a solve of the model finds; called from the solver's thread."""

    def found(self, option: Indices, share: Floats, unserved: Floats, moves: Moves) -> Solution | None:
        """Take the decisions of a better solution; return a still better one, if any, for the solver to use."""

    def proved(self, bound_usd: float) -> None:
        """Take a new bound: no plan costs less."""

    def should_stop(self) -> bool:
        """Whether to stop at the next chance."""


class _Monitor:
    """Translator between the driver, which knows columns, and the listener, which knows solutions."""

    def __init__(self, instance: Instance, layout: Layout, listener: Listener) -> None:
        self._instance, self._layout, self._listener = instance, layout, listener
        self._offer: Floats | None = None

    def on_solution(self, values: Floats, objective: float) -> None:
        better = self._listener.found(*flows_of(self._instance, values, self._layout))
        if better is not None:
            self._offer = columns_of(self._instance, better, self._layout)

    def on_bound(self, bound: float) -> None:
        # The inner model excludes some feasible plans, so that its bound is not one of the problem.
        if self._layout.bracket == "outer" and bound > -1e300:
            self._listener.proved(safe_bound_usd(bound))

    def offer(self) -> Floats | None:
        values, self._offer = self._offer, None
        return values

    def should_stop(self) -> bool:
        return self._listener.should_stop()


def safe_bound_usd(bound: float) -> float:
    """Convert a bound of the model's objective to USD, less the solver's tolerance."""
    return (bound - BOUND_TOLERANCE * max(1.0, abs(bound))) * USD_PER_UNIT


class ExactModel:
    """The exact model of an instance, loaded into HiGHS.

    Parameters
    ----------
    instance : Instance
    bracket : {"outer", "inner"}
        Outer: its optimum is a bound. Inner: its solutions are always feasible.
    segments : int
        Most straight lines per tail.
    keep_going : callable
        Asked now and then while it is built.

    Raises
    ------
    OutOfTimeError
        If ``keep_going`` says no.
    """

    def __init__(
        self,
        instance: Instance,
        bracket: Bracket = "outer",
        segments: int = 13,
        keep_going: Callable[[], bool] = lambda: True,
    ) -> None:
        self._instance = instance
        with no_garbage_collection():
            model = build_model(instance, bracket=bracket, segments=segments, keep_going=keep_going)
            self._driver = HighsDriver(compile_matrix(model.pyomo, keep_going))
        self._layout = model.layout

    def solve(self, limits: Limits, listener: Listener, warm_start: Solution | None) -> Answer:
        """Solve the model, telling the listener what is found and proved on the way.

        Parameters
        ----------
        limits : Limits
        listener : Listener
        warm_start : Solution or None

        Returns
        -------
        Answer
            With outcome "infeasible" where the model has no solution, hence the problem has none.
        """
        columns = None if warm_start is None else columns_of(self._instance, warm_start, self._layout)
        monitor = _Monitor(self._instance, self._layout, listener)
        answer = self._driver.solve(limits, monitor, columns)
        if answer.outcome != "infeasible":
            if answer.values is not None:
                listener.found(*flows_of(self._instance, answer.values, self._layout))
            monitor.on_bound(answer.bound)
        return answer
