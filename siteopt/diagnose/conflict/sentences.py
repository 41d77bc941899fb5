"""A conflict in the planner's words, with numbers: what is required, what there is, and why that is too little."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from siteopt.compile import compile_instance
from siteopt.diagnose.conflict.requirements import limit_of
from siteopt.diagnose.proofs.capacity import least_pue
from siteopt.diagnose.proofs.needs import gather_needs
from siteopt.formatting import listed, mw, named
from siteopt.rules import EASABLE, Case
from siteopt.rules.demand import EVERYWHERE
from siteopt.rules.rule import BETWEEN, MOST_NAMES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from siteopt.diagnose.conflict.requirements import Requirement
    from siteopt.scenario.schema import Scenario, Workload


def sentences(scenario: Scenario, conflict: Sequence[Requirement]) -> tuple[str, ...]:
    """Write a sentence on each workload that must be served, one on the sites that may, and one on each other rule."""
    if not conflict:
        return ()
    instance = compile_instance(scenario)
    asked = _asked(scenario, conflict)
    demand_mw = gather_needs(instance).demand_mw
    case = Case(scenario, instance, _rows(scenario, asked), demand_mw, least_pue(instance))
    return (
        *(_demanded(case, conflict, name, regions) for name, regions in asked.items()),
        *(_places(case) if asked else ()),
        *_others(case, conflict),
    )


def _asked(scenario: Scenario, conflict: Sequence[Requirement]) -> dict[str, list[str]]:
    """Return the regions in conflict by workload."""
    asked: dict[str, list[str]] = {}
    for requirement in conflict:
        if requirement.family == "demand":
            region, workload = requirement.subject.split(BETWEEN)
            asked.setdefault(workload, []).append(region)
    return {
        workload: _regions(scenario, workload) if EVERYWHERE in regions else regions
        for workload, regions in asked.items()
    }


def _regions(scenario: Scenario, workload: str) -> list[str]:
    return [d.region for d in scenario.demand if d.workload == workload]


def _rows(scenario: Scenario, asked: dict[str, list[str]]) -> list[int]:
    return [i for i, d in enumerate(scenario.demand) if d.region in asked.get(d.workload, ())]


def _demanded(case: Case, conflict: Sequence[Requirement], name: str, regions: Sequence[str]) -> str:
    """Write the sentence on one workload.

    ``imaging from Bavaria must be served in DE, within 20 ms (ttft, p99): at least 4.10 MW of IT power at peak.``
    """
    workload = next(w for w in case.scenario.workloads if w.id == name)
    place = {region.id: region for region in case.scenario.regions}
    it_mw = float(case.demand_mw[_rows(case.scenario, {name: list(regions)})].sum())
    terms = "".join(f", {term}" for term in _terms(workload, conflict))
    power = f": at least {mw(it_mw)} MW of IT power at peak" if it_mw > 0.0 else ""
    is_everywhere = len(regions) > MOST_NAMES and len(regions) == len(_regions(case.scenario, name))
    where = "all its regions" if is_everywhere else listed([named(place[r]) for r in regions], MOST_NAMES)
    return f"{name} from {where} must be served{terms}{power}."


def _terms(workload: Workload, conflict: Sequence[Requirement]) -> Iterator[str]:
    """Yield what the rules of one workload add to its sentence."""
    for requirement in conflict:
        name, _, rest = requirement.subject.partition(BETWEEN)
        term = EASABLE[requirement.family].term
        if name == workload.id and term is not None:
            yield term(workload, rest)


def _places(case: Case) -> Iterator[str]:
    """Yield the sentence on the sites that may serve the demand in conflict."""
    instance = case.instance
    rows = np.isin(instance.arcs.demand, case.rows)
    sites = np.unique(instance.pools.site[instance.arcs.pool[rows]]).tolist()
    if not sites:
        yield "No site may serve them."
        return
    names = listed([named(case.scenario.sites[j]) for j in sites], MOST_NAMES)
    most = float(instance.site_capacity_mw[sites].sum())
    needed = float(case.demand_mw[case.rows].sum())
    carry = f"can carry {mw(most)} MW of IT power, {mw(needed)} MW is needed"
    if len(sites) == 1:
        yield f"The only site that may serve them is {names}; it {carry}."
    else:
        yield f"The only {len(sites)} sites that may serve them are {names}; they {carry}."


def _others(case: Case, conflict: Sequence[Requirement]) -> Iterator[str]:
    """Yield a sentence for each requirement that is not about demand; one for all headrooms if they are many."""
    rooms = [requirement for requirement in conflict if requirement.family == "headroom"]
    together = len(rooms) > MOST_NAMES
    if together:
        total = sum(float(limit_of(case.scenario, requirement) or 0.0) for requirement in rooms)
        names = listed([requirement.subject for requirement in rooms], MOST_NAMES)
        yield f"The headroom of {len(rooms)} sites ({names}) is {mw(total)} MW together."
    for requirement in conflict:
        if together and requirement.family == "headroom":
            continue
        limit = limit_of(case.scenario, requirement)
        text = EASABLE[requirement.family].tell(case, requirement.subject, limit)
        if text:
            yield text
