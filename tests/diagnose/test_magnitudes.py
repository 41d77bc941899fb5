"""Figures in a wrong unit, and rows given twice, are remarked on; what planners really have is not."""

from __future__ import annotations

from typing import Any

import pytest
from support.documents.edits import changed
from support.documents.small_scenario import small_scenario

from siteopt import load_scenario
from siteopt.diagnose.remarks.magnitudes import magnitudes, twice


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
        ({"horizon.discount_rate": 0.7}, "70 % a year; is 0.07 meant?"),
        ({"sites.2.id": "SUB"}, "differ in case alone (sub and SUB)"),
        ({"sites.2.lat": 51.0, "sites.2.lon": 9.0}, "within 100 m (sub and alp)"),
    ],
)
def test_a_wrong_unit_is_remarked_on(edits: dict[str, Any], words: str) -> None:
    """Each of these passed with "Nothing looks odd"."""
    (said,) = remarks(edits)
    assert words in said
