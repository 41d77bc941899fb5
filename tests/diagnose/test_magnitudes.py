"""Figures in a wrong unit, and rows given twice, are remarked on; what planners really have is not."""

from __future__ import annotations

from time import process_time
from typing import Any

import pytest
from support.documents.edits import changed
from support.documents.small_scenario import small_scenario

from siteopt import load_scenario
from siteopt.diagnose.remarks.magnitudes import magnitudes
from siteopt.diagnose.remarks.twice import twice


def remarks(edits: dict[str, Any]) -> list[str]:
    scenario = load_scenario(changed(small_scenario(), edits))
    return [*magnitudes(scenario), *twice(scenario)]


def test_real_figures_are_not_remarked_on() -> None:
    assert remarks({}) == []


@pytest.mark.parametrize(
    ("edits", "words"),
    [
        (
            {"sites.1.headroom_mw": 30_000.0},
            "headroom_mw: 1 of 2 figures, such as 30,000 (sub); is it in kW?",
        ),
        ({"sites.0.headroom_mw": 50_000.0}, "headroom_mw: 1 of 1 figure, such as 50,000 (hub); is it in kW?"),
        (
            {"sites.1.price_usd_per_mwh": 0.11},
            "price_usd_per_mwh: 1 of 3 figures, such as 0.11 (sub); is it per kWh?",
        ),
        ({"sites.1.carbon_g_per_kwh": 0.38}, "such as 0.38 (sub); is it in kg?"),
        (
            {"sites.1.connection_usd": 850.0},
            "such as 850 (sub); is it in millions, or a dot read for thousands?",
        ),
        ({"designs.1.usd_per_module": 6.0}, "is it in thousands or millions?"),
        ({"workloads.0.replica.kw": 10_200.0}, "such as 10,200 (chat); is it in W?"),
        ({"sites.1.land_usd": 0.12}, "land_usd: 1 of 3 figures, such as 0.12 (sub); is it in millions"),
        ({"designs.1.fixed_usd": 1.5}, "fixed_usd: 1 of 3 figures, such as 1.5 (box); is it in"),
        ({"designs.1.staff_usd_per_year": 0.2}, "staff_usd_per_year: 1 of 2 figures, such as 0.2 (box)"),
        ({"workloads.0.replica.usd": 0.3}, "(chat); is usd in thousands or millions, or kw in W?"),
        (
            {"sites.1.headroom_mw": 400.0, "sites.2.headroom_mw": 1_500.0},
            "headroom_mw: half of 2 micro sites have 950 or more; is it in kW?",
        ),
        ({"horizon.discount_rate": 0.7}, "70 % a year; is 0.07 meant?"),
        ({"sites.2.id": "SUB"}, "differ in case alone (sub and SUB)"),
        ({"sites.2.lat": 51.0, "sites.2.lon": 9.0}, "1 pair of micro sites within 100 m (sub and alp)"),
    ],
)
def test_a_wrong_unit_is_remarked_on(edits: dict[str, Any], words: str) -> None:
    """Each of these passed with "Nothing looks odd"."""
    (said,) = remarks(edits)
    assert words in said


@pytest.mark.parametrize(
    ("lat", "lon", "is_one"), [(51.0004, 8.9996, True), (51.0, 9.00138, True), (51.001, 9.0, False)]
)
def test_substations_side_by_side_are_found_wherever_they_lie(lat: float, lon: float, is_one: bool) -> None:
    """Within 100 m by the great circle: a grid of degrees parted neighbours at its lines."""
    said = remarks({"sites.2.lat": lat, "sites.2.lon": lon})
    assert any("within 100 m (sub and alp)" in line for line in said) == is_one


def test_a_region_given_twice_is_remarked_on() -> None:
    document = changed(small_scenario(), {"regions.1.lat": 51.0, "regions.1.lon": 9.0})
    assert list(twice(load_scenario(document))) == [
        "1 pair of regions within 1 m (north and south): is one given twice?"
    ]


def test_many_substations_on_one_parallel_are_compared_in_moments() -> None:
    """A grid of places has thousands at one latitude."""
    document = small_scenario()
    site = document["sites"][1]
    document["sites"] += [site | {"id": f"s{i}", "lat": 52.0, "lon": -9.0 + i / 500} for i in range(10_000)]
    scenario = load_scenario(document)
    start = process_time()
    assert list(twice(scenario)) == []
    assert process_time() - start < 2.0
