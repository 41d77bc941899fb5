"""Hypothesis strategies: random scenarios small enough to enumerate, under the basic rules.

These are latency, jurisdictions, tiers, capacity, status, grid limits, budget and number of sites; each is active at
times. No pool is sized by its tail.

Loads are chosen in replicas and never add up to a whole number of them, so that no optimum hangs on the last
digit of a solver's tolerance.
"""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

TIERS = ("micro", "regional")
JURISDICTIONS = [{"id": "DE", "groups": ["EU"]}, {"id": "NL", "groups": ["EU"]}, {"id": "CH"}]
#: (sites, workloads, designs per site, most load per workload in replicas): at most 262,144 combinations.
SIZES = (
    (2, 2, 2, 3.8),
    (3, 2, 2, 2.8),
    (2, 3, 2, 2.8),
    (3, 3, 1, 2.8),
    (4, 2, 1, 2.8),
    (4, 1, 2, 3.8),
    (1, 3, 2, 3.8),
)

jurisdiction = st.sampled_from(["DE", "DE", "NL", "CH"])
latitude = st.integers(4700, 5400).map(lambda n: n / 100)
longitude = st.integers(600, 1400).map(lambda n: n / 100)


@st.composite
def scenario_documents(draw: st.DrawFn) -> dict[str, Any]:
    """A JSON document that ``load_scenario`` accepts; feasible in most cases, not in all."""
    n_sites, n_workloads, n_designs, most_load = draw(st.sampled_from(SIZES))
    nodes = draw(_nodes())
    designs = [draw(_design(f"d{i}")) for i in range(2)]
    sites = [draw(_site(f"s{i}", designs[:n_designs], nodes)) for i in range(n_sites)]
    workloads = [draw(_workload(f"w{i}")) for i in range(n_workloads)]
    n_regions = draw(st.integers(1, 3))
    regions = [
        {"id": f"r{i}", "lat": draw(latitude), "lon": draw(longitude), "jurisdiction": draw(jurisdiction)}
        for i in range(n_regions)
    ]
    policy = draw(_policy(n_sites))
    document: dict[str, Any] = {
        "schema_version": 1,
        "horizon": {
            "years": draw(st.sampled_from([1, 5, 10])),
            "discount_rate": draw(st.sampled_from([0, 0.07, 0.5])),
        },
        "jurisdictions": JURISDICTIONS,
        "network": draw(_network(nodes)),
        "sites": sites,
        "grid_limits": draw(_grid_limits(sites)),
        "designs": designs,
        "workloads": workloads,
        "regions": regions,
        "policy": policy,
    }
    document["demand"] = draw(_demand(regions, workloads, policy["utilisation_cap"], most_load))
    return document


@st.composite
def _nodes(draw: st.DrawFn) -> list[dict[str, Any]]:
    count = draw(st.sampled_from([0, 1, 2, 3, 4]))
    return [
        {"id": f"n{i}", "lat": draw(latitude), "lon": draw(longitude), "jurisdiction": draw(jurisdiction)}
        for i in range(count)
    ]


@st.composite
def _network(draw: st.DrawFn, nodes: list[dict[str, Any]]) -> dict[str, Any]:
    """A random tree, which holds the network together, and a few links more."""
    pairs = [(draw(st.integers(0, i - 1)), i) for i in range(1, len(nodes))]
    if len(nodes) > 2:
        extra = st.tuples(st.integers(0, len(nodes) - 1), st.integers(0, len(nodes) - 1))
        pairs += draw(st.lists(extra.filter(lambda pair: pair[0] != pair[1]), max_size=2))
    links = []
    for a, b in pairs:
        length = draw(
            st.sampled_from([{"km": 60.0}, {"km": 310.0}, {"latency_ms": 0.7}, {"latency_ms": 5.3}])
        )
        links.append({"from": f"n{a}", "to": f"n{b}"} | length)
    latency = {
        "us_per_km": 4.9,
        "route_factor": draw(st.sampled_from([1.0, 2.0])),
        "per_hop_ms": draw(st.sampled_from([0.0, 0.4])),
        "access_ms": draw(st.sampled_from([0.0, 4.3])),
    }
    return {"nodes": nodes, "links": links, "latency": latency}


