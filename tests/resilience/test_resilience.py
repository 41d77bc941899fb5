"""Survival of the loss of any one site: reserves by hand, by enumeration, and in the plans of the solver.

A replica costs 100,000 USD and draws 10 kW, a module costs 200,000 USD. ``west`` and ``east`` have a town each, and
lie too far apart for either to help the other; ``middle`` is near enough to both once the degraded SLO counts.
"""

from __future__ import annotations

from dataclasses import replace
from math import inf
from typing import Any

import numpy as np
import pytest
from support.documents.edits import changed
from support.reference.optimum.all_rules import Decisions, optimum, plan_of
from support.reference.optimum.survival import fatal_failures

from siteopt import InfeasibleError, Plan, Scenario, evaluate, load_scenario, solve, verify
from siteopt.compile import compile_instance
from siteopt.resilience.rooms import Rooms
from siteopt.search.local_search import Search

#: Round trips: next to nothing at home, 4.2 ms from a town to the middle, 8.4 ms from end to end.
USUAL_MS, DEGRADED_MS = 22.0, 26.0
MODULE, REPLICA = 200_000.0, 100_000.0


def _site(name: str, lon: float, headroom_mw: float) -> dict[str, Any]:
    return {
        "id": name,
        **{"lat": 50.0, "lon": lon, "tier": "micro", "jurisdiction": "DE", "designs": ["plain"]},
        **{"headroom_mw": headroom_mw, "price_usd_per_mwh": 0.0},
    }


def _town(name: str, lon: float) -> dict[str, Any]:
    return {"id": name, "lat": 50.0, "lon": lon, "jurisdiction": "DE"}


def _demand(region: str, replicas: float) -> dict[str, Any]:
    return {"region": region, "workload": "chat", "peak_rps": 10.0 * replicas, "mean_rps": replicas}


BASE: dict[str, Any] = {
    "schema_version": 1,
    "horizon": {"years": 1, "discount_rate": 0},
    "jurisdictions": [{"id": "DE"}],
    "network": {"latency": {"access_ms": 0.0}},
    "sites": [_site("west", 8.0, 0.025), _site("middle", 11.0, 1.0), _site("east", 14.0, 0.025)],
    "designs": [
        {
            "id": "plain",
            **{"tiers": ["micro"], "module_mw": 0.5, "max_modules": 1, "pue": 1.0},
            **{"fixed_usd": 0.0, "usd_per_module": MODULE},
        }
    ],
    "workloads": [
        {
            "id": "chat",
            **{"sizing": "linear", "tiers": ["micro"], "service": {"ms": 20.0}},
            "replica": {"rps": 10.0, "kw": 10.0, "usd": REPLICA, "idle_fraction": 0.0},
            "slo": [{"metric": "ttft", "ms": USUAL_MS}],
            "protect": {"slo_ms": DEGRADED_MS},
        }
    ],
    "regions": [_town("left", 8.0), _town("right", 14.0)],
    "demand": [_demand("left", 1.9), _demand("right", 1.9)],
}
#: One town whose only neighbours have power for one replica each.
TWO_HELPERS = changed(
    BASE,
    {
        "sites": [_site("west", 8.0, 1.0), _site("north", 10.9, 0.015), _site("south", 11.0, 0.015)],
        "regions": [_town("left", 8.0)],
        "demand": [_demand("left", 1.9)],
    },
)


def enumerated(document: dict[str, Any]) -> tuple[Scenario, float, Decisions]:
    """The best of all plans."""
    scenario = load_scenario(document)
    found = optimum(scenario)
    assert found is not None
    return scenario, *found


def solved(document: dict[str, Any], usd: float) -> tuple[Scenario, Plan]:
    """The solver's plan; it costs as much as it should, and holds by its own verifier and by enumeration."""
    scenario = load_scenario(document)
    plan = solve(scenario, time_limit=inf, gap=0.0, method="milp")
    assert plan.cost_usd == pytest.approx(usd, abs=1.0)
    assert verify(scenario, plan) == []
    assert fatal_failures(scenario, plan) == []
    return scenario, plan


def replicas(plan: Plan) -> dict[str, int]:
    return {pool.site: pool.replicas for pool in plan.pools}


