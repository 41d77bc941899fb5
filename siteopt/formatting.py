"""Numbers as a planner reads them: money in $M, names in short lists."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Protocol

    class Named(Protocol):
        """A site or region: what has an id and may have a name."""

        @property
        def id(self) -> str: ...


MILLION, BILLION = 1e6, 1e9


def money(usd: float) -> str:
    """Write an amount with three or four significant digits: ``$812.4M``, ``$1.23B``, ``-$45,300``."""
    sign, size = ("-" if usd < 0 else ""), abs(usd)
    if size < 0.5:
        return "$0"
    if size < 0.9995 * MILLION:
        return f"{sign}${size:,.0f}"
    if size < 999.95 * MILLION:
        return f"{sign}${size / MILLION:.{2 if size < 9.995 * MILLION else 1}f}M"
    return f"{sign}${size / BILLION:,.{2 if size < 99.95 * BILLION else 0}f}B"


def percent(fraction: float) -> str:
    """Write a share or a gap: ``0.42%``, ``38%``, ``100%``; never 0 or 100 where it is only close to it."""
    value = 100.0 * fraction
    if abs(value) < 1e-7 or abs(value - 100.0) < 1e-7:
        return f"{abs(value):.0f}%"
    if abs(value) < 0.005:
        return "<0.01%" if value > 0 else ">-0.01%"
    if abs(value) < 0.995:
        return f"{value:.2f}%"
    if abs(value) < 9.95:
        return f"{value:.1f}".removesuffix(".0") + "%"
    return f"{min(value, 99.9):.1f}%" if 99.5 <= value < 100.0 else f"{value:.0f}%"


def mw(value: float) -> str:
    """Write a power in MW, without its unit: ``0.025``, ``2.50``, ``12.3``, ``1,204``."""
    if value < 1.0:
        return f"{value:.3g}"
    return f"{value:,.{2 if value < 9.995 else 1 if value < 999.95 else 0}f}"


def listed(names: Sequence[str], most: int = 4) -> str:
    """Write a few names and the number of the others: ``A, B, C and 12 more``."""
    if len(names) <= most:
        return ", ".join(names)
    return f"{', '.join(names[: most - 1])} and {len(names) - most + 1} more"


def counted(n: int, noun: str, plural: str | None = None) -> str:
    """Write a number with its noun: ``1 site``, ``12 sites``."""
    return f"{n:,} {noun if n == 1 else plural or noun + 's'}"


def named(place: Named) -> str:
    """Write the id of a site or region, and its name where it has one that says more: ``UW-7 (Kassel)``."""
    name = getattr(place, "name", "")
    return f"{place.id} ({name})" if _letters(name) not in ("", _letters(place.id)) else place.id


def _letters(text: str) -> str:
    """Return letters and digits alone: ``hamburg-ost`` is no other name than ``Hamburg Ost``."""
    return "".join(filter(str.isalnum, text)).casefold()
