"""Points of a GeoJSON file (RFC 7946) as rows: their properties, and latitude and longitude of their geometry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from siteopt.errors import ScenarioError
from siteopt.formatting import listed
from siteopt.scenario.json_text import decode_object
from siteopt.scenario.tables.cells import LIST_COLUMNS, WORD_COLUMNS, as_object, value
from siteopt.scenario.tables.columns import header_fault, unread, unread_remark
from siteopt.scenario.tables.fault import TableFault

if TYPE_CHECKING:
    from collections.abc import Iterator

    from siteopt.scenario.known_keys import Keys

#: What older files call degrees of longitude and latitude on WGS 84; newer ones may be in nothing else.
WGS84 = ("CRS84", "EPSG::4326", "EPSG:4326")
#: Coordinates and properties of one place may be rounded differently, degrees (about 10 m).
SAME_DEGREES = 1e-4


def is_json(text: str) -> bool:
    """Whether a table's file is JSON rather than CSV."""
    return text.lstrip()[:1] in ("{", "[")


def read_points(text: str, name: str, keys: Keys) -> tuple[list[dict[str, Any]], list[str]]:
    """Read the points of a GeoJSON file.

    Parameters
    ----------
    text : str
        Of the file.
    name : str
        Of the file.
    keys : Keys
        Of a row.

    Returns
    -------
    rows : list of dict
        JSON objects, one for each feature.
    remarks : list of str
        How it was read.

    Raises
    ------
    TableFault
        If it is other JSON, not of points, not in degrees, or not of these keys.
    """
    features = _features(text, name)
    if "lat" not in keys.known:
        raise TableFault(f"{name} is GeoJSON, which holds places; these rows are none, so name a CSV file")
    rows = [_values(feature, i, name) for i, feature in enumerate(features, 1)]
    names = dict.fromkeys(key for row in rows for key in row)
    fault = header_fault(names, keys) if rows else ""
    if fault:
        raise TableFault(f"{name} {fault.replace('columns', 'properties')}")
    own = unread(names, keys)
    objects = [as_object((key, v) for key, v in row.items() if key not in own) for row in rows]
    remarks = [f"{name} is read as GeoJSON, with lat and lon from its points."]
    return objects, remarks + ([unread_remark(own, keys, name)] if own else [])


def _features(text: str, name: str) -> list[Any]:
    try:
        document = decode_object(text, "table") if text.lstrip()[0] == "{" else {}
    except ScenarioError as error:
        raise TableFault(f"{name}: {error.problems[0]}") from None
    features = document.get("features")
    if document.get("type") != "FeatureCollection" or not isinstance(features, list):
        raise TableFault(
            f"{name} is JSON, but no GeoJSON collection of points; list its rows in the scenario itself"
        )
    crs = str(document.get("crs", "CRS84"))
    if not any(known in crs for known in WGS84):
        properties = document["crs"].get("properties") if isinstance(document["crs"], dict) else None
        given = properties.get("name") if isinstance(properties, dict) else None
        raise TableFault(f"{name} is in {given or 'other coordinates'}; convert it to WGS 84 (EPSG:4326)")
    shapes = [_shape(feature) for feature in features]
    others = dict.fromkeys(shape for shape in shapes if shape != "Point")
    if others:
        count = sum(shape != "Point" for shape in shapes)
        what = f"{count:,} of the {len(shapes):,} features of {name} are no points ({listed(list(others))})"
        raise TableFault(f"{what}; take a point of each")
    return features


def _shape(feature: Any) -> str:
    geometry = feature.get("geometry") if isinstance(feature, dict) else None
    shape = geometry.get("type") if isinstance(geometry, dict) else None
    return str(shape) if shape else "without geometry"


def _values(feature: dict[str, Any], number: int, name: str) -> dict[str, Any]:
    """Return the keys of a feature and what they hold."""
    properties = feature.get("properties") or {}
    if not isinstance(properties, dict):
        raise TableFault(f"feature {number} of {name} has properties that are no object")
    given = {key: v for key, v in properties.items() if v is not None and v != ""}
    if "id" not in given and "id" in feature:
        given["id"] = feature["id"]
    lon, lat = _coordinates(feature, number, name)
    for key, degrees in (("lat", lat), ("lon", lon)):
        said = given.get(key, degrees)
        if isinstance(said, int | float) and abs(said - degrees) > SAME_DEGREES:
            what = f"its {key} is {said:g}, but its point lies at {degrees:g}"
            raise TableFault(f"feature {number} of {name} contradicts itself: {what}; take one away")
    return {key: _plain(key, v) for key, v in given.items()} | {"lat": lat, "lon": lon}


def _coordinates(feature: dict[str, Any], number: int, name: str) -> Iterator[float]:
    point = feature["geometry"].get("coordinates")
    if (
        isinstance(point, list)
        and len(point) >= 2
        and all(isinstance(c, int | float) and not isinstance(c, bool) for c in point[:2])
    ):
        return iter(point[:2])
    raise TableFault(f"feature {number} of {name} has no pair of coordinates")


def _plain(key: str, said: Any) -> Any:
    """Return a property as JSON of the scenario: lists may be written with semicolons, words as whole numbers."""
    if isinstance(said, str) and key in LIST_COLUMNS:
        return value(key, said)
    if isinstance(said, int) and not isinstance(said, bool) and key in WORD_COLUMNS:
        return str(said)
    return said
