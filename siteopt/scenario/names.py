"""Names that a user may have meant, and what a name is that stands in the wrong place."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from siteopt.scenario.schema import Scenario

#: Words that turn a name into its opposite or another unit: a limit from below is not a misspelt limit from above, and
#: a column of kW under the name of one of MW is wrong by a thousand.
OPPOSITES = (
    *({"min", "max"}, {"minimum", "maximum"}, {"least", "most"}, {"lower", "upper"}, {"low", "high"}),
    *(
        {"in", "out"},
        {"from", "to"},
        {"first", "last"},
        {"before", "after"},
        {"start", "end"},
        {"up", "down"},
    ),
    *({"kw", "mw"}, {"kwh", "mwh"}, {"kg", "g"}, {"eur", "usd"}, {"musd", "usd"}, {"gb", "mb"}),
    *({"north", "south"}, {"east", "west"}, {"new", "old"}, {"with", "without"}),
)


def similar(name: str, known: Iterable[str], most: int = 1, cutoff: float = 0.6) -> list[str]:
    """Return the known names that a misspelt one resembles, the nearest first, and none that says the opposite."""
    # Opposites resemble each other, so that a few of them may stand before the name that was meant.
    near = get_close_matches(name, list(known), n=most + len(OPPOSITES), cutoff=cutoff)
    return [other for other in near if not are_opposite(name, other)][:most]


def are_opposite(one: str, other: str) -> bool:
    """Return whether two names differ by a word and its opposite."""
    words, others = _words(one), _words(other)
    return any({a, b} in OPPOSITES for a in words - others for b in others - words)


def kind_of(scenario: Scenario, name: str) -> str | None:
    """Return what a name stands for in a scenario, with its article; None where it stands for nothing."""
    return next((kind for kind, names in _kinds(scenario) if name in names), None)


def _kinds(scenario: Scenario) -> Iterator[tuple[str, Iterator[str | None]]]:
    yield "a site", (s.id for s in scenario.sites)
    yield "a region", (r.id for r in scenario.regions)
    yield "a design", (d.id for d in scenario.designs)
    yield "a workload", (w.id for w in scenario.workloads)
    yield "a jurisdiction", (j.id for j in scenario.jurisdictions)
    yield "a group of jurisdictions", (g for j in scenario.jurisdictions for g in j.groups)
    yield "a network node", (n.id for n in scenario.network.nodes)
    yield "a zone", (s.zone for s in scenario.sites)
    yield "a grid limit", (g.id for g in scenario.grid_limits)


def _words(name: str) -> set[str]:
    return set(re.split(r"[^a-z]+", name.lower())) - {""}
