"""Distances, routes, quantiles and present value of the verifier against figures worked out by hand."""

from __future__ import annotations

from math import inf, log
from typing import Any

import pytest
from support.documents.edits import changed
from support.documents.small_scenario import small_scenario

from siteopt.plan import Plan
from siteopt.scenario import load_scenario
from siteopt.verify.costs import present_value
from siteopt.verify.facts import Facts
from siteopt.verify.geography import Geography
from siteopt.verify.replica import stated_replica
from siteopt.verify.service import gamma_quantile, latency_ms

DEGREE_KM = 111.1950797  # 6371.0088 km x pi / 180


def rtt(
    region: str, site: str, edits: dict[str, Any] | None = None, allowed: set[str] | None = None
) -> float:
    facts = Facts(load_scenario(changed(small_scenario(), edits or {})), Plan())
    inside = None if allowed is None else frozenset(allowed)
    return facts.geography.rtt_ms(facts.regions[region], facts.sites[site], inside)


def test_a_place_off_its_node_adds_the_access_distance() -> None:
    """One degree north of C: 2 x 111.195 km x 2 x 5 us on top of 4 + 2 x 3.5 ms."""
    assert rtt("south", "hub", {"regions.1.lat": 48.0}) == pytest.approx(11.0 + 2 * DEGREE_KM * 0.01)
    assert rtt("south", "hub", {"sites.0.lat": 49.0}) == pytest.approx(11.0 + 2 * DEGREE_KM * 0.01)


def test_a_site_hangs_on_the_node_that_it_names_though_another_is_nearer() -> None:
    """From C over A to B, then 1 degree along the meridian: sub moved to 52 N, 9 E, still on B."""
    edits = {"sites.1.lat": 52.0, "sites.1.node": "B"}
    assert rtt("south", "sub", edits) == pytest.approx(14.0 + 2 * DEGREE_KM * 0.01)


def test_the_fastest_of_two_parallel_links_counts() -> None:
    edits = {"network.links.+": {"from": "B", "to": "A", "latency_ms": 0.25}}
    assert rtt("north", "hub", edits) == pytest.approx(4.0 + 2 * 0.75)


def test_a_route_keeps_to_the_allowed_jurisdictions() -> None:
    """With A in Switzerland the way from B to a site on D must take the direct link, or does not exist."""
    moved = {
        "sites.2.node": "D",
        "sites.2.lat": 52.0,
        "sites.2.lon": 5.0,
        "network.nodes.0.jurisdiction": "CH",
    }
    assert rtt("north", "alp", moved, {"DE", "NL"}) == pytest.approx(4.0 + 2 * 1.5)
    assert rtt("north", "alp", moved, {"DE"}) == inf
    assert rtt("north", "hub", moved, {"DE", "NL"}) == inf
    assert rtt("south", "hub", moved, {"DE"}) == inf


def test_without_a_network_distance_is_the_great_circle() -> None:
    """Along the meridian 8 E from 47 N to 50 N; a sovereign flow needs its region inside."""
    edits = {
        "network": {"latency": {"us_per_km": 5.0, "route_factor": 2.0, "access_ms": 4.0}},
        "sites.0.node": None,
    }
    assert rtt("south", "hub", edits) == pytest.approx(4.0 + 2 * 3 * DEGREE_KM * 0.01)
    assert rtt("south", "hub", edits, {"CH"}) == rtt("south", "hub", edits)
    assert rtt("south", "hub", edits, {"DE"}) == inf


def test_of_two_nodes_equally_near_the_first_in_the_file_is_taken() -> None:
    """A place half-way on the equator, where rounding of the two distances must not decide."""
    edits = {
        "network.nodes.0.lat": 0.0,
        "network.nodes.0.lon": 10.1,
        "network.nodes.1.lat": 0.0,
        "network.nodes.1.lon": 10.3,
        "regions.0.lat": 0.0,
        "regions.0.lon": 10.2,
    }
    scenario = load_scenario(changed(small_scenario(), edits))
    assert Geography(scenario).access(scenario.regions[0])[0] == "A"


@pytest.mark.parametrize(
    ("scv", "p", "expected"),
    [
        (0.0, 0.99, 50.0),
        (1e-320, 0.99, 50.0),
        (1.0, 0.5, 50.0 * log(2)),
        (1.0, 0.99, 50.0 * log(100)),
        (0.5, 0.95, 25.0 * 4.743864518),  # Erlang-2: (1 + x) exp(-x) = 0.05 at x = 4.743864518
    ],
)
def test_quantiles_of_service(scv: float, p: float, expected: float) -> None:
    assert gamma_quantile(50.0, scv, p) == pytest.approx(expected, rel=1e-8)


def test_calls_in_a_row_add_up_as_independent_services() -> None:
    """Two exponential calls of 50 ms are Erlang-2 with scale 50; the round trip counts twice."""
    edits = {"workloads.0.calls_per_request": 2, "workloads.0.service": {"ms": 50.0, "scv": 1.0}}
    chat = stated_replica(load_scenario(changed(small_scenario(), edits)).workloads[0])
    assert chat is not None
    assert latency_ms(chat, "e2e", 7.0, 0.95) == pytest.approx(14.0 + 50.0 * 4.743864518, rel=1e-8)
    assert latency_ms(chat, "ttft", 7.0, 0.95) == pytest.approx(7.0 + 50.0 * log(20), rel=1e-8)


@pytest.mark.parametrize(("years", "rate", "worth"), [(2, 0.25, 1.44), (10, 0.0, 10.0), (1, 1.0, 0.5)])
def test_present_value(years: float, rate: float, worth: float) -> None:
    scenario = load_scenario(small_scenario(horizon={"years": years, "discount_rate": rate}))
    assert present_value(Facts(scenario, Plan())) == pytest.approx(worth)
