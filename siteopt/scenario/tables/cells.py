"""What a cell stands for: a word, a list, a number, true or false; and a row of cells as an object."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Columns that hold lists, and columns whose cells are words even where they look like numbers.
LIST_COLUMNS = {"designs", "tiers", "groups", "jurisdictions"}
WORD_COLUMNS = {
    *("id", "name", "tier", "jurisdiction", "zone", "node", "status", "existing.design", "from", "to"),
    *("region", "workload", "redundancy", "cooling", "sizing"),
}


def is_number(column: str) -> bool:
    """Whether the cells of a column may be numbers."""
    return column not in LIST_COLUMNS and column not in WORD_COLUMNS


def as_object(values: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Return the JSON object of a row; a dot in a column's name parts a key from a key inside it."""
    result: dict[str, Any] = {}
    for name, value in values:
        outer, dot, inner = name.partition(".")  # split once: what follows may be an id with dots of its own
        holder = result.setdefault(outer, {}) if dot else result
        holder[inner if dot else outer] = value
    return result


def value(column: str, cell: str) -> Any:
    """Return what a cell stands for; numbers have a decimal point."""
    if column in LIST_COLUMNS:
        return [part.strip() for part in cell.split(";")]
    if column in WORD_COLUMNS:
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
