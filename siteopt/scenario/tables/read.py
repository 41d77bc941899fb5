"""A table's file as rows of JSON objects, whatever its format."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from siteopt.errors import Problem, ScenarioError
from siteopt.scenario.known_keys import row_keys
from siteopt.scenario.tables.csv_rows import read_csv
from siteopt.scenario.tables.fault import TableFault
from siteopt.scenario.tables.geojson import is_json, read_points
from siteopt.scenario.tables.text import table_text

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of a file as the JSON objects that they stand for.

    Attributes
    ----------
    name : str
        Of the file.
    rows : list of dict
        One for each row.
    place : str
        What a row is called in the file: ``line`` or ``feature``.
    numbers : list of int
        Number of each row in the file; of the line where it ends.
    remarks : list of str
        How it was read, where that is worth a sentence.
    """

    name: str
    rows: list[dict[str, Any]]
    place: str
    numbers: list[int]
    remarks: list[str]


def read_table(path: Path, key: str) -> Table:
    """Read a table.

    Parameters
    ----------
    path : Path
        The file.
    key : str
        Key of the scenario that names it: ``sites``, ``network.nodes``.

    Raises
    ------
    ScenarioError
        If the file cannot be read or is not a table.
    """
    text, remarks = table_text(path, key)
    keys = row_keys(key)
    try:
        if is_json(text):
            rows, said = read_points(text, path.name, keys)
            return Table(path.name, rows, "feature", list(range(1, len(rows) + 1)), remarks + said)
        lines, rows, said = read_csv(text, path.name, keys)
    except TableFault as fault:
        raise ScenarioError([Problem(key, sentence) for sentence in fault.args]) from None
    return Table(path.name, rows, "line", lines, remarks + said)
