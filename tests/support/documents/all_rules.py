"""A scenario in which every family of rules is active, and a plan for it whose every figure was worked out by hand."""

from __future__ import annotations

from typing import Any

from support.documents.edits import REMOVE, changed
from support.documents.small_scenario import small_scenario
from support.documents.small_scenario_plan import chat_latency, flow, opened, pool


def full_scenario(**edits: Any) -> dict[str, Any]:
    """``small_scenario`` with uplinks, data at home and in copies, spare modules, connection steps, racks, tenants,
    hardware that is bought again, and chat that survives the loss of any site.

    Agents ask data that live on A; ``search`` asks them twice per call. A round trip from B to A takes 2 x 1.5 = 3 ms,
    from C to A 7 ms.

    Parameters
    ----------
    **edits
        Values at dotted paths, dots as ``__``, that are replaced afterwards.
    """
    document = changed(changed(small_scenario(), _EDITS), {"demand.+": _SOUTH})
    return changed(document, {path.replace("__", "."): value for path, value in edits.items()})


_HOME = {"node": "A", "trips_per_call": 0.0, "gb_per_call": 0.0}
_EDITS: dict[str, Any] = {
    "network.links.0.capacity_gbps": 0.003,
    "network.links.3.capacity_gbps": 0.001,
    "sites.0.existing.modules": 1,
    "sites.0.connection_usd": 0.0,
    "sites.0.connection_steps": [
        {"up_to_mw": 0.54, "months": 3.0, "usd": 10_000.0},  # what one module of 2N draws: 0.5 x 0.9 x 1.2
        {"up_to_mw": 2.0, "months": 12.0, "usd": 80_000.0},
    ],
    "sites.1.pue": {"box": 1.4},
    "sites.1.uplink_gbps": 0.0025,
    "sites.1.coincident_charge_usd_per_mw_year": 30_000.0,
    "sites.1.connection_usd": 0.0,
    "sites.1.connection_steps": [
        {"up_to_mw": 0.3, "months": 6.0, "usd": 100_000.0},
        {"up_to_mw": 0.45, "months": 18.0, "usd": 240_000.0},
    ],
    "sites.2.uplink_gbps": 0.009,
    "designs.0.redundancy": "2N",
    "designs.0.scale_exponent": 0.5,
    "designs.0.rack_kw": 120.0,
    "designs.0.cooling": "liquid",
    "designs.0.life_years": 1.0,
    "designs.1.redundancy": "N+1",
    "designs.1.rack_kw": 40.0,
    "designs.1.build_months": 9.0,
    "designs.1.life_years": 4.0,
    "designs.1.salvage_fraction": 0.2,
    "workloads.0.tenant": "acme",
    "workloads.0.slo.0.ms": 473.0,
    "workloads.0.protect": {"slo_ms": 480.0},
    "workloads.0.replica.rack_kw": 30.0,
    "workloads.0.replica.life_years": 1.0,
    "workloads.0.replica.salvage_fraction": 0.25,
    "workloads.1.tenant": "beta",
    "workloads.1.replica.rack_kw": 40.0,
    "workloads.1.home": _HOME | {"trips_per_call": 1.0, "gb_per_call": 1e-6},
    "workloads.1.replica_gb": 100.0,
    "workloads.1.sync_gb_per_day": 8.64,
    "workloads.+": {
        "id": "search",
        "sizing": "utilisation",
        "service": {"ms": 20.0},
        "replica": {"rps": 50.0, "kw": 20.0, "usd": 50_000.0, "idle_fraction": 0.0},
        "slo": [{"metric": "ttft", "ms": 60.0, "percentile": 0.99}],
        "tiers": ["micro", "hyperscale"],
        "tenant": "beta",
        "home": _HOME | {"trips_per_call": 2.0, "gb_per_call": 1e-4},
        "gb_in": 1e-6,
        "gb_out": 4e-6,
    },
    "demand.+": {"region": "north", "workload": "search", "peak_rps": 35.0, "mean_rps": 20.0},
    "policy.budget_usd": 6e6,
    "policy.ready_by_month": 24.0,
    "policy.tenant_share": 0.7,
    "policy.tenant_site_mw": 0.25,
    "policy.coincidence": 0.5,
    "policy.refresh": True,
    "policy.storage_usd_per_gb_year": 0.5,
}
_SOUTH = {"region": "south", "workload": "search", "peak_rps": 10.0, "mean_rps": 5.0}

