"""A scenario small enough to check by hand."""

from __future__ import annotations

from copy import deepcopy
from typing import Any


def small_scenario(**changes: Any) -> dict[str, Any]:
    """Three sites, two workloads, two regions, four backbone nodes, one grid limit, an existing hub.

    1 USD a year is worth 1 / 1.25 + 1 / 1.25**2 = 1.44 USD. One way, in ms: A-B 100 km x 2 x 5 / 1000 + 0.5
    = 1.5; A-C 3 + 0.5 = 3.5; A-D and D-B 1 + 0.5 = 1.5 each. Region ``north`` and site ``sub`` stand on B,
    region ``south`` and site ``alp`` on C, site ``hub`` on A, so no access distance is added.

    Parameters
    ----------
    **changes
        Top-level keys of the document that are replaced.
    """
    return {
        "schema_version": 1,
        "name": "small",
        "horizon": {"years": 2, "discount_rate": 0.25},
        "jurisdictions": [{"id": "DE", "groups": ["EU"]}, {"id": "NL", "groups": ["EU"]}, {"id": "CH"}],
        "network": _network(),
        "sites": _sites(),
        "grid_limits": [{"id": "west-zone", "limit_mw": 1.0, "zone": "west"}],
        "designs": _designs(),
        "workloads": _workloads(),
        "regions": [
            {"id": "north", "lat": 51.0, "lon": 9.0, "jurisdiction": "DE"},
            {"id": "south", "lat": 47.0, "lon": 8.0, "jurisdiction": "CH"},
        ],
        "demand": [
            {"region": "north", "workload": "chat", "peak_rps": 16.0, "mean_rps": 8.0},
            {"region": "south", "workload": "chat", "peak_rps": 8.0, "mean_rps": 4.0},
            {"region": "north", "workload": "agent", "peak_rps": 10.0, "mean_rps": 5.0},
            {"region": "south", "workload": "agent", "peak_rps": 2.0, "mean_rps": 1.0},
        ],
        "policy": {
            "budget_usd": 5e6,
            "max_sites": 2,
            "utilisation_cap": 0.8,
            "carbon_usd_per_t": 50.0,
            "egress_usd_per_gb": 0.02,
            "transit_usd_per_gb": 0.01,
        },
    } | deepcopy(changes)


def _network() -> dict[str, Any]:
    return {
        "nodes": [
            {"id": "A", "lat": 50.0, "lon": 8.0, "jurisdiction": "DE"},
            {"id": "B", "lat": 51.0, "lon": 9.0, "jurisdiction": "DE"},
            {"id": "C", "lat": 47.0, "lon": 8.0, "jurisdiction": "CH"},
            {"id": "D", "lat": 52.0, "lon": 5.0, "jurisdiction": "NL"},
        ],
        "links": [
            {"from": "A", "to": "B", "km": 100.0},
            {"from": "A", "to": "C", "latency_ms": 3.0},
            {"from": "A", "to": "D", "latency_ms": 1.0},
            {"from": "D", "to": "B", "latency_ms": 1.0},
        ],
        "latency": {"us_per_km": 5.0, "route_factor": 2.0, "per_hop_ms": 0.5, "access_ms": 4.0},
    }


def _sites() -> list[dict[str, Any]]:
    return [
        {
            "id": "hub",
            "lat": 50.0,
            "lon": 8.0,
            "tier": "hyperscale",
            "jurisdiction": "DE",
            "zone": "west",
            "node": "A",
            "status": "existing",
            "existing": {"design": "hall", "modules": 2},
            "headroom_mw": 20.0,
            "designs": ["hall"],
            "price_usd_per_mwh": 50.0,
            "demand_charge_usd_per_mw_year": 10_000.0,
            "carbon_g_per_kwh": 400.0,
            "connection_usd": 1e6,
            "land_usd": 1e6,
        },
        {
            "id": "sub",
            "lat": 51.0,
            "lon": 9.0,
            "tier": "micro",
            "jurisdiction": "DE",
            "zone": "west",
            "headroom_mw": 0.5,
            "designs": ["box", "cube"],
            "price_usd_per_mwh": 100.0,
            "demand_charge_usd_per_mw_year": 20_000.0,
            "carbon_g_per_kwh": 100.0,
            "connection_usd": 300_000.0,
            "land_usd": 50_000.0,
            "egress_usd_per_gb": 0.05,
        },
        {
            "id": "alp",
            "lat": 47.0,
            "lon": 8.0,
            "tier": "micro",
            "jurisdiction": "CH",
            "headroom_mw": 1.0,
            "designs": ["box"],
            "price_usd_per_mwh": 80.0,
            "connection_usd": 200_000.0,
            "land_usd": 40_000.0,
        },
    ]


def _designs() -> list[dict[str, Any]]:
    return [
        {
            "id": "hall",
            "tiers": ["hyperscale"],
            "module_mw": 1.0,
            "max_modules": 5,
            "pue": 1.2,
            "usable_fraction": 0.9,
            "fixed_usd": 5e6,
            "usd_per_module": 1e6,
            "staff_usd_per_year": 500_000.0,
        },
        {
            "id": "box",
            "tiers": ["micro"],
            "module_mw": 0.2,
            "max_modules": 3,
            "pue": 1.5,
            "usable_fraction": 0.8,
            "fixed_usd": 100_000.0,
            "usd_per_module": 250_000.0,
            "staff_usd_per_year": 25_000.0,
        },
        {
            "id": "cube",
            "tiers": ["micro"],
            "module_mw": 0.5,
            "max_modules": 1,
            "pue": 1.25,
            "fixed_usd": 400_000.0,
            "usd_per_module": 300_000.0,
        },
    ]


def _workloads() -> list[dict[str, Any]]:
    return [
        {
            "id": "chat",
            "sizing": "utilisation",
            "service": {"ms": 100.0, "scv": 1.0},
            "replica": {"rps": 10.0, "kw": 50.0, "usd": 200_000.0, "idle_fraction": 0.2},
            "slo": [{"metric": "ttft", "ms": 600.0, "percentile": 0.99}],
            "tiers": ["micro", "hyperscale"],
            "gb_in": 1e-6,
            "gb_out": 1e-5,
            "revenue_usd_per_1k": 0.1,
        },
        {
            "id": "agent",
            "sizing": "linear",
            "service": {"ms": 40.0},
            "replica": {"rps": 30.0, "kw": 100.0, "usd": 400_000.0, "idle_fraction": 0.5},
            "calls_per_request": 3,
            "slo": [{"metric": "e2e", "ms": 150.0, "percentile": 0.95}],
            "tiers": ["micro", "hyperscale"],
            "jurisdictions": "EU",
            "sovereign_route": True,
            "splittable": False,
            "gb_in": 2e-6,
            "gb_out": 2e-6,
            "unserved_usd_per_1k": 2.0,
        },
    ]
