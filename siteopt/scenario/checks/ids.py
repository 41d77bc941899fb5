"""Problems of ids: references to something unknown, and ids used twice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from siteopt.errors import Problem
from siteopt.scenario.names import kind_of, similar

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from siteopt.scenario.schema import Scenario


@dataclass(frozen=True, slots=True)
class UnknownId(Problem):
    """A reference to something that does not exist.

    Attributes
    ----------
    scenario : Scenario
        That it stands in.
    kind, value : str
        What is referred to, in words and by its id.
    known : collection of str
        What exists.
    """

    scenario: Scenario
    kind: str
    value: str
    known: Collection[str]

    def with_hint(self) -> Problem:
        """Return the problem with the nearest name that does exist: a search that only what is shown is worth.

        The id of something else is no misspelling: what it is says more than a name of the right kind that resembles
        it.
        """
        names, other = sorted(self.known), kind_of(self.scenario, self.value)
        if other is not None and not self.kind.startswith(other.removeprefix("a ")):
            hint = f"that is {other}"
        elif near := similar(self.value, names):
            hint = f"did you mean {near[0]!r}?"
        elif len(names) <= 8:
            hint = f"known: {', '.join(map(repr, names)) or 'none'}"
        else:
            hint = f"there are {len(names)} known, such as {names[0]!r}"
        return Problem(self.path, f"{self.message}; {hint}")


def unknown_id(scenario: Scenario, path: str, kind: str, value: str, known: Collection[str]) -> Problem:
    """Report a reference to something that does not exist."""
    return UnknownId(path, f"unknown {kind} {value!r}", scenario, kind, value, known)


def unique(table: str, ids: Iterable[str]) -> Iterator[Problem]:
    """Yield the ids that a table uses a second time."""
    first: dict[str, int] = {}
    for i, name in enumerate(ids):
        if name in first:
            yield Problem(
                f"{table}[{i}].id",
                f"duplicate id {name!r}, first used by {table}[{first[name]}]; ids are unique",
            )
        first.setdefault(name, i)