# Loads. chat as in the small plan, 1.2 erlang at sub and at hub, but four replicas each: 0.8 x 4 = 3.2 may be busy, the
# 2.4 of both too. search: 35 / 50 = 0.7 erlang at hub, 10 / 50 = 0.2 at alp, one replica each.
# IT power. sub (4 x 50 + 100) kW = 0.3 MW of (3 - 1) x 0.2 x 0.8 = 0.32; hub (4 x 50 + 20) kW = 0.22 MW of
#          4 / 2 x 0.9 = 1.8; alp 0.02 MW of (2 - 1) x 0.16.
# Facility power. sub 0.3 x 1.4 = 0.42 MW; hub 0.22 x 1.2 = 0.264; alp 0.02 x 1.5 = 0.03; in zone west 0.684.
# Connections. sub needs its second step: 240,000, month 18, later than the 9 months of building. The hub's first step
#          carries what one module draws: it is there. alp is built in month 9.
# Capital. sub 50,000 + 240,000 + 100,000 + 3 x 250,000 + 4 x 200,000 + 400,000 = 2,340,000;
#          hub 1e6 x (4^0.5 - 1^0.5) + 4 x 200,000 + 50,000 = 1,850,000;
#          alp 40,000 + 200,000 + 100,000 + 2 x 250,000 + 50,000 = 890,000.
# Two years, 25 %: a purchase after one year costs 0.8 of today's, what is left after two is worth 0.64.
#          chat lives 1 year: 8 x 200,000 x (1 - 0.25) x 0.8 = 960,000 again; 1,600,000 x 0.25 x 0.64 = 256,000 left.
#          hall lives 1 year: 1e6 x 0.8 again, nothing left. box lives 4, half of it: 0.2 + 0.8 / 2 = 0.6 of its price
#          is left, (850,000 + 600,000) x 0.6 x 0.64 = 556,800.
# Mean IT power. chat 50 x (0.2 x 4 + 0.8 x 0.6) = 64 kW at either site; agent 75 kW; search 20 x 20 / 50 = 8 kW at hub,
#          20 x 5 / 50 = 2 kW at alp. With PUE: sub 0.139 x 1.4 = 0.1946 MW; hub 0.072 x 1.2 = 0.0864; alp 0.003.
# A copy of the agents' data at sub: (0.02 + 0.01) x 100 + 1.44 x (0.03 x 8.64 x 365 + 0.5 x 100).
# A year's traffic of 1 a second is worth 45,411,840, as in the small plan; 1.44 x 8760 h = 12,614.4 h.
FULL_LINES = {
    "land": 90_000.0,
    "connection": 440_000.0,  # sub 240,000, alp 200,000
    "facilities": 2_450_000.0,  # sub 850,000, hub 1,000,000, alp 600,000
    "accelerators": 2_100_000.0,  # 8 x 200,000 + 400,000 + 2 x 50,000
    "refresh": 1_760_000.0,  # 960,000 + 800,000
    "energy": 302_997.888,  # 12,614.4 x (0.1946 x 100 + 0.0864 x 50 + 0.003 x 80)
    "demand_charges": 15_897.6,  # 1.44 x (0.42 x 20,000 + 0.264 x 10,000)
    "coincident_peak": 9_072.0,  # 1.44 x 30,000 x 0.5 x 0.42
    "staff": 72_000.0,  # 1.44 x 2 x 25,000
    "carbon": 34_071.4944,  # 12,614.4 x (0.1946 x 100 + 0.0864 x 400) / 1000 x 50
    # 45,411,840 x ((6 x 1e-5 + 5 x 2e-6) x 0.05 + (6 x 1e-5 + 20 x 4e-6 + 5 x 4e-6) x 0.02), and of the data asked at
    # home from alp 5 x 1e-4 x 0.02; the hub stands where the data live
    "egress": 758.377728,
    # 45,411,840 x 0.01 x (6 x 1.1e-5 for chat and 20 x 5e-6 for search at the hub, and 5 x 1e-4 of data)
    "transit": 302.4428544,
    "data_replicas": 211.23552,  # 3 + 1.44 x (94.608 + 50)
    "unserved": 90_823.68,
    "revenue": -54_494.208,
    "salvage": -812_800.0,  # 256,000 + 556,800
}
FULL_COST_USD = 6_498_840.5105024
FULL_GROSS_USD = 7_366_134.7185024
# Bandwidth, Gbit/s: a request of chat is 8 x 1.1e-5 = 8.8e-5, of an agent 3.2e-5, of search 4e-5.
#          uplink of sub 12 x 8.8e-5 + 10 x 3.2e-5 + 8.64 x 8 / 86,400 for the copy; of alp 10 x 4e-5 + 10 x 8e-4 for
#          the data; A--B 4 x 8.8e-5 + 35 x 4e-5 + 8e-4; A--C 8 x 8.8e-5 + 8e-3.
LINKS = [
    {"id": "uplink:sub", "used_gbps": 0.002176, "limit_gbps": 0.0025},
    {"id": "uplink:alp", "used_gbps": 0.0084, "limit_gbps": 0.009},
    {"id": "link:A--B", "used_gbps": 0.002552, "limit_gbps": 0.003},
    {"id": "link:A--C", "used_gbps": 0.008704, "limit_gbps": None},
    {"id": "link:D--B", "used_gbps": 0.0, "limit_gbps": 0.001},
]
TENANTS = [
    {"tenant": "acme", "site": "sub", "it_mw": 0.2, "share_of_site": 0.625},
    {"tenant": "acme", "site": "hub", "it_mw": 0.2, "share_of_site": 1 / 9},
    {"tenant": "beta", "site": "sub", "it_mw": 0.1, "share_of_site": 0.3125},
    {"tenant": "beta", "site": "hub", "it_mw": 0.02, "share_of_site": 1 / 90},
    {"tenant": "beta", "site": "alp", "it_mw": 0.02, "share_of_site": 0.125},
]


