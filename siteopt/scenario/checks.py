"""Rules of a scenario that span several objects: ids that exist, ids that are unique, a network in one piece.

Every function yields the problems it finds, with their paths; none stops at the first.
"""

from __future__ import annotations

from difflib import get_close_matches
from itertools import chain
from typing import TYPE_CHECKING, Any

from siteopt.errors import Problem, ScenarioError
from siteopt.scenario.hardware import accelerator_numbers, model_numbers

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from siteopt.scenario.schema import Scenario, Site, Workload

RESERVED_JURISDICTIONS = {"any", "same"}


def check(scenario: Scenario) -> list[Problem]:
    """All cross-object problems of a scenario, in the order of the file.

    Parameters
    ----------
    scenario : Scenario
        Structurally valid.

    Returns
    -------
    list of Problem
        Empty where the scenario holds together.
    """
    return list(
        chain(
            _jurisdictions(scenario),
            _network(scenario),
            _sites(scenario),
            _grid_limits(scenario),
            _unique("designs", (d.id for d in scenario.designs)),
            _hardware(scenario),
            _workloads(scenario),
            _regions(scenario),
            _demand(scenario),
        )
    )


def unknown_id(path: str, kind: str, value: str, known: Iterable[str]) -> Problem:
    """A reference to something that is not there, with the nearest name that is."""
    names = sorted(known)
    near = get_close_matches(value, names, n=1)
    if near:
        hint = f"did you mean {near[0]!r}?"
    elif len(names) <= 8:
        hint = f"known: {', '.join(map(repr, names)) or 'none'}"
    else:
        hint = f"there are {len(names)} known, such as {names[0]!r}"
    return Problem(path, f"unknown {kind} {value!r}; {hint}")


def _unique(table: str, ids: Iterable[str]) -> Iterator[Problem]:
    first: dict[str, int] = {}
    for i, name in enumerate(ids):
        if name in first:
            yield Problem(
                f"{table}[{i}].id",
                f"duplicate id {name!r}, first used by {table}[{first[name]}]; ids are unique",
            )
        first.setdefault(name, i)


def _jurisdictions(scenario: Scenario) -> Iterator[Problem]:
    yield from _unique("jurisdictions", (j.id for j in scenario.jurisdictions))
    ids = {j.id for j in scenario.jurisdictions}
    for i, jurisdiction in enumerate(scenario.jurisdictions):
        if jurisdiction.id in RESERVED_JURISDICTIONS:
            yield Problem(
                f"jurisdictions[{i}].id", f"{jurisdiction.id!r} is a reserved word; choose another id"
            )
        for g, group in enumerate(jurisdiction.groups):
            if group in RESERVED_JURISDICTIONS or group in ids:
                taken = "a reserved word" if group in RESERVED_JURISDICTIONS else "the id of a jurisdiction"
                message = f"{group!r} is {taken}; choose another name for the group"
                yield Problem(f"jurisdictions[{i}].groups[{g}]", message)


def _network(scenario: Scenario) -> Iterator[Problem]:
    network = scenario.network
    jurisdictions = {j.id for j in scenario.jurisdictions}
    nodes = {n.id for n in network.nodes}
    yield from _unique("network.nodes", (n.id for n in network.nodes))
    for i, node in enumerate(network.nodes):
        if node.jurisdiction not in jurisdictions:
            yield unknown_id(
                f"network.nodes[{i}].jurisdiction", "jurisdiction", node.jurisdiction, jurisdictions
            )
    broken = False
    for i, link in enumerate(network.links):
        for key, end in (("from", link.from_node), ("to", link.to_node)):
            if end not in nodes:
                broken = True
                yield unknown_id(f"network.links[{i}].{key}", "network node", end, nodes)
        if link.from_node == link.to_node:
            yield Problem(
                f"network.links[{i}]", f"joins {link.from_node!r} to itself; a link joins two nodes"
            )
    if nodes and not broken:
        yield from _one_piece(scenario)


