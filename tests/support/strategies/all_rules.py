"""Hypothesis strategies: scenarios small enough to enumerate in which every family of rules may be at work at once.

Loads are chosen in replicas and never add up to a whole number of them; limits of lines, connections, tenants, grid
and money are crooked, and so are the lengths of links: no optimum hangs on the last digit of a tolerance, nor on which
of two equally fast routes is taken.
"""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from support.strategies.places import (
    TIERS,
    design_entries,
    given,
    grid_limit_entries,
    maybe,
    network_entries,
    node_entries,
    region_entries,
    site_entries,
)
from support.strategies.workloads import demand_entries, workload_entries

JURISDICTIONS = [{"id": "DE", "groups": ["EU"]}, {"id": "NL", "groups": ["EU"]}, {"id": "CH"}]
#: (sites, workloads, designs, regions, most usable replicas per workload).
SIZES = ((2, 1, 2, 3, 3.7), (2, 2, 2, 2, 2.7), (3, 1, 2, 3, 2.7), (3, 2, 1, 2, 1.7), (3, 2, 2, 1, 0.9))


@st.composite
def full_documents(draw: st.DrawFn, may_have_tails: bool = True) -> dict[str, Any]:
    """A JSON document that ``load_scenario`` accepts; feasible in most cases, not in all."""
    n_sites, n_workloads, n_designs, n_regions, most_load = draw(st.sampled_from(SIZES))
    has_refresh = draw(st.booleans())
    nodes = draw(node_entries())
    designs = [draw(design_entries(f"d{i}", has_refresh, is_plain=i == 0)) for i in range(n_designs)]
    sites = [draw(site_entries(f"s{i}", designs, nodes)) for i in range(n_sites)]
    regions = [draw(region_entries(f"r{i}", nodes)) for i in range(n_regions)]
    policy = draw(_policy(n_sites)) | ({"refresh": True} if has_refresh else {})
    workloads = [
        draw(workload_entries(f"w{i}", nodes, has_refresh, may_have_tails)) for i in range(n_workloads)
    ]
    document: dict[str, Any] = {
        "schema_version": 1,
        "horizon": draw(
            st.sampled_from([{"years": 5, "discount_rate": 0.07}, {"years": 9, "discount_rate": 0}])
        ),
        "jurisdictions": JURISDICTIONS,
        "network": draw(network_entries(nodes)),
        "sites": sites,
        "grid_limits": draw(grid_limit_entries(sites)),
        "designs": designs,
        "workloads": workloads,
        "regions": regions,
        "demand": [row for w in workloads for row in draw(demand_entries(w, regions, policy, most_load))],
        "policy": policy,
        "rules": draw(own_rules(sites)),
    }
    draw(_penalties(document))
    draw(_line_limits(document))
    _settle(document)
    return document


def _settle(document: dict[str, Any]) -> None:
    """Take out what the scenario's checks refuse: keys that act on nothing, and sites that must be and cannot."""
    policy, sites, workloads = document["policy"], document["sites"], document["workloads"]
    idle = []
    if not any("tenant" in workload for workload in workloads):
        idle += ["tenant_share", "tenant_site_mw"]
    if not any(site["coincident_charge_usd_per_mw_year"] for site in sites):
        idle.append("coincidence")
    if not any("replica_gb" in workload for workload in workloads):
        idle.append("storage_usd_per_gb_year")
    serving = {"hybrid": TIERS, "central": ("hyperscale",), "edge": ("micro",)}[policy["mode"]]
    if not any(site["tier"] in serving and site["status"] != "forbidden" for site in sites):
        idle.append("mode")
    for key in idle:
        policy.pop(key, None)
    build_months = {design["id"]: design["build_months"] for design in document["designs"]}
    for site in sites:
        site["pue"] = {name: pue for name, pue in site["pue"].items() if name in site["designs"]}
        months = site.get("connection_steps", [{"months": 0.0}])[0]["months"]
        if site["status"] == "forced":
            months = max(months, min(build_months[name] for name in site["designs"]))
        if months > policy.get("ready_by_month", months):
            site.pop("connection_steps", None)
            site |= {"status": "candidate"} if site["status"] == "forced" else {}


