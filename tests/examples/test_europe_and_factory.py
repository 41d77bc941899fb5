"""Europe and the factory: what their READMEs tell, in small.

Both are solved within limits of rounds or tree nodes; the figures of the READMEs come from longer runs.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

import pytest
from support.paths import EXAMPLES

from siteopt import evaluate, load_scenario, solve, verify
from siteopt.cli import main

if TYPE_CHECKING:
    from pathlib import Path

    from siteopt import Plan, Scenario

EUROPE, FACTORY = EXAMPLES / "europe-sovereign", EXAMPLES / "factory-campus"
CHECKED = [
    *sorted(EUROPE.glob("*.json")),
    *sorted(FACTORY.glob("*.json")),
    *sorted(EXAMPLES.glob("hand*/*.json")),
]

pytestmark = pytest.mark.skipif(
    not EXAMPLES.is_dir(), reason="examples/ is not here: an installed package alone"
)


@pytest.fixture(scope="module")
def europe() -> Scenario:
    return load_scenario(EUROPE / "scenario.json")


@pytest.fixture(scope="module")
def europe_plan(europe: Scenario) -> Plan:
    return solve(europe, time_limit=inf, gap=0.01, seed=1, method="search", iteration_limit=12)


@pytest.fixture(scope="module")
def factory() -> Scenario:
    return load_scenario(FACTORY / "scenario.json")


@pytest.fixture(scope="module")
def factory_plan(factory: Scenario) -> Plan:
    return solve(factory, time_limit=inf, gap=1e-6, seed=1, method="milp", node_limit=20_000)


@pytest.mark.parametrize("path", CHECKED, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_check_passes(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(path)]) == 0
    assert "is valid" in capsys.readouterr().out


def test_europe_is_small_enough_for_a_minute(europe: Scenario) -> None:
    assert 10 <= len(europe.jurisdictions) <= 20
    assert 40 <= len(europe.regions) <= 60
    assert 40 <= len(europe.sites) <= 80


def test_europe_solves_with_a_bound(europe: Scenario, europe_plan: Plan) -> None:
    """The gap is loose on purpose: a dozen rounds show that it works, not how well."""
    assert europe_plan.verified
    assert verify(europe, europe_plan) == []
    assert europe_plan.bound_usd is not None
    assert europe_plan.gap is not None
    assert 0.0 <= europe_plan.gap <= 0.1


def test_europe_is_priced_the_same_again(europe: Scenario, europe_plan: Plan) -> None:
    again = evaluate(europe, europe_plan)
    assert again.cost_usd == pytest.approx(europe_plan.cost_usd, rel=1e-12)
    assert (again.sites, again.pools, again.links) == (
        europe_plan.sites,
        europe_plan.pools,
        europe_plan.links,
    )


def test_sovereign_routes_stay_at_home(europe: Scenario, europe_plan: Plan) -> None:
    """Nodes of a route are looked up here by name, without any code of routing or of rules."""
    country = {node.id: node.jurisdiction for node in europe.network.nodes}
    region = {r.id: r.jurisdiction for r in europe.regions}
    site = {s.id: s.jurisdiction for s in europe.sites}
    eu = {j.id for j in europe.jurisdictions if "EU" in j.groups}
    for flow in europe_plan.flows:
        visited = {country[node] for node in flow.route} | {site[flow.site]}
        if flow.workload in ("citizen-services", "emergency-voice"):
            assert visited == {region[flow.region]}
        if flow.workload in ("eu-assistant", "bank-core"):
            assert visited <= eu
        if flow.workload == "health-archive":
            assert visited == {"FR"}


def test_every_country_has_two_sites_for_its_emergency_calls(europe: Scenario, europe_plan: Plan) -> None:
    """What must survive the loss of a site and may not leave the country needs a second site in it."""
    site = {s.id: s.jurisdiction for s in europe.sites}
    open_in = [site[built.id] for built in europe_plan.sites]
    asked = {r.jurisdiction for r in europe.regions}
    assert all(open_in.count(country) >= 2 for country in asked)
    moved = {(move.region, failure.site) for failure in europe_plan.n_minus_1 for move in failure.moves}
    served = {
        (flow.region, flow.site)
        for flow in europe_plan.flows
        if flow.workload in ("emergency-voice", "card-fraud")
    }
    assert moved == served


def test_queues_for_connections_keep_hubs_of_flap_d_as_they_are(europe: Scenario, europe_plan: Plan) -> None:
    """Seven years are more than the four of the plan, so that only the sunk step is left."""
    for built in europe_plan.sites:
        assert built.ready_month <= 48.0
        if built.id in ("hub-de-frankfurt", "hub-gb-london", "hub-nl-amsterdam", "hub-fr-paris"):
            assert built.ready_month == 0.0
    assert "hub-ie-dublin" not in {built.id for built in europe_plan.sites}


def test_no_tenant_has_more_than_its_share(europe: Scenario, europe_plan: Plan) -> None:
    assert europe.policy.tenant_share is not None
    assert europe_plan.tenants
    assert all(use.share_of_site <= europe.policy.tenant_share + 1e-9 for use in europe_plan.tenants)


def test_nothing_overflows(europe_plan: Plan) -> None:
    limited = [link for link in europe_plan.links if link.limit_gbps is not None]
    assert limited
    assert all(link.used_gbps <= link.limit_gbps * (1 + 1e-6) for link in limited if link.limit_gbps)


def test_the_factory_is_solved_exactly(factory: Scenario, factory_plan: Plan) -> None:
    assert verify(factory, factory_plan) == []
    assert factory_plan.gap == pytest.approx(0.0, abs=1e-6)


def test_frames_stay_in_the_plant(factory: Scenario, factory_plan: Plan) -> None:
    """2.3 Gbit/s of pictures do not fit into the gigabit to the city, and the cloud is too far for 10 ms."""
    frames = sum(d.peak_rps for d in factory.demand if d.workload == "line-vision")
    assert frames * 0.0002 * 8 > 1.0
    tier = {site.id: site.tier for site in factory.sites}
    for flow in factory_plan.flows:
        if flow.workload in ("line-vision", "seam-tracking"):
            assert tier[flow.site] in ("device", "enclosure", "micro")
            assert flow.latency_ms is not None
            assert flow.slo_ms is not None
            assert flow.latency_ms.p99 <= flow.slo_ms + 1e-9


def test_a_lost_enclosure_is_made_up_for(factory_plan: Plan) -> None:
    """Every line keeps being inspected, within 20 ms, whichever site fails."""
    hosts = {flow.site for flow in factory_plan.flows if flow.workload == "line-vision"}
    failures = {failure.site: failure for failure in factory_plan.n_minus_1}
    for host in hosts:
        assert failures[host].moves
        assert failures[host].worst_ms is not None
        assert failures[host].worst_ms <= 20.0
        assert all(move.site != host for move in failures[host].moves)


def test_the_archive_does_not_move(factory_plan: Plan) -> None:
    """Films are searched where they lie, or beside a copy; they do not cross the gigabit one by one."""
    link = next(use for use in factory_plan.links if use.id == "link:campus--Leipzig")
    assert link.limit_gbps == 1.0
    assert link.used_gbps <= 1.0


def test_smaller_sites_come_with_smaller_figures(factory_plan: Plan) -> None:
    """Kilowatts all over: an enclosure draws no more than its 8 kW, a robot's NPUs half a kilowatt."""
    power = {site.id: site.facility_mw for site in factory_plan.sites}
    assert power
    assert all(mw <= 0.008 + 1e-12 for name, mw in power.items() if name.startswith("enclosure"))
    assert all(mw <= 0.00048 + 1e-12 for name, mw in power.items() if name.startswith("npu"))
    assert sum(power.values()) < 0.1
