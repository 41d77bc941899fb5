"""Numbers as spreadsheets write them: ``51,3127`` and ``1.234,5`` beside ``51.3127`` and ``1,234.5``.

A comma may part decimals or thousands, and so may a point. One cell that can only be read one way settles it for the
whole file; cells that contradict each other, or a comma that nothing settles, are refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

#: A number whose decimals follow a mark, with or without the other mark between groups of three digits.
WELL_FORMED = {
    mark: re.compile(
        rf"[-+]?(?:\d+|\d{{1,3}}(?:{other}\d{{3}})+|(?={mark}\d))(?:{mark}\d*)?(?:[eE][-+]?\d+)?"
    )
    for mark, other in ((r"\.", ","), (",", r"\."))
}
POINT, COMMA = WELL_FORMED.values()
#: Digits in groups of three with a space or an apostrophe between them, which never part decimals.
GROUPED = re.compile(r"[-+]?\d{1,3}(?:[ '’\u00a0\u202f]\d{3})+(?:[.,]\d+)?")
#: One separator that may part thousands: three digits behind it, one to three before it, no leading zero.
EITHER = re.compile(r"[-+]?[1-9]\d{0,2}[.,]\d{3}")
DEGREES = ("lat", "lon")


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell that looks like a number, and where it stands."""

    column: str
    text: str
    line: int

    def __str__(self) -> str:
        return f"{self.text!r} ({self.column}, line {self.line})"


@dataclass(frozen=True, slots=True)
class Decimals:
    """How the numbers of a file are written.

    Attributes
    ----------
    mark : str
        What parts decimals: a point or a comma.
    example : Cell or None
        That settled it; None where nothing did, and a point is a point.
    """

    mark: str
    example: Cell | None

    def plain(self, text: str) -> str:
        """Return a number as Python writes it; what is no number comes back as it is."""
        if GROUPED.fullmatch(text):
            text = re.sub(r"[^\d.,+-]", "", text)
        if self.mark == ",":
            return text.replace(".", "").replace(",", ".") if COMMA.fullmatch(text) else text
        return text.replace(",", "") if "," in text and POINT.fullmatch(text) else text


def find_decimals(cells: Iterable[Cell]) -> Decimals | str:
    """Find out what parts decimals in a file.

    Parameters
    ----------
    cells : iterable of Cell
        All its cells that may be numbers.

    Returns
    -------
    Decimals or str
        A sentence where it cannot be known.
    """
    settled: dict[str, Cell] = {}
    unsettled: Cell | None = None
    for cell in cells:
        mark = _mark(cell)
        if mark == "?":
            unsettled = unsettled or cell
        elif mark:
            settled.setdefault(mark, cell)
    if len(settled) == 2:
        return f"mixes decimal commas, {settled[',']}, with decimal points, {settled['.']}; write all one way"
    if settled:
        (mark, example), *_ = settled.items()
        return Decimals(mark, example)
    if unsettled is not None:
        small, large = unsettled.text.replace(",", "."), unsettled.text.replace(",", "")
        return f"has {unsettled}, which may be {float(small):g} or {large}; write it without a comma"
    return Decimals(".", None)


def _mark(cell: Cell) -> str:
    """Return what parts decimals by one cell: a mark, "?" for a comma that may be either, "" where it says nothing."""
    text = cell.text
    if "," not in text and "." not in text:
        return ""
    mark = "," if "," in text else "."
    if EITHER.fullmatch(text):
        if cell.column in DEGREES:  # no latitude has thousands
            return mark
        return "?" if mark == "," else ""
    marks = [mark for mark, form in ((".", POINT), (",", COMMA)) if form.fullmatch(text)]
    return marks[0] if len(marks) == 1 else ""
