"""Remarks of ``siteopt check``: what is valid and odd."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from support.documents.small_document import small_document

from siteopt.compile import compile_instance
from siteopt.diagnose.remarks import suspicions
from siteopt.scenario import load_scenario

if TYPE_CHECKING:
    from collections.abc import Callable

USUAL = ["training: 1 region (frankfurt) may be served at one site only."]


def remarks(change: Callable[[dict[str, Any]], object]) -> list[str]:
    """What is remarked about the small document after a change, beyond the usual."""
    document = small_document()
    change(document)
    scenario = load_scenario(document)
    return [line for line in suspicions(scenario, compile_instance(scenario)) if line not in USUAL]


def no_headroom(document: dict[str, Any]) -> None:
    document["sites"][1]["headroom_mw"] = 0.0
    document["grid_limits"] = []


def little_headroom(document: dict[str, Any]) -> None:
    document["sites"][1]["headroom_mw"] = 1.1
    document["grid_limits"] = []


def tiny_headroom(document: dict[str, Any]) -> None:
    document["sites"][1]["headroom_mw"] = 0.01
    document["grid_limits"] = []


def lonely_site(document: dict[str, Any]) -> None:
    document["sites"].append(document["sites"][0] | {"id": "regional-1", "tier": "regional", "zone": None})


def lost_sign(document: dict[str, Any]) -> None:
    document["sites"][0]["lon"] = -10.1
    document["network"] = {}
    del document["sites"][1]["node"]


def far_region(document: dict[str, Any]) -> None:
    document["regions"][2] |= {"lat": 10.0, "lon": 50.0}


def tight_slo(document: dict[str, Any]) -> None:
    document["workloads"][1] |= {"slo": [{"metric": "e2e", "ms": 41.0}], "unserved_usd_per_1k": 1.0}
    document["workloads"][1]["service"] = {"ms": 39.0}


def late_slo(document: dict[str, Any]) -> None:
    document["workloads"][1] |= {"slo": [{"metric": "e2e", "ms": 30.0}], "unserved_usd_per_1k": 1.0}


def no_busy_hour(document: dict[str, Any]) -> None:
    document["demand"][0]["mean_rps"] = document["demand"][0]["peak_rps"]


def steep_peak(document: dict[str, Any]) -> None:
    document["demand"][1]["mean_rps"] = 1.5


def free_energy(document: dict[str, Any]) -> None:
    document["sites"][2]["price_usd_per_mwh"] = 0.0


def clean_energy(document: dict[str, Any]) -> None:
    del document["sites"][0]["carbon_g_per_kwh"]


def worthless_workload(document: dict[str, Any]) -> None:
    document["workloads"][2] |= {"unserved_usd_per_1k": 0.0, "revenue_usd_per_1k": 0.0}


def zone_without_limit(document: dict[str, Any]) -> None:
    document["grid_limits"].append({"id": "z", "limit_mw": 9.0, "zone": "zone-de"})


def loose_limit(document: dict[str, Any]) -> None:
    document["grid_limits"][0]["limit_mw"] = 25.0


def unused_things(document: dict[str, Any]) -> None:
    document["designs"].append(document["designs"][0] | {"id": "spare"})
    document["workloads"].append(document["workloads"][0] | {"id": "speech"})
    document["regions"].append(document["regions"][0] | {"id": "bremen"})


def few_modules(document: dict[str, Any]) -> None:
    """With one module that stands by, power for one counts; in a cold climate it would be enough."""
    document["designs"][0]["redundancy"] = "N+1"
    document["sites"][0]["headroom_mw"] = document["sites"][1]["headroom_mw"] = 1.1
    document["sites"][0]["pue"] = {"module": 1.2}
    document["grid_limits"] = []


REMARKS: list[tuple[Callable[[dict[str, Any]], None], list[str]]] = [
    (no_headroom, ["1 site (main-taunus) has headroom_mw 0 and can never carry load."]),
    (
        little_headroom,
        ["1 site (main-taunus) has less headroom than one full module of any of its designs draws."],
    ),
    (
        tiny_headroom,
        [
            "1 site (main-taunus) has less headroom than one full module of any of its designs draws.",
            "1 site (main-taunus) has no room for a single replica of any workload that may run there.",
        ],
    ),
    (
        lonely_site,
        [
            "1 site (regional-1 (Hamburg Ost)) has no demand that may be served there"
            " (tier, mode, jurisdiction, route, SLO, racks or date)."
        ],
    ),
    (
        lost_sign,
        [
            "1 site (hamburg-ost) lies outside of DE, such as hamburg-ost at lat 53.5, lon -10.1: check lat, lon and"
            " jurisdiction.",
            "1 site more than 1,000 km from every region (hamburg-ost, 1,324 km): check lat and lon.",
            "vision: 2 regions (hamburg, kassel) may be served at one site only.",
        ],
    ),
    (
        far_region,
        [
            "1 region (kassel) lies outside of DE, such as kassel at lat 10, lon 50: lat and lon look swapped.",
            "1 region more than 1,000 km from every site (kassel, 5,689 km): check lat and lon.",
            "1 region more than 500 km from its network node (kassel from middle).",
            "vision: 1 region (kassel) may not be served at any site.",
        ],
    ),
    (
        tight_slo,
        [
            "vision: 2 regions (hamburg, kassel) may not be served at any site.",
            "vision: its SLO leaves 2.0 ms for the round trip, but access_ms alone is 4;"
            " no site is near enough.",
        ],
    ),
    (
        late_slo,
        [
            "vision: 2 regions (hamburg, kassel) may not be served at any site.",
            "vision: its SLO is used up by the service itself, but access_ms alone is 4;"
            " no site is near enough.",
        ],
    ),
    (no_busy_hour, ["1 demand with an SLO (chat) with peak_rps equal to mean_rps: is there no busy hour?"]),
    (
        steep_peak,
        ["1 demand with a peak above 20 times the mean (chat from frankfurt: 1,000 times); check the units."],
    ),
    (free_energy, ["1 site (zurich-hub) with price_usd_per_mwh 0: is energy free there?"]),
    (clean_energy, ["1 site (hamburg-ost) with carbon_g_per_kwh 0, though carbon has a price."]),
    (worthless_workload, ["training: earns nothing and costs nothing unserved, so no plan will serve it."]),
    (zone_without_limit, ["1 zone without a grid limit of its own (zone-ch, 1 site)."]),
    (
        loose_limit,
        [
            "1 grid limit can never bind, since the headroom of its sites is smaller"
            " (german-grid, 20.0 of 25.0 MW)."
        ],
    ),
    (
        few_modules,
        ["1 site (main-taunus) has less headroom than one full module of any of its designs draws."],
    ),
    (
        unused_things,
        [
            "1 pair of regions within 1 m (hamburg and bremen): is one given twice?",
            "1 design that no site may build (spare).",
            "1 workload without demand (speech).",
            "1 region without demand (bremen).",
        ],
    ),
]


def test_small_document_is_hardly_odd() -> None:
    """A sound scenario is not drowned in remarks."""
    assert remarks(lambda _: None) == []


@pytest.mark.parametrize(("change", "expected"), REMARKS, ids=lambda value: getattr(value, "__name__", ""))
def test_remark(change: Callable[[dict[str, Any]], None], expected: list[str]) -> None:
    """One oddity, and the sentences that it earns."""
    assert remarks(change) == expected
