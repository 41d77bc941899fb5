"""Problems of ids: references to something unknown, and ids used twice."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

from siteopt.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator


@dataclass(frozen=True, slots=True)
class UnknownId(Problem):
    """A reference to something that does not exist.

    Attributes
    ----------
    value : str
        What is referred to.
    known : collection of str
        What exists.
    """

    value: str
    known: Collection[str]

    def with_hint(self) -> Problem:
        """Return the problem with the nearest name that does exist: a search that only what is shown is worth."""
        names = sorted(self.known)
        near = get_close_matches(self.value, names, n=1)
        if near:
            hint = f"did you mean {near[0]!r}?"
        elif len(names) <= 8:
            hint = f"known: {', '.join(map(repr, names)) or 'none'}"
        else:
            hint = f"there are {len(names)} known, such as {names[0]!r}"
        return Problem(self.path, f"{self.message}; {hint}")


def unknown_id(path: str, kind: str, value: str, known: Collection[str]) -> Problem:
    """Report a reference to something that does not exist."""
    return UnknownId(path, f"unknown {kind} {value!r}", value, known)


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
