"""Tables of plain cells: no borders, no markup in names, legible without colour."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from rich.console import Console

#: Rows of a table before it is cut.
MOST_ROWS = 15


def table(*columns: str) -> Table:
    """A table; a column whose name starts with ``>`` is set to the right and never wrapped."""
    result = Table(box=None, pad_edge=False)
    for name in columns:
        right = name.startswith(">")
        header = Text(name.removeprefix(">"), style="underline")
        result.add_column(header, justify="right" if right else "left", no_wrap=right)
    return result


def add_row(out: Table, *cells: str, style: str = "") -> None:
    """Add a row of literal text: a name such as ``[bold]`` stays what it is."""
    out.add_row(*(Text(cell) for cell in cells), style=style)


def print_table(console: Console, title: str, out: Table, rows: int = 0) -> None:
    """Print a table under its title after an empty line, and how many of its ``rows`` were left out."""
    console.print()
    say(console, title, "bold")
    if out.rows:
        console.print(out)
    if rows > MOST_ROWS:
        say(console, f"… and {rows - MOST_ROWS:,} more (in plan.json)")


def say(console: Console, text: str, style: str = "") -> None:
    """Print a sentence as it is, wrapped at the console's width."""
    console.print(Text(text, style=style))


def duration(ms: float) -> str:
    """A time in three or four digits: ``41.2 ms``, ``276 ms``, ``17.5 s``, ``3,600 s``."""
    value, unit = (ms, "ms") if ms < 1000 else (ms / 1000, "s")
    return (
        f"{value:,.{2 if value < 10 else 1 if value < 100 else 0}f}".removesuffix(".00").removesuffix(".0")
        + f" {unit}"
    )