def _one_piece(scenario: Scenario) -> Iterator[Problem]:
    """A network in two pieces is nearly always a lost link; unreachable flows would vanish without a word."""
    neighbours: dict[str, list[str]] = {n.id: [] for n in scenario.network.nodes}
    for link in scenario.network.links:
        neighbours[link.from_node].append(link.to_node)
        neighbours[link.to_node].append(link.from_node)
    start = scenario.network.nodes[0].id
    seen, stack = {start}, [start]
    while stack:
        for nxt in neighbours[stack.pop()]:
            if nxt not in seen:
                seen.add(nxt)
                stack.append(nxt)
    lost = [n for n in neighbours if n not in seen]
    if lost:
        names = ", ".join(map(repr, lost[:5])) + (", ..." if len(lost) > 5 else "")
        yield Problem(
            "network.links",
            f"the network is disconnected: {len(lost)} of {len(neighbours)} nodes cannot reach {start!r}"
            f" ({names}); add the missing links or remove the nodes",
        )


def _sites(scenario: Scenario) -> Iterator[Problem]:
    jurisdictions = {j.id for j in scenario.jurisdictions}
    nodes = {n.id for n in scenario.network.nodes}
    yield from _unique("sites", (s.id for s in scenario.sites))
    for i, site in enumerate(scenario.sites):
        path = f"sites[{i}]"
        if site.jurisdiction not in jurisdictions:
            yield unknown_id(f"{path}.jurisdiction", "jurisdiction", site.jurisdiction, jurisdictions)
        if site.node is not None and site.node not in nodes:
            yield unknown_id(f"{path}.node", "network node", site.node, nodes)
        yield from _site_designs(scenario, site, path)
        yield from _site_status(scenario, site, path)


def _site_designs(scenario: Scenario, site: Site, path: str) -> Iterator[Problem]:
    designs = {d.id: d for d in scenario.designs}
    for d, name in enumerate(site.designs):
        if name not in designs:
            yield unknown_id(f"{path}.designs[{d}]", "design", name, designs)
        elif site.tier not in designs[name].tiers:
            tiers = ", ".join(designs[name].tiers)
            yield Problem(
                f"{path}.designs[{d}]",
                f"design {name!r} is for the tiers {tiers}, but the site's tier is {site.tier}",
            )
        elif name in site.designs[:d]:
            yield Problem(f"{path}.designs[{d}]", f"design {name!r} is listed twice")


def _site_status(scenario: Scenario, site: Site, path: str) -> Iterator[Problem]:
    if site.status == "existing":
        if site.existing is None:
            yield Problem(
                f"{path}.existing", 'is missing: status "existing" needs {"design": ..., "modules": ...}'
            )
            return
        designs = {d.id: d for d in scenario.designs}
        design = designs.get(site.existing.design)
        if site.existing.design not in site.designs:
            yield unknown_id(
                f"{path}.existing.design", "design of this site", site.existing.design, site.designs
            )
        elif design is not None and site.existing.modules > design.max_modules:
            yield Problem(
                f"{path}.existing.modules",
                f"{site.existing.modules} exceeds max_modules {design.max_modules} of {design.id!r}",
            )
    elif site.existing is not None:
        yield Problem(
            f"{path}.existing", f'contradicts status "{site.status}"; remove it or set status "existing"'
        )
    if site.status == "forced" and site.headroom_mw == 0:
        yield Problem(
            f"{path}.status", 'is "forced", but headroom_mw is 0; give it power or make it a candidate'
        )


def _grid_limits(scenario: Scenario) -> Iterator[Problem]:
    sites = {s.id for s in scenario.sites}
    zones = {s.zone for s in scenario.sites if s.zone is not None}
    jurisdictions = {j.id for j in scenario.jurisdictions}
    yield from _unique("grid_limits", (g.id for g in scenario.grid_limits))
    for i, limit in enumerate(scenario.grid_limits):
        path = f"grid_limits[{i}]"
        if limit.zone is not None and limit.zone not in zones:
            yield unknown_id(f"{path}.zone", "zone (no site names it)", limit.zone, zones)
        if limit.jurisdiction is not None and limit.jurisdiction not in jurisdictions:
            yield unknown_id(f"{path}.jurisdiction", "jurisdiction", limit.jurisdiction, jurisdictions)
        for name in limit.coefficients or {}:
            if name not in sites:
                yield unknown_id(f"{path}.coefficients.{name}", "site", name, sites)


