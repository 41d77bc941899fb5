"""What a valid scenario says that its author may not have meant: no errors, but all worth a look."""

from __future__ import annotations

from collections import Counter
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from siteopt.compile.variants import resolve_variants
from siteopt.network.distance import great_circle_km
from siteopt.network.topology import build_topology
from siteopt.words import counted, listed, mw

if TYPE_CHECKING:
    from collections.abc import Iterator

    from siteopt.instance import Instance
    from siteopt.scenario.schema import Scenario, Site

#: A place farther than this from every place of the other kind is likely to be misplaced, km; hubs excepted.
FAR_KM = 1000.0
#: An access link longer than this bypasses the backbone, km.
LONG_ACCESS_KM = 500.0
#: Peaks above this many times the mean are unusual over a whole region.
HIGH_PEAK = 20.0


def suspicions(scenario: Scenario, instance: Instance) -> list[str]:
    """Remarks for ``siteopt check``.

    Parameters
    ----------
    scenario : Scenario
    instance : Instance
        Compiled from it.

    Returns
    -------
    list of str
        One sentence each, with names and numbers.
    """
    return list(
        chain(
            _useless_sites(scenario, instance),
            _places(scenario),
            _single_sites(scenario, instance),
            _slos(scenario),
            _rates(scenario),
            _money(scenario),
            _grid(scenario, instance),
            _unused(scenario),
        )
    )


def _useless_sites(scenario: Scenario, instance: Instance) -> Iterator[str]:
    """Sites that can never serve anything, told apart by the reason."""
    sites = [s for s in scenario.sites if s.status != "forbidden"]
    dead = [s.id for s in sites if s.headroom_mw == 0]
    if dead:
        yield f"{_sites(dead)} headroom_mw 0 and can never carry load."
    weak = [s.id for s in sites if 0 < s.headroom_mw < _least_module_mw(scenario, s)]
    if weak:
        yield f"{_sites(weak)} less headroom than one full module of any of its designs draws."
    pooled = set(instance.pools.site.tolist())
    lonely = [s.id for j, s in enumerate(scenario.sites) if j not in pooled and s.status != "forbidden"]
    if lonely:
        yield f"{_sites(lonely)} no demand that may be served there (tier, jurisdiction, route or SLO)."
    small = _too_small(instance)
    if small:
        yield f"{_sites(small)} no room for a single replica of any workload that may run there."


def _sites(names: list[str]) -> str:
    return f"{counted(len(names), 'site')} ({listed(names)}) {'has' if len(names) == 1 else 'have'}"


def _least_module_mw(scenario: Scenario, site: Site) -> float:
    """Facility power of one module of the smallest design, fully used."""
    designs = {d.id: d for d in scenario.designs}
    return min(d.module_mw * d.usable_fraction * d.pue for d in map(designs.__getitem__, site.designs))


def _too_small(instance: Instance) -> list[str]:
    capacity = np.zeros(len(instance.sites.id))
    np.maximum.at(capacity, instance.options.site, instance.option_capacity_mw)
    least = np.full(len(instance.sites.id), np.inf)
    np.minimum.at(least, instance.pools.site, instance.variants.replica_mw[instance.pools.variant])
    rows = np.flatnonzero((capacity > 0) & (capacity < least) & np.isfinite(least))
    return [instance.sites.id[j] for j in rows.tolist()]


def _places(scenario: Scenario) -> Iterator[str]:
    """Coordinates that are far from everything: a lost sign, latitude and longitude swapped, zeros."""
    site = np.array([(s.lat, s.lon) for s in scenario.sites])
    region = np.array([(r.lat, r.lon) for r in scenario.regions])
    hubs = {s.id for s in scenario.sites if s.tier == "hyperscale"}
    km = great_circle_km(region[:, 0], region[:, 1], site[:, 0], site[:, 1])
    for kind, ids, nearest in (
        ("site", [s.id for s in scenario.sites], km.min(axis=0)),
        ("region", [r.id for r in scenario.regions], km.min(axis=1)),
    ):
        far = [
            (float(d), name) for d, name in zip(nearest, ids, strict=True) if d > FAR_KM and name not in hubs
        ]
        if far:
            other = "region" if kind == "site" else "site"
            names = [f"{name}, {d:,.0f} km" for d, name in sorted(far, reverse=True)]
            what = f"{counted(len(far), kind)} more than {FAR_KM:,.0f} km from every {other}"
            yield f"{what} ({'; '.join(names[:3])}): check lat and lon."
    topology = build_topology(scenario)
    for kind, ids, access in (
        ("site", [s.id for s in scenario.sites], topology.site_access_km),
        ("region", [r.id for r in scenario.regions], topology.region_access_km),
    ):
        long = [name for name, d in zip(ids, access, strict=True) if d > LONG_ACCESS_KM]
        if long:
            what = f"{counted(len(long), kind)} more than {LONG_ACCESS_KM:g} km from its network node"
            yield f"{what} ({listed(long)})."