@st.composite
def _design(draw: st.DrawFn, name: str) -> dict[str, Any]:
    return {
        "id": name,
        "tiers": list(TIERS),
        "module_mw": draw(st.sampled_from([0.09, 0.2, 0.5])),
        "max_modules": draw(st.integers(2, 5)),
        "pue": draw(st.sampled_from([1.1, 1.35, 1.6])),
        "usable_fraction": draw(st.sampled_from([0.75, 1.0])),
        "fixed_usd": draw(st.sampled_from([0.0, 100_000.0, 900_000.0])),
        "usd_per_module": draw(st.sampled_from([80_000.0, 400_000.0])),
        "staff_usd_per_year": draw(st.sampled_from([0.0, 30_000.0])),
    }


@st.composite
def _site(
    draw: st.DrawFn, name: str, designs: list[dict[str, Any]], nodes: list[dict[str, Any]]
) -> dict[str, Any]:
    status = draw(st.sampled_from(["candidate"] * 5 + ["existing", "forced", "forbidden"]))
    names = [design["id"] for design in designs]
    site: dict[str, Any] = {
        "id": name,
        "lat": draw(latitude),
        "lon": draw(longitude),
        "tier": draw(st.sampled_from(TIERS)),
        "jurisdiction": draw(jurisdiction),
        "zone": draw(st.sampled_from(["north", "south"])),
        "status": status,
        "headroom_mw": draw(st.sampled_from([0.1, 0.25, 0.5, 5.0])),
        "designs": draw(st.sampled_from([names, names[:1], names[-1:]])),
        "price_usd_per_mwh": draw(st.sampled_from([40.0, 90.0, 150.0])),
        "demand_charge_usd_per_mw_year": draw(st.sampled_from([0.0, 60_000.0])),
        "carbon_g_per_kwh": draw(st.sampled_from([0.0, 380.0])),
        "connection_usd": draw(st.sampled_from([0.0, 250_000.0])),
        "land_usd": draw(st.sampled_from([10_000.0, 70_000.0])),
    }
    if nodes and draw(st.booleans()):
        site["node"] = draw(st.sampled_from(nodes))["id"]
    if draw(st.booleans()):
        site["egress_usd_per_gb"] = 0.09
    if status == "existing":
        site["existing"] = {"design": site["designs"][0], "modules": draw(st.integers(1, 2))}
    return site


@st.composite
def _workload(draw: st.DrawFn, name: str) -> dict[str, Any]:
    service_ms, calls = draw(st.sampled_from([2.0, 30.0, 400.0])), draw(st.sampled_from([1.0, 1.0, 4.0]))
    workload: dict[str, Any] = {
        "id": name,
        "sizing": draw(st.sampled_from(["linear", "utilisation"])),
        "service": {"ms": service_ms, "scv": draw(st.sampled_from([0.0, 0.2, 1.0, 2.5]))},
        "replica": {
            "rps": draw(st.sampled_from([0.5, 8.0, 90.0])),
            "kw": draw(st.sampled_from([11.0, 37.0, 83.0])),
            "usd": draw(st.sampled_from([20_000.0, 300_000.0])),
            "idle_fraction": draw(st.sampled_from([0.0, 0.3, 1.0])),
        },
        "calls_per_request": calls,
        "slo": draw(_slos(service_ms, calls)),
        "tiers": draw(st.sampled_from([list(TIERS)] * 4 + [["micro"], ["regional"]])),
        "jurisdictions": draw(st.sampled_from(["any"] * 4 + ["EU", "same", ["DE", "CH"]])),
        "sovereign_route": draw(st.sampled_from([False, False, True, "fastest"])),
        "splittable": draw(st.sampled_from([True, True, False])),
        "gb_in": draw(st.sampled_from([0.0, 3e-5])),
        "gb_out": draw(st.sampled_from([0.0, 2e-4])),
        "revenue_usd_per_1k": draw(st.sampled_from([0.0, 0.0, 0.6, 20.0])),
    }
    if draw(st.sampled_from([True, True, False])):
        workload["unserved_usd_per_1k"] = draw(st.sampled_from([0.3, 10.0, 100.0, 900.0]))
    return workload


