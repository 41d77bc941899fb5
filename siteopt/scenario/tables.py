"""Large tables of a scenario kept in CSV files beside it: ``"sites": {"file": "sites.csv"}``.

A header names the keys, with a dot for a key inside a key (``existing.design``, ``pue.micro-air``). An empty cell
is an absent key; a list is written with semicolons (``micro-air;micro-liquid``). A list of objects does not fit a
cell: sites with ``connection_steps`` stand in the document itself.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from siteopt.errors import Problem, ScenarioError
from siteopt.scenario.inputs import note_input

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Protocol

    class Reader(Iterator[list[str]], Protocol):
        """What ``csv.reader`` returns."""

        line_num: int


#: Keys that no column can hold.
NO_COLUMNS = {"connection_steps"}
#: Columns that hold lists, and columns whose cells are words even where they look like numbers.
LIST_COLUMNS = {"designs", "tiers", "groups", "jurisdictions"}
WORD_COLUMNS = {
    *("id", "name", "tier", "jurisdiction", "zone", "node", "status", "existing.design", "from", "to"),
    *("region", "workload", "redundancy", "cooling", "sizing"),
}


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of a CSV file as the JSON objects that they stand for, and the line where each of them ends."""

    name: str
    rows: list[dict[str, Any]]
    lines: list[int]


def read_table(path: Path, key: str) -> Table:
    """Read a table.

    Parameters
    ----------
    path : Path
        The file.
    key : str
        Key of the scenario that names it, for messages.

    Raises
    ------
    ScenarioError
        If the file cannot be read or is not a table.
    """
    reader = csv.reader(io.StringIO(read_text(path, key)), strict=True)
    try:
        return _table(reader, path.name, key)
    except csv.Error as error:
        message = f"line {reader.line_num} of {path.name} is not CSV: {error}; check its quotes and commas"
        raise ScenarioError([Problem(key, message)]) from None


def _table(reader: Reader, name: str, key: str) -> Table:
    header = [cell.strip() for cell in next(reader, [])]
    fault = _header_fault(header)
    if fault:
        raise ScenarioError([Problem(key, f"the first line of {name} {fault}")])
    table = Table(name, [], [])
    problems: list[Problem] = []
    for row in reader:
        if len(row) == len(header):
            table.rows.append(_object(header, row))
            table.lines.append(reader.line_num)
        elif row:
            cells = f"{len(row)} cell{'s' if len(row) > 1 else ''}"
            message = f"line {reader.line_num} of {name} has {cells}, but the first line names {len(header)}"
            problems.append(Problem(key, message))
    if problems:
        raise ScenarioError(problems)
    return table


def _header_fault(header: list[str]) -> str:
    """Say what is wrong with the names of the columns; nothing where they are sound."""
    if not any(header):
        return "is empty; it should name the columns"
    if "" in header:
        return "has a column without a name"
    for name in header:
        key = re.split(r"[.\[]", name)[0]
        if key in NO_COLUMNS:
            return f"names {key!r}, but no cell holds a list of objects; list these rows in the JSON document"
        if header.count(name) > 1:
            return f"names {name!r} twice"
        if "." not in name and any(other.startswith(f"{name}.") for other in header):
            return f"names both {name!r} and keys inside it"
    return ""


def read_text(path: Path, where: str = "") -> str:
    """Read a UTF-8 file (a byte-order mark is allowed), or raise a :class:`ScenarioError` that says why not."""
    try:
        note_input(path)
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        reason = f"{path} does not exist"
    except IsADirectoryError:
        reason = f"{path} is a directory; name a file"
    except UnicodeDecodeError as error:
        byte = error.object[error.start]
        reason = f"{path} is not UTF-8 text (byte {error.start} is 0x{byte:02x}); save it as UTF-8"
    except OSError as error:
        reason = f"{path} cannot be read: {error.strerror}"
    except ValueError:  # a name with a zero byte
        reason = f"{str(path)!r} is not the name of a file"
    raise ScenarioError([Problem(where, reason)])


def _object(header: list[str], row: list[str]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for name, cell in zip(header, row, strict=True):
        if cell.strip() == "":
            continue
        outer, dot, inner = name.partition(".")  # split once: what follows may be an id with dots of its own
        holder = result.setdefault(outer, {}) if dot else result
        holder[inner if dot else outer] = _value(name, cell.strip())
    return result


def _value(name: str, cell: str) -> Any:
    if name in LIST_COLUMNS:
        return [part.strip() for part in cell.split(";")]
    if name in WORD_COLUMNS:
        return cell
    if cell.lower() in ("true", "false"):
        return cell.lower() == "true"
    if "_" in cell:  # Python would read 1_000 as a number; a planner would not
        return cell
    for number in (int, float):
        try:
            return number(cell)
        except ValueError:
            continue
    return cell
