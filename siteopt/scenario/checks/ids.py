"""Problems of ids: references to something unknown, and ids used twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siteopt.errors import Problem
from siteopt.scenario.names import kind_of, similar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from siteopt.scenario.schema import Scenario


def unknown_id(scenario: Scenario, path: str, kind: str, value: str, known: Iterable[str]) -> Problem:
    """Report a reference to something that does not exist, with the nearest name that does.

    The id of something else is no misspelling: what it is says more than a name of the right kind that resembles it.
    """
    names, near, other = sorted(known), similar(value, known), kind_of(scenario, value)
    if other is not None and not kind.startswith(other.removeprefix("a ")):
        hint = f"that is {other}"
    elif near:
        hint = f"did you mean {near[0]!r}?"
    elif len(names) <= 8:
        hint = f"known: {', '.join(map(repr, names)) or 'none'}"
    else:
        hint = f"there are {len(names)} known, such as {names[0]!r}"
    return Problem(path, f"unknown {kind} {value!r}; {hint}")


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
