"""Outlines are cut to what can be seen, and the map opens on the regions."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.documents.report_page import full_subject

from siteopt.report.page.countries.build import polygons, rounded_arc
from siteopt.report.page.map_data import extents, page_data
from siteopt.report.page.outlines import Box, box_of, credit, framed, land

GERMANY = Box(5.8, 47.2, 15.1, 55.1)


def points(ring: list[int], steps: int) -> list[tuple[float, float]]:
    """Corners of a ring, degrees."""
    corners, x, y = [], 0, 0
    for n in range(0, len(ring), 2):
        x, y = x + ring[n], y + ring[n + 1]
        corners.append((x / steps, y / steps))
    return corners


def test_outlines_stay_in_their_box_and_hold_who_is_there() -> None:
    shown = land(GERMANY)
    names = [name for name, _ in shown["countries"]]
    assert {"Germany", "France", "Poland", "Switzerland"} <= set(names)
    assert "Portugal" not in names
    for _, rings in shown["countries"]:
        for ring in rings:
            box = box_of(points(ring, shown["steps"]))
            assert box.west >= GERMANY.west - 0.01
            assert box.south >= GERMANY.south - 0.01
            assert box.east <= GERMANY.east + 0.01
            assert box.north <= GERMANY.north + 0.01


def test_no_outline_runs_across_the_world() -> None:
    """Russia and Fiji cross the antimeridian: drawn as they stand in the file, they left a band from edge to edge."""
    shown = land(Box(-180.0, -85.0, 180.0, 85.0))
    for name, rings in shown["countries"]:
        for ring in rings:
            corners = points(ring, shown["steps"])
            on_edge = [abs(lat) > 84.9 or abs(lon) > 179.9 for lon, lat in corners]
            jumps = [
                abs(a[0] - b[0])
                for (a, at_a), (b, at_b) in pairwise(zip(corners, on_edge, strict=True))
                if not (at_a and at_b)
            ]
            assert max(jumps, default=0.0) < 60.0, name


def test_the_south_pole_is_land() -> None:
    """Antarctica goes round the pole, so its outline has to be closed beyond it."""
    shown = land(Box(20.0, -84.0, 30.0, -80.0))
    (name, rings), *others = shown["countries"]
    assert (name, others) == ("Antarctica", [])
    assert box_of(points(rings[0], shown["steps"])) == Box(20.0, -84.0, 30.0, -80.0)


def test_the_source_and_its_licence_are_shipped() -> None:
    source, licence = credit()
    assert "Natural Earth" in source
    assert "Permission to use, copy, modify" in licence


def test_arcs_are_rounded_and_repeated_points_left_out() -> None:
    transform = {"scale": [0.001, 0.001], "translate": [10.0, 50.0]}
    assert rounded_arc([[0, 0], [1, 1], [20, 0], [0, 30]], transform) == [1000, 5000, 2, 0, 0, 3]


def test_geometries_without_area_have_no_polygons() -> None:
    assert polygons({"type": None}) == []
    assert polygons({"type": "Polygon", "arcs": [[0]]}) == [[[0]]]
    assert polygons({"type": "MultiPolygon", "arcs": [[[0]], [[1]]]}) == [[[0]], [[1]]]


@given(st.tuples(st.floats(-170, 170), st.floats(-80, 70), st.floats(0.001, 10), st.floats(0.001, 10)))
def test_a_framed_box_holds_the_box_in_the_frame_s_proportions(
    corner: tuple[float, float, float, float],
) -> None:
    west, south, width, height = corner
    box = Box(west, south, west + width, south + height)
    grown = framed(box, (900, 640))
    assert grown.west <= box.west + 1e-9
    assert grown.east >= box.east - 1e-9
    assert grown.south <= box.south + 1e-9
    assert grown.north >= box.north - 1e-9


def test_a_distant_site_does_not_shrink_the_regions_to_a_dot() -> None:
    """The map opens where people are; what is an ocean away is drawn at its edge until one asks for all sites."""
    subject = full_subject()
    sites = subject.scenario.sites
    away = sites[0].model_copy(update={"lat": 39.0, "lon": -77.5})
    scenario = subject.scenario.model_copy(update={"sites": (away, *sites[1:])})
    focus, whole = extents(type(subject)(scenario, subject.plan))
    assert focus.west > 0
    assert whole.west < -77.5


def test_a_site_belongs_to_the_limits_that_count_it() -> None:
    data = page_data(full_subject())
    by_site = dict(zip(data["sites"]["id"], data["sites"]["limits"], strict=True))
    assert by_site == {"hub": [0], "sub": [0], "alp": []}


def test_two_places_on_one_spot_have_an_extent() -> None:
    assert Box(8.0, 50.0, 8.0, 50.0).grown(0.1, 0.01) == pytest.approx((7.99, 49.99, 8.01, 50.01))
