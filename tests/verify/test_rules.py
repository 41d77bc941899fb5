"""Decisions that break one of the rules on networks, data, power, connections, tenants and modes."""

from __future__ import annotations

from typing import Any

import pytest
from support.documents.all_rules import CENTRAL, central_plan, full_plan, full_scenario
from support.documents.edits import REMOVE, changed
from support.documents.plans import plan_of
from support.documents.small_scenario_plan import flow, opened, pool
from support.reference.plan_figures import priced

from siteopt.scenario import load_scenario
from siteopt.verify import Violation, verify

#: One way from B over D to A takes as long as straight on: 0.25 + 0.5 ms each.
TIE = {"network.links.2.latency_ms": 0.25, "network.links.3.latency_ms": 0.25}
UNPROTECTED = {"workloads.0.protect": REMOVE}
#: alp stands empty; what it served is left unserved for a penalty.
EMPTY_ALP: dict[str, Any] = {
    "pools.4": REMOVE,
    "flows.5": REMOVE,
    "unserved.+": {"region": "south", "workload": "search", "share": 1.0},
}
#: No mode would serve it, for it may not be served anywhere else.
HUBS_TOO_FAR = {
    "workloads.2.tiers": ["hyperscale"],
    "workloads.2.slo.0.ms": 26.9,
    "workloads.2.home.trips_per_call": 0.0,
}
PENALTY = {"workloads.2.unserved_usd_per_1k": 1.0}

