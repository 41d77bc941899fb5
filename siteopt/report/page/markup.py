"""Small pieces of HTML: everything that is not marked as markup is escaped."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

#: Rows of a table that show before it is unfolded.
MOST_ROWS = 12


class Markup(str):
    """Text that is already HTML."""

    __slots__ = ()


def text(value: object) -> Markup:
    """Return a value as HTML: escaped, unless it is markup."""
    return value if isinstance(value, Markup) else Markup(escape(str(value), quote=True))


def tag(name: str, *content: object, **attributes: object) -> Markup:
    """Build an element; ``class_`` means ``class``, ``data_x`` means ``data-x``, attributes of None are left out."""
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(str(value), quote=True)}"'
        for key, value in attributes.items()
        if value is not None
    )
    return Markup(f"<{name}{written}>{join(content)}</{name}>")


def join(parts: Iterable[object]) -> Markup:
    """Join pieces into one, each as HTML."""
    return Markup("".join(text(part) for part in parts))


def table(
    columns: Sequence[str], rows: Sequence[Sequence[object]], *, footer: Sequence[object] = ()
) -> Markup:
    """Build a table with all but its first rows folded; a column named ``>...`` is aligned to the right."""
    side = ["r" if name.startswith(">") else None for name in columns]
    head = join(
        tag("th", name.removeprefix(">"), class_=s, scope="col")
        for name, s in zip(columns, side, strict=True)
    )
    body = [
        tag("tr", *_cells(row, side), class_="more" if n >= MOST_ROWS else None) for n, row in enumerate(rows)
    ]
    foot = tag("tfoot", tag("tr", *_cells(footer, side))) if footer else ""
    made = tag("table", tag("thead", tag("tr", head)), tag("tbody", *body), foot)
    hidden = len(rows) - MOST_ROWS
    if hidden <= 0:
        return tag("div", made, class_="table")
    button = tag("button", f"Show all {len(rows):,} rows", type="button", class_="unfold")
    note = tag("p", f"… and {hidden:,} more rows in the file", class_="printed-note")
    return tag("div", made, button, note, class_="table folded")


def _cells(row: Sequence[object], side: Sequence[str | None]) -> list[Markup]:
    return [tag("td", cell, class_=s) for cell, s in zip(row, side, strict=True)]


def bar(share: float, kind: str = "") -> Markup:
    """Build a horizontal bar over ``share`` of the full width, at most all of it."""
    width = 100.0 * min(1.0, max(0.0, share))
    return tag("span", tag("i", style=f"width:{width:.2f}%"), class_=f"bar {kind}".strip())


def stacked(parts: Sequence[tuple[str, float, str]]) -> Markup:
    """Build a bar of several parts, each given as CSS class, share and title."""
    pieces = [
        tag("i", class_=kind, style=f"width:{100.0 * share:.2f}%", title=title)
        for kind, share, title in parts
        if share > 0
    ]
    return tag("span", *pieces, class_="bar stack")


def section(identifier: str, title: str, *content: object, lead: object = "") -> Markup:
    """Build a section of the page with a heading and a sentence that says what it shows."""
    sentence = tag("p", lead, class_="lead") if lead else ""
    return tag("section", tag("h2", title), sentence, *content, id=identifier)


def use_bar(used: float, limit: float, words: str) -> Markup:
    """Build a bar that warns as a limit comes near, with words beside it."""
    share = used / limit if limit > 0 else 1.0 if used > 0 else 0.0
    kind = "high" if share >= 0.95 else "near" if share >= 0.8 else "calm"
    return tag("span", bar(share, kind), f" {words}", class_="use")
