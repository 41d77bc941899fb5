"""The scenarios that questions suppose: one status or one limit differs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from siteopt.errors import Problem, ScenarioError
from siteopt.formatting import listed
from siteopt.physics.grid.limits import limit_rows
from siteopt.scenario.facilities import facility_mw
from siteopt.scenario.names import kind_of, similar

if TYPE_CHECKING:
    from siteopt.plan import Plan
    from siteopt.scenario.schema import Scenario, Site


def site_of(scenario: Scenario, name: str) -> Site:
    """Find a site by its id.

    Raises
    ------
    ScenarioError
        If there is none; it suggests the nearest ids.
    """
    known = {site.id: site for site in scenario.sites}
    if name not in known:
        near, other = similar(name, known, 4), kind_of(scenario, name)
        what = "" if other is None else f", which is {other}"
        hint = f"did you mean {listed(near)}?" if near else f"there are {listed(sorted(known))}"
        raise ScenarioError([Problem("", f"there is no site {name!r}{what}; {hint}")])
    return known[name]


def with_site(scenario: Scenario, name: str, **values: Any) -> Scenario:
    """Return the scenario with values of one site replaced."""
    sites = tuple(s.model_copy(update=values) if s.id == name else s for s in scenario.sites)
    return scenario.model_copy(update={"sites": sites})


def forced(scenario: Scenario, plan: Plan, name: str) -> Scenario:
    """Return the scenario in which a site that the plan leaves out must be built."""
    site = site_of(scenario, name)
    if any(row.id == name for row in plan.sites):
        raise ScenarioError([Problem("", f"site {name!r} is in the plan; ask --why {name}")])
    return with_site(scenario, site.id, status="forced")


def forbidden(scenario: Scenario, plan: Plan, name: str) -> Scenario:
    """Return the scenario in which a site of the plan may not be built or, where it already stands, may not be used."""
    site = site_of(scenario, name)
    if all(row.id != name for row in plan.sites):
        raise ScenarioError([Problem("", f"site {name!r} is not in the plan; ask --why-not {name}")])
    if site.status == "existing":
        return with_site(scenario, name, headroom_mw=0.0)
    return with_site(scenario, name, status="forbidden")


def roomier(scenario: Scenario, name: str, extra_mw: float) -> Scenario:
    """Return the scenario with more headroom at a site."""
    return with_site(scenario, name, headroom_mw=site_of(scenario, name).headroom_mw + extra_mw)


def can_bind(scenario: Scenario, name: str) -> bool:
    """Whether headroom can limit a site at all, because its designs could draw more than there is."""
    site = site_of(scenario, name)
    most = max(
        facility_mw(site, design, design.max_modules)
        for design in scenario.designs
        if design.id in site.designs
    )
    return most > site.headroom_mw


def zone_can_bind(scenario: Scenario, zone: str) -> bool:
    """Whether all sites of a zone together, each drawing its most, would exceed any of its limits."""
    ptr, member, coefficient = limit_rows(scenario)
    designs = {d.id: d for d in scenario.designs}
    most = [
        min(s.headroom_mw, max(facility_mw(s, designs[d], designs[d].max_modules) for d in s.designs))
        if s.status != "forbidden"
        else 0.0
        for s in scenario.sites
    ]
    for n, limit in enumerate(scenario.grid_limits):
        rows = range(int(ptr[n]), int(ptr[n + 1]))
        if zone in (limit.zone, limit.id):
            drawn = sum(float(coefficient[r]) * most[int(member[r])] for r in rows)
            if drawn > limit.limit_mw:
                return True
    return False


def roomier_zone(scenario: Scenario, zone: str, extra_mw: float) -> Scenario:
    """Return the scenario with every grid limit of a zone raised, or the one limit of that id.

    Raises
    ------
    ScenarioError
        If there is no such limit.
    """
    meant = {g.id for g in scenario.grid_limits if zone in (g.zone, g.id)}
    if not meant:
        known = sorted({g.zone or g.id for g in scenario.grid_limits})
        message = f"no grid limit has the zone or id {zone!r}; there are {listed(known, 8) or 'none'}"
        raise ScenarioError([Problem("", message)])
    rows = tuple(
        g.model_copy(update={"limit_mw": g.limit_mw + extra_mw}) if g.id in meant else g
        for g in scenario.grid_limits
    )
    return scenario.model_copy(update={"grid_limits": rows})
