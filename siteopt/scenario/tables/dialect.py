"""Which character stands between the cells of a table: taken from the keys in its first line."""

from __future__ import annotations

import csv
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Container

#: What spreadsheets put between cells, the first of equals wins.
SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
#: Excel's own way to say it, in a first line of its own.
SEPARATOR_LINE = re.compile(r'"?sep=(.)"?[,;\t|]*\n', re.IGNORECASE)


def find_separator(text: str, known: Container[str]) -> tuple[str, int]:
    """Find the separator of a table.

    Parameters
    ----------
    text : str
        The whole table.
    known : container of str
        Keys that a row may have.

    Returns
    -------
    separator : str
        The one that a ``sep=`` line names, else the one by which the first line names most keys.
    skipped : int
        Characters of the ``sep=`` line.
    """
    said = SEPARATOR_LINE.match(text)
    if said:
        return said[1], said.end()
    line = text.partition("\n")[0]
    return max(SEPARATORS, key=lambda separator: _names(line, separator, known)), 0


def _names(line: str, separator: str, known: Container[str]) -> tuple[int, int]:
    """Return how many known keys a line names if it is cut at a separator, and into how many cells."""
    try:
        cells = next(csv.reader([line], delimiter=separator), [])
    except csv.Error:  # a single cell of megabytes: no table, which is said when it is read
        return 0, 0
    return sum(cell.strip().partition(".")[0] in known for cell in cells), len(cells)
