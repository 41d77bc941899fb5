"""Rebuild the German example from its packages: ``python examples/germany/build.py``.

Needs the packages of ``requirements.txt`` (about 100 MB) and half a minute. Writes ``scenario.json``,
``full.json`` with its tables, and the variants beside this file. Same packages, same bytes.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import all_rules
import demand
import facilities
import grid
import network
import numpy as np
import workloads

if TYPE_CHECKING:
    from collections.abc import Sequence

HERE = Path(__file__).parent
SMALL = {"people": 100_000, "ehv_places": 72}
FULL_PEOPLE = 50_000
ROOMY_HUB_MW = 400.0


def main() -> None:
    """Read the packages, build both sizes and the variants, write them."""
    transmission = grid.transmission()
    hvmv, hv_limits = grid.distribution()
    cities = demand.german_cities()
    large = [c for c in cities if c.population >= SMALL["people"]]
    near = _nearest_places(transmission.places, large, SMALL["ehv_places"])
    zone_limits = _zone_limits(transmission, cities)
    small = _scenario("germany", hvmv + near, large, cities, transmission, hv_limits, zone_limits)
    _write(HERE / "scenario.json", small)
    _write(HERE / "variant-roomy-hubs.json", _roomy_hubs(small))
    _write(HERE / "variant-cheap-modules.json", _cheap_modules(small))
    _write(HERE / "variant-all-rules.json", all_rules.with_all_rules(small))
    most = [c for c in cities if c.population >= FULL_PEOPLE]
    full = _scenario(
        "germany-full", hvmv + transmission.places, most, cities, transmission, hv_limits, zone_limits
    )
    for table in ("sites", "regions", "demand"):
        _write_table(HERE / f"full-{table}.csv", full[table])
        full[table] = {"file": f"full-{table}.csv"}
    _write(HERE / "full.json", full)


def _scenario(
    name: str,
    places: list[grid.Place],
    cities: list[demand.City],
    all_cities: list[demand.City],
    transmission: grid.Transmission,
    hv_limits: dict[str, float],
    zone_limits: dict[str, float],
) -> dict[str, Any]:
    sites = [
        facilities.hub_row(
            hub, demand.zone_of(hub.lat, hub.lon, all_cities) if hub.jurisdiction == "DE" else None
        )
        for hub in facilities.HUBS
    ]
    sites += [
        facilities.place_row(place, demand.zone_of(place.lat, place.lon, all_cities)) for place in places
    ]
    uses = workloads.uses()
    return {
        "schema_version": 1,
        "name": name,
        "horizon": {"years": 10.0, "discount_rate": 0.07},
        "jurisdictions": network.JURISDICTIONS,
        "network": network.network_table(),
        "sites": sites,
        "grid_limits": _grid_limits(sites, places, transmission, hv_limits, zone_limits),
        "designs": facilities.designs(),
        "accelerators": workloads.accelerator_rows(uses),
        "workloads": [use.workload for use in uses],
        "regions": demand.region_rows(cities),
        "demand": demand.demand_rows(cities, uses),
        "policy": facilities.POLICY | {"server_cost_factor": workloads.SERVER_COST_FACTOR},
    }


def _nearest_places(
    places: list[grid.Place], cities: Sequence[demand.City | facilities.Hub], count: int
) -> list[grid.Place]:
    """Nearest EHV place of every city, the largest first, then the second nearest, until there are enough."""
    lats, lons = np.array([p.lat for p in places]), np.array([p.lon for p in places])
    order = [np.argsort(network.great_circle_km(c.lat, c.lon, lats, lons), kind="stable") for c in cities]
    chosen = list(dict.fromkeys(int(ranked[rank]) for rank in range(len(places)) for ranked in order))[:count]
    return [places[i] for i in sorted(chosen)]


def _zone_limits(transmission: grid.Transmission, cities: list[demand.City]) -> dict[str, float]:
    """What the EHV places of each zone take at once at best, MW."""
    by_zone: dict[str, list[grid.Place]] = {}
    for place in transmission.places:
        by_zone.setdefault(demand.zone_of(place.lat, place.lon, cities), []).append(place)
    return {zone: transmission.zone_limit_mw(group) for zone, group in sorted(by_zone.items())}


def _grid_limits(
    sites: list[dict[str, Any]],
    places: list[grid.Place],
    transmission: grid.Transmission,
    hv_limits: dict[str, float],
    zone_limits: dict[str, float],
) -> list[dict[str, Any]]:
    """Zones, the two 110 kV grids, and the branches that the candidates together could overload."""
    zones = {site["zone"] for site in sites if "zone" in site}
    limits: list[dict[str, Any]] = [
        {"id": f"zone-{zone}", "limit_mw": round(mw, 2), "zone": zone}
        for zone, mw in zone_limits.items()
        if zone in zones
    ]
    for level, mw in hv_limits.items():
        members = {place.id: 1.0 for place in places if place.level == level}
        limits.append({"id": f"grid-{level.lower()}", "limit_mw": round(mw, 2), "coefficients": members})
    # HV/MV places are left out of the rows of EHV branches: their own 110 kV grids limit them first.
    buses = {place.id: place.buses[0] for place in places if place.level == "EHV"}
    most = {
        place.id: min(place.headroom_mw, facilities.EHV_CAP_MW) for place in places if place.level == "EHV"
    }
    for hub in facilities.HUBS:
        if hub.jurisdiction == "DE":
            buses[hub.id] = _nearest_places(transmission.places, [hub], 1)[0].buses[0]
            most[hub.id] = hub.headroom_mw
    return limits + transmission.branch_limits(buses, most)


def _roomy_hubs(scenario: dict[str, Any]) -> dict[str, Any]:
    """The same country with hubs whose grid is not full: ``ROOMY_HUB_MW`` at each hub."""
    sites = [
        {**s, "headroom_mw": ROOMY_HUB_MW} if s["tier"] == "hyperscale" else s for s in scenario["sites"]
    ]
    return {**scenario, "name": "germany-roomy-hubs", "sites": sites}


def _cheap_modules(scenario: dict[str, Any]) -> dict[str, Any]:
    """The same country with prefabricated modules in the middle of what is quoted for them."""
    designs = facilities.designs(facilities.SMALL_MODULE_USD_PER_MW, facilities.LARGE_MODULE_USD_PER_MW)
    return {**scenario, "name": "germany-cheap-modules", "designs": designs}


def _write(path: Path, scenario: dict[str, Any]) -> None:
    """JSON with one line per entry of a table, so that a difference between two builds can be read."""
    parts = []
    for key, value in scenario.items():
        if isinstance(value, list):
            rows = ",\n  ".join(json.dumps(row, ensure_ascii=False) for row in value)
            parts.append(f'"{key}": [\n  {rows}\n]')
        elif key == "network":
            tables = [
                f'  "{k}": [\n    ' + ",\n    ".join(json.dumps(row) for row in rows) + "\n  ]"
                for k, rows in value.items()
                if isinstance(rows, list)
            ]
            parts.append(
                '"network": {\n'
                + ",\n".join([*tables, f'  "latency": {json.dumps(value["latency"])}'])
                + "\n}"
            )
        else:
            parts.append(f'"{key}": {json.dumps(value, ensure_ascii=False)}')
    path.write_text("{\n" + ",\n".join(parts) + "\n}\n", encoding="utf-8", newline="\n")


def _write_table(path: Path, rows: list[dict[str, Any]]) -> None:
    """CSV as siteopt reads it: dots for keys inside keys, semicolons in lists, no text for an absent key."""
    flat = [_flatten(row) for row in rows]
    header = list(dict.fromkeys(key for row in flat for key in row))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, header, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(flat)


def _flatten(row: dict[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in row.items():
        if isinstance(value, dict):
            flat.update({f"{key}.{inner}": v for inner, v in value.items()})
        else:
            flat[key] = ";".join(value) if isinstance(value, list) else value
    return flat


if __name__ == "__main__":
    main()
