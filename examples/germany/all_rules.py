"""The same country under every rule that siteopt knows: dates, redundancy, tenants, data at home, failures, links.

Each figure is an assumption unless the README names its source. It takes the scenario as a document, so that both
sizes (and the benchmark on the full one) get the same rules.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import workloads

#: Years after which accelerators are bought again, and what they are worth then (books 5-6 years, economic 3-6).
ACCELERATOR_LIFE, ACCELERATOR_SALVAGE = 5.0, 0.05
FACILITY_LIFE = 20.0
#: Classes of connection by tier: (MW, months, million USD). Above 100 MW years, 5 to 20 MW months.
STEPS = {
    "hyperscale": ((10.0, 24.0, 4.0), (50.0, 54.0, 10.0), (100.0, 84.0, 25.0)),
    "regional": ((10.0, 18.0, 3.0), (25.0, 30.0, 6.0)),
    "micro": ((8.0, 12.0, 0.7), (40.0, 24.0, 2.5)),
}
READY_BY_MONTH = 60.0
#: Racks: what a design feeds and cools; hubs keep a module in reserve.
RACKS = {
    "micro-air": {"rack_kw": 20.0, "build_months": 9.0},
    "micro-liquid": {"rack_kw": 130.0, "cooling": "liquid", "build_months": 12.0},
    "regional-liquid": {"rack_kw": 130.0, "cooling": "liquid", "build_months": 18.0},
}
HUB = {"rack_kw": 130.0, "cooling": "liquid", "build_months": 18.0, "redundancy": "N+1"}
#: Capital of n modules grows with n to this power (from price bands of modular plants; weak).
SCALE_EXPONENT = {"micro-air": 0.95, "micro-liquid": 0.97}
UPLINK_GBPS = {"micro": 100.0, "regional": 400.0}
BACKBONE_GBPS = 400.0
#: The PJM capacity price of 2027-28, 333 USD per MW and day, and the share of the peak drawn in its peak hours.
COINCIDENT_USD = {"hub-ashburn": 121_700.0}
COINCIDENCE = 0.8
#: One tenant takes at most this share of a site, and loses at most so many MW with it.
TENANTS = {"chat": "platform", "coding-agent": "platform", "frontier": "lab", "eu-assistant": "state"}
TENANT_SHARE, TENANT_SITE_MW = 0.9, 45.0
#: What must survive the loss of a site, and within how many ms then.
PROTECT = {"card-fraud": 80.0, "voice": 900.0, "hospital-imaging": 300_000.0}
#: Data at home: node, trips and GB per call; size and daily change of a copy, GB.
HOMES = {
    "hospital-imaging": ("Berlin", 2.0, 0.5, 200_000.0, 2_000.0),
    "coding-agent": ("Frankfurt", 1.0, 2e-5, 50_000.0, 500.0),
}
STORAGE_USD_PER_GB_YEAR = 0.25
#: Cool north: free cooling takes this off the PUE of air-cooled halls above that latitude.
NORTH_LAT, NORTH_PUE_BONUS = 53.0, 0.05
GERMANY_LIMIT_MW = 600.0


def with_all_rules(document: dict[str, Any]) -> dict[str, Any]:
    """A copy of a German scenario under all rules; its tables must be lists, not files."""
    result = deepcopy(document)
    result["name"] = f"{document['name']}-all-rules"
    for design in result["designs"]:
        _extend_design(design)
    pue = {design["id"]: design["pue"] for design in result["designs"]}
    for site in result["sites"]:
        _extend_site(site, pue)
    for link in result["network"]["links"]:
        link["capacity_gbps"] = BACKBONE_GBPS
    for workload in result["workloads"]:
        _extend_workload(workload)
    for row in result["accelerators"]:
        row["price_usd"] = round(row["price_usd"] / workloads.REFRESH)
        row |= {"life_years": ACCELERATOR_LIFE, "salvage_fraction": ACCELERATOR_SALVAGE}
    result["grid_limits"].append({"id": "germany", "limit_mw": GERMANY_LIMIT_MW, "jurisdiction": "DE"})
    result["policy"] |= {
        "refresh": True,
        "ready_by_month": READY_BY_MONTH,
        "coincidence": COINCIDENCE,
        "tenant_share": TENANT_SHARE,
        "tenant_site_mw": TENANT_SITE_MW,
        "storage_usd_per_gb_year": STORAGE_USD_PER_GB_YEAR,
        "egress_usd_per_gb": 0.0,
    }
    return result


def _extend_design(design: dict[str, Any]) -> None:
    design |= RACKS.get(design["id"], HUB) | {"life_years": FACILITY_LIFE}
    if design["id"] in SCALE_EXPONENT:
        design["scale_exponent"] = SCALE_EXPONENT[design["id"]]


def _extend_site(site: dict[str, Any], pue: dict[str, float]) -> None:
    site["connection_steps"] = [
        {"up_to_mw": mw, "months": months, "usd": 1e6 * millions}
        for mw, months, millions in STEPS[site["tier"]]
    ]
    site.pop("connection_usd", None)
    if site["tier"] in UPLINK_GBPS:
        site["uplink_gbps"] = UPLINK_GBPS[site["tier"]]
    if site["id"] in COINCIDENT_USD:
        site["coincident_charge_usd_per_mw_year"] = COINCIDENT_USD[site["id"]]
    if site["lat"] > NORTH_LAT and "micro-air" in site["designs"]:
        site["pue"] = {"micro-air": round(pue["micro-air"] - NORTH_PUE_BONUS, 3)}


def _extend_workload(workload: dict[str, Any]) -> None:
    name = workload["id"]
    if "replica" in workload:
        stated = workload["replica"]
        stated["usd"] = round(stated["usd"] / workloads.REFRESH, 2)
        stated |= {"life_years": ACCELERATOR_LIFE, "salvage_fraction": ACCELERATOR_SALVAGE}
    if name in TENANTS:
        workload["tenant"] = TENANTS[name]
    if name in PROTECT:
        workload["protect"] = {"slo_ms": PROTECT[name]}
    if name in HOMES:
        node, trips, gb, size, change = HOMES[name]
        workload["home"] = {"node": node, "trips_per_call": trips, "gb_per_call": gb}
        workload |= {"replica_gb": size, "sync_gb_per_day": change}
