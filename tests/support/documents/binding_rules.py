"""Scenarios in which one family of rules decides, with optima computed by hand, with the family and without it.

One region asks for one workload; a cheap site and a dear one may serve it. A replica costs 100,000 USD and draws
10 kW, a module costs 200,000 USD and carries 100 kW, and the dear site's connection costs 300,000 USD more. The
horizon is one year without interest and power is free, so that every figure adds up in the head.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from support.documents.edits import REMOVE

#: One module and one replica at the cheap site, and at the dear one.
CHEAP, DEAR = 300_000.0, 600_000.0
YEAR = 31_536_000.0
PEAK_RPS, MEAN_RPS, GB = 9.5, 5.0, 1e-4
#: Traffic of all requests, Gbit/s.
GBPS = PEAK_RPS * GB * 8.0
MWH = 0.01 * 8760.0


def _site(name: str, node: str, connection_usd: float) -> dict[str, Any]:
    return {
        "id": name,
        **{"lat": 50.0, "lon": 8.0, "tier": "micro", "jurisdiction": "DE", "zone": "here", "node": node},
        **{"headroom_mw": 1.0, "designs": ["plain"], "price_usd_per_mwh": 0.0},
        "connection_usd": connection_usd,
    }


def _design(name: str, usd_per_module: float, **more: Any) -> dict[str, Any]:
    return {
        "id": name,
        **{"tiers": ["micro", "hyperscale"], "module_mw": 0.1, "max_modules": 9, "pue": 1.0},
        **{"fixed_usd": 0.0, "usd_per_module": usd_per_module},
        **more,
    }


BASE: dict[str, Any] = {
    "schema_version": 1,
    "horizon": {"years": 1, "discount_rate": 0},
    "jurisdictions": [{"id": "DE"}, {"id": "CH"}],
    "network": {
        "nodes": [
            {"id": "A", "lat": 50.0, "lon": 8.0, "jurisdiction": "DE"},
            {"id": "B", "lat": 50.0, "lon": 8.0, "jurisdiction": "DE"},
        ],
        "links": [{"from": "A", "to": "B", "latency_ms": 5.0}],
        "latency": {"access_ms": 0.0},
    },
    "sites": [_site("cheap", "B", 0.0), _site("dear", "A", DEAR - CHEAP)],
    "designs": [_design("plain", 200_000.0)],
    "workloads": [
        {
            "id": "chat",
            "sizing": "linear",
            "service": {"ms": 20.0},
            "replica": {"rps": 10.0, "kw": 10.0, "usd": 100_000.0, "idle_fraction": 0.0},
            "slo": [{"metric": "ttft", "ms": 100.0}],
            **{"tiers": ["micro", "hyperscale"], "splittable": False, "gb_out": GB},
        }
    ],
    # It hangs on A, the first of two nodes at one place.
    "regions": [{"id": "town", "lat": 50.0, "lon": 8.0, "jurisdiction": "DE"}],
    "demand": [{"region": "town", "workload": "chat", "peak_rps": PEAK_RPS, "mean_rps": MEAN_RPS}],
}


@dataclass(frozen=True)
class Case:
    """``edits`` put the family into the base, ``removal`` takes it out again; costs in USD, open sites by name."""

    edits: dict[str, Any]
    removal: dict[str, Any]
    with_usd: float
    without_usd: float = CHEAP
    opened: str = "dear"
    opened_without: str = "cheap"


DENSE = {
    "designs": [_design("plain", 200_000.0, rack_kw=15.0), _design("dense", 350_000.0, cooling="liquid")],
    "sites.0.designs": ["plain", "dense"],
}
HOME = {"node": "A", "trips_per_call": 20.0}
#: 5 calls/s of 1 MB that cross a border at 2 USD/GB in all, and a copy of 1000 GB with 10 GB/day at 0.3 USD/GB-year.
COPY = {
    "policy": {"egress_usd_per_gb": 1.5, "transit_usd_per_gb": 0.5, "storage_usd_per_gb_year": 0.3},
    "workloads.0.gb_out": 0.0,
    "workloads.0.home": {"node": "A", "trips_per_call": 1.0, "gb_per_call": 1e-3},
    "workloads.0.replica_gb": 1000.0,
    "workloads.0.sync_gb_per_day": 10.0,
}
COPY_USD = 2.0 * 1000.0 + 2.0 * 10.0 * 365.0 + 0.3 * 1000.0
CALLS_USD = MEAN_RPS * YEAR * 1e-3 * 2.0
assert COPY_USD < DEAR - CHEAP < CALLS_USD
TWO = {"demand.0.peak_rps": 19.0, "workloads.0.splittable": True}
LIFE = {"horizon.years": 5, "policy": {"refresh": True}}
WORTH_USD = 0.003 * MEAN_RPS * YEAR
PENALTY_USD = 0.001 * MEAN_RPS * YEAR

CASES = {
    "uplink": Case({"sites.0.uplink_gbps": 0.5 * GBPS}, {"sites.0.uplink_gbps": REMOVE}, DEAR),
    "link": Case(
        {"network.links.0.capacity_gbps": 0.5 * GBPS}, {"network.links.0.capacity_gbps": REMOVE}, DEAR
    ),
    "home": Case({"workloads.0.home": HOME}, {"workloads.0.home": REMOVE}, DEAR),
    "replica": Case(
        COPY,
        {
            "workloads.0.replica_gb": REMOVE,
            "workloads.0.sync_gb_per_day": REMOVE,
            "policy.storage_usd_per_gb_year": REMOVE,
        },
        CHEAP + COPY_USD,
        DEAR,
        "cheap",
        "dear",
    ),
    "site pue": Case(
        {"sites.0.pue": {"plain": 2.0}, "sites.0.price_usd_per_mwh": 9e3, "sites.1.price_usd_per_mwh": 9e3},
        {"sites.0.pue": REMOVE},
        DEAR + 9e3 * MWH * MEAN_RPS / 10.0,
        CHEAP + 9e3 * MWH * MEAN_RPS / 10.0,
    ),
    "redundancy N+1": Case(
        {"designs.0.redundancy": "N+1", "designs.0.max_modules": 2},
        {"designs.0.redundancy": REMOVE},
        CHEAP + 200_000.0,
        opened="cheap",
    ),
    "redundancy 2N": Case(
        {"designs.0.redundancy": "2N", "designs.0.module_mw": 0.015},
        {"designs.0.redundancy": REMOVE},
        CHEAP + 200_000.0,
        opened="cheap",
    ),
    "density": Case(
        DENSE | {"workloads.0.replica.rack_kw": 40.0},
        {"workloads.0.replica.rack_kw": REMOVE},
        CHEAP + 150_000.0,
        opened="cheap",
    ),
    "cooling": Case(
        DENSE | {"workloads.0.replica.cooling": "liquid"},
        {"workloads.0.replica.cooling": REMOVE},
        CHEAP + 150_000.0,
        opened="cheap",
    ),
    "coincident peak": Case(
        {"sites.0.coincident_charge_usd_per_mw_year": 4e7, "policy": {"coincidence": 0.9}},
        {"sites.0.coincident_charge_usd_per_mw_year": REMOVE, "policy": REMOVE},
        DEAR,
    ),
    "coincidence": Case(
        {"sites.0.coincident_charge_usd_per_mw_year": 4e7, "policy": {"coincidence": 0.5}},
        {"policy": REMOVE},
        CHEAP + 0.5 * 4e7 * 0.01,
        DEAR,
        "cheap",
        "dear",
    ),
    "connection steps": Case(
        {
            "sites.0.connection_steps": [
                {"up_to_mw": 0.005, "months": 0.0, "usd": 0.0},
                {"up_to_mw": 0.05, "months": 0.0, "usd": 120_000.0},
                {"up_to_mw": 0.5, "months": 0.0, "usd": 900_000.0},
            ]
        },
        {"sites.0.connection_steps": REMOVE},
        CHEAP + 120_000.0,
        opened="cheap",
    ),
    "date of a connection": Case(
        {
            "sites.0.connection_steps": [{"up_to_mw": 0.05, "months": 24.0, "usd": 0.0}],
            "policy": {"ready_by_month": 12.0},
        },
        {"policy": REMOVE},
        DEAR,
    ),
    "date of a design": Case(
        {
            "designs": [_design("plain", 200_000.0, build_months=24.0), _design("quick", 250_000.0)],
            "sites.0.designs": ["plain", "quick"],
            "policy": {"ready_by_month": 12.0},
        },
        {"policy": REMOVE},
        CHEAP + 50_000.0,
        opened="cheap",
    ),
    "ptdf row": Case(
        {"grid_limits": [{"id": "line", "limit_mw": 0.005, "coefficients": {"cheap": 1.0, "dear": 0.2}}]},
        {"grid_limits": REMOVE},
        DEAR,
    ),
    "jurisdiction cap": Case(
        {
            "sites.0.jurisdiction": "CH",
            "grid_limits": [{"id": "cap", "limit_mw": 0.005, "jurisdiction": "CH"}],
        },
        {"grid_limits": REMOVE},
        DEAR,
    ),
    "tenant_share": Case(
        {"workloads.0.tenant": "acme", "policy": {"tenant_share": 0.06}},
        {"policy": REMOVE},
        CHEAP + 200_000.0,
        opened="cheap",
    ),
    "tenant_site_mw": Case(
        TWO | {"workloads.0.tenant": "acme", "policy": {"tenant_site_mw": 0.015}},
        {"policy": REMOVE},
        CHEAP + DEAR,
        CHEAP + 100_000.0,
        "cheap dear",
    ),
    "protect": Case(
        {"workloads.0.protect": {"slo_ms": 100.0}},
        {"workloads.0.protect": REMOVE},
        CHEAP + DEAR,
        opened="cheap dear",
    ),
    "scale_exponent": Case(
        {"designs.0.scale_exponent": 0.5, "designs.0.module_mw": 0.0101, "demand.0.peak_rps": 39.0},
        {"designs.0.scale_exponent": REMOVE},
        400_000.0 + 200_000.0 * 4**0.5,
        400_000.0 + 200_000.0 * 4,
        "cheap",
    ),
    # bought in years 0, 2 and 4, sold twice at 20 %; one of two years is left of the last: 0.2 + 0.8 / 2
    "refresh": Case(
        LIFE | {"workloads.0.replica.life_years": 2.0, "workloads.0.replica.salvage_fraction": 0.2},
        {
            "policy": REMOVE,
            "workloads.0.replica.life_years": REMOVE,
            "workloads.0.replica.salvage_fraction": REMOVE,
        },
        CHEAP + 100_000.0 * (2 * 0.8 - 0.6),
        opened="cheap",
    ),
    # a design that lasts is dearer than one that does not, by less than half of it is worth in the end
    "salvage": Case(
        LIFE
        | {
            "designs": [_design("plain", 200_000.0), _design("lasting", 260_000.0, life_years=10.0)],
            "sites.0.designs": ["plain", "lasting"],
        },
        {"policy": REMOVE, "designs.1.life_years": REMOVE},
        100_000.0 + 260_000.0 * 0.5,
        opened="cheap",
    ),
    "mode central": Case(
        {"sites.1.tier": "hyperscale", "policy": {"mode": "central"}}, {"policy": REMOVE}, DEAR
    ),
    "mode edge": Case({"sites.0.tier": "hyperscale", "policy": {"mode": "edge"}}, {"policy": REMOVE}, DEAR),
    "mode leaves out": Case(
        {"sites.1.tier": "hyperscale", "workloads.0.tiers": ["micro"], "policy": {"mode": "central"}},
        {"policy": REMOVE},
        0.0,
        opened="",
    ),
    "staffing": Case(
        {
            "designs": [
                _design("plain", 200_000.0, staff_usd_per_year=90_000.0),
                _design("lean", 260_000.0),
            ],
            "sites.0.designs": ["plain", "lean"],
        },
        {"designs.0.staff_usd_per_year": REMOVE},
        CHEAP + 60_000.0,
        opened="cheap",
    ),
    "carbon": Case(
        {"sites.0.carbon_g_per_kwh": 1000.0, "policy": {"carbon_usd_per_t": 9000.0}},
        {"policy": REMOVE},
        DEAR,
    ),
    "revenue": Case(
        {"workloads.0.unserved_usd_per_1k": 0.0, "workloads.0.revenue_usd_per_1k": 3.0},
        {"workloads.0.revenue_usd_per_1k": REMOVE},
        CHEAP - WORTH_USD,
        0.0,
        "cheap",
        "",
    ),
    "unserved penalty": Case(
        {"workloads.0.unserved_usd_per_1k": 1.0},
        {"workloads.0.unserved_usd_per_1k": REMOVE},
        PENALTY_USD,
        opened="",
    ),
}