#: Each end has its two replicas; two in the middle stand by for either of them, not four.
SHARED = {"west": 2, "middle": 2, "east": 2}


def test_the_reserve_is_shared_between_failures() -> None:
    scenario, usd, decisions = enumerated(BASE)
    assert usd == pytest.approx(3 * MODULE + 6 * REPLICA)
    plan = plan_of(scenario, decisions)
    assert replicas(plan) == SHARED
    assert fatal_failures(scenario, plan) == []


def test_the_solver_shares_the_reserve_too() -> None:
    _, plan = solved(BASE, 3 * MODULE + 6 * REPLICA)
    assert replicas(plan) == SHARED
    reserve = {pool.site: pool.reserve_erlang for pool in plan.pools}
    assert reserve == pytest.approx({"west": 0.0, "middle": 1.9, "east": 0.0})
    moves = [(f.site, m.region, m.site, m.share) for f in plan.n_minus_1 for m in f.moves]
    assert sorted(moves) == [("east", "right", "middle", 1.0), ("west", "left", "middle", 1.0)]
    rows = {failure.site: failure for failure in plan.n_minus_1}
    assert set(rows) == set(SHARED)
    assert rows["west"].worst_ms == pytest.approx(24.2, abs=0.1)
    assert rows["west"].worst_slo_ms == DEGRADED_MS
    assert rows["middle"].worst_ms is None
    # Two replicas at each of the remaining sites; 1.9 of those in the middle and 1.9 of those in the east are busy.
    assert rows["west"].spare_mw == pytest.approx(0.2 * 0.01)
    assert rows["middle"].spare_mw == pytest.approx(0.2 * 0.01)


def test_a_replica_fewer_is_not_enough() -> None:
    """One replica in the middle takes neither what the west nor what the east would lose."""
    scenario, _, decisions = enumerated(BASE)
    plan = plan_of(scenario, decisions)
    fewer = tuple(replace(p, replicas=p.replicas - (p.site == "middle")) for p in plan.pools)
    short = replace(plan, pools=fewer)
    assert fatal_failures(scenario, short) == ["west", "east"]
    assert verify(scenario, evaluate(scenario, plan)) == []
    assert verify(scenario, evaluate(scenario, short)) != []


@pytest.mark.parametrize(
    ("sizing", "cap", "standing_by"), [("linear", 1.0, 2), ("utilisation", 0.8, 3), ("tail", 0.8, 5)]
)
def test_what_stands_by_obeys_the_sizing_rule(sizing: str, cap: float, standing_by: int) -> None:
    """1.9 replicas busy: 2 at most of two, 2.4 of three; or 99 % wait less than the 1.8 ms that the way leaves.

    With 3.8 of their slots taken, 2.1 % wait longer in four replicas of two slots, and 0.2 % in five (Erlang-C).
    """
    edits = {
        "workloads.0.sizing": sizing,
        "workloads.0.service.slots": 2,
        "workloads.0.replica.rps": 100.0,
        "policy": {"utilisation_cap": cap},
        "sites.0.headroom_mw": 1.0,
        "sites.2.headroom_mw": 1.0,
        "demand.0.peak_rps": 190.0,
        "demand.1.peak_rps": 190.0,
    }
    document = changed(BASE, edits)
    scenario, usd, decisions = enumerated(document)
    assert replicas(plan_of(scenario, decisions))["middle"] == standing_by
    assert replicas(solved(document, usd)[1])["middle"] == standing_by


def test_what_is_displaced_may_be_split_over_two_sites() -> None:
    usd = 3 * MODULE + 4 * REPLICA
    scenario, found_usd, decisions = enumerated(TWO_HELPERS)
    assert found_usd == pytest.approx(usd)
    assert fatal_failures(scenario, plan_of(scenario, decisions)) == []
    _, plan = solved(TWO_HELPERS, usd)
    shares = {m.site: m.share for f in plan.n_minus_1 if f.site == "west" for m in f.moves}
    assert set(shares) == {"north", "south"}
    assert sum(shares.values()) == pytest.approx(1.0)
    assert max(shares.values()) <= 1.0 / 1.9 * (1.0 + 1e-6)


