"""Every error that siteopt raises on purpose.

::

    SiteoptError
    ├── ScenarioError      bad input: every problem found, each with its path in the file     exit code 2
    ├── InfeasibleError    no plan can meet the rules; says why                               exit code 1
    ├── NoPlanError        none was found within the limits, nor proven impossible            exit code 3
    └── SolverError        a solver failed, or a plan did not pass its own verification       exit code 4
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


class SiteoptError(Exception):
    """Base of all errors raised by siteopt on purpose."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with an input file.

    Attributes
    ----------
    path : str
        Where, in the words of the file: ``sites[3].headroom_mw``; empty for the file as a whole.
    message : str
        What is wrong and what would be right.
    """

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


class ScenarioError(SiteoptError):
    """The input is not a scenario (or not a plan) that siteopt can act on.

    Attributes
    ----------
    problems : tuple of Problem
        All the problems found, in the order of the file.
    source : str
        The file's name, or empty where the input did not come from a file.
    """

    def __init__(self, problems: Sequence[Problem], source: str = "") -> None:
        self.problems = tuple(problems)
        self.source = source
        count = len(self.problems)
        head = f"{source or 'scenario'}: {count} problem{'s' if count != 1 else ''}"
        super().__init__("\n  ".join([head, *map(str, self.problems)]))

    def __reduce__(self) -> tuple[object, ...]:
        """What it is made from: the usual way, through its text, would lose that between processes."""
        return type(self), (self.problems, self.source)


class InfeasibleError(SiteoptError):
    """No plan can meet every rule of the scenario.

    Attributes
    ----------
    reasons : tuple of str
        Why, with numbers, in the planner's words.
    """

    def __init__(self, reasons: Sequence[str]) -> None:
        self.reasons = tuple(reasons)
        super().__init__("\n  ".join(["no plan can meet every rule:", *self.reasons]))

    def __reduce__(self) -> tuple[object, ...]:
        """What it is made from: the usual way, through its text, would lose that between processes."""
        return type(self), (self.reasons,)


class NoPlanError(SiteoptError):
    """The limits were reached before any plan was found; infeasibility was not proven either.

    Attributes
    ----------
    is_interrupted : bool
        Whether it was not a limit but Ctrl-C, or whoever else may stop a solve.
    """

    def __init__(self, message: str, *, is_interrupted: bool = False) -> None:
        self.is_interrupted = is_interrupted
        super().__init__(message)


class OutOfTimeError(SiteoptError):
    """The time was over before a model was built; whoever asked for it goes on without."""


class SolverError(SiteoptError):
    """A solver failed, or its answer did not survive verification."""


def words_on_environment(error: BaseException) -> str | None:
    """Say what siteopt did not get from its environment; None where the error has another cause."""
    if isinstance(error, MemoryError):
        return "there is not enough memory for this"
    if isinstance(error, RuntimeError) and "can't start new thread" in str(error):
        return "no more threads can be started here"
    if isinstance(error, ImportError):
        return f"the installation is broken: {error}"
    if isinstance(error, OSError):
        file = "" if error.filename is None else f"{error.filename}: "
        return f"{file}{error.strerror or error}"
    return None