@st.composite
def _slos(draw: st.DrawFn, service_ms: float, calls: float) -> list[dict[str, Any]]:
    """No, one or two SLOs, each above the mean service time so that the scenario is not refused outright."""
    slos = []
    for metric in draw(st.sampled_from([[], ["ttft"], ["e2e"], ["e2e", "ttft"]])):
        least = service_ms * (calls if metric == "e2e" else 1.0)
        room = draw(st.sampled_from([12.0, 60.0, 300.0, 4000.0]))
        slos.append(
            {
                "metric": metric,
                "ms": least * 1.5 + room,
                "percentile": draw(st.sampled_from([0.5, 0.9, 0.99])),
            }
        )
    return slos


@st.composite
def _demand(
    draw: st.DrawFn,
    regions: list[dict[str, Any]],
    workloads: list[dict[str, Any]],
    cap: float,
    most_load: float,
) -> list[dict[str, Any]]:
    """Loads in usable replicas: a multiple of 0.1 and 0.013, so that sums of up to three are never whole."""
    rows = []
    for workload in workloads:
        here = draw(st.lists(st.sampled_from(regions), min_size=1, unique_by=lambda region: region["id"]))
        for region in here:
            steps = draw(st.integers(1, int(10 * most_load / len(here)) - 1))
            usable = workload["replica"]["rps"] * (cap if workload["sizing"] == "utilisation" else 1.0)
            peak_rps = (0.1 * steps + 0.013) * usable / workload["calls_per_request"]
            mean_rps = peak_rps * draw(st.sampled_from([0.2, 0.6, 1.0]))
            rows.append(
                {
                    "region": region["id"],
                    "workload": workload["id"],
                    "peak_rps": peak_rps,
                    "mean_rps": mean_rps,
                }
            )
    return rows


@st.composite
def _grid_limits(draw: st.DrawFn, sites: list[dict[str, Any]]) -> list[dict[str, Any]]:
    limits: list[dict[str, Any]] = []
    for kind in draw(
        st.sampled_from([[], ["zone"], ["jurisdiction"], ["coefficients"], ["zone", "coefficients"]])
    ):
        limit: dict[str, Any] = {
            "id": f"by-{kind}",
            "limit_mw": draw(st.sampled_from([0.0, 0.2, 0.5, 0.9])),
        }
        site = draw(st.sampled_from(sites))
        if kind == "coefficients":
            limit[kind] = {s["id"]: draw(st.sampled_from([-0.5, 0.3, 1.0])) for s in sites}
        else:
            limit[kind] = site[kind]
        limits.append(limit)
    return limits


@st.composite
def _policy(draw: st.DrawFn, n_sites: int) -> dict[str, Any]:
    policy: dict[str, Any] = {
        "utilisation_cap": draw(st.sampled_from([0.6, 0.8, 1.0])),
        "carbon_usd_per_t": draw(st.sampled_from([0.0, 80.0])),
        "egress_usd_per_gb": draw(st.sampled_from([0.0, 0.05])),
        "transit_usd_per_gb": draw(st.sampled_from([0.0, 0.02])),
    }
    if draw(st.sampled_from([False, False, False, True])):
        policy["budget_usd"] = draw(st.sampled_from([600_000.0, 1.5e6, 4e6]))
    if draw(st.sampled_from([False, False, False, True])):
        policy["max_sites"] = draw(st.integers(0, n_sites).map(lambda n: n_sites - n))
    return policy
