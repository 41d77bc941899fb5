"""Remarks of ``siteopt check`` on connections, racks, links and protection: what shows in the scenario alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from support.documents.small_document import small_document

from siteopt.diagnose.remarks.equipment import racks, steps
from siteopt.diagnose.remarks.limits import traffic
from siteopt.diagnose.remarks.reach import protected
from siteopt.scenario import load_scenario

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from siteopt.scenario import Scenario


def large_step(document: dict[str, Any]) -> None:
    document["sites"][1] |= {"connection_usd": 0.0}
    document["sites"][1]["connection_steps"] = [
        {"up_to_mw": 8.0, "months": 6.0, "usd": 1e5},
        {"up_to_mw": 8.5, "months": 6.0, "usd": 1e5},
    ]


def thin_racks(document: dict[str, Any]) -> None:
    document["designs"][0] |= {"rack_kw": 8.0}
    document["workloads"][0]["replica"]["rack_kw"] = 10.2
    document["workloads"][1]["replica"]["rack_kw"] = 9.0


def racks_with_room(document: dict[str, Any]) -> None:
    thin_racks(document)
    document["designs"][0] |= {"rack_kw": 9.0}


def dry_racks(document: dict[str, Any]) -> None:
    chat = document["workloads"][0]
    for key in ("service", "replica"):
        del chat[key]
    chat |= {
        "model": "meta-llama/Meta-Llama-3.1-8B",
        "accelerators": ["GB200_NVL72"],
        "tiers": ["hyperscale"],
    }
    chat |= {"input_tokens": 900.0, "output_tokens": 200.0}
    document["workloads"][2]["replica"]["cooling"] = "liquid"


def wet_racks(document: dict[str, Any]) -> None:
    dry_racks(document)
    document["designs"][1] |= {"cooling": "liquid", "rack_kw": 132.0}


def narrow_uplink(document: dict[str, Any]) -> None:
    for site, gbps in zip(document["sites"], (0.0, 0.0049, 0.0119), strict=True):
        site["uplink_gbps"] = gbps


def narrow_link(document: dict[str, Any]) -> None:
    for link, gbps in zip(document["network"]["links"], (0.0047, 0.0049), strict=True):
        link["capacity_gbps"] = gbps


def protected_at_one_site(document: dict[str, Any]) -> None:
    document["workloads"][0] |= {"protect": {"slo_ms": 300.0}, "jurisdictions": "same"}
    document["workloads"][1] |= {"protect": {"slo_ms": 90.0}}


def protected_in_a_mode(document: dict[str, Any]) -> None:
    document["workloads"][0] |= {"protect": {"slo_ms": 300.0}}
    document["policy"]["mode"] = "central"


#: Who remarks, on which change, and what.
OF_SCENARIO: list[tuple[Callable[[Scenario], Iterator[str]], Callable[[dict[str, Any]], None], list[str]]] = [
    (
        *(steps, large_step),
        ["1 site (main-taunus) has connection steps above headroom_mw, which is all that may be drawn."],
    ),
    (
        *(racks, thin_racks),
        [
            "module: its racks (8 kW, air-cooled) can take nothing of what may run on its tiers;"
            " the replica of vision needs 9 kW, air-cooled."
        ],
    ),
    (racks, racks_with_room, []),
    (
        *(racks, dry_racks),
        [
            "hall: its racks (air-cooled) can take nothing of what may run on its tiers;"
            " the replica of training needs 0 kW, liquid-cooled."
        ],
    ),
    (racks, wet_racks, []),
    (
        *(traffic, narrow_uplink),
        [
            "2 uplinks too narrow for even the smallest demand at its peak"
            " (hamburg-ost, 0 of 0.0048 Gbit/s; zurich-hub, 0.0119 of 0.012 Gbit/s)."
        ],
    ),
    (
        *(traffic, narrow_link),
        [
            "1 link too narrow for even the smallest demand at its peak"
            " (north to middle, 0.0047 of 0.0048 Gbit/s)."
        ],
    ),
    (
        *(protected, protected_at_one_site),
        [
            "chat: protected, but tiers and jurisdictions leave only one site to 1 region (zurich);"
            " nothing survives its loss."
        ],
    ),
    (
        *(protected, protected_in_a_mode),
        [
            "chat: protected, but tiers and jurisdictions leave only one site to"
            " 3 regions (hamburg, frankfurt, zurich); nothing survives its loss."
        ],
    ),
]


@pytest.mark.parametrize(
    ("remark", "change", "expected"), OF_SCENARIO, ids=lambda value: getattr(value, "__name__", "")
)
def test_remark_of_the_scenario(
    remark: Callable[[Scenario], Iterator[str]],
    change: Callable[[dict[str, Any]], None],
    expected: list[str],
) -> None:
    """One oddity that shows without an instance; the small document itself has none."""
    document = small_document()
    assert list(remark(load_scenario(document))) == []
    change(document)
    assert list(remark(load_scenario(document))) == expected
