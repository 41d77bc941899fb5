"""The requirements of a scenario, one by one: each can be removed, and those with a limit can be eased.

Removing requirements only ever admits more plans, so a set that conflicts still does when more are added.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from siteopt.compile import compile_instance, resolve_variants
from siteopt.rules import EASABLE
from siteopt.rules.demand import EVERYWHERE, demand_key
from siteopt.rules.rule import BETWEEN

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from siteopt.scenario.schema import Scenario

#: A power limit this many times what all demand takes at the cap is as good as none.
AMPLE = 10.0


@dataclass(frozen=True, slots=True, order=True)
class Requirement:
    """One rule as it applies to one subject of a scenario.

    Attributes
    ----------
    family : str
        Id of the rule, such as ``headroom`` or ``demand``.
    subject : str
        What it is about: a site, a workload, a region and a workload.
    """

    family: str
    subject: str


def must_serve(scenario: Scenario) -> Scenario:
    """Return the scenario without the demand that may be left out, since that never makes a plan impossible."""
    demands = compile_instance(scenario).demands
    must = np.isinf(demands.unserved_usd)
    kept = tuple(d for d, is_needed in zip(scenario.demand, must.tolist(), strict=True) if is_needed)
    if len(kept) == len(must):
        return scenario
    dropped = {Requirement("demand", demand_key(d)): None for d in scenario.demand if d not in kept}
    return eased(scenario, dropped)


def requirements_of(scenario: Scenario) -> list[Requirement]:
    """List every requirement of a scenario; those that most conflicts involve come first."""
    return [Requirement(name, subject) for name in EASABLE for subject in limits_of(scenario, name)]


def limits_of(scenario: Scenario, family: str) -> dict[str, float | None]:
    """Return the limits that one rule sets, by subject; None where it has no number."""
    limits = EASABLE[family].limits
    assert limits is not None
    return limits(scenario)


def limit_of(scenario: Scenario, requirement: Requirement) -> float | None:
    """Return the limit that a requirement sets, in the unit of its rule; None where it has no number."""
    return limits_of(scenario, requirement.family).get(requirement.subject)


def is_of_all_regions(requirement: Requirement) -> bool:
    """Whether a requirement is that all demand for a workload must be served."""
    return requirement.family == "demand" and requirement.subject.partition(BETWEEN)[0] == EVERYWHERE


def is_out_of_reach(scenario: Scenario, requirement: Requirement) -> bool:
    """Whether a requirement is about a site that need not open and cannot serve any demand that must be served."""
    return EASABLE[requirement.family].is_of_site and requirement.subject not in _reached(scenario)


def _reached(scenario: Scenario) -> frozenset[str]:
    instance = compile_instance(scenario)
    must = np.isinf(instance.demands.unserved_usd)[instance.arcs.demand]
    sites = np.unique(instance.pools.site[instance.arcs.pool[must]]).tolist()
    forced = np.flatnonzero(instance.sites.is_forced | instance.sites.is_existing).tolist()
    return frozenset(instance.sites.id[j] for j in (*sites, *forced))


def eased(scenario: Scenario, limits: Mapping[Requirement, float | None]) -> Scenario:
    """Return the scenario with some limits replaced, or without some requirements (None)."""
    by_family: defaultdict[str, dict[str, float | None]] = defaultdict(dict)
    for requirement, limit in limits.items():
        by_family[requirement.family][requirement.subject] = limit
    ample_mw = _ample_mw(scenario)
    for name, rule in EASABLE.items():  # in one order, whatever the order of the requirements
        if name in by_family:
            assert rule.ease is not None
            scenario = rule.ease(scenario, by_family[name], ample_mw)
    return scenario


def keeping(scenario: Scenario, kept: Collection[Requirement]) -> Scenario:
    """Return the scenario with some of its requirements and no others."""
    everywhere = {r.subject.partition(BETWEEN)[2] for r in kept if is_of_all_regions(r)}
    dropped = [
        r
        for r in requirements_of(scenario)
        if r not in kept and not (r.family == "demand" and r.subject.partition(BETWEEN)[2] in everywhere)
    ]
    return eased(scenario, dict.fromkeys(dropped))


def _ample_mw(scenario: Scenario) -> float:
    """Return facility power, MW, beyond anything that a plan of the scenario can need."""
    replica = defaultdict[str, list[tuple[float, float]]](list)
    for variant in resolve_variants(scenario):
        usable = variant.rps * scenario.policy.utilisation_cap
        replica[scenario.workloads[variant.workload].id].append((variant.replica_mw, usable))
    pue = max([d.pue for d in scenario.designs] + [p for s in scenario.sites for p in s.pue.values()])
    calls = {w.id: w.calls_per_request * w.burst_factor for w in scenario.workloads}
    most = [
        max(
            ((d.peak_rps * calls[d.workload] / rps + 1.0) * mw for mw, rps in replica[d.workload]),
            default=0.0,
        )
        for d in scenario.demand
    ]
    return AMPLE * pue * sum(most) + 1.0
