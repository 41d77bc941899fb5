"""A plan as GeoJSON (RFC 7946): sites and regions as points, flows as lines, for QGIS and other maps.

A flow that is shorter across the antimeridian is cut there in two (section 3.1.9).
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from siteopt.plan import Plan
    from siteopt.scenario.schema import Region, Scenario, Site

    Place = Site | Region

#: Keys of a site or region that its geometry already contains.
COORDINATES = {"lat", "lon"}


def geojson(scenario: Scenario, plan: Plan) -> str:
    """Return a plan as the text of a FeatureCollection.

    Every feature has a ``kind``: ``site`` (all that the scenario and the plan say about it; ``open`` tells whether it
    is built), ``region``, or ``flow`` (share of the demand, latency in ms, limit in ms).
    """
    features = [*_sites(scenario, plan), *_regions(scenario), *_flows(scenario, plan)]
    document = {"type": "FeatureCollection", "features": features}
    return json.dumps(document, ensure_ascii=False, allow_nan=False, indent=1) + "\n"


def _feature(
    identifier: str, kind: str, geometry: dict[str, Any], properties: dict[str, Any]
) -> dict[str, Any]:
    return {
        "type": "Feature",
        "id": identifier,
        "geometry": geometry,
        "properties": {"kind": kind, **properties},
    }


def _point(place: Place) -> dict[str, Any]:
    return {"type": "Point", "coordinates": [place.lon, place.lat]}


def _sites(scenario: Scenario, plan: Plan) -> Iterator[dict[str, Any]]:
    built = {row.id: row for row in plan.sites}
    for site in scenario.sites:
        row = built.get(site.id)
        decided = {"open": row is not None, **(asdict(row) if row is not None else {})}
        stated = site.model_dump(mode="json", exclude=COORDINATES)
        yield _feature(f"site:{site.id}", "site", _point(site), stated | decided)


def _regions(scenario: Scenario) -> Iterator[dict[str, Any]]:
    for region in scenario.regions:
        stated = region.model_dump(mode="json", exclude=COORDINATES)
        yield _feature(f"region:{region.id}", "region", _point(region), stated)


def _flows(scenario: Scenario, plan: Plan) -> Iterator[dict[str, Any]]:
    sites, regions = ({place.id: place for place in places} for places in (scenario.sites, scenario.regions))
    for n, flow in enumerate(plan.flows):
        if flow.region not in regions or flow.site not in sites:
            continue
        latency = (
            asdict(flow.latency_ms) if flow.latency_ms is not None else dict.fromkeys(("p50", "p95", "p99"))
        )
        properties = {
            "region": flow.region,
            "workload": flow.workload,
            "site": flow.site,
            "accelerator": flow.accelerator,
            "share": flow.share,
            **{f"{name}_ms": value for name, value in latency.items()},
            "slo_ms": flow.slo_ms,
            "route": list(flow.route),
        }
        yield _feature(f"flow:{n}", "flow", _line(regions[flow.region], sites[flow.site]), properties)


def _line(start: Place, end: Place) -> dict[str, Any]:
    ends = [[start.lon, start.lat], [end.lon, end.lat]]
    east = end.lon - start.lon
    if abs(east) <= 180.0:
        return {"type": "LineString", "coordinates": ends}
    side = 180.0 if east < 0.0 else -180.0  # of the antimeridian, seen from the start
    share = (side - start.lon) / (east + 2.0 * side)
    lat = start.lat + share * (end.lat - start.lat)
    parts = [[ends[0], [side, lat]], [[-side, lat], ends[1]]]
    lines = [part for part in parts if part[0] != part[1]]  # one that begins or ends there is not cut
    if len(lines) == 1:
        return {"type": "LineString", "coordinates": lines[0]}
    return {"type": "MultiLineString", "coordinates": lines}
