"""Coordinates that are far from everything."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from siteopt.formatting import counted, listed
from siteopt.physics.network.distance import great_circle_km
from siteopt.physics.network.topology import build_topology

if TYPE_CHECKING:
    from collections.abc import Iterator

    from siteopt.scenario.schema import Scenario

#: A place farther than this from every place of the other kind is likely to be misplaced, km; hubs excepted.
FAR_KM = 1000.0
#: An access link longer than this bypasses the backbone, km.
LONG_ACCESS_KM = 500.0


def places(scenario: Scenario) -> Iterator[str]:
    """Coordinates that are far from everything: a lost sign, latitude and longitude swapped, zeros."""
    site = np.array([(s.lat, s.lon) for s in scenario.sites])
    region = np.array([(r.lat, r.lon) for r in scenario.regions])
    hubs = {s.id for s in scenario.sites if s.tier == "hyperscale"}
    km = great_circle_km(region[:, 0], region[:, 1], site[:, 0], site[:, 1])
    for kind, ids, nearest in (
        ("site", [s.id for s in scenario.sites], km.min(axis=0)),
        ("region", [r.id for r in scenario.regions], km.min(axis=1)),
    ):
        far = [
            (float(d), name) for d, name in zip(nearest, ids, strict=True) if d > FAR_KM and name not in hubs
        ]
        if far:
            other = "region" if kind == "site" else "site"
            names = [f"{name}, {d:,.0f} km" for d, name in sorted(far, reverse=True)]
            what = f"{counted(len(far), kind)} more than {FAR_KM:,.0f} km from every {other}"
            yield f"{what} ({'; '.join(names[:3])}): check lat and lon."
    topology = build_topology(scenario)
    for kind, ids, access in (
        ("site", [s.id for s in scenario.sites], topology.site_access_km),
        ("region", [r.id for r in scenario.regions], topology.region_access_km),
    ):
        long = [name for name, d in zip(ids, access, strict=True) if d > LONG_ACCESS_KM]
        if long:
            what = f"{counted(len(long), kind)} more than {LONG_ACCESS_KM:g} km from its network node"
            yield f"{what} ({listed(long)})."