def move(
    region: str, workload: str, site: str, share: float, latency_ms: float | None = None
) -> dict[str, Any]:
    return {"region": region, "workload": workload, "site": site, "share": share, "latency_ms": latency_ms}


def _lost(workload: str, displaced: float, kept: float) -> dict[str, Any]:
    rest = displaced - kept
    return {"workload": workload, "displaced_rps": displaced, "kept_rps": kept, "lost_rps": rest}


# Failures. From the south to sub a round trip takes 4 + 2 x (3.5 + 1.5) = 14 ms: too far for 473 ms, not for 480.
#          3.2 - 2.4 = 0.8 replicas of 50 kW stay idle where chat moves; 2 x (3.2 - 1.2) where nothing moves.
#          search off the hub, 35 a second, finds 0.8 - 0.2 = 0.6 replicas at alp: 30; off alp, 10, it finds 0.1: 5.
FAILURES = [
    {
        "site": "hub",
        "moves": [
            move("north", "chat", "sub", 0.25, 464.51701860),
            move("south", "chat", "sub", 1.0, 474.51701860),
        ],
        "worst_ms": 474.51701860,
        "worst_slo_ms": 480.0,
        "spare_mw": 0.04,
        "unprotected": [_lost("search", 35.0, 30.0)],
    },
    {
        "site": "sub",
        "moves": [move("north", "chat", "hub", 0.75, 467.51701860)],
        "worst_ms": 467.51701860,
        "worst_slo_ms": 480.0,
        "spare_mw": 0.04,
        "unprotected": [_lost("agent", 10.0, 0.0)],
    },
    {
        "site": "alp",
        "moves": [],
        "worst_ms": None,
        "worst_slo_ms": None,
        "spare_mw": 0.2,
        "unprotected": [_lost("search", 10.0, 5.0)],
    },
]


