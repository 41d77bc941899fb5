"""Make ``countries.json`` from the TopoJSON of the npm package world-atlas (Natural Earth, 1:50 million).

``python -m siteopt.report.page.countries.build package/countries-50m.json package/LICENSE``

Arcs are decoded and rounded to a hundredth of a degree (about a pixel where a country fills the page); borders stay
shared between neighbours, so that rounding opens no gaps.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Steps per degree.
STEPS = 100
SOURCE = "Natural Earth 1:50 million, public domain; as TopoJSON by world-atlas 2.0.2, ISC licence"


def rounded_arc(arc: list[list[int]], transform: dict[str, list[float]]) -> list[int]:
    """Return an arc as ``x0, y0, dx1, dy1, ...`` in steps, without points that fall on the one before."""
    (scale_x, scale_y), (move_x, move_y) = transform["scale"], transform["translate"]
    x = y = 0
    flat: list[int] = []
    last = (0, 0)
    for n, (dx, dy) in enumerate(arc):
        x, y = x + dx, y + dy
        point = (round((x * scale_x + move_x) * STEPS), round((y * scale_y + move_y) * STEPS))
        if n == 0 or point != last:
            flat += (point[0] - last[0], point[1] - last[1])
            last = point
    return flat


def polygons(geometry: dict[str, Any]) -> list[list[list[int]]]:
    """Return the polygons of a geometry as rings of arc numbers; ``~n`` is arc n backwards."""
    kind = geometry["type"]
    if kind not in ("Polygon", "MultiPolygon"):
        return []
    arcs: list[list[list[int]]] = [geometry["arcs"]] if kind == "Polygon" else geometry["arcs"]
    return arcs


def build(topology: dict[str, Any], licence: str) -> dict[str, Any]:
    """Build the document of ``countries.json``."""
    return {
        "source": SOURCE,
        "licence": licence,
        "steps": STEPS,
        "arcs": [rounded_arc(arc, topology["transform"]) for arc in topology["arcs"]],
        "countries": [
            {"name": geometry["properties"]["name"], "polygons": polygons(geometry)}
            for geometry in topology["objects"]["countries"]["geometries"]
        ],
    }


def main(arguments: Sequence[str]) -> None:
    """Read the two files of world-atlas, write ``countries.json`` beside this script."""
    topology, licence = (Path(name).read_text(encoding="utf-8") for name in arguments)
    document = build(json.loads(topology), licence.strip())
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    (Path(__file__).parent / "countries.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
