"""A conflict in the planner's words, with numbers: what must be, what there is, and why that is too little."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from siteopt.compile import compile_instance
from siteopt.diagnose.conflict.families import BETWEEN, EVERYWHERE
from siteopt.diagnose.conflict.rules import limit_of
from siteopt.diagnose.proofs.capacity import least_pue
from siteopt.diagnose.proofs.needs import gather_needs
from siteopt.formatting import listed, money, mw

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from siteopt.diagnose.conflict.rules import Rule
    from siteopt.instance import Instance
    from siteopt.scenario.schema import Scenario, Workload

#: Names in one sentence.
MOST_NAMES = 5


def sentences(scenario: Scenario, rules: Sequence[Rule]) -> tuple[str, ...]:
    """One sentence for each workload that must be served, one for where it can be, one for each other rule."""
    if not rules:
        return ()
    instance = compile_instance(scenario)
    asked = _asked(scenario, rules)
    return (
        *(_demanded(scenario, instance, rules, name, regions) for name, regions in asked.items()),
        *_places(scenario, instance, asked),
        *_supplies(scenario, instance, rules, asked),
    )


def _asked(scenario: Scenario, rules: Sequence[Rule]) -> dict[str, list[str]]:
    """Regions by workload."""
    asked: dict[str, list[str]] = {}
    for rule in rules:
        if rule.family == "demand":
            region, workload = rule.subject.split(BETWEEN)
            asked.setdefault(workload, []).append(region)
    return {
        workload: _regions(scenario, workload) if EVERYWHERE in regions else regions
        for workload, regions in asked.items()
    }


def _regions(scenario: Scenario, workload: str) -> list[str]:
    return [d.region for d in scenario.demand if d.workload == workload]


def _rows(scenario: Scenario, asked: dict[str, list[str]]) -> list[int]:
    return [i for i, d in enumerate(scenario.demand) if d.region in asked.get(d.workload, ())]


def _demanded(
    scenario: Scenario, instance: Instance, rules: Sequence[Rule], name: str, regions: Sequence[str]
) -> str:
    """``imaging from Bavaria must be served in DE, within 20 ms (ttft, p99): at least 4.10 MW at peak``."""
    workload = next(w for w in scenario.workloads if w.id == name)
    needs = gather_needs(instance)
    it_mw = float(needs.demand_mw[_rows(scenario, {name: list(regions)})].sum())
    terms = "".join(f", {term}" for term in _terms(workload, rules))
    power = f": at least {mw(it_mw)} MW of IT power at peak" if it_mw > 0.0 else ""
    where = "all its regions" if len(regions) > MOST_NAMES and len(regions) == _asking(scenario, name) else ""
    return f"{name} from {where or listed(list(regions), MOST_NAMES)} must be served{terms}{power}."


def _asking(scenario: Scenario, workload: str) -> int:
    return sum(d.workload == workload for d in scenario.demand)


def _terms(workload: Workload, rules: Sequence[Rule]) -> Iterator[str]:
    """Rules of one workload, as parts of a sentence."""
    for rule in rules:
        name, _, metric = rule.subject.partition(BETWEEN)
        if name != workload.id:
            continue
        match rule.family:
            case "slo":
                slo = next(s for s in workload.slo if s.metric == metric)
                yield f"within {slo.ms:g} ms ({metric}, p{100 * slo.percentile:g})"
            case "protect" if workload.protect is not None:
                yield f"within {workload.protect.slo_ms:g} ms after the loss of any one site"
            case "jurisdictions":
                rule_text = workload.jurisdictions
                where = "the region's own jurisdiction" if rule_text == "same" else None
                yield f"in {where or (rule_text if isinstance(rule_text, str) else listed(rule_text, 6))}"
            case "sovereign_route":
                yield "on routes that stay there"
            case "tiers":
                yield f"on sites of tier {' or '.join(workload.tiers)}"
            case "whole":
                yield "each region whole at one site"


def _places(scenario: Scenario, instance: Instance, asked: dict[str, list[str]]) -> Iterator[str]:
    """The sites that may serve what is in conflict."""
    rows = np.isin(instance.arcs.demand, _rows(scenario, asked))
    sites = np.unique(instance.pools.site[instance.arcs.pool[rows]]).tolist()
    if not asked:
        return
    if not sites:
        yield "No site may serve them."
        return
    names = listed([instance.sites.id[j] for j in sites], MOST_NAMES)
    most = float(instance.site_capacity_mw[sites].sum())
    needed = float(gather_needs(instance).demand_mw[_rows(scenario, asked)].sum())
    carry = f"can carry {mw(most)} MW of IT power, {mw(needed)} MW is needed"
    if len(sites) == 1:
        yield f"The only site that may serve them is {names}; it {carry}."
    else:
        yield f"The only {len(sites)} sites that may serve them are {names}; they {carry}."


def _supplies(
    scenario: Scenario, instance: Instance, rules: Sequence[Rule], asked: dict[str, list[str]]
) -> Iterator[str]:
    """A sentence for each rule that is not about demand; one for all headrooms where they are many."""
    rooms = [rule for rule in rules if rule.family == "headroom"]
    together = len(rooms) > MOST_NAMES
    if together:
        total = sum(float(limit_of(scenario, rule) or 0.0) for rule in rooms)
        names = listed([rule.subject for rule in rooms], MOST_NAMES)
        yield f"The headroom of {len(rooms)} sites ({names}) is {mw(total)} MW together."
    for rule in rules:
        if not (together and rule.family == "headroom"):
            text = _supply(scenario, instance, rule, asked)
            if text:
                yield text


def _supply(scenario: Scenario, instance: Instance, rule: Rule, asked: dict[str, list[str]]) -> str:
    """One limit or status in words; empty for what a demand's sentence has said."""
    row = {name: j for j, name in enumerate(instance.sites.id)}
    limit = limit_of(scenario, rule)
    match rule.family:
        case "headroom" | "connection":
            pue = float(least_pue(instance)[row[rule.subject]])
            it = (
                f", {mw(float(limit or 0.0) / pue)} MW of it for IT at PUE {pue:g}"
                if np.isfinite(pue)
                else ""
            )
            what = "has a headroom of" if rule.family == "headroom" else "can be connected with"
            return f"{rule.subject} {what} {mw(float(limit or 0.0))} MW{it}."
        case "grid":
            return _grid(scenario, instance, rule.subject, asked)
        case "modules":
            design = next(d for d in scenario.designs if d.id == rule.subject)
            size = mw(design.module_mw * design.usable_fraction)
            return f"{design.id} has at most {design.max_modules} modules of {size} usable MW ({design.redundancy})."
        case "racks":
            design = next(d for d in scenario.designs if d.id == rule.subject)
            rack = "" if design.rack_kw is None else f" racks of {design.rack_kw:g} kW"
            return f"{design.id} has {design.cooling} cooling{' and' if rack else ''}{rack} only."
        case "budget":
            return f"policy.budget_usd allows {money(float(limit or 0.0))} of capital."
        case "max_sites":
            return f"policy.max_sites allows {int(limit or 0)} new sites."
        case "ready_by_month":
            return f"policy.ready_by_month is {limit:g}: later connections and designs do not count."
        case "tenant_share":
            return f"policy.tenant_share leaves one tenant {limit:.3g} of a site's usable power."
        case "tenant_site_mw":
            return f"policy.tenant_site_mw leaves one tenant {mw(float(limit or 0.0))} MW at a site."
        case "uplink":
            return f"{rule.subject} has an uplink of {limit:g} Gbit/s."
        case "link":
            return f"{rule.subject} carries {limit:g} Gbit/s."
        case "mode":
            return f"policy.mode is {scenario.policy.mode}."
        case "forced":
            return f"{rule.subject} must be built (status forced)."
        case "forbidden":
            return f"{rule.subject} may not be built (status forbidden)."
    return ""