def _always(ms: float) -> dict[str, float]:
    return {"p50": ms, "p95": ms, "p99": ms}


def full_plan() -> dict[str, Any]:
    """The JSON document of the plan, figures and all."""
    chat, agent = {"slo_ms": 473.0}, {"slo_ms": 150.0, "latency_ms": _always(132.0)}
    return {
        "status": "feasible",
        "stop_reason": "limit",
        "limit": "time",
        "cost_usd": FULL_COST_USD,
        "bound_usd": FULL_COST_USD - 0.1 * FULL_GROSS_USD,
        "gap": 0.1,
        "method": "hand",
        "cost_lines": dict(FULL_LINES),
        "sites": [
            opened("hub", "hall", 4, 0.22, 0.264, 1_850_000.0) | {"connection_mw": 0.54},
            opened("sub", "box", 3, 0.3, 0.42, 2_340_000.0) | {"connection_mw": 0.45, "ready_month": 18.0},
            opened("alp", "box", 2, 0.02, 0.03, 890_000.0) | {"ready_month": 9.0},
        ],
        "pools": [
            pool("hub", "chat", 4, 1.2, 0.3) | {"reserve_erlang": 1.2},
            pool("sub", "chat", 4, 1.2, 0.3) | {"reserve_erlang": 1.2},
            pool("sub", "agent", 1, 1.0, 1.0) | {"data": "replica", "home_route": ["B", "A"]},
            pool("hub", "search", 1, 0.7, 0.7) | {"data": "home", "home_route": ["A"]},
            pool("alp", "search", 1, 0.2, 0.2) | {"data": "home", "home_route": ["C", "A"]},
        ],
        "flows": [
            flow("north", "chat", "sub", 0.75, latency_ms=chat_latency(4.0), route=["B"], **chat),
            flow("north", "chat", "hub", 0.25, latency_ms=chat_latency(7.0), route=["B", "A"], **chat),
            flow("south", "chat", "hub", 1.0, latency_ms=chat_latency(11.0), route=["C", "A"], **chat),
            flow("north", "agent", "sub", 1.0, route=["B"], **agent),
            # 4 + 2 x 1.5 and 20 in service; 4 + 2 x 7 to the data and 20 in service
            flow("north", "search", "hub", 1.0, latency_ms=_always(27.0), slo_ms=60.0, route=["B", "A"]),
            flow("south", "search", "alp", 1.0, latency_ms=_always(38.0), slo_ms=60.0, route=["C"]),
        ],
        "unserved": [{"region": "south", "workload": "agent", "share": 1.0, "reason": "penalty"}],
        "grid": [{"id": "west-zone", "used_mw": 0.684, "limit_mw": 1.0}],
        "links": [dict(row) for row in LINKS],
        "tenants": [dict(row) for row in TENANTS],
        "n_minus_1": [dict(row) for row in FAILURES],
    }


#: Hubs only, and search only at micro sites: what it is asked for is left out.
CENTRAL: dict[str, Any] = {
    "policy.mode": "central",
    "workloads.0.protect": REMOVE,
    "workloads.2.tiers": ["micro"],
}


def central_plan() -> dict[str, Any]:
    """Decisions for ``full_scenario`` with the edits ``CENTRAL``: all at the hub, figures left out."""
    served = [("north", "chat"), ("south", "chat"), ("north", "agent")]
    return {
        "sites": [opened("hub", "hall", 1) | {"connection_mw": 0.54}],
        "pools": [pool("hub", "chat", 4), pool("hub", "agent", 1) | {"data": "home"}],
        "flows": [flow(region, workload, "hub", 1.0) for region, workload in served],
        "unserved": [
            {"region": "south", "workload": "agent", "share": 1.0},
            {"region": "north", "workload": "search", "share": 1.0, "reason": "mode"},
            {"region": "south", "workload": "search", "share": 1.0, "reason": "mode"},
        ],
        "grid": [],
    }
