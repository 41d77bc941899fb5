"""The rules of a scenario, one by one: each can be taken away, and those with a limit can be eased.

Taking rules away only ever admits more plans, so that a set of rules that conflicts keeps conflicting with more rules.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from siteopt.compile import compile_instance, resolve_variants
from siteopt.diagnose.conflict.families import BETWEEN, EVERYWHERE, FAMILIES, demand_key

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from siteopt.scenario.schema import Scenario

#: Room that takes a power limit away: so many times what all demand takes at the cap.
AMPLE = 10.0


@dataclass(frozen=True, slots=True, order=True)
class Rule:
    """One rule.

    Attributes
    ----------
    family : str
        Such as ``headroom`` or ``demand``.
    subject : str
        What it is about: a site, a workload, a region and a workload.
    """

    family: str
    subject: str


def must_serve(scenario: Scenario) -> Scenario:
    """The scenario without demand that may be left out: it never makes a plan impossible."""
    demands = compile_instance(scenario).demands
    must = np.isinf(demands.unserved_usd)
    kept = tuple(d for d, is_needed in zip(scenario.demand, must.tolist(), strict=True) if is_needed)
    if len(kept) == len(must):
        return scenario
    dropped = {Rule("demand", demand_key(d)): None for d in scenario.demand if d not in kept}
    return eased(scenario, dropped)


def rules_of(scenario: Scenario) -> list[Rule]:
    """Every rule of a scenario; what most conflicts need comes first."""
    return [Rule(name, subject) for name, family in FAMILIES.items() for subject in family.limits(scenario)]


def is_whole(rule: Rule) -> bool:
    """Whether a rule is that all demand for a workload must be served."""
    return rule.family == "demand" and rule.subject.partition(BETWEEN)[0] == EVERYWHERE


def is_idle(scenario: Scenario, rule: Rule) -> bool:
    """Whether a rule is about a site that nothing that must be served can reach, and that need not be built."""
    if rule.family not in ("headroom", "connection", "uplink"):
        return False
    return rule.subject not in _reached(scenario)


def _reached(scenario: Scenario) -> frozenset[str]:
    instance = compile_instance(scenario)
    must = np.isinf(instance.demands.unserved_usd)[instance.arcs.demand]
    sites = np.unique(instance.pools.site[instance.arcs.pool[must]]).tolist()
    forced = np.flatnonzero(instance.sites.is_forced | instance.sites.is_existing).tolist()
    return frozenset(instance.sites.id[j] for j in (*sites, *forced))


def limit_of(scenario: Scenario, rule: Rule) -> float | None:
    """The limit that a rule sets, in the unit of its family; None where it has no number."""
    return FAMILIES[rule.family].limits(scenario).get(rule.subject)


def eased(scenario: Scenario, limits: Mapping[Rule, float | None]) -> Scenario:
    """The scenario with some limits replaced, or without some rules (None)."""
    by_family: defaultdict[str, dict[str, float | None]] = defaultdict(dict)
    for rule, limit in limits.items():
        by_family[rule.family][rule.subject] = limit
    ample_mw = _ample_mw(scenario)
    for name, family in FAMILIES.items():  # in one order, whatever the order of the rules
        if name in by_family:
            scenario = family.ease(scenario, by_family[name], ample_mw)
    return scenario


def keeping(scenario: Scenario, kept: Collection[Rule]) -> Scenario:
    """The scenario with some of its rules and no others."""
    whole = {rule.subject.partition(BETWEEN)[2] for rule in kept if is_whole(rule)}
    dropped = [
        rule
        for rule in rules_of(scenario)
        if rule not in kept and not (rule.family == "demand" and rule.subject.partition(BETWEEN)[2] in whole)
    ]
    return eased(scenario, dict.fromkeys(dropped))


def _ample_mw(scenario: Scenario) -> float:
    """Facility power that no plan of the scenario can need, MW."""
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
