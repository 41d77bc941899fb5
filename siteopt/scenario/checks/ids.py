"""Problems of ids: references to something unknown, and ids used twice."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from siteopt.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def unknown_id(path: str, kind: str, value: str, known: Iterable[str]) -> Problem:
    """Report a reference to something that does not exist, with the nearest name that does."""
    names = sorted(known)
    near = get_close_matches(value, names, n=1)
    if near:
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