# Every figure of the plan is made true: plan edits, scenario edits -> the one rule, and numbers in its message.
DECISIONS: list[tuple[str, dict[str, Any], dict[str, Any], str, tuple[str, ...]]] = [
    ("uplink", {}, {"sites.1.uplink_gbps": 0.002}, "uplink", ("0.002176", "0.002 ")),
    ("uplink, for its data", {}, {"sites.2.uplink_gbps": 0.008}, "uplink", ("0.0084", "0.008 ")),
    ("no uplink", {}, {"sites.0.uplink_gbps": 0.0}, "uplink", ("0.030456", "0 ")),
    (
        "uplink, for the upkeep of a copy",
        {},
        {"workloads.1.sync_gb_per_day": 17.28, "network.links.0.capacity_gbps": 1.0},
        "uplink",
        ("0.002976", "0.0025"),
    ),
    ("link", {}, {"network.links.0.capacity_gbps": 0.0025}, "link", ("0.002552", "0.0025")),
    ("link, for its data", {}, {"network.links.1.capacity_gbps": 0.0087}, "link", ("0.008704", "0.0087")),
    (
        "of parallel links the faster one's capacity",
        {},
        {"network.links.+": {"from": "B", "to": "A", "latency_ms": 0.9, "capacity_gbps": 0.0025}},
        "link",
        ("0.002552", "0.0025"),
    ),
    ("link on the named one of two routes", {"flows.4.route": ["B", "D", "A"]}, TIE, "link", ("0.0014", "0.001 ")),
    (
        "link on the named one of two ways home",
        {"pools.2.home_route": ["B", "D", "A"]},
        TIE | {"network.links.3.capacity_gbps": 0.0007},
        "link",
        ("0.0008", "0.0007"),
    ),
    ("no data mode", {"pools.3.data": None}, {}, "data_mode", ("None", "1 allowed: home")),
    ("a copy of unknown size", {"pools.3.data": "replica"}, {}, "data_mode", ("'replica'", "1 allowed: home")),
    ("data of a workload without", {"pools.0.data": "home"}, {}, "data_mode", ("'home'", "1 allowed: None")),
    ("no such data mode", {"pools.2.data": "cloud"}, {}, "data_mode", ("2 allowed: home, replica",)),
    (
        "a copy that no allowed route keeps",
        {"pools.2.home_route": []},
        {"workloads.1.home.node": "C"},
        "data_mode",
        ("'C'", "2 allowed: DE, NL"),
    ),
    (
        "data that no allowed route reaches",
        {"pools.2.home_route": [], "pools.2.data": "home"},
        {"workloads.1.home.node": "C"},
        "sovereign_route",
        ("'C'", "2 allowed: DE, NL"),
    ),
    (
        "too slow with three trips home",
        {"pools.2.data": "home"},
        {"workloads.1.slo.0.ms": 140.0},
        "slo",
        ("141", "140"),
    ),
    ("too many trips home", {}, {"workloads.2.home.trips_per_call": 6.0}, "slo", ("66", "60")),
    ("density", {}, {"designs.1.rack_kw": 39.0}, "density", ("40 kW", "39 kW")),
    ("density of two workloads", {}, {"designs.1.rack_kw": 29.0}, "density", ("30 kW", "40 kW", "29 kW")),
    ("cooling", {}, {"workloads.1.replica.cooling": "liquid"}, "cooling", ("1 replica", "liquid")),
    ("a module that stands by", {"sites.1.modules": 2}, {"policy.tenant_share": REMOVE}, "power", ("0.3", "0.16")),
    (
        "every second module",
        {},
        {"designs.1.redundancy": "2N", "policy.tenant_share": REMOVE},
        "power",
        ("0.3", "0.24"),
    ),
    ("nobody to stand by for", EMPTY_ALP | {"sites.2.modules": 1}, PENALTY, "modules", ("1 modules", "2 to 3")),
    ("warm climate", {}, {"sites.1.pue.box": 1.6}, "connection_step", ("0.48", "0.45")),
    ("warm climate, headroom", {}, {"sites.1.headroom_mw": 0.41}, "headroom", ("0.42", "0.41")),
    ("zone", {}, {"grid_limits.0.limit_mw": 0.68}, "grid", ("0.684", "0.68 ")),
    ("connection too small", {"sites.1.connection_mw": 0.3}, {}, "connection_step", ("0.42", "0.3 ")),
    ("no connection", {"sites.1.connection_mw": None}, {}, "connection_step", ("None", "2 steps: 0.3, 0.45")),
    ("between two steps", {"sites.1.connection_mw": 0.43}, {}, "connection_step", ("0.43", "2 steps")),
    ("a step where there are none", {"sites.2.connection_mw": 1.0}, {}, "connection_step", ("1", "0 connection")),
    (
        "a class for less than what stands",
        {"sites.0.connection_mw": 0.26},
        {"sites.0.connection_steps.0.up_to_mw": 0.26},
        "connection_step",
        ("0.26;", "one of the 2 steps: 0.54, 2"),
    ),
    ("energised too late", {}, {"policy.ready_by_month": 17.0}, "ready_by_month", ("18", "17")),
    ("built too late", {}, {"designs.1.build_months": 25.0}, "ready_by_month", ("25", "24")),
    (
        "more for what stands, too late",
        {"sites.0.connection_mw": 2.0},
        {"sites.0.connection_steps.1.months": 30.0},
        "ready_by_month",
        ("30", "24"),
    ),
    ("tenant's share", {}, {"policy.tenant_share": 0.62}, "tenant_share", ("0.2 ", "0.1984", "0.32")),
    ("tenant at one site", {}, {"policy.tenant_site_mw": 0.19}, "tenant_site_mw", ("0.2 ", "0.19")),
    (
        "tenant with two workloads",
        {},
        {"workloads.1.tenant": "acme", "policy.tenant_share": REMOVE},
        "tenant_site_mw",
        ("0.3 ", "0.25"),
    ),
    ("budget", {}, {"policy.budget_usd": 5.07e6}, "budget", ("5080000", "5070000")),
    ("hubs in mode edge", {}, UNPROTECTED | {"policy.mode": "edge"}, "mode", ("3 of mode 'edge'",)),
    ("micro sites in mode central", {}, UNPROTECTED | {"policy.mode": "central"}, "mode", ("1 of mode 'central'",)),
]  # fmt: skip

NO_FIGURES = {"bound_usd": None, "gap": None}


def check(plan: dict[str, Any], scenario: dict[str, Any]) -> list[Violation]:
    loaded = load_scenario(scenario)
    return verify(loaded, priced(loaded, plan_of(plan)))


@pytest.mark.parametrize(
    ("plan_edits", "scenario_edits", "rule", "numbers"),
    [c[1:] for c in DECISIONS],
    ids=[c[0] for c in DECISIONS],
)
def test_a_forbidden_decision_is_found(
    plan_edits: dict[str, Any], scenario_edits: dict[str, Any], rule: str, numbers: tuple[str, ...]
) -> None:
    plan = changed(full_plan(), NO_FIGURES | plan_edits)
    found = check(plan, changed(full_scenario(), scenario_edits))
    assert {violation.rule for violation in found} == {rule}
    assert all(any(number in violation.message for violation in found) for number in numbers), found
    assert all(violation.excess > 0.0 for violation in found)


