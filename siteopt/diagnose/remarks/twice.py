"""Remarks on places that are likely to be one: ids that differ in case alone, and places side by side."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np

from siteopt.formatting import counted, listed, named

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from siteopt.scenario.schema import Region, Scenario, Site

EARTH_RADIUS_M = 6_371_009.0
#: Substations nearer to each other than this are likely to be one, m.
NEAR_M = 100.0
#: Tiers of substations; hubs and cabinets may well stand side by side.
SUBSTATIONS = ("micro", "regional")
#: A direction in which no two places of a grid, a meridian or a parallel are equally far.
ODD_DIRECTION = np.array([0.481_2, 0.633_7, 0.605_9])
#: Most neighbours in that direction with which a place is compared: more are of one heap, which is found anyway.
MOST_NEIGHBOURS = 50


def twice(scenario: Scenario) -> Iterator[str]:
    """Yield remarks on sites and regions that look like one given twice."""
    for kind, rows in (("sites", scenario.sites), ("regions", scenario.regions)):
        alike: dict[str, list[str]] = defaultdict(list)
        for row in rows:
            alike[row.id.casefold()].append(row.id)
        same = [" and ".join(ids) for ids in alike.values() if len(ids) > 1]
        if same:
            yield f"{kind} whose ids differ in case alone ({listed(same)}): are they one?"
    for tier in SUBSTATIONS:
        sites = [site for site in scenario.sites if site.tier == tier]
        yield from _side_by_side(f"{tier} site", sites, NEAR_M)
    yield from _side_by_side("region", scenario.regions, 1.0)


def _side_by_side(kind: str, places: Sequence[Site | Region], within_m: float) -> Iterator[str]:
    pairs = _near_pairs(places, within_m)
    if pairs:
        names = [f"{named(places[a])} and {named(places[b])}" for a, b in pairs]
        what = f"{counted(len(pairs), f'pair of {kind}s', f'pairs of {kind}s')} within {within_m:g} m"
        yield f"{what} ({listed(names, 2)}): is one given twice?"


def _near_pairs(places: Sequence[Site | Region], within_m: float) -> list[tuple[int, int]]:
    """Return the pairs of places within a distance, each by their rows: near ones are neighbours in any direction."""
    lat, lon = np.radians([(place.lat, place.lon) for place in places]).reshape(-1, 2).T
    xyz = EARTH_RADIUS_M * np.column_stack(
        [np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)]
    )
    along = xyz @ (ODD_DIRECTION / np.linalg.norm(ODD_DIRECTION))
    order = np.argsort(along, kind="stable")
    pairs: list[tuple[int, int]] = []
    for step in range(1, min(len(places), MOST_NEIGHBOURS + 1)):
        close = np.flatnonzero(along[order[step:]] - along[order[:-step]] <= within_m)
        if not len(close):
            break
        a, b = order[close], order[close + step]
        is_near = np.linalg.norm(xyz[a] - xyz[b], axis=1) <= within_m
        pairs += [(int(min(p)), int(max(p))) for p in zip(a[is_near], b[is_near], strict=True)]
    return sorted(pairs)
