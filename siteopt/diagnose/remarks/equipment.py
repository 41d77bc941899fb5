"""Remarks on sites and designs that can carry nothing, or less than they say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from siteopt.formatting import counted, listed, named
from siteopt.scenario.facilities import facility_mw, least_modules
from siteopt.scenario.hardware import accelerator_terms

if TYPE_CHECKING:
    from collections.abc import Iterator

    from siteopt.instance import Instance
    from siteopt.scenario.schema import Cooling, Design, Scenario, Site, Workload


def useless_sites(scenario: Scenario, instance: Instance) -> Iterator[str]:
    """Yield a remark on the sites that can never serve anything, for each reason."""
    sites = [s for s in scenario.sites if s.status != "forbidden"]
    dead = [named(s) for s in sites if s.headroom_mw == 0]
    if dead:
        yield f"{_sites(dead)} headroom_mw 0 and can never carry load."
    weak = [named(s) for s in sites if 0 < s.headroom_mw < _least_module_mw(scenario, s)]
    if weak:
        yield f"{_sites(weak)} less headroom than one full module of any of its designs draws."
    pooled = set(instance.pools.site.tolist())
    lonely = [named(s) for j, s in enumerate(scenario.sites) if j not in pooled and s.status != "forbidden"]
    if lonely:
        why = "tier, mode, jurisdiction, route, SLO, racks or date"
        yield f"{_sites(lonely)} no demand that may be served there ({why})."
    small = _too_small(scenario, instance)
    if small:
        yield f"{_sites(small)} no room for a single replica of any workload that may run there."


def _sites(names: list[str]) -> str:
    return f"{counted(len(names), 'site')} ({listed(names)}) {'has' if len(names) == 1 else 'have'}"


def _least_module_mw(scenario: Scenario, site: Site) -> float:
    """Return the facility power, MW, of the smallest design that may stand at a site, fully used."""
    designs = {d.id: d for d in scenario.designs}
    return min(facility_mw(site, d, least_modules(d)) for d in map(designs.__getitem__, site.designs))


def _too_small(scenario: Scenario, instance: Instance) -> list[str]:
    capacity = np.zeros(len(instance.sites.id))
    np.maximum.at(capacity, instance.options.site, instance.option_capacity_mw)
    least = np.full(len(instance.sites.id), np.inf)
    np.minimum.at(least, instance.pools.site, instance.variants.replica_mw[instance.pools.variant])
    rows = np.flatnonzero((capacity > 0) & (capacity < least) & np.isfinite(least))
    return [named(scenario.sites[j]) for j in rows.tolist()]


def steps(scenario: Scenario) -> Iterator[str]:
    """Yield a remark on connections that carry more than the headroom allows."""
    large = [named(s) for s in scenario.sites if any(c.up_to_mw > s.headroom_mw for c in s.connection_steps)]
    if large:
        yield f"{_sites(large)} connection steps above headroom_mw, which is all that may be drawn."


def racks(scenario: Scenario) -> Iterator[str]:
    """Yield a remark on each design whose racks can take none of the hardware that may run on its tiers."""
    used = {name for s in scenario.sites for name in s.designs}
    for design in (d for d in scenario.designs if d.id in used):
        needs = [
            (name, rack_kw, cooling)
            for workload in scenario.workloads
            if set(workload.tiers) & set(design.tiers)
            for name, rack_kw, cooling in _needs(scenario, workload)
        ]
        if needs and not any(_takes(design, rack_kw, cooling) for _, rack_kw, cooling in needs):
            name, rack_kw, cooling = min(needs, key=lambda need: (need[2] == "liquid", need[1]))
            own = ("" if design.rack_kw is None else f"{design.rack_kw:g} kW, ") + f"{design.cooling}-cooled"
            yield (
                f"{design.id}: its racks ({own}) can take nothing of what may run on its tiers;"
                f" {name} needs {rack_kw:g} kW, {cooling}-cooled."
            )


def _needs(scenario: Scenario, workload: Workload) -> Iterator[tuple[str, float, Cooling]]:
    """Yield name, rack power (kW) and cooling of everything that may serve a workload."""
    if workload.replica is not None:
        yield f"the replica of {workload.id}", workload.replica.rack_kw or 0.0, workload.replica.cooling
    for name in workload.accelerators:
        terms = accelerator_terms(scenario, name)
        yield name, terms.rack_kw, terms.cooling


def _takes(design: Design, rack_kw: float, cooling: Cooling) -> bool:
    return (design.rack_kw is None or rack_kw <= design.rack_kw) and cooling in ("air", design.cooling)
