"""The backbone: germany50 of SNDlib inside Germany, and explicit border links to the hubs abroad.

Latency is calibrated on measured round trips, see the README: 1.4 ms within a metro, and 21.75 us per
great-circle km between European cloud regions with the intercept held at those 1.4 ms.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import networkx
import numpy as np
import topohub

if TYPE_CHECKING:
    from numpy.typing import NDArray

EARTH_RADIUS_KM = 6371.0088

LATENCY = {"us_per_km": 4.9, "route_factor": 1.81, "per_hop_ms": 0.05, "access_ms": 1.4}

ABROAD = (
    ("Amsterdam", 52.3676, 4.9041, "NL"),
    ("Zurich", 47.3769, 8.5417, "CH"),
    ("London", 51.5074, -0.1278, "GB"),
    ("Ashburn", 39.0438, -77.4874, "US"),
)
"""Nodes outside Germany: id, latitude, longitude, jurisdiction."""

BORDER_LINKS = (
    ("Amsterdam", "Duesseldorf"),
    ("Amsterdam", "Norden"),
    ("Zurich", "Konstanz"),
    ("Zurich", "Freiburg"),
)
"""Links over the border, as long as the great circle, as in germany50 (assumption: which nodes)."""

MEASURED_LINKS = (
    # London - Frankfurt was measured at 17.8 ms round trip; Aachen - Frankfurt takes 5.7 ms of it (with the
    # access), the link to Aachen the rest.
    ("London", "Aachen", 6.0),
    # London - Amsterdam: the same time per km as to Aachen.
    ("London", "Amsterdam", 4.9),
    # London - Ashburn was measured at 77.5 ms; less 1.4 ms of access, half of it, less one hop.
    ("London", "Ashburn", 38.0),
)
"""Links with a one-way time from measurement, ms."""

JURISDICTIONS = [
    {"id": "DE", "groups": ["EU"]},
    {"id": "NL", "groups": ["EU"]},
    {"id": "CH", "groups": []},
    {"id": "GB", "groups": []},
    {"id": "US", "groups": []},
]


def great_circle_km(
    lat: float, lon: float, lats: float | NDArray[np.float64], lons: float | NDArray[np.float64]
) -> NDArray[np.float64]:
    """Great-circle distance from one point to others by the haversine formula, km."""
    phi_a, lam_a, phi_b, lam_b = (np.radians(v) for v in (lat, lon, lats, lons))
    half = np.sin((phi_b - phi_a) / 2) ** 2 + np.cos(phi_a) * np.cos(phi_b) * np.sin((lam_b - lam_a) / 2) ** 2
    return np.asarray(2.0 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(half)))


def backbone() -> networkx.Graph:
    """The 50 German nodes and 88 links; ``pos`` of a node is (lon, lat), ``dist`` of an edge is km."""
    return networkx.node_link_graph(topohub.get("sndlib/germany50"), edges="edges")


def network_table() -> dict[str, Any]:
    """The ``network`` object of the scenario."""
    graph = backbone()
    names = {i: data["name"] for i, data in graph.nodes(data=True)}
    nodes = [
        {
            "id": names[i],
            "lat": round(data["pos"][1], 4),
            "lon": round(data["pos"][0], 4),
            "jurisdiction": "DE",
        }
        for i, data in graph.nodes(data=True)
    ]
    nodes += [{"id": name, "lat": lat, "lon": lon, "jurisdiction": where} for name, lat, lon, where in ABROAD]
    place = {node["id"]: (node["lat"], node["lon"]) for node in nodes}
    links: list[dict[str, Any]] = [
        {"from": names[a], "to": names[b], "km": round(data["dist"], 2)}
        for a, b, data in graph.edges(data=True)
    ]
    for a, b in BORDER_LINKS:
        links.append({"from": a, "to": b, "km": round(float(great_circle_km(*place[a], *place[b])), 2)})
    links += [{"from": a, "to": b, "latency_ms": ms} for a, b, ms in MEASURED_LINKS]
    return {"nodes": nodes, "links": links, "latency": LATENCY}
