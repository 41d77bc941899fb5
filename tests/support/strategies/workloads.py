"""Hypothesis strategies of :mod:`support.strategies.all_rules`: workloads and their demand."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from support.reference.queueing import max_load
from support.strategies.places import TIERS, given, life_entries, maybe
from support.strategies.tails import service_quantile_ms


@st.composite
def workload_entries(
    draw: st.DrawFn, name: str, nodes: list[dict[str, Any]], has_refresh: bool, may_have_tails: bool
) -> dict[str, Any]:
    """A workload with a stated replica; any of its rules may be there."""
    service = {
        "ms": draw(st.sampled_from([3.0, 20.0, 150.0])),
        "scv": draw(st.sampled_from([0.0, 0.5, 1.0, 3.0])),
        "slots": draw(st.sampled_from([1, 1, 2, 5])),
    }
    calls = draw(st.sampled_from([1.0, 1.0, 3.0]))
    sizing = draw(st.sampled_from(["tail", "tail", "utilisation", "linear"]))
    replica = {
        "rps": service["slots"] * 1000.0 / service["ms"] * draw(st.sampled_from([1.0, 0.6])),
        "kw": draw(st.sampled_from([11.0, 37.0, 60.0])),
        "usd": draw(st.sampled_from([20_000.0, 300_000.0])),
        "idle_fraction": draw(st.sampled_from([0.0, 0.3, 1.0])),
        "cooling": draw(st.sampled_from(["air", "air", "liquid"])),
        **given(rack_kw=draw(maybe(10.0, 40.0))),
        **draw(life_entries(has_refresh)),
    }
    workload: dict[str, Any] = {
        "id": name,
        "sizing": sizing if may_have_tails else sizing.replace("tail", "utilisation"),
        "service": service,
        "replica": replica,
        "calls_per_request": calls,
        "burst_factor": draw(st.sampled_from([1.0, 1.0, 1.3])),
        "slo": draw(_slos(service, calls)),
        "tiers": draw(st.sampled_from([list(TIERS)] * 8 + [["micro"], ["hyperscale"]])),
        "jurisdictions": draw(st.sampled_from(["any"] * 7 + ["EU", "same", ["DE", "CH"]])),
        "sovereign_route": draw(st.sampled_from([False, False, False, True, "fastest"])),
        "splittable": draw(st.sampled_from([True, True, False])),
        "gb_in": draw(st.sampled_from([0.0, 3e-5])),
        "gb_out": draw(st.sampled_from([2e-5, 2e-4])),
        "revenue_usd_per_1k": draw(st.sampled_from([0.0, 0.0, 0.6])),
        **given(tenant=draw(maybe("acme", "acme", "zeta"))),
    }
    if nodes and draw(st.booleans()):
        workload |= draw(_gravity(nodes))
    if draw(st.sampled_from([False, False, True])):
        ease_ms = draw(st.sampled_from([0.0, 10.0, 40.0, 500.0]))
        workload["protect"] = {"slo_ms": workload["slo"][0]["ms"] + ease_ms}
    return workload


@st.composite
def _slos(draw: st.DrawFn, service: dict[str, Any], calls: float) -> list[dict[str, Any]]:
    """One SLO or two that leave some ms to each round trip, wait and way home."""
    slos = []
    for metric in draw(st.sampled_from([["ttft"], ["e2e"], ["e2e", "ttft"]])):
        percentile = draw(st.sampled_from([0.5, 0.9, 0.99]))
        trips = calls if metric == "e2e" else 1.0
        room = draw(st.sampled_from([12.0, 25.0, 40.0, 80.0, 300.0]))
        ms = service_quantile_ms(service, trips, percentile) + trips * room
        slos.append({"metric": metric, "ms": ms, "percentile": percentile})
    return slos


@st.composite
def _gravity(draw: st.DrawFn, nodes: list[dict[str, Any]]) -> dict[str, Any]:
    home = {
        "node": draw(st.sampled_from(nodes))["id"],
        "trips_per_call": draw(st.sampled_from([0.0, 0.5, 1.0])),
        "gb_per_call": draw(st.sampled_from([0.0, 2e-5, 2e-3])),
    }
    size = draw(maybe(100.0, 100.0, 50_000.0))
    sync = draw(st.sampled_from([None, 30.0, 3000.0])) if size else None
    return {"home": home} | given(replica_gb=size, sync_gb_per_day=sync)


@st.composite
def demand_entries(
    draw: st.DrawFn,
    workload: dict[str, Any],
    regions: list[dict[str, Any]],
    policy: dict[str, Any],
    most_load: float,
) -> list[dict[str, Any]]:
    """Loads in usable replicas: multiples of 0.1 and 0.013; where tails decide, less than some replicas carry."""
    here = draw(st.lists(st.sampled_from(regions), min_size=1, unique_by=lambda region: region["id"]))
    replica, service = workload["replica"], workload["service"]
    usable_rps = replica["rps"] * (1.0 if workload["sizing"] == "linear" else policy["utilisation_cap"])
    if workload["sizing"] == "tail":
        n = draw(st.sampled_from([1, 2, 2]))
        slack_ms, holding_ms = (
            draw(st.sampled_from([0.0, 3.0, 12.0])),
            1000.0 * service["slots"] / replica["rps"],
        )
        percentile = max(slo["percentile"] for slo in workload["slo"])
        erlang = max_load(n * service["slots"], slack_ms, holding_ms, service["scv"], percentile)
        of_tail = erlang / holding_ms * 1000.0 / workload["burst_factor"] / n
        usable_rps = min(usable_rps, of_tail * n / most_load)
    rows = []
    for region in here:
        steps = draw(st.integers(1, int(10 * most_load / len(here)) - 1))
        peak_rps = (0.1 * steps + 0.013) * usable_rps / workload["calls_per_request"]
        mean_rps = peak_rps * draw(st.sampled_from([0.2, 0.6, 1.0]))
        rows.append(
            {"region": region["id"], "workload": workload["id"], "peak_rps": peak_rps, "mean_rps": mean_rps}
        )
    return rows