def _workloads(scenario: Scenario) -> Iterator[Problem]:
    yield from _unique("workloads", (w.id for w in scenario.workloads))
    ids = {j.id for j in scenario.jurisdictions}
    groups = {g for j in scenario.jurisdictions for g in j.groups}
    for i, workload in enumerate(scenario.workloads):
        rule, path = workload.jurisdictions, f"workloads[{i}].jurisdictions"
        if isinstance(rule, tuple):
            for n, name in enumerate(rule):
                if name not in ids:
                    yield unknown_id(f"{path}[{n}]", "jurisdiction", name, ids)
        elif rule not in RESERVED_JURISDICTIONS | groups:
            yield unknown_id(path, "group of jurisdictions", rule, RESERVED_JURISDICTIONS | groups)
        yield from _workload_slos(workload, f"workloads[{i}]")


def _hardware(scenario: Scenario) -> Iterator[Problem]:
    """Accelerators and models that neither the scenario nor the catalogue knows."""
    yield from _unique("accelerators", (a.id for a in scenario.accelerators))
    yield from _unique("models", (m.id for m in scenario.models))
    for i, workload in enumerate(scenario.workloads):
        names = [
            (f"workloads[{i}].accelerators[{n}]", accelerator_numbers, a)
            for n, a in enumerate(workload.accelerators)
        ]
        if workload.model is not None:
            names.append((f"workloads[{i}].model", model_numbers, workload.model))
        for path, numbers, name in names:
            try:
                found = numbers(scenario, name, path)
            except ScenarioError as error:
                yield from error.problems
                continue
            if numbers is model_numbers:
                yield from _model_sizes(found, path)
        for n, accelerator in enumerate(workload.accelerators):
            if accelerator in workload.accelerators[:n]:
                yield Problem(f"workloads[{i}].accelerators[{n}]", f"{accelerator!r} is listed twice")


def _model_sizes(numbers: dict[str, Any], path: str) -> Iterator[Problem]:
    """Active parameters agree with the experts: all of a dense model, fewer of one with experts."""
    total, active = numbers["params_b"], numbers["active_params_b"]
    if numbers.get("experts"):
        if active >= total:
            yield Problem(
                path, f"a model with experts has fewer active_params_b ({active:g}) than params_b ({total:g})"
            )
    elif active != total:
        yield Problem(
            path, f"a dense model has active_params_b ({active:g}) equal to params_b ({total:g}); give both"
        )


def _workload_slos(workload: Workload, path: str) -> Iterator[Problem]:
    metrics = [slo.metric for slo in workload.slo]
    for n, slo in enumerate(workload.slo):
        if slo.metric in metrics[:n]:
            yield Problem(f"{path}.slo[{n}].metric", f"{slo.metric!r} has two limits; keep the tighter one")
        if slo.metric == "tpot" and workload.model is None:
            yield Problem(
                f"{path}.slo[{n}].metric", '"tpot" is the time per output token of a model; name a "model"'
            )
        if workload.service is None:
            continue
        calls = workload.calls_per_request if slo.metric == "e2e" else 1.0
        if calls * workload.service.ms >= slo.ms and workload.service.scv == 0.0:
            work = f"{calls:g} call{'s' if calls > 1 else ''} of {workload.service.ms:g} ms"
            message = f"{slo.ms:g} ms is impossible: {work} take at least that long before any distance"
            yield Problem(f"{path}.slo[{n}].ms", message)


def _regions(scenario: Scenario) -> Iterator[Problem]:
    jurisdictions = {j.id for j in scenario.jurisdictions}
    yield from _unique("regions", (r.id for r in scenario.regions))
    for i, region in enumerate(scenario.regions):
        if region.jurisdiction not in jurisdictions:
            yield unknown_id(f"regions[{i}].jurisdiction", "jurisdiction", region.jurisdiction, jurisdictions)


def _demand(scenario: Scenario) -> Iterator[Problem]:
    regions = {r.id for r in scenario.regions}
    workloads = {w.id for w in scenario.workloads}
    first: dict[tuple[str, str], int] = {}
    for i, demand in enumerate(scenario.demand):
        if demand.region not in regions:
            yield unknown_id(f"demand[{i}].region", "region", demand.region, regions)
        if demand.workload not in workloads:
            yield unknown_id(f"demand[{i}].workload", "workload", demand.workload, workloads)
        key = (demand.region, demand.workload)
        if key in first:
            what = f"{demand.workload!r} from {demand.region!r}"
            yield Problem(f"demand[{i}]", f"{what} is given already by demand[{first[key]}]; add them up")
        first.setdefault(key, i)
