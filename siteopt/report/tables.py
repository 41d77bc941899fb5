"""Tables of plain cells for the terminal: no borders, no markup in names, legible without colour."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from rich.console import Console

#: Most rows of a table that are printed.
MOST_ROWS = 15


def table(*columns: str) -> Table:
    """Make an empty table; a column whose name starts with ``>`` is aligned to the right and never wrapped."""
    result = Table(box=None, pad_edge=False)
    for name in columns:
        right = name.startswith(">")
        header = Text(name.removeprefix(">"), style="underline")
        result.add_column(header, justify="right" if right else "left", no_wrap=right)
    return result


def add_row(out: Table, *cells: str, style: str = "") -> None:
    """Add a row of literal text, in which a name such as ``[bold]`` is not taken for markup."""
    out.add_row(*(Text(cell) for cell in cells), style=style)


def print_table(console: Console, title: str, out: Table, rows: int = 0) -> None:
    """Print an empty line, a title, the table, and how many of its ``rows`` were left out."""
    console.print()
    say(console, title, "bold")
    if out.rows:
        console.print(out)
    if rows > MOST_ROWS:
        say(console, f"… and {rows - MOST_ROWS:,} more (in plan.json)")


def say(console: Console, text: str, style: str = "") -> None:
    """Print a sentence literally, wrapped at the console's width."""
    console.print(Text(text, style=style))


def duration(ms: float) -> str:
    """Write a time in three or four digits: ``41.2 ms``, ``276 ms``, ``17.5 s``, ``3,600 s``."""
    value, unit = (ms, "ms") if ms < 1000 else (ms / 1000, "s")
    return (
        f"{value:,.{2 if value < 10 else 1 if value < 100 else 0}f}".removesuffix(".00").removesuffix(".0")
        + f" {unit}"
    )
