"""Remarks on demands that depend on a single site."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from siteopt.formatting import counted, listed, named
from siteopt.instance.reach import reach_counts
from siteopt.scenario.facilities import mode_tiers
from siteopt.scenario.jurisdictions import allowed_jurisdictions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from siteopt.instance import Instance
    from siteopt.scenario.schema import Scenario, Workload


def single_sites(scenario: Scenario, instance: Instance) -> Iterator[str]:
    """Yield remarks on demands that only one site may serve, or no site (allowed where they may stay unserved)."""
    reached, place = reach_counts(instance), {r.id: r for r in scenario.regions}
    for wanted, words in ((1, "may be served at one site only"), (0, "may not be served at any site")):
        rows = np.flatnonzero(reached == wanted).tolist()
        regions: dict[str, list[str]] = {}
        for row in rows:
            regions.setdefault(scenario.demand[row].workload, []).append(
                named(place[scenario.demand[row].region])
            )
        for workload, names in regions.items():
            yield f"{workload}: {counted(len(names), 'region')} ({listed(names)}) {words}."


def protected(scenario: Scenario) -> Iterator[str]:
    """Yield remarks on protected demands for which tiers and jurisdictions alone leave no second site."""
    place = {r.id: r for r in scenario.regions}
    homes = {r.id: r.jurisdiction for r in scenario.regions}
    for workload in (w for w in scenario.workloads if w.protect is not None):
        asking = [d.region for d in scenario.demand if d.workload == workload.id]
        alone = {
            home for home in set(map(homes.__getitem__, asking)) if _open_to(scenario, workload, home) == 1
        }
        regions = [named(place[name]) for name in asking if homes[name] in alone]
        if regions:
            yield (
                f"{workload.id}: protected, but tiers and jurisdictions leave only one site to"
                f" {counted(len(regions), 'region')} ({listed(regions)}); nothing survives its loss."
            )


def _open_to(scenario: Scenario, workload: Workload, home: str) -> int:
    """Count the sites that may serve a workload from a jurisdiction's regions, however far away they are."""
    allowed = allowed_jurisdictions(scenario, workload, home)
    tiers = set(workload.tiers) & set(mode_tiers(scenario.policy.mode))
    sites = (s for s in scenario.sites if s.status != "forbidden")
    return sum(s.tier in tiers and s.jurisdiction in allowed for s in sites)
