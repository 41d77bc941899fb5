"""``examples/hand-checked``: every cost line of the best plan by plain arithmetic, as its README derives it.

No formula of siteopt is used here, only the numbers of the scenario; what a planner can do on paper is the oracle.
"""

from __future__ import annotations

from dataclasses import replace
from math import inf
from typing import TYPE_CHECKING

import pytest
from support.paths import EXAMPLES

from siteopt import evaluate, load_scenario, solve, verify
from siteopt.plan import COST_LINES, SitePlan

if TYPE_CHECKING:
    from siteopt import Plan, Scenario

EXAMPLE = EXAMPLES / "hand-checked" / "scenario.json"

pytestmark = pytest.mark.skipif(
    not EXAMPLE.is_file(), reason="examples/ is not here: an installed package alone"
)

# Years' ends are worth 0.8, 0.64, ... today: 1 / 1.25 and its powers.
YEAR_2, YEAR_4, YEAR_5 = 0.64, 0.4096, 0.32768
VALUE = 0.8 + 0.64 + 0.512 + 0.4096 + 0.32768

CHAT_USD, RECORDS_USD = 40 * 500_000, 4 * 100_000
HALL_USD, BOX_USD = 2_000_000 + 5_000_000 * 2, 100_000 + 400_000 * 4
"""Hall: four modules at an exponent of a half cost as much as two. Box: four modules at their price."""

HUB_MW, MICRO_MW = 40 * 0.060 * 1.2, 4 * 0.040 * 1.25
"""Facility power at peak."""
HUB_MEAN_MW = (0.2 * 40 + 0.8 * 160 / 10) * 0.060 * 1.2
MICRO_MEAN_MW = (0.2 * 4 + 0.8 * 20 / 20) * 0.040 * 1.25
"""The same averaged over the year: a fifth runs idle or not, the rest goes with the replicas that are busy."""

PER_YEAR = 3600 * 8760
"""Requests a year at one per second."""

LINES = {
    "land": 500_000 + 50_000,
    "connection": 1_000_000 + 150_000,
    "facilities": HALL_USD + BOX_USD,
    "accelerators": CHAT_USD + RECORDS_USD,
    # Chat's replicas are bought again after two and four years for 90 %; those of records last to the end.
    "refresh": CHAT_USD * 0.9 * (YEAR_2 + YEAR_4),
    "energy": VALUE * 8760 * (HUB_MEAN_MW * 80 + MICRO_MEAN_MW * 120),
    "demand_charges": VALUE * (HUB_MW * 60_000 + MICRO_MW * 90_000),
    "coincident_peak": VALUE * 0.8 * (HUB_MW * 100_000 + MICRO_MW * 40_000),
    "staff": VALUE * (500_000 + 50_000),
    "carbon": VALUE * 8760 * 50 * (HUB_MEAN_MW * 0.400 + MICRO_MEAN_MW * 0.250),
    "egress": VALUE * PER_YEAR * (160 * 0.00004 * 0.05 + 20 * 0.0001 * 0.02),
    "transit": VALUE * PER_YEAR * 60 * 0.00005 * 0.01,
    "data_replicas": 0.03 * 2000 + VALUE * (0.03 * 10 * 365 + 0.25 * 2000),
    "unserved": VALUE * PER_YEAR * 2 * 2 / 1000,
    "revenue": -VALUE * PER_YEAR * 160 * 2 / 1000,
    # Half the life of chat's third replicas, of the hall and of the boxes is left; nothing of records' replicas is.
    "salvage": -YEAR_5
    * (CHAT_USD * (0.1 + 0.9 / 2) + RECORDS_USD * 0.2 + HALL_USD / 2 + BOX_USD * (0.1 + 0.9 / 2)),
}


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return load_scenario(EXAMPLE)


@pytest.fixture(scope="module")
def plan(scenario: Scenario) -> Plan:
    return solve(scenario, time_limit=inf, gap=0.0, seed=1, method="milp", node_limit=1000)


def test_every_line_is_worked_out_by_hand_and_none_is_zero() -> None:
    assert tuple(LINES) == COST_LINES
    assert all(LINES.values())


@pytest.mark.parametrize("line", COST_LINES)
def test_line_is_what_pencil_and_paper_say(plan: Plan, line: str) -> None:
    assert plan.cost_lines[line] == pytest.approx(LINES[line], rel=1e-9)


def test_the_plan_is_the_one_of_the_readme(scenario: Scenario, plan: Plan) -> None:
    assert verify(scenario, plan) == []
    assert plan.gap == pytest.approx(0.0, abs=1e-6)
    assert plan.cost_usd == pytest.approx(sum(LINES.values()), rel=1e-9)
    built = {
        site.id: (site.design, site.modules, site.connection_mw, site.ready_month) for site in plan.sites
    }
    assert built == {"hub": ("hall", 4, 5.0, 36.0), "micro": ("box", 4, None, 9.0)}
    pools = {(pool.site, pool.workload): (pool.replicas, pool.data) for pool in plan.pools}
    assert pools == {("hub", "chat"): (40, None), ("micro", "records"): (4, "replica")}
    assert [(rest.region, rest.workload, rest.reason) for rest in plan.unserved] == [
        ("c", "control", "penalty")
    ]


def test_links_carry_what_crosses_them(plan: Plan) -> None:
    """Gbit/s at peak: 120 requests of chat over the backbone, and what keeps the copy of the records up to date."""
    sync = 10 * 8 / 86_400
    used = {link.id: link.used_gbps for link in plan.links}
    assert used["link:A--B"] == pytest.approx(120 * 0.00005 * 8 + sync)
    assert used["uplink:hub"] == pytest.approx(316 * 0.00005 * 8)
    assert used["uplink:micro"] == pytest.approx(60 * 0.0003 * 8 + sync)
    assert used["uplink:hub"] <= 10.0
    assert used["link:A--B"] <= 1.0


def test_asking_home_costs_thirty_times_the_copy(scenario: Scenario, plan: Plan) -> None:
    """The same plan without the copy: 0.03 USD for each of 631 TB a year in its place."""
    pools = tuple(replace(pool, data="home") if pool.workload == "records" else pool for pool in plan.pools)
    other = evaluate(scenario, replace(plan, pools=pools))
    assert verify(scenario, other) == []
    asked = VALUE * PER_YEAR * 20 * 0.001
    assert other.cost_lines["data_replicas"] == 0.0
    assert other.cost_lines["egress"] == pytest.approx(LINES["egress"] + 0.02 * asked, rel=1e-9)
    assert other.cost_lines["transit"] == pytest.approx(LINES["transit"] + 0.01 * asked, rel=1e-9)


def test_the_remote_region_is_not_worth_a_site(scenario: Scenario, plan: Plan) -> None:
    """One box with one replica there: what it costs before any power, against the penalty that it saves."""
    sites = (*plan.sites, SitePlan("remote", "box", 1))
    pool = replace(plan.pools[0], site="remote", workload="control", replicas=1, data=None)
    flow = replace(plan.flows[0], region="c", workload="control", site="remote", share=1.0, route=("C",))
    other = replace(plan, sites=sites, pools=(*plan.pools, pool), flows=(*plan.flows, flow), unserved=())
    other = evaluate(scenario, other)
    assert verify(scenario, other) == []
    capital = 50_000 + 150_000 + 100_000 + 400_000 + 10_000
    kept = 500_000 * (0.1 + 0.9 / 2) * YEAR_5
    assert other.cost_usd - plan.cost_usd > capital + VALUE * 50_000 - kept - LINES["unserved"] > 0.0
