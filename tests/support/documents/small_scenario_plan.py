"""A plan for ``small_scenario`` whose every figure was worked out by hand, step by step, below."""

from __future__ import annotations

from typing import Any

# Loads. chat needs share x peak / 10 replicas: sub 0.75 x 16 / 10 = 1.2; hub (0.25 x 16 + 8) / 10 = 1.2; two
# replicas each, 60 % busy, below the cap of 80 %. agent: 10 x 3 calls / 30 = 1.0, one replica, linear sizing.
# IT power. sub (2 x 50 + 100) kW = 0.2 MW in 2 x 0.2 x 0.8 = 0.32; hub 2 x 50 kW = 0.1 MW in 3 x 0.9 = 2.7.
# Facility power. sub 0.2 x 1.5 = 0.3 of 0.5 MW; hub 0.1 x 1.2 = 0.12 of 20 MW; in zone west: 0.42 of 1 MW.
# Capital. sub 50,000 + 300,000 + 100,000 + 2 x 250,000 + 2 x 200,000 + 400,000 = 1,750,000;
#          hub (3 - 2) x 1,000,000 + 2 x 200,000 = 1,400,000; its land, connection and building are sunk.
# Latency. chat is exponential: 100 ln 2, 100 ln 20, 100 ln 100 plus the round trip: 4 + 0 north to sub;
#          4 + 2 x 1.5 = 7 north to hub; 4 + 2 x 3.5 = 11 south to hub. agent: always 3 x 4 + 3 x 40 = 132.
# Mean IT power. chat at sub 50 x (0.2 x 2 + 0.8 x 0.75 x 8 / 10) = 44 kW; at hub the same with
#          (0.25 x 8 + 4) / 10 = 0.6; agent 100 x (0.5 x 1 + 0.5 x 5 x 3 / 30) = 75 kW.
# With PUE: sub 0.119 x 1.5 = 0.1785 MW; hub 0.044 x 1.2 = 0.0528 MW. 1.44 x 8760 h = 12,614.4 h.
# Traffic. 1.44 x 31,536,000 s = 45,411,840 s.
# On the links at peak: chat 1.1e-5 GB x 8 = 8.8e-5 Gbit a request, 0.25 x 16 of them a second from B to A, 8 from C.
LINES = {
    "land": 50_000.0,
    "connection": 300_000.0,
    "facilities": 1_600_000.0,  # sub 100,000 + 500,000; hub 1,000,000
    "accelerators": 1_200_000.0,  # 4 x 200,000 + 400,000
    "refresh": 0.0,
    "energy": 258_469.056,  # 12,614.4 x (0.1785 x 100 + 0.0528 x 50)
    "demand_charges": 10_368.0,  # 1.44 x (0.3 x 20,000 + 0.12 x 10,000)
    "coincident_peak": 0.0,
    "staff": 36_000.0,  # 1.44 x 25,000; the hub's is sunk
    "carbon": 24_579.1584,  # 12,614.4 x (0.1785 x 100 + 0.0528 x 400) / 1000 x 50
    "egress": 213.435648,  # 45,411,840 x ((6 x 1e-5 + 5 x 2e-6) x 0.05 + 6 x 1e-5 x 0.02)
    "transit": 29.9718144,  # 45,411,840 x 6 x 1.1e-5 x 0.01, for what leaves its node: chat at the hub
    "data_replicas": 0.0,
    "unserved": 90_823.68,  # 45,411.84 thousand x 2
    "revenue": -54_494.208,  # 45,411.84 thousand x 12 x 0.1
    "salvage": 0.0,
}
COST_USD = 3_515_989.0938624
GROSS_USD = 3_570_483.3018624


def chat_latency(rtt_ms: float) -> dict[str, float]:
    return {"p50": rtt_ms + 69.31471806, "p95": rtt_ms + 299.57322736, "p99": rtt_ms + 460.51701860}


def flow(region: str, workload: str, site: str, share: float, **rest: Any) -> dict[str, Any]:
    return {
        "region": region,
        "workload": workload,
        "site": site,
        "accelerator": "replica",
        "share": share,
        "latency_ms": None,
        "slo_ms": None,
        "route": [],
    } | rest


def pool(
    site: str, workload: str, replicas: int, load_erlang: float = 0.0, utilisation: float = 0.0
) -> dict[str, Any]:
    return {
        "site": site,
        "workload": workload,
        "accelerator": "replica",
        "replicas": replicas,
        "load_erlang": load_erlang,
        "utilisation": utilisation,
    }


def opened(
    site: str, design: str, modules: int, it_mw: float = 0.0, facility_mw: float = 0.0, capex: float = 0.0
) -> Any:
    figures = {"it_mw": it_mw, "facility_mw": facility_mw, "capex_usd": capex}
    return {"id": site, "design": design, "modules": modules} | figures


def hand_plan() -> dict[str, Any]:
    agent = {"p50": 132.0, "p95": 132.0, "p99": 132.0}
    return {
        "status": "feasible",
        "stop_reason": "limit",
        "limit": "time",
        "cost_usd": COST_USD,
        "bound_usd": COST_USD - 0.1 * GROSS_USD,
        "gap": 0.1,
        "seconds": 1.0,
        "method": "hand",
        "seed": 0,
        "versions": {},
        "verified": False,
        "cost_lines": dict(LINES),
        "sites": [
            opened("hub", "hall", 3, 0.1, 0.12, 1_400_000.0),
            opened("sub", "box", 2, 0.2, 0.3, 1_750_000.0),
        ],
        "pools": [
            pool("hub", "chat", 2, 1.2, 0.6),
            pool("sub", "chat", 2, 1.2, 0.6),
            pool("sub", "agent", 1, 1.0, 1.0),
        ],
        "flows": [
            flow("north", "chat", "sub", 0.75, latency_ms=chat_latency(4.0), slo_ms=600.0, route=["B"]),
            flow("north", "chat", "hub", 0.25, latency_ms=chat_latency(7.0), slo_ms=600.0, route=["B", "A"]),
            flow("south", "chat", "hub", 1.0, latency_ms=chat_latency(11.0), slo_ms=600.0, route=["C", "A"]),
            flow("north", "agent", "sub", 1.0, latency_ms=agent, slo_ms=150.0, route=["B"]),
        ],
        "unserved": [{"region": "south", "workload": "agent", "share": 1.0}],
        "grid": [{"id": "west-zone", "used_mw": 0.42, "limit_mw": 1.0}],
        "links": [
            {"id": "link:A--B", "used_gbps": 0.000352, "limit_gbps": None},
            {"id": "link:A--C", "used_gbps": 0.000704, "limit_gbps": None},
        ],
        "tenants": [],
        "n_minus_1": [],
    }
