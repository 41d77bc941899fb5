"""Documents made in Python as plain JSON: data frames, NumPy's numbers and arrays, generators.

None of the libraries that they come from is imported, for a user of another one need not have it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from siteopt.scenario.tables.cells import LIST_COLUMNS

#: How the libraries of data frames name what returns a list of rows, and what that takes.
TO_ROWS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("to_dicts", ()),  # polars
    ("to_pylist", ()),  # Arrow
    ("to_dict", ("records",)),  # pandas
)
SCALARS = {str, bool, int, float, type(None)}
#: What pandas has in place of a missing cell, by the name of its type.
MISSING = {"NAType", "NaTType"}
#: Whole numbers up to this are exact as floating point.
EXACT = 2.0**53


def plain(value: Any) -> Any:
    """Return a value with everything in it as JSON has it; what has no counterpart is left to the schema's complaint.

    A row of a table has no key where its cell is missing (NaN), as in a CSV file.
    """
    if type(value) in SCALARS:
        return value
    if isinstance(value, Mapping):
        return {_key(key): plain(item) for key, item in value.items()}
    rows = _rows_of_frame(value)
    if rows is not None:
        return rows
    if hasattr(value, "tolist"):  # NumPy's numbers and arrays, and a column of a data frame
        return plain(value.tolist())
    if isinstance(value, list | tuple | Iterator | range):
        return [_row(item) if isinstance(item, Mapping) else plain(item) for item in value]
    return plain(value.to_dict()) if callable(getattr(value, "to_dict", None)) else value


def _key(key: Any) -> Any:
    return plain(key) if hasattr(key, "tolist") else key


def _row(row: Mapping[Any, Any]) -> dict[Any, Any]:
    return {key: value for key, value in plain(row).items() if not _is_missing(value)}


def _is_missing(value: Any) -> bool:
    return (isinstance(value, float) and math.isnan(value)) or type(value).__name__ in MISSING


def _rows_of_frame(frame: Any) -> list[dict[str, Any]] | None:
    """Return the rows of a data frame as objects, read as those of a CSV file are; None for anything else."""
    if not hasattr(frame, "columns"):
        return None
    for name, arguments in TO_ROWS:
        method = getattr(frame, name, None)
        if callable(method):
            return [_object(_row(row)) for row in method(*arguments)]
    return None


def _object(row: dict[Any, Any]) -> dict[str, Any]:
    """Return the object that a row stands for: a dot in a column's name leads into an object of its own."""
    result: dict[str, Any] = {}
    for column, value in row.items():
        if value is None:
            continue
        outer, dot, inner = str(column).partition(".")
        holder = result.setdefault(outer, {}) if dot else result
        holder[inner if dot else outer] = _cell(str(column), value)
    return result


def _cell(column: str, value: Any) -> Any:
    if isinstance(value, str) and column in LIST_COLUMNS:
        return [part.strip() for part in value.split(";")]
    if isinstance(value, list):
        return [_cell("", item) for item in value]
    if isinstance(value, dict):  # every object of a column has all keys that any of them has
        return {key: _cell("", item) for key, item in value.items() if item is not None}
    # A column of whole numbers of which one is missing is one of floating point.
    if isinstance(value, float) and value.is_integer() and abs(value) <= EXACT:
        return int(value)
    return value
