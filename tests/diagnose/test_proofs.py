"""Arithmetic proofs that no plan exists: each names what is short, by how much, and whom it concerns."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from support.documents.small_document import small_document

from siteopt.compile import compile_instance
from siteopt.diagnose.proofs import impossibilities
from siteopt.scenario import load_scenario

if TYPE_CHECKING:
    from collections.abc import Callable


def reasons(change: Callable[[dict[str, Any]], None]) -> list[str]:
    """What is said about the small document after a change."""
    document = small_document()
    change(document)
    scenario = load_scenario(document)
    return impossibilities(scenario, compile_instance(scenario))


def tight_slo(document: dict[str, Any]) -> None:
    document["workloads"][1]["slo"][0]["ms"] = 44.0


def no_time_left(document: dict[str, Any]) -> None:
    document["workloads"][1]["slo"][0]["ms"] = 35.0


def agent_far_away(document: dict[str, Any]) -> None:
    document["workloads"][1] |= {"calls_per_request": 3.0, "slo": [{"metric": "e2e", "ms": 120.0}]}


def no_site_at_home(document: dict[str, Any]) -> None:
    document["workloads"][0] |= {"jurisdictions": "same", "tiers": ["micro"]}


def no_route(document: dict[str, Any]) -> None:
    document["workloads"][0] |= {"jurisdictions": ["DE"], "sovereign_route": True}


def region_outside(document: dict[str, Any]) -> None:
    """Without a network and without an SLO: nothing but the route is in the way, whatever power there is."""
    document["network"] = {}
    document["sites"][1].pop("node")
    for workload in document["workloads"]:
        workload.pop("home", None)
    document["workloads"][0] |= {"jurisdictions": ["DE"], "sovereign_route": True, "slo": []}


def network_in_pieces(document: dict[str, Any]) -> None:
    document["network"]["links"] = document["network"]["links"][:1]
    document["workloads"][0]["slo"] = []
    document["workloads"][0]["tiers"] = ["hyperscale"]


def extension_too_late(document: dict[str, Any]) -> None:
    """One module stands and carries 0.9 MW; a second one takes two years."""
    document["sites"][0] |= {"status": "existing", "existing": {"design": "module", "modules": 1}}
    document["designs"][0]["build_months"] = 24.0
    document["workloads"][1]["replica"]["kw"] = 1900.0
    document["policy"] = {"ready_by_month": 12.0}
    document["sites"][1]["status"] = "forbidden"


def extension_too_late_for_all(document: dict[str, Any]) -> None:
    extension_too_late(document)
    document["workloads"][1]["replica"]["kw"] = 90.0


def all_forbidden(document: dict[str, Any]) -> None:
    for site in document["sites"]:
        site["status"] = "forbidden"


def big_replica(document: dict[str, Any]) -> None:
    document["workloads"][1]["replica"]["kw"] = 9000.0


def too_much_vision(document: dict[str, Any]) -> None:
    for demand in document["demand"][3:5]:
        demand["peak_rps"] *= 60
    document["policy"] = {}


def too_much_for_the_grid(document: dict[str, Any]) -> None:
    for demand in document["demand"][3:5]:
        demand["peak_rps"] *= 40
    document["grid_limits"][0]["limit_mw"] = 6.5
    document["policy"] = {}


def too_much_for_some_sites_of_a_limit(document: dict[str, Any]) -> None:
    """The limit leaves enough for all sites together, since the hub takes next to nothing of it."""
    too_much_for_the_grid(document)
    coefficients = {"hamburg-ost": 1.0, "main-taunus": 1.0, "zurich-hub": 0.01}
    document["grid_limits"] = [{"id": "line-9", "limit_mw": 6.5, "coefficients": coefficients}]


def too_big_for_one_site(document: dict[str, Any]) -> None:
    document["workloads"][0] |= {"splittable": False, "tiers": ["micro"]}
    document["demand"][0]["peak_rps"] = 30_000.0


def too_few_sites_for_the_load(document: dict[str, Any]) -> None:
    document["policy"]["max_sites"] = 1
    del document["policy"]["budget_usd"]
    for demand in document["demand"][3:5]:
        demand["peak_rps"] *= 40


def no_site_in_common(document: dict[str, Any]) -> None:
    document["policy"]["max_sites"] = 1
    document["workloads"][0] |= {"tiers": ["hyperscale"]}


def nothing_may_be_built(document: dict[str, Any]) -> None:
    document["policy"]["max_sites"] = 0


def too_many_forced(document: dict[str, Any]) -> None:
    document["sites"][0]["status"] = document["sites"][1]["status"] = "forced"
    document["policy"]["max_sites"] = 1


def small_budget(document: dict[str, Any]) -> None:
    document["policy"]["budget_usd"] = 1e7


def forced_beyond_budget(document: dict[str, Any]) -> None:
    document["sites"][2]["status"] = "forced"
    document["policy"]["budget_usd"] = 1e8
    document["demand"] = document["demand"][3:5]


#: what is changed, and the words of the one statement that follows
STATEMENTS: list[tuple[Callable[[dict[str, Any]], None], list[str]]] = [
    (
        tight_slo,
        [
            "vision must be served, but no site may serve 1 of its 2 regions (kassel). Of 3 sites",
            "1 is of a tier other than micro; 2 are too far: the SLO leaves a round trip of 5.2 ms",
            "(e2e 44 ms at p95 less 38.8 ms of service), and the nearest, main-taunus, is 6.4 ms away.",
        ],
    ),
    (
        no_time_left,
        ["any of its 2 regions (hamburg, kassel)", "the SLO leaves no time at all"],
    ),
    (agent_far_away, ["the SLO leaves a round trip of", "of service, shared by 3 calls)"]),
    (no_site_at_home, ["1 of its 3 regions (zurich)", '2 are outside the jurisdictions of "same" (CH)']),
    (
        no_route,
        [
            "1 is outside the allowed jurisdictions DE; 2 are without a route to zurich (at node alps in CH) that stays"
        ],
    ),
    (
        region_outside,
        [
            "(zurich)",
            "1 is outside the allowed jurisdictions DE; 2 are without a route to zurich that stays in",
        ]
        + ["the allowed jurisdictions, as zurich lies outside them."],
    ),
    (network_in_pieces, ["1 is without any route to hamburg (at node north in DE)."]),
    (
        extension_too_late_for_all,
        [
            "can carry at most 0.9 MW",
            "; what is built or energised after policy.ready_by_month 12 does not count.",
        ],
    ),
    (
        extension_too_late,
        [
            "1 is too small for one replica of 1,900 kW (headroom, PUE and modules leave at most",
            " kW; what is built or energised after policy.ready_by_month 12 does not count)",
        ],
    ),
    (big_replica, ["2 are too small for one replica of 9,000 kW", "leave at most 7,200 kW"]),
    (
        too_much_vision,
        [
            "vision from 2 regions (hamburg, kassel) must be served, which takes at least 15.0 MW of IT power",
            "the 2 sites that may serve them (hamburg-ost, main-taunus) can carry at most 13.4 MW",
            "headroom 20.0 MW, after PUE and modules 13.4 MW.",
        ],
    ),
    (
        too_much_for_some_sites_of_a_limit,
        [
            "vision from 2 regions (hamburg, kassel)",
            "can carry at most 5.00 MW",
            "grid limits line-9 (6.50 MW)",
        ],
    ),
    (too_much_for_the_grid, ["can carry at most 5.00 MW", "grid limits german-grid (6.50 MW)"]),
    (
        too_big_for_one_site,
        [
            "chat from hamburg may not be split and needs 750 replicas, 7.50 MW of IT power, at one site",
            "the largest that may serve it, hamburg-ost, can carry 7.20 MW.",
        ],
    ),
    (
        too_few_sites_for_the_load,
        ["vision from 2 regions", "allows 1 new site, and the largest with what stands"],
    ),
    (no_site_in_common, ["At least 2 new sites must be built, since no two of", "allows 1 new site."]),
    (too_many_forced, ["2 sites must be built (status forced), but policy.max_sites allows 1 new site."]),
    (small_budget, ["takes at least $", "accelerators $41.2M", "but policy.budget_usd is $10.0M."]),
    (forced_beyond_budget, ["takes at least $", "but policy.budget_usd is $100.0M."]),
]


@pytest.mark.parametrize(("change", "words"), STATEMENTS, ids=lambda value: getattr(value, "__name__", ""))
def test_statement(change: Callable[[dict[str, Any]], None], words: list[str]) -> None:
    """One thing is impossible, and one sentence says so, with names and numbers."""
    said = reasons(change)
    assert len(said) == 1, said
    for part in words:
        assert part in said[0]


@pytest.mark.parametrize("change", [change for change, _ in STATEMENTS], ids=lambda change: change.__name__)
def test_each_site_is_excluded_for_one_reason(change: Callable[[dict[str, Any]], None]) -> None:
    """A site without a route was counted again as too small: an endless round trip is within no limit at all."""
    for said in reasons(change):
        of_sites = re.search(r"[Oo]f (\d+) sites (.*)\.$", said)
        if of_sites:
            counts = re.findall(r"(?:^|; )(\d+) (?:is|are) ", of_sites[2])
            assert sum(map(int, counts)) == int(of_sites[1]), said


def test_nothing_is_said_of_a_scenario_that_has_a_plan() -> None:
    """The small document has a plan."""
    assert reasons(lambda _: None) == []


def test_what_may_stay_unserved_is_never_impossible() -> None:
    """With a penalty for every request, serving nothing is a plan."""

    def change(document: dict[str, Any]) -> None:
        too_much_vision(document)
        for workload in document["workloads"]:
            workload["unserved_usd_per_1k"] = 1.0

    assert reasons(change) == []
    assert reasons(lambda d: (change(d), all_forbidden(d))[0]) == []


def test_each_workload_is_explained_where_no_site_is_left() -> None:
    """Nothing may be built at all: every workload that must be served says so."""
    said = reasons(all_forbidden)
    assert [line.split()[0] for line in said] == ["chat", "vision"]
    assert all("3 are forbidden" in line for line in said)


def test_nothing_may_be_built() -> None:
    """Zero new sites, none standing."""
    said = reasons(nothing_may_be_built)
    assert any("policy.max_sites allows none" in line for line in said)


def test_shortages_that_share_no_site_are_told_apart() -> None:
    """Two countries that are both short of power are two statements, each with its own sites."""

    def change(document: dict[str, Any]) -> None:
        document["workloads"][0] |= {"jurisdictions": "same"}
        document["policy"], document["grid_limits"] = {}, []
        for row in (0, 1, 2):
            document["demand"][row]["peak_rps"] *= 300

    said = reasons(change)
    assert len(said) == 2
    assert "hamburg-ost, main-taunus" in said[0]
    assert "zurich-hub, the only site that may serve them," in said[1]


def test_sunk_modules_cost_nothing() -> None:
    """What stands at an existing site carries its load within a budget that could not build it."""

    def change(document: dict[str, Any]) -> None:
        document["sites"][2] |= {"status": "existing", "existing": {"design": "hall", "modules": 1}}
        document["policy"]["budget_usd"] = 5e7
        document["demand"] = document["demand"][:3]

    assert reasons(change) == []