def test_what_is_whole_moves_whole() -> None:
    """Not in halves to the two helpers, but to a third one that takes all of it and has a dear connection."""
    third = _site("third", 11.0, 0.025) | {"connection_usd": 600_000.0}
    parts = changed(TWO_HELPERS, {"sites.+": third})
    assert enumerated(parts)[1] == pytest.approx(3 * MODULE + 4 * REPLICA)
    whole = changed(parts, {"workloads.0.splittable": False})
    usd = 2 * MODULE + 4 * REPLICA + 600_000.0
    assert enumerated(whole)[1] == pytest.approx(usd)
    _, plan = solved(whole, usd)
    moves = [(f.site, m.site, m.share) for f in plan.n_minus_1 for m in f.moves]
    assert moves == [("west", "third", pytest.approx(1.0))]


@pytest.mark.parametrize(
    ("base", "edits"),
    [
        pytest.param(
            BASE, {"workloads.0.protect.slo_ms": USUAL_MS}, id="the middle is too far for the usual SLO"
        ),
        pytest.param(BASE, {"sites.1.headroom_mw": 0.015}, id="the middle has power for one replica"),
        pytest.param(BASE, {"sites.1.status": "forbidden"}, id="each demand has one site only"),
        pytest.param(TWO_HELPERS, {"workloads.0.splittable": False}, id="no helper takes all of it"),
    ],
)
def test_no_plan_where_a_demand_has_nowhere_to_go(base: dict[str, Any], edits: dict[str, Any]) -> None:
    """Though all is well without protection."""
    document = changed(base, edits)
    assert optimum(load_scenario(document)) is None
    with pytest.raises(InfeasibleError):
        solve(load_scenario(document), time_limit=inf, gap=0.0, method="milp")
    unprotected = {key: value for key, value in document["workloads"][0].items() if key != "protect"}
    assert optimum(load_scenario(changed(document, {"workloads.0": unprotected}))) is not None


def test_an_unprotected_neighbour_needs_no_reserve() -> None:
    """It costs nothing to lose it; the table tells how much of it would find room."""
    batch = BASE["workloads"][0] | {"id": "batch", "slo": [{"metric": "ttft", "ms": DEGRADED_MS}]}
    batch = {key: value for key, value in batch.items() if key != "protect"}
    demand = {"region": "left", "workload": "batch", "peak_rps": 4.0, "mean_rps": 1.0}
    document = changed(BASE, {"sites.0.headroom_mw": 1.0, "workloads.+": batch, "demand.+": demand})
    usd = 3 * MODULE + 7 * REPLICA
    assert enumerated(document)[1] == pytest.approx(usd)
    _, plan = solved(document, usd)
    host = next(pool.site for pool in plan.pools if pool.workload == "batch")
    rows = {f.site: f.unprotected for f in plan.n_minus_1}
    (row,) = rows[host]
    assert (row.workload, row.displaced_rps) == ("batch", pytest.approx(4.0))
    # No other pool of its kind stands anywhere.
    assert (row.kept_rps, row.lost_rps) == (pytest.approx(0.0), pytest.approx(4.0))
    assert all(rows[site] == () for site in rows if site != host)


def test_once_told_to_stop_only_a_first_safe_state_is_looked_for() -> None:
    search = Search(compile_instance(load_scenario(BASE)), seed=1)
    search.construct()
    assert search.solution(lambda: False) is not None
    assert search.solution(lambda: False) is None
    before = search.evaluated
    assert not search.round(lambda: False)
    assert search.evaluated == before
    assert search.solution() is not None


def test_reserve_pays_for_whole_modules_and_for_opening() -> None:
    room = Rooms(
        site=np.array([0, 3], dtype=np.int32),
        **{"standing_mw": np.array([2.0, 0.0]), "spare_mw": np.array([0.5, 0.0])},
        **{"module_mw": np.array([1.0, 0.5]), "module_usd": np.array([7.0, 3.0])},
        **{"opening_usd": np.array([0.0, 10.0]), "rate_usd_per_mw": np.array([7.0, 26.0])},
    )
    assert room.usd(np.array([0.0, 0.0])).tolist() == [0.0, 0.0]
    assert room.usd(np.array([0.01, 0.5])).tolist() == [7.0, 13.0]
    assert room.usd(np.array([1.2, 0.6])).tolist() == [14.0, 16.0]
    assert room.held_mw(np.array([0.01, 0.6])).tolist() == [3.0, 1.0]
