"""Hypothesis strategies of :mod:`support.strategies.all_rules`: backbone, designs, sites and grid."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

TIERS = ("micro", "hyperscale")

jurisdiction = st.sampled_from(["DE"] * 5 + ["NL", "CH"])
latitude = st.integers(4700, 5400).map(lambda n: n / 100)
longitude = st.integers(600, 1400).map(lambda n: n / 100)


def maybe(*choices: Any, nothing: int = 1) -> st.SearchStrategy[Any]:
    """One of the choices, or None as often as ``nothing`` of them."""
    return st.sampled_from([None] * nothing + list(choices))


def given(**entries: Any) -> dict[str, Any]:
    """Entries that are there."""
    return {key: value for key, value in entries.items() if value is not None}


@st.composite
def node_entries(draw: st.DrawFn) -> list[dict[str, Any]]:
    """No backbone, or a few points of presence."""
    return [
        {"id": f"n{i}", "lat": draw(latitude), "lon": draw(longitude), "jurisdiction": draw(jurisdiction)}
        for i in range(draw(st.sampled_from([0, 2, 3, 4])))
    ]


@st.composite
def network_entries(draw: st.DrawFn, nodes: list[dict[str, Any]]) -> dict[str, Any]:
    """A random tree, which holds the network together, and a few links more; no two ways are equally long."""
    pairs = [(draw(st.integers(0, i - 1)), i) for i in range(1, len(nodes))]
    if len(nodes) > 2:
        extra = st.tuples(st.integers(0, len(nodes) - 1), st.integers(0, len(nodes) - 1))
        pairs += draw(st.lists(extra.filter(lambda pair: pair[0] != pair[1]), max_size=2))
    links = []
    for n, (a, b) in enumerate(pairs):
        km, ms = 60.0 + 0.37 * 2**n, 0.7 + 0.0013 * 2**n
        length = draw(st.sampled_from([{"km": km}, {"km": km + 250.0}, {"latency_ms": ms}]))
        links.append({"from": f"n{a}", "to": f"n{b}"} | length)
    latency = {
        "route_factor": draw(st.sampled_from([1.0, 2.0])),
        "per_hop_ms": draw(st.sampled_from([0.0, 0.4])),
        "access_ms": draw(st.sampled_from([0.0, 4.3])),
    }
    return {"nodes": nodes, "links": links, "latency": latency}


@st.composite
def region_entries(draw: st.DrawFn, name: str, nodes: list[dict[str, Any]]) -> dict[str, Any]:
    """A region; one in three of those with a backbone names its node."""
    node = draw(st.sampled_from([None, None, *nodes[:1]])) if nodes else None
    place = {"id": name, "lat": draw(latitude), "lon": draw(longitude), "jurisdiction": draw(jurisdiction)}
    return place | given(node=node and node["id"])


@st.composite
def life_entries(draw: st.DrawFn, has_refresh: bool) -> dict[str, Any]:
    """Lives that end before, at and after the horizon, or never."""
    life = draw(maybe(2.0, 3.0, 5.0, 20.0)) if has_refresh else None
    return given(life_years=life, salvage_fraction=draw(st.sampled_from([None, 0.3])) if life else None)


@st.composite
def design_entries(draw: st.DrawFn, name: str, has_refresh: bool, is_plain: bool) -> dict[str, Any]:
    """A design; the plain one holds every replica."""
    dense = {} if is_plain else given(rack_kw=draw(maybe(15.0, 60.0)))
    return {
        "id": name,
        "tiers": list(TIERS),
        "module_mw": draw(st.sampled_from([0.0904, 0.2004])),
        "max_modules": draw(st.integers(3, 6)),
        "pue": draw(st.sampled_from([1.1, 1.35])),
        "redundancy": draw(st.sampled_from(["N", "N", "N+1", "2N"])),
        "usable_fraction": draw(st.sampled_from([0.75, 1.0])),
        "cooling": "liquid" if is_plain else draw(st.sampled_from(["air", "liquid"])),
        "fixed_usd": draw(st.sampled_from([0.0, 100_000.0, 600_000.0])),
        "usd_per_module": draw(st.sampled_from([80_000.0, 400_000.0])),
        "scale_exponent": draw(st.sampled_from([1.0, 0.85, 0.6])),
        "build_months": draw(st.sampled_from([0.0, 6.0, 18.0])),
        "staff_usd_per_year": draw(st.sampled_from([0.0, 30_000.0])),
        **dense,
        **draw(life_entries(has_refresh)),
    }


@st.composite
def site_entries(
    draw: st.DrawFn, name: str, designs: list[dict[str, Any]], nodes: list[dict[str, Any]]
) -> dict[str, Any]:
    """A site of any status; one in two has steps of connection, a climate of its own, or a node."""
    names = [design["id"] for design in designs]
    site: dict[str, Any] = {
        "id": name,
        "lat": draw(latitude),
        "lon": draw(longitude),
        "tier": draw(st.sampled_from(TIERS)),
        "jurisdiction": draw(jurisdiction),
        "zone": draw(st.sampled_from(["north", "south"])),
        "status": draw(st.sampled_from(["candidate"] * 7 + ["existing", "existing", "forced", "forbidden"])),
        "headroom_mw": draw(st.sampled_from([0.1107, 0.2507, 0.5007, 5.0])),
        "designs": draw(st.sampled_from([names, names, names[:1], names[-1:]])),
        "price_usd_per_mwh": draw(st.sampled_from([40.0, 90.0, 150.0])),
        "demand_charge_usd_per_mw_year": draw(st.sampled_from([0.0, 60_000.0])),
        "coincident_charge_usd_per_mw_year": draw(st.sampled_from([0.0, 300_000.0])),
        "carbon_g_per_kwh": draw(st.sampled_from([0.0, 380.0])),
        "land_usd": draw(st.sampled_from([10_000.0, 70_000.0])),
    }
    site["pue"] = draw(st.dictionaries(st.sampled_from(names), st.sampled_from([1.05, 1.9]), max_size=1))
    if draw(st.booleans()):
        site["connection_steps"] = draw(_steps())
    else:
        site["connection_usd"] = draw(st.sampled_from([0.0, 250_000.0]))
    if nodes and draw(st.booleans()):
        site["node"] = draw(st.sampled_from(nodes))["id"]
    if draw(st.booleans()):
        site["egress_usd_per_gb"] = 0.09
    if site["status"] == "existing":
        site["existing"] = {"design": site["designs"][0], "modules": draw(st.integers(2, 3))}
    return site


@st.composite
def _steps(draw: st.DrawFn) -> list[dict[str, Any]]:
    steps, months, usd = [], draw(st.sampled_from([0.0, 3.0])), draw(st.sampled_from([0.0, 40_000.0]))
    for up_to_mw in draw(st.sampled_from([[0.0713, 0.3007], [0.1531], [0.0713, 0.1531, 6.0], [6.0]])):
        steps.append({"up_to_mw": up_to_mw, "months": months, "usd": usd})
        months += draw(st.sampled_from([0.0, 9.0, 24.0]))
        usd += draw(st.sampled_from([0.0, 200_000.0]))
    return steps


@st.composite
def grid_limit_entries(draw: st.DrawFn, sites: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Limits of each kind, tight enough to bind."""
    limits: list[dict[str, Any]] = []
    for kind in draw(st.sampled_from([[], ["zone"], ["jurisdiction"], ["jurisdiction", "coefficients"]])):
        limit: dict[str, Any] = {
            "id": f"by-{kind}",
            "limit_mw": draw(st.sampled_from([0.0604, 0.2004, 0.5004])),
        }
        if kind == "coefficients":
            limit[kind] = {s["id"]: draw(st.sampled_from([-0.5, 0.3, 1.0])) for s in sites}
        else:
            limit[kind] = draw(st.sampled_from(sites))[kind]
        limits.append(limit)
    return limits
