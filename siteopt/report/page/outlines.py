"""Country outlines for the map, clipped to what the page can show, so that it stays small."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from math import asinh, atan, degrees, radians, sinh, tan
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Point = tuple[float, float]
    Ring = list[Point]


class Box(NamedTuple):
    """A box in degrees of longitude and latitude."""

    west: float
    south: float
    east: float
    north: float

    def grown(self, share: float, least: float) -> Box:
        """Return the box grown on each side by a share of its size, or by ``least`` degrees, within the globe."""
        dx, dy = (max(least, share * size) for size in (self.east - self.west, self.north - self.south))
        return Box(
            max(-180.0, self.west - dx),
            max(-85.0, self.south - dy),
            min(180.0, self.east + dx),
            min(85.0, self.north + dy),
        )


def box_of(points: Sequence[Point]) -> Box:
    """Return the smallest box around (longitude, latitude) points."""
    return Box(
        min(p[0] for p in points),
        min(p[1] for p in points),
        max(p[0] for p in points),
        max(p[1] for p in points),
    )


def framed(box: Box, frame: tuple[int, int]) -> Box:
    """Return a box grown to the proportions of a frame in Mercator's projection."""
    low, high = _mercator(box.south), _mercator(box.north)
    width, height = box.east - box.west, high - low
    across = max(width, height * frame[0] / frame[1]) - width
    down = max(height, width * frame[1] / frame[0]) - height
    south, north = _latitude(low - down / 2), _latitude(high + down / 2)
    return Box(box.west - across / 2, south, box.east + across / 2, north)


def _mercator(lat: float) -> float:
    return degrees(asinh(tan(radians(lat))))


def _latitude(y: float) -> float:
    return degrees(atan(sinh(radians(y))))


@cache
def _document() -> dict[str, Any]:
    path = files("siteopt.report.page.countries").joinpath("countries.json")
    document: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return document


def credit() -> tuple[str, str]:
    """Return where the outlines come from, and the licence of the file."""
    return _document()["source"], _document()["licence"]


def land(box: Box) -> dict[str, Any]:
    """Return the outlines within a box.

    Returns
    -------
    dict
        ``steps`` per degree; ``countries``, each a name and rings ``x0, y0, dx1, dy1, ...`` in steps.
    """
    document = _document()
    steps = document["steps"]
    limits = Box(*(steps * edge for edge in box))
    arcs = [_points(arc) for arc in document["arcs"]]
    countries = []
    for country in document["countries"]:
        whole = [_unwrapped(_ring(arcs, ring), steps) for polygon in country["polygons"] for ring in polygon]
        rings = [_clipped(ring, limits) for once in whole for ring in _copies(once, steps)]
        kept = [_deltas(ring) for ring in rings if len(ring) > 2]
        if kept:
            countries.append([country["name"], kept])
    return {"steps": steps, "countries": countries}


def _points(arc: list[int]) -> list[tuple[int, int]]:
    x = y = 0
    points = []
    for n in range(0, len(arc), 2):
        x, y = x + arc[n], y + arc[n + 1]
        points.append((x, y))
    return points


def _ring(arcs: list[list[tuple[int, int]]], numbers: list[int]) -> Ring:
    """Join arcs into a ring, each without the point that it shares with the one before."""
    ring: Ring = []
    for n in numbers:
        arc = arcs[n] if n >= 0 else arcs[~n][::-1]
        ring += arc[1:] if ring else arc
    return ring


def _unwrapped(ring: Ring, steps: int) -> Ring:
    """Return a ring without jumps from one edge of the map to the other; one around a pole is closed beyond it."""
    half, x = 180 * steps, ring[0][0]
    smooth: Ring = []
    for lon, lat in ring:
        x += (lon - x + half) % (2 * half) - half
        smooth.append((x, lat))
    if abs(smooth[-1][0] - smooth[0][0]) > half:
        pole = float(90 * steps if smooth[0][1] > 0 else -90 * steps)
        smooth += [(smooth[-1][0], pole), (smooth[0][0], pole)]
    return smooth


def _copies(ring: Ring, steps: int) -> list[Ring]:
    """Return the ring where it is, and shifted by a whole turn to the west and to the east."""
    return [[(lon + turn * 360 * steps, lat) for lon, lat in ring] for turn in (-1, 0, 1)]


def _clipped(ring: Ring, box: Box) -> Ring:
    """Clip a ring to a box (Sutherland and Hodgman 1974)."""
    around = box_of(ring)
    if (
        around.east < box.west
        or around.west > box.east
        or around.north < box.south
        or around.south > box.north
    ):
        return []
    edges: tuple[tuple[int, float, Callable[[float, float], bool]], ...] = (
        (0, box.west, float.__ge__),
        (0, box.east, float.__le__),
        (1, box.south, float.__ge__),
        (1, box.north, float.__le__),
    )
    for axis, edge, inside in edges:
        ring = _cut(ring, axis, edge, inside)
    return ring


def _cut(ring: Ring, axis: int, edge: float, inside: Callable[[float, float], bool]) -> Ring:
    kept: Ring = []
    for before, point in zip([*ring[-1:], *ring[:-1]], ring, strict=True):
        came, stays = inside(float(before[axis]), edge), inside(float(point[axis]), edge)
        if came != stays:
            t = (edge - before[axis]) / (point[axis] - before[axis])
            kept.append((before[0] + t * (point[0] - before[0]), before[1] + t * (point[1] - before[1])))
        if stays:
            kept.append(point)
    return kept


def _deltas(ring: Ring) -> list[int]:
    flat: list[int] = []
    last = (0, 0)
    for x, y in ring:
        point = (round(x), round(y))
        if not flat or point != last:
            flat += (point[0] - last[0], point[1] - last[1])
            last = point
    return flat
