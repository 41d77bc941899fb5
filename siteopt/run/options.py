"""Options of a solve: what ends it, which method it uses, and the seed of its random choices."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any, Literal, get_args

Method = Literal["auto", "milp", "search"]

#: Largest seed that the solver accepts.
LARGEST_SEED = 2**31 - 1


@dataclass(frozen=True, slots=True)
class SolveOptions:
    """Options of a solve, checked as soon as they are given.

    Attributes
    ----------
    time_limit : float or None
        Seconds; None or ``inf`` for no limit.
    gap : float
        The solve ends once (cost - bound) / (sum of the positive cost lines) is at most this.
    seed : int
        Seed of all random choices.
    method : {"auto", "milp", "search"}
    node_limit : int or None
        Most tree nodes; None for no limit.
    iteration_limit : int or None
        Most rounds of the search; None for no limit.

    Raises
    ------
    ValueError
        If a value is out of its range.
    """

    time_limit: float | None = 60.0
    gap: float = 0.005
    seed: int = 1
    method: Method = "auto"
    node_limit: int | None = None
    iteration_limit: int | None = None

    def __post_init__(self) -> None:
        if self.method not in get_args(Method):
            raise ValueError(f"method must be 'auto', 'milp' or 'search', not {self.method!r}")
        if self.time_limit is not None and not (_is_number(self.time_limit) and self.time_limit > 0.0):
            raise ValueError(f"time_limit must be positive, or None for no limit; it is {self.time_limit!r}")
        if not (_is_number(self.gap) and self.gap >= 0.0):
            raise ValueError(f"gap must not be negative; it is {self.gap!r}")
        if not (_is_whole(self.seed) and 0 <= self.seed <= LARGEST_SEED):
            raise ValueError(f"seed must be a whole number from 0 to {LARGEST_SEED}; it is {self.seed!r}")
        for name in ("node_limit", "iteration_limit"):
            limit = getattr(self, name)
            if limit is not None and not (_is_whole(limit) and limit >= 1):
                raise ValueError(
                    f"{name} must be a whole number from 1, or None for no limit; it is {limit!r}"
                )
        self._make_plain()

    def _make_plain(self) -> None:
        """Convert NumPy's numbers to Python's: HiGHS and the file of a plan accept no others."""
        for name, kind in (("gap", float), ("seed", int), ("node_limit", int), ("iteration_limit", int)):
            value: Any = getattr(self, name)
            object.__setattr__(self, name, None if value is None else kind(value))

    @property
    def seconds(self) -> float:
        """The time limit as a number, ``inf`` if there is none."""
        return float("inf") if self.time_limit is None else float(self.time_limit)

    @property
    def step_limit(self) -> int | None:
        """Limit for methods that count nothing but tree nodes: the one on tree nodes, else the one on rounds."""
        return self.iteration_limit if self.node_limit is None else self.node_limit


def _is_number(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def _is_whole(value: object) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)
