"""CSV as spreadsheets write it.

A header names the keys, with a dot for a key inside a key (``existing.design``, ``pue.micro-air``). An empty cell
is an absent key; a list is written with semicolons (``micro-air;micro-liquid``). A list of objects does not fit a
cell: sites with ``connection_steps`` stand in the document itself.
"""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING, Any

from siteopt.formatting import counted
from siteopt.scenario.tables.cells import as_object, is_number, value
from siteopt.scenario.tables.columns import header_fault, unread, unread_remark
from siteopt.scenario.tables.dialect import SEPARATORS, find_separator
from siteopt.scenario.tables.fault import TableFault
from siteopt.scenario.tables.numbers import Cell, Decimals, find_decimals

if TYPE_CHECKING:
    from collections.abc import Iterator

    from siteopt.scenario.known_keys import Keys

    #: Number of a line, and its cells without the blanks around them.
    Line = tuple[int, list[str]]

#: Three decimals and no more, the look of thousands where a point parts them.
THOUSANDS = re.compile(r"[1-9]\d{0,2}\.\d{3}")
#: Most lines that are named one by one; the rest is counted.
MOST_LINES = 3


def read_csv(text: str, name: str, keys: Keys) -> tuple[list[int], list[dict[str, Any]], list[str]]:
    """Read a table in CSV.

    Parameters
    ----------
    text : str
        Of the file.
    name : str
        Of the file.
    keys : Keys
        Of a row.

    Returns
    -------
    lines : list of int
        Where each row ends in the file.
    rows : list of dict
        JSON objects.
    remarks : list of str
        What was found out about its separators, and which columns are not read.

    Raises
    ------
    TableFault
        If it is not CSV, or not of these keys.
    """
    separator, skipped = find_separator(text, keys.known)
    first, *lines = _lines(text[skipped:], separator, name, 1 if skipped else 0) or [(1, [])]
    columns = _columns(first[1], lines, name, separator)
    fault = header_fault(columns.values(), keys)
    if fault:
        raise TableFault(f"the first line of {name} {fault}")
    own = unread(columns.values(), keys)
    columns = {i: column for i, column in columns.items() if column not in own}
    decimals = find_decimals(_numbers(columns, lines))
    if isinstance(decimals, str):
        raise TableFault(f"{name} {decimals}")
    rows = [_row(columns, cells, decimals) for _, cells in lines]
    remarks = [*_how(name, separator, decimals), *_thousands(name, columns, lines, decimals)]
    if own:
        remarks.append(unread_remark(own, keys, name))
    return [line for line, _ in lines], rows, remarks


def _lines(text: str, separator: str, name: str, before: int) -> list[Line]:
    """Return the lines that hold anything, and the first one anyway."""
    reader = csv.reader(io.StringIO(text), delimiter=separator, strict=True)
    lines: list[Line] = []
    try:
        for row in reader:
            cells = [cell.strip() for cell in row]
            if any(cells) or not lines:
                lines.append((before + reader.line_num, cells))
    except csv.Error as error:
        line = before + reader.line_num
        message = (
            f"line {line} of {name} is not CSV: {error}; check its quotes and {SEPARATORS.get(separator)}"
        )
        raise TableFault(message) from None
    return lines


def _columns(header: list[str], lines: list[Line], name: str, separator: str) -> dict[int, str]:
    """Return the names of the columns by position; columns without name and content are none."""
    columns = {i: cell for i, cell in enumerate(header) if cell}
    if not columns:
        return {}
    width = max(columns) + 1
    wrong = [(line, cells) for line, cells in lines if len(cells) < width or any(cells[len(header) :])]
    if wrong:
        raise TableFault(*_wrong_widths(wrong, width, name, separator))
    unnamed = set(range(len(header))) - set(columns)
    for line, cells in lines if unnamed else ():
        for i in unnamed:
            if i < len(cells) and cells[i]:
                what = f"has a column without a name, in which line {line} holds {cells[i]!r}"
                raise TableFault(f"the first line of {name} {what}")
    return columns


def _wrong_widths(wrong: list[Line], width: int, name: str, separator: str) -> list[str]:
    hint = ""
    if separator == "," and len(wrong[0][1]) > width:
        hint = "; a comma inside a cell needs quotes around it, or semicolons between the cells"
    if len(wrong) <= MOST_LINES:
        return [
            f"line {line} of {name} has {counted(len(cells), 'cell')}, but the first line names {width}{hint}"
            for line, cells in wrong
        ]
    some = ", ".join(f"line {line} {len(cells)}" for line, cells in wrong[:MOST_LINES])
    what = (
        f"{len(wrong):,} lines of {name} have more or fewer cells than the {width} that the first line names"
    )
    return [f"{what}: {some}, ...{hint}"]


def _numbers(columns: dict[int, str], lines: list[Line]) -> Iterator[Cell]:
    numeric = [(i, column) for i, column in columns.items() if is_number(column)]
    for line, cells in lines:
        for i, column in numeric:
            if "," in cells[i] or "." in cells[i]:
                yield Cell(column, cells[i], line)


def _row(columns: dict[int, str], cells: list[str], decimals: Decimals) -> dict[str, Any]:
    return as_object(
        (column, value(column, decimals.plain(cells[i]) if is_number(column) else cells[i]))
        for i, column in columns.items()
        if cells[i]
    )


def _how(name: str, separator: str, decimals: Decimals) -> Iterator[str]:
    """Yield a remark on a table that is not written with commas between cells and decimal points."""
    between = SEPARATORS.get(separator, repr(separator))
    if decimals.mark == "," and decimals.example is not None:
        cell = decimals.example
        number = (
            f"decimal commas: {cell.text} ({cell.column}, line {cell.line}) is {decimals.plain(cell.text)}"
        )
        yield f"{name} is read with {between} between its cells and {number}."
    elif separator != ",":
        yield f"{name} is read with {between} between its cells and decimal points."


def _thousands(name: str, columns: dict[int, str], lines: list[Line], decimals: Decimals) -> Iterator[str]:
    """Yield a remark on each column of money whose points are likely to part thousands."""
    if decimals.mark == ",":
        return
    for i, column in columns.items():
        if "usd" in column:
            cells = [cells[i] for _, cells in lines if cells[i]]
            if cells and all(map(THOUSANDS.fullmatch, cells)):
                what = f"every figure of {column} has three decimals, and {cells[0]} is read as"
                yield f"{name}: {what} {float(cells[0]):g}; are the points for thousands?"
