"""Sites: where they are, what may be built there, what stands there and when it can be ready."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from siteopt.errors import Problem
from siteopt.scenario.checks.ids import unique, unknown_id
from siteopt.scenario.facilities import least_modules

if TYPE_CHECKING:
    from collections.abc import Iterator

    from siteopt.scenario.schema import Existing, Scenario, Site


def check_sites(scenario: Scenario) -> Iterator[Problem]:
    """Yield what is wrong with the sites."""
    jurisdictions = {j.id for j in scenario.jurisdictions}
    nodes = {n.id for n in scenario.network.nodes}
    yield from unique("sites", (s.id for s in scenario.sites))
    for i, site in enumerate(scenario.sites):
        path = f"sites[{i}]"
        if site.jurisdiction not in jurisdictions:
            yield unknown_id(
                scenario, f"{path}.jurisdiction", "jurisdiction", site.jurisdiction, jurisdictions
            )
        if site.node is not None and site.node not in nodes:
            yield unknown_id(scenario, f"{path}.node", "network node", site.node, nodes)
        yield from _designs(scenario, site, path)
        yield from _pue(scenario, site, path)
        yield from _status(scenario, site, path)
        yield from _connection(site, path)
        yield from _ready(scenario, site, path)


def _designs(scenario: Scenario, site: Site, path: str) -> Iterator[Problem]:
    designs = {d.id: d for d in scenario.designs}
    for d, name in enumerate(site.designs):
        if name not in designs:
            yield unknown_id(scenario, f"{path}.designs[{d}]", "design", name, designs)
        elif site.tier not in designs[name].tiers:
            tiers = ", ".join(designs[name].tiers)
            yield Problem(
                f"{path}.designs[{d}]",
                f"design {name!r} is for the tiers {tiers}, but the site's tier is {site.tier}",
            )
        elif name in site.designs[:d]:
            yield Problem(f"{path}.designs[{d}]", f"design {name!r} is listed twice")


def _pue(scenario: Scenario, site: Site, path: str) -> Iterator[Problem]:
    designs = {d.id for d in scenario.designs}
    for name in site.pue:
        if name not in designs:
            yield unknown_id(scenario, f"{path}.pue.{name}", "design", name, designs)
        elif name not in site.designs:
            message = f"{name!r} is none of this site's designs; add it to designs or remove its PUE"
            yield Problem(f"{path}.pue.{name}", message)


def _status(scenario: Scenario, site: Site, path: str) -> Iterator[Problem]:
    if site.status == "existing" and site.existing is None:
        yield Problem(
            f"{path}.existing", 'is missing: status "existing" needs {"design": ..., "modules": ...}'
        )
    elif site.status == "existing" and site.existing is not None:
        yield from _existing(scenario, site, site.existing, f"{path}.existing")
    elif site.existing is not None:
        yield Problem(
            f"{path}.existing", f'contradicts status "{site.status}"; remove it or set status "existing"'
        )
    if site.status == "forced" and site.headroom_mw == 0:
        yield Problem(
            f"{path}.status", 'is "forced", but headroom_mw is 0; give it power or make it a candidate'
        )


def _existing(scenario: Scenario, site: Site, existing: Existing, path: str) -> Iterator[Problem]:
    design = next((d for d in scenario.designs if d.id == existing.design), None)
    if existing.design not in site.designs:
        yield unknown_id(scenario, f"{path}.design", "design of this site", existing.design, site.designs)
    elif design is not None and existing.modules > design.max_modules:
        message = f"{existing.modules} exceeds max_modules {design.max_modules} of {design.id!r}"
        yield Problem(f"{path}.modules", message)
    elif design is not None and existing.modules < least_modules(design):
        message = f"should be at least {least_modules(design)}, not {existing.modules}: with redundancy"
        yield Problem(f"{path}.modules", f"{message} {design.redundancy!r} of {design.id!r} one stands by")


def _connection(site: Site, path: str) -> Iterator[Problem]:
    """Check that steps form a ladder: each carries more than the one before, and is neither sooner nor cheaper."""
    if site.connection_steps and site.connection_usd:
        message = "contradicts connection_steps, which have prices of their own; remove one of the two"
        yield Problem(f"{path}.connection_usd", message)
    for n, (last, step) in enumerate(pairwise(site.connection_steps), 1):
        where = f"{path}.connection_steps[{n}]"
        if step.up_to_mw <= last.up_to_mw:
            message = f"should be more than the {last.up_to_mw:g} of the step before, not {step.up_to_mw:g}"
            yield Problem(f"{where}.up_to_mw", message)
        for key, before, now in (("months", last.months, step.months), ("usd", last.usd, step.usd)):
            if now < before:
                message = f"should be at least the {before:g} of the step before, not {now:g}"
                yield Problem(f"{where}.{key}", f"{message}; drop that step if this one is better")


def _ready(scenario: Scenario, site: Site, path: str) -> Iterator[Problem]:
    """Check that a site that must be built has a design and a connection that are ready in time."""
    limit = scenario.policy.ready_by_month
    designs = [d for d in scenario.designs if d.id in site.designs]
    if limit is None or not designs or site.status != "forced":
        return
    steps = site.connection_steps
    months = max(min(d.build_months for d in designs), steps[0].months if steps else 0.0)
    if months > limit:
        message = f'is "forced", but nothing can be ready there before month {months:g},'
        yield Problem(f"{path}.status", f"{message} and policy.ready_by_month is {limit:g}")
