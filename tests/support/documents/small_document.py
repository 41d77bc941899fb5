"""A scenario small enough to read, as the JSON document of a planner, with nearly every key of the schema."""

from __future__ import annotations

from copy import deepcopy
from typing import Any


def small_document() -> dict[str, Any]:
    """Two substations and a hub in two countries, four cities, three workloads; solvable, with room to spare.

    Returns
    -------
    dict
        A fresh copy that the caller may break.
    """
    return deepcopy(DOCUMENT)


def _site(identifier: str, lat: float, lon: float, tier: str, country: str, **more: Any) -> dict[str, Any]:
    design = "module" if tier == "micro" else "hall"
    return {
        "id": identifier,
        "name": identifier.replace("-", " ").title(),
        **{"lat": lat, "lon": lon, "tier": tier, "jurisdiction": country, "zone": f"zone-{country.lower()}"},
        **{"designs": [design], "price_usd_per_mwh": 80.0, "carbon_g_per_kwh": 300.0},
        **{"demand_charge_usd_per_mw_year": 20_000.0, "connection_usd": 400_000.0, "land_usd": 50_000.0},
        **more,
    }


def _workload(identifier: str, tiers: list[str], slo: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    return {
        "id": identifier,
        "service": {"ms": 20.0, "scv": 0.25},
        "replica": {"rps": 50.0, "kw": 10.0, "usd": 300_000.0, "idle_fraction": 0.3},
        **{"tiers": tiers, "slo": slo, "gb_in": 1e-6, "gb_out": 2e-6, "revenue_usd_per_1k": 0.05},
        **more,
    }


DOCUMENT: dict[str, Any] = {
    "schema_version": 1,
    "name": "small",
    "horizon": {"years": 10.0, "discount_rate": 0.07},
    "jurisdictions": [{"id": "DE", "groups": ["EU"]}, {"id": "CH"}],
    "network": {
        "nodes": [
            {"id": "north", "lat": 53.55, "lon": 10.0, "jurisdiction": "DE"},
            {"id": "middle", "lat": 50.11, "lon": 8.68, "jurisdiction": "DE"},
            {"id": "alps", "lat": 47.38, "lon": 8.54, "jurisdiction": "CH"},
        ],
        "links": [
            {"from": "north", "to": "middle", "km": 400.0},
            {"from": "middle", "to": "alps", "latency_ms": 2.5},
        ],
        "latency": {"us_per_km": 5.0, "route_factor": 1.5, "per_hop_ms": 0.1, "access_ms": 4.0},
    },
    "sites": [
        _site("hamburg-ost", 53.5, 10.1, "micro", "DE", headroom_mw=12.0),
        _site("main-taunus", 50.1, 8.5, "micro", "DE", headroom_mw=8.0, node="middle"),
        _site("zurich-hub", 47.4, 8.5, "hyperscale", "CH", headroom_mw=60.0, egress_usd_per_gb=0.02),
    ],
    "grid_limits": [
        {"id": "german-grid", "limit_mw": 16.0, "jurisdiction": "DE"},
        {"id": "line-7", "limit_mw": 30.0, "coefficients": {"main-taunus": 0.4, "zurich-hub": 0.5}},
    ],
    "designs": [
        {
            **{
                "id": "module",
                "tiers": ["micro", "regional"],
                "module_mw": 1.0,
                "max_modules": 8,
                "pue": 1.3,
            },
            **{"usable_fraction": 0.9, "fixed_usd": 1e6, "usd_per_module": 9e6, "staff_usd_per_year": 2e5},
        },
        {
            **{"id": "hall", "tiers": ["hyperscale"], "module_mw": 10.0, "max_modules": 5, "pue": 1.15},
            **{"fixed_usd": 2e7, "usd_per_module": 9e7, "staff_usd_per_year": 2e6},
        },
    ],
    "workloads": [
        _workload("chat", ["micro", "hyperscale"], [{"metric": "ttft", "ms": 200.0}]),
        _workload(
            "vision", ["micro"], [{"metric": "e2e", "ms": 60.0, "percentile": 0.95}], jurisdictions="same"
        ),
        _workload("training", ["hyperscale"], [], sizing="linear", unserved_usd_per_1k=0.4),
    ],
    "regions": [
        {"id": "hamburg", "lat": 53.55, "lon": 10.0, "jurisdiction": "DE", "population": 1_850_000},
        {"id": "frankfurt", "lat": 50.11, "lon": 8.68, "jurisdiction": "DE"},
        {"id": "kassel", "lat": 51.31, "lon": 9.48, "jurisdiction": "DE"},
        {"id": "zurich", "lat": 47.38, "lon": 8.54, "jurisdiction": "CH"},
    ],
    "demand": [
        {"region": "hamburg", "workload": "chat", "peak_rps": 2000.0, "mean_rps": 900.0},
        {"region": "frankfurt", "workload": "chat", "peak_rps": 1500.0, "mean_rps": 700.0},
        {"region": "zurich", "workload": "chat", "peak_rps": 1000.0, "mean_rps": 400.0},
        {"region": "hamburg", "workload": "vision", "peak_rps": 800.0, "mean_rps": 300.0},
        {"region": "kassel", "workload": "vision", "peak_rps": 200.0, "mean_rps": 80.0},
        {"region": "frankfurt", "workload": "training", "peak_rps": 500.0, "mean_rps": 450.0},
    ],
    "policy": {
        **{"budget_usd": 5e8, "max_sites": 3, "utilisation_cap": 0.8, "carbon_usd_per_t": 60.0},
        **{"egress_usd_per_gb": 0.05, "transit_usd_per_gb": 0.01},
    },
}