@pytest.mark.parametrize(
    ("plan_edits", "scenario_edits"),
    [
        ({}, {f"sites.0.connection_steps.{i}.months": 60.0 for i in (0, 1)}),
        ({"pools.2.data": "home"}, {}),
        ({"pools.2.home_route": ["B", "D", "A"]}, TIE),
        (EMPTY_ALP, PENALTY),
        ({}, {"sites.1.designs": ["box"], "policy.tenant_share": 0.625}),
        ({}, {"workloads.0.replica.cooling": "liquid", "designs.1.cooling": "liquid"}),
        ({}, {"designs.1.rack_kw": REMOVE, "workloads.1.replica.rack_kw": 500.0}),
    ],
    ids=[
        *("a connection that is there is ready", "data at home", "a way home as short", "an empty site"),
        *("a tenant's share to the last kW", "liquid for liquid", "any rack"),
    ],
)
def test_what_is_just_allowed_holds(plan_edits: dict[str, Any], scenario_edits: dict[str, Any]) -> None:
    plan = changed(full_plan(), NO_FIGURES | plan_edits)
    assert check(plan, changed(full_scenario(), scenario_edits)) == []


def test_two_data_modes_at_one_site_are_one_too_many() -> None:
    """The rows name one pool twice, too."""
    edits = NO_FIGURES | {"pools.+": pool("hub", "search", 1) | {"data": None}}
    found = check(changed(full_plan(), edits), full_scenario())
    assert {violation.rule for violation in found} == {"duplicate", "data_mode"}
    assert any("2 data modes" in violation.message for violation in found)


# The central plan leaves search out: plan edits, scenario edits -> the one rule (none: it holds), words.
LEFT_OUT: list[tuple[str, dict[str, Any], dict[str, Any], str | None, str]] = [
    ("no hub may serve it", {}, {}, None, ""),
    ("the hub may serve it", {}, {"workloads.2.tiers": ["hyperscale"]}, "mode", "1 site(s) of mode 'central' admit"),
    ("too far", {}, HUBS_TOO_FAR | {"workloads.2.tiers": ["micro", "hyperscale"]}, None, ""),
    (
        "too hot",
        {},
        {"workloads.2.tiers": ["micro", "hyperscale"], "workloads.2.replica.rack_kw": 500.0},
        None,
        "",
    ),
    ("abroad", {}, {"workloads.2.tiers": ["micro", "hyperscale"], "workloads.2.jurisdictions": ["CH"]}, None, ""),
    ("too far for any mode", {}, HUBS_TOO_FAR, "mode", "0 sites could serve it in any mode"),
    ("left out for no reason", {"unserved.1.reason": "penalty"}, {}, "unserved", "share 1"),
    ("it need not be served anyway", {}, PENALTY, "mode", "1 USD per 1000"),
    ("no mode leaves out", {}, {"policy.mode": "hybrid"}, "mode", "leaves out 0 sites"),
    ("no such reason", {"unserved.0.reason": "mood"}, {}, "mode", "one of the 2"),
    (
        "a substation all the same",
        {"sites.+": opened("alp", "box", 2)},
        {},
        "mode",
        "none of the 1 of mode 'central'",
    ),
    (
        "a forced substation may stand",
        {"sites.+": opened("alp", "box", 2)},
        {"sites.2.status": "forced"},
        None,
        "",
    ),
    (
        "but not serve",
        {
            "sites.+": opened("alp", "box", 2),
            "pools.+": pool("alp", "search", 1) | {"data": "home"},
            "flows.+": flow("south", "search", "alp", 1.0),
            "unserved.2": REMOVE,
        },
        {"sites.2.status": "forced"},
        "mode",
        "none of the 1 of mode 'central'",
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("plan_edits", "scenario_edits", "rule", "words"), [c[1:] for c in LEFT_OUT], ids=[c[0] for c in LEFT_OUT]
)
def test_what_a_mode_leaves_out(
    plan_edits: dict[str, Any], scenario_edits: dict[str, Any], rule: str | None, words: str
) -> None:
    found = check(changed(central_plan(), plan_edits), changed(full_scenario(), CENTRAL | scenario_edits))
    assert {violation.rule for violation in found} == ({rule} if rule else set())
    assert all(words in violation.message for violation in found)
