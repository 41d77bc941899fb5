"""Remarks on coordinates that are far from everything."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from siteopt.formatting import counted, listed, named
from siteopt.physics.network.distance import great_circle_km
from siteopt.physics.network.topology import build_topology
from siteopt.physics.network.topology import pieces as network_pieces

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from siteopt.arrays import Floats, Indices
    from siteopt.physics.network.topology import Topology
    from siteopt.scenario.schema import Region, Scenario, Site

#: A place farther than this from every place of the other kind is likely to be misplaced, km; hubs excepted.
FAR_KM = 1000.0
#: An access link longer than this bypasses the backbone, km.
LONG_ACCESS_KM = 500.0


def places(scenario: Scenario) -> Iterator[str]:
    """Yield remarks on places far from everything: a lost sign, latitude and longitude swapped, zeros."""
    site = np.array([(s.lat, s.lon) for s in scenario.sites])
    region = np.array([(r.lat, r.lon) for r in scenario.regions])
    hubs = {s.id for s in scenario.sites if s.tier == "hyperscale"}
    km = great_circle_km(region[:, 0], region[:, 1], site[:, 0], site[:, 1])
    ends: tuple[tuple[str, Sequence[Site | Region], Floats], ...] = (
        ("site", scenario.sites, km.min(axis=0)),
        ("region", scenario.regions, km.min(axis=1)),
    )
    for kind, there, nearest in ends:
        far = [
            (float(d), named(place))
            for d, place in zip(nearest, there, strict=True)
            if d > FAR_KM and place.id not in hubs
        ]
        if far:
            other = "region" if kind == "site" else "site"
            names = [f"{name}, {d:,.0f} km" for d, name in sorted(far, reverse=True)]
            what = f"{counted(len(far), kind)} more than {FAR_KM:,.0f} km from every {other}"
            yield f"{what} ({'; '.join(names[:3])}): check lat and lon."
    topology = build_topology(scenario)
    for kind, attached, nodes, access in _attached(scenario, topology):
        long = [
            f"{named(place)} from {topology.node_ids[node]}"
            for place, d, node in zip(attached, access, nodes.tolist(), strict=True)
            if d > LONG_ACCESS_KM
        ]
        if long:
            what = f"{counted(len(long), kind)} more than {LONG_ACCESS_KM:g} km from its network node"
            yield f"{what} ({listed(long)})."


def abroad(scenario: Scenario) -> Iterator[str]:
    """Yield a remark on places attached to a node of another jurisdiction, which sovereign routes may not pass."""
    if not any(workload.sovereign_route for workload in scenario.workloads):
        return
    topology = build_topology(scenario)
    if not topology.has_network:
        return
    for kind, attached, nodes, _ in _attached(scenario, topology):
        ends = [
            f"{named(place)} at {topology.node_ids[node]} in {topology.node_jurisdictions[node]}"
            for place, node in zip(attached, nodes.tolist(), strict=True)
            if topology.node_jurisdictions[node] != place.jurisdiction
        ]
        if ends:
            what = f"{counted(len(ends), kind)} attached to a node of another jurisdiction ({listed(ends)})"
            yield f"{what}: sovereign routes may not pass it; give its node if another one is meant."


def _attached(
    scenario: Scenario, topology: Topology
) -> Iterator[tuple[str, Sequence[Site | Region], Indices, Floats]]:
    """Yield sites and regions with the backbone node of each, and the km to it."""
    yield "site", scenario.sites, topology.site_node, topology.site_access_km
    yield "region", scenario.regions, topology.region_node, topology.region_access_km


def pieces(scenario: Scenario) -> Iterator[str]:
    """Yield a remark on each piece of a network cut off from the rest, nearly always for want of a link."""
    topology = build_topology(scenario)
    for piece in network_pieces(topology)[1:]:
        names = [topology.node_ids[n] for n in piece]
        cut_off = [
            f"{counted(len(there), kind)} ({listed(there)})"
            for kind, attached, nodes, _ in _attached(scenario, topology)
            if (
                there := [named(p) for p, node in zip(attached, nodes.tolist(), strict=True) if node in piece]
            )
        ]
        what = f"The network is in pieces: {counted(len(piece), 'node')} ({listed(names)})"
        on_it = f", with {' and '.join(cut_off)}," if cut_off else ""
        yield f"{what}{on_it} cannot be reached from the others; is a link missing?"