def _single_sites(scenario: Scenario, instance: Instance) -> Iterator[str]:
    """Demands that hang on one site, and demands that none may serve although they may stay unserved."""
    n_arc = np.diff(instance.demands.arc_ptr)
    for wanted, words in ((1, "may be served at one site only"), (0, "may not be served at any site")):
        rows = [row for row in np.flatnonzero(n_arc == wanted).tolist()]
        regions: dict[str, list[str]] = {}
        for row in rows:
            regions.setdefault(scenario.demand[row].workload, []).append(scenario.demand[row].region)
        for workload, names in regions.items():
            yield f"{workload}: {counted(len(names), 'region')} ({listed(names)}) {words}."


def _slos(scenario: Scenario) -> Iterator[str]:
    access = scenario.network.latency.access_ms
    for variant in resolve_variants(scenario):
        workload = scenario.workloads[variant.workload]
        room = variant.largest_rtt_ms(workload)
        if room < access:
            left = (
                f"leaves {room:.1f} ms for the round trip" if room > 0 else "is used up by the service itself"
            )
            yield f"{workload.id}: its SLO {left}, but access_ms alone is {access:g}; no site is near enough."


def _rates(scenario: Scenario) -> Iterator[str]:
    """Peaks that are odd against the mean."""
    interactive = {w.id for w in scenario.workloads if w.slo}
    flat = [d for d in scenario.demand if d.peak_rps == d.mean_rps and d.workload in interactive]
    if flat:
        names = listed(list(dict.fromkeys(d.workload for d in flat)))
        what = f"{counted(len(flat), 'demand')} with an SLO ({names})"
        yield f"{what} with peak_rps equal to mean_rps: is there no busy hour?"
    steep = [d for d in scenario.demand if d.peak_rps > HIGH_PEAK * d.mean_rps]
    if steep:
        worst = max(steep, key=lambda d: d.peak_rps / d.mean_rps)
        ratio = f"{worst.workload} from {worst.region}: {worst.peak_rps / worst.mean_rps:,.0f} times"
        what = f"{counted(len(steep), 'demand')} with a peak above {HIGH_PEAK:g} times the mean"
        yield f"{what} ({ratio}); check the units."


def _money(scenario: Scenario) -> Iterator[str]:
    free = [s.id for s in scenario.sites if s.price_usd_per_mwh == 0]
    if free:
        yield f"{counted(len(free), 'site')} ({listed(free)}) with price_usd_per_mwh 0: is energy free there?"
    if scenario.policy.carbon_usd_per_t > 0:
        clean = [s.id for s in scenario.sites if s.carbon_g_per_kwh == 0]
        if clean:
            what = f"{counted(len(clean), 'site')} ({listed(clean)})"
            yield f"{what} with carbon_g_per_kwh 0, though carbon has a price."
    for workload in scenario.workloads:
        if workload.unserved_usd_per_1k == 0 and workload.revenue_usd_per_1k == 0:
            yield f"{workload.id}: earns nothing and costs nothing unserved, so no plan will serve it."


def _grid(scenario: Scenario, instance: Instance) -> Iterator[str]:
    """Zones without a limit where others have one, and limits that can never bind."""
    limited = {g.zone for g in scenario.grid_limits if g.zone is not None}
    zones = Counter(s.zone for s in scenario.sites if s.zone is not None)
    open_zones = sorted(zone for zone in zones if zone not in limited)
    if limited and open_zones:
        names = [f"{zone}, {counted(zones[zone], 'site')}" for zone in open_zones]
        yield f"{counted(len(open_zones), 'zone')} without a grid limit of its own ({'; '.join(names[:4])})."
    grid = instance.grid
    slack = []
    for i, name in enumerate(grid.id):
        rows = slice(int(grid.ptr[i]), int(grid.ptr[i + 1]))
        most = float((grid.coefficient[rows] * instance.sites.headroom_mw[grid.site[rows]]).sum())
        if most <= float(grid.limit_mw[i]):
            slack.append(f"{name}, {mw(most)} of {mw(float(grid.limit_mw[i]))} MW")
    if slack:
        yield (
            f"{counted(len(slack), 'grid limit')} can never bind, since the headroom of its sites is smaller"
            f" ({'; '.join(slack[:3])})."
        )


def _unused(scenario: Scenario) -> Iterator[str]:
    """Things that are defined and that nothing refers to."""
    used_designs = {name for s in scenario.sites for name in s.designs}
    asked = {d.workload for d in scenario.demand}
    asking = {d.region for d in scenario.demand}
    for kind, names in (
        ("design", [d.id for d in scenario.designs if d.id not in used_designs]),
        ("workload", [w.id for w in scenario.workloads if w.id not in asked]),
        ("region", [r.id for r in scenario.regions if r.id not in asking]),
    ):
        if names:
            why = "that no site may build" if kind == "design" else "without demand"
            yield f"{counted(len(names), kind)} {why} ({listed(names)})."
