"""Faults of a scenario, one line for each cause: a fault on many rows is a line with their number and the first three.

So the commonest fault never hides the rarest, and a table with one wrong column does not take minutes to refuse.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any

from siteopt.errors import Problem
from siteopt.scenario.checks.ids import UnknownId
from siteopt.scenario.json_text import short
from siteopt.scenario.known_keys import is_free_key
from siteopt.scenario.messages import message, path_of

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence

    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

    from siteopt.scenario.tables import Table

#: Most lines for a cause; also the rows that are named where a line stands for more.
MOST_LINES = 3
#: Most unknown keys of one kind of object that are named; the rest is counted.
MOST_KEYS = 10
#: No latitude or longitude, even with a slip of the decimal point; eastings and northings are larger.
METRES = 10_000.0
NUMBER = re.compile(r"-?\d[\d.,e+-]*")
QUOTED = re.compile(r"""'[^']*'|"[^"]*\"""")
INDEX = re.compile(r"\[\d+\]")
#: Keys inside which all keys are the user's own.
OWN_KEY = re.compile(r"(\.pue|\.coefficients)\..*")


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault; its words are made only if they are shown, because there may be a million.

    Attributes
    ----------
    cause : hashable
        Shared by all faults of its kind.
    value : hashable
        Faults of one cause and value have the same message.
    path : str
        In the words of the file.
    message : callable
        Returns what is wrong and what would be right.
    """

    cause: Hashable
    value: Hashable
    path: str
    message: Callable[[], str]


class Faults:
    """Faults as problems of a document, whose rows are named by more than their number.

    Parameters
    ----------
    document : dict
        With its tables read in.
    files : dict of str to Table
        By path, those of its tables that are files.
    """

    def __init__(self, document: dict[str, Any], files: dict[str, Table]) -> None:
        self._document = document
        self._files = files

    def problems(self, faults: Iterable[Fault]) -> list[Problem]:
        """Return a problem for each cause, or for each value where it has only a few."""
        causes: dict[Hashable, dict[Hashable, list[Fault]]] = {}
        for fault in faults:
            causes.setdefault(fault.cause, {}).setdefault(fault.value, []).append(fault)
        return [problem for values in causes.values() for problem in self._of_cause(list(values.values()))]

    def _of_cause(self, values: list[list[Fault]]) -> Iterator[Problem]:
        count = sum(map(len, values))
        if count <= MOST_LINES:
            yield from (self._problem([fault], 1) for same in values for fault in same)
        elif len(values) <= MOST_LINES:
            yield from (self._problem(same[:MOST_LINES], len(same)) for same in values)
        else:
            firsts = [same[0] for same in values[:MOST_LINES]]
            yield self._problem(firsts, count)

    def _problem(self, faults: Sequence[Fault], count: int) -> Problem:
        """Return the problem that some faults of one cause share with so many others."""
        first, text = faults[0], faults[0].message()
        if count == 1:
            place = self._place(first.path)
            return Problem(first.path, f"{text} ({place})" if place else text)
        table = self._table(first.path)
        if table is None:
            places = ", ".join(self._place(f.path).removeprefix("in ") or f.path for f in faults)
            return Problem(first.path, f"{text} (so in {count:,} places: {places}{_more(faults, count)})")
        lines = ", ".join(str(table.numbers[_row(f.path)[1]]) for f in faults)
        where = f"{count:,} rows of {table.name}: {table.place}s {lines}{_more(faults, count)}"
        return Problem(first.path, f"{text} (so in {where})")

    def _place(self, path: str) -> str:
        """Name a row by more than its number: the line of its file, or its id."""
        name, number = _row(path)
        if number < 0:
            return ""
        table = self._table(path)
        if table is not None:
            return f"{table.name}, {table.place} {table.numbers[number]}"
        rows: Any = self._document
        for step in name.split("."):
            rows = rows.get(step) if isinstance(rows, dict) else None
        # A key with brackets in it only looks like a row.
        row = rows[number] if isinstance(rows, list | tuple) and number < len(rows) else None
        known = row.get("id") if isinstance(row, dict) else None
        return f"in {short(known)}" if isinstance(known, str) and known and not path.endswith("].id") else ""

    def _table(self, path: str) -> Table | None:
        name, number = _row(path)
        return self._files.get(name) if number >= 0 else None


def invalid(error: ValidationError, document: dict[str, Any], files: dict[str, Table]) -> list[Problem]:
    """Return the problems of a document that does not follow the schema."""
    return Faults(document, files).problems(_schema_faults(error.errors(include_url=False)))


def inconsistent(
    problems: Iterable[Problem], document: dict[str, Any], files: dict[str, Table]
) -> list[Problem]:
    """Return the problems of a document whose parts do not fit together."""
    faults = (
        Fault(
            (OWN_KEY.sub(r"\1.*", INDEX.sub("[]", p.path)), NUMBER.sub("#", QUOTED.sub("#", p.message))),
            (p.message, ""),
            p.path,
            lambda p=p: (p.with_hint() if isinstance(p, UnknownId) else p).message,  # type: ignore[misc]
        )
        for p in problems
    )
    return Faults(document, files).problems(faults)


def _schema_faults(details: Iterable[ErrorDetails]) -> Iterator[Fault]:
    paths: set[str] = set()
    keys: dict[Hashable, dict[str, list[ErrorDetails]]] = {}
    parent: Hashable
    for detail in details:
        if detail["type"] == "extra_forbidden":
            parent, key = _any_row(detail["loc"][:-1]), str(detail["loc"][-1])
            keys.setdefault(parent, {}).setdefault(key, []).append(detail)
        elif detail["type"] == "too_short" and len(detail["input"]) > 0:
            continue  # it holds rows; they are all wrong, and each is reported
        else:
            fault = _schema_fault(detail)
            if fault.path not in paths:
                paths.add(fault.path)
                yield fault
    for parent, unknown in keys.items():
        yield from _unknown_keys(parent, unknown)


def _schema_fault(detail: ErrorDetails) -> Fault:
    location, value = detail["loc"], detail["input"]
    if location[-1:] in (("lat",), ("lon",)) and isinstance(value, int | float) and abs(value) > METRES:
        text = (
            "lat and lon are no degrees; if they are metres (UTM, Gauss-Krüger), convert them to WGS 84"
            " (EPSG:4326)"
        )
        return Fault(("metres", _any_row(location[:-1])), "", path_of(location[:-1]), lambda: text)
    shown = value if isinstance(value, str | int | float | None) else id(type(value))
    return Fault(
        (detail["type"], _any_row(location)),
        (type(value), shown),
        path_of(location),
        lambda: message(detail),
    )


def _unknown_keys(parent: Hashable, unknown: dict[str, list[ErrorDetails]]) -> Iterator[Fault]:
    """Yield the faults of unknown keys: each key is a cause of its own, unless there are very many."""
    for key, details in islice(unknown.items(), MOST_KEYS):
        for detail in details:
            yield Fault(
                ("unknown", parent, key),
                "",
                path_of(detail["loc"]),
                lambda detail=detail: message(detail),  # type: ignore[misc]
            )
    rest = list(islice(unknown, MOST_KEYS, None))
    if rest:
        some = ", ".join(map(short, rest[:MOST_LINES]))
        text = f"has {len(rest):,} more unknown keys, such as {some}"
        first = unknown[rest[0]][0]
        yield Fault(("unknown", parent), "", path_of(first["loc"][:-1]), lambda: text)


@lru_cache(maxsize=4096)
def _any_row(location: tuple[int | str, ...]) -> tuple[int | str, ...]:
    """Return a location without the numbers of its rows and the keys that are the user's own."""
    general: tuple[int | str, ...] = tuple(0 if isinstance(step, int) else step for step in location)
    if len(general) > 1 and isinstance(general[-1], str) and is_free_key(general):
        return (*general[:-1], "*")
    return general


def _row(path: str) -> tuple[str, int]:
    """Return the table that a path names and the number of its row, -1 where it names none."""
    table, _, rest = path.partition("[")
    number = rest.partition("]")[0]
    return table, int(number) if number.isdigit() else -1


def _more(faults: Sequence[Fault], count: int) -> str:
    return ", ..." if count > len(faults) else ""