@st.composite
def own_rules(draw: st.DrawFn, sites: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rules of the planner's own in a third of the scenarios: exactly so many, one only with another, and the like."""
    names, designs = [site["id"] for site in sites], sorted({d for site in sites for d in site["designs"]})
    selections = [
        *({"sites": [name]} for name in names),
        {"sites": names},
        *({"tier": tier} for tier in sorted({site["tier"] for site in sites})),
        *({"jurisdiction": code} for code in sorted({site["jurisdiction"] for site in sites})),
        *({"zone": zone} for zone in sorted({site["zone"] for site in sites if "zone" in site})),
        *({"design": name} for name in designs),
    ]
    rules = []
    for n in range(draw(st.sampled_from([0, 0, 0, 0, 1, 2]))):
        terms = [
            draw(st.sampled_from(selections))
            | {"coefficient": draw(st.sampled_from([1.0, 1.0, 1.0, -1.0, 0.7]))}
            for _ in range(draw(st.integers(1, 2)))
        ]
        rules.append(
            {
                "id": f"rule{n}",
                "terms": terms,
                "sense": draw(st.sampled_from(["<=", "<=", ">=", "=="])),
                "value": draw(st.sampled_from([0.0, 1.0, 1.0, 2.0])),
            }
        )
    return rules


@st.composite
def _penalties(draw: st.DrawFn, document: dict[str, Any]) -> None:
    """Most workloads may be left out, for a multiple of what one replica costs, roughly."""
    for workload in document["workloads"]:
        times = draw(maybe(1.0, 4.0, 4.0, 15.0, 15.0, nothing=2))
        if times is not None:
            rows = [row for row in document["demand"] if row["workload"] == workload["id"]]
            requests = document["horizon"]["years"] * 31_536_000.0 * sum(row["mean_rps"] for row in rows)
            workload["unserved_usd_per_1k"] = times * 1000.0 * 700_000.0 / requests


@st.composite
def _line_limits(draw: st.DrawFn, document: dict[str, Any]) -> None:
    """Limits of uplinks and links, in shares of all that could come over them."""
    total_gbps = 0.0
    for workload in document["workloads"]:
        home = workload.get("home", {"gb_per_call": 0.0})
        a_request = (
            workload["gb_in"] + workload["gb_out"] + workload["calls_per_request"] * home["gb_per_call"]
        )
        peak_rps = sum(row["peak_rps"] for row in document["demand"] if row["workload"] == workload["id"])
        total_gbps += 8.0 * (a_request * peak_rps + workload.get("sync_gb_per_day", 0.0) / 86_400.0)
    for line, key in [(site, "uplink_gbps") for site in document["sites"]] + [
        (link, "capacity_gbps") for link in document["network"]["links"]
    ]:
        share = draw(maybe(0.313, 0.717, 0.717, 1.57, nothing=4))
        if share is not None:
            line[key] = share * total_gbps


@st.composite
def _policy(draw: st.DrawFn, n_sites: int) -> dict[str, Any]:
    return {
        "mode": draw(st.sampled_from(["hybrid"] * 5 + ["central", "edge"])),
        "utilisation_cap": draw(st.sampled_from([0.6, 0.8, 1.0])),
        "coincidence": draw(st.sampled_from([1.0, 0.5])),
        "storage_usd_per_gb_year": draw(st.sampled_from([0.0, 0.2])),
        "carbon_usd_per_t": draw(st.sampled_from([0.0, 80.0])),
        "egress_usd_per_gb": draw(st.sampled_from([0.0, 0.05])),
        "transit_usd_per_gb": draw(st.sampled_from([0.0, 0.02])),
        **given(
            ready_by_month=draw(maybe(6.0, 12.5, 24.0, nothing=4)),
            budget_usd=draw(maybe(500_123.0, 900_123.0, 1_900_123.0, nothing=8)),
            max_sites=draw(maybe(n_sites - 1, n_sites, nothing=4)),
            tenant_share=draw(maybe(0.47, 0.73, nothing=3)),
            tenant_site_mw=draw(maybe(0.0605, 0.1207, nothing=4)),
        ),
    }