def _grid(scenario: Scenario, instance: Instance, name: str, asked: dict[str, list[str]]) -> str:
    """``grid limit west leaves 3.2 MW to a, b; 4.1 needed``, where all that is asked must come from there."""
    g = instance.grid.id.index(name)
    members = instance.grid.site[instance.grid.ptr[g] : instance.grid.ptr[g + 1]]
    names = listed([instance.sites.id[j] for j in members.tolist()], MOST_NAMES)
    limit = float(instance.grid.limit_mw[g])
    rows = _rows(scenario, asked)
    arcs = np.isin(instance.arcs.demand, rows)
    sites = np.unique(instance.pools.site[instance.arcs.pool[arcs]])
    text = f"grid limit {name} leaves {mw(limit)} MW to {names}"
    if len(sites) and np.isin(sites, members).all():
        coefficients = instance.grid.coefficient[instance.grid.ptr[g] : instance.grid.ptr[g + 1]]
        takes = dict(zip(members.tolist(), coefficients.tolist(), strict=True))
        pue = least_pue(instance)
        least = min(takes[j] * float(pue[j]) for j in sites.tolist())
        needed = float(gather_needs(instance).demand_mw[rows].sum()) * least
        if needed > limit:
            text += f"; at least {mw(needed)} MW is needed there"
    return f"{text[0].upper()}{text[1:]}."
