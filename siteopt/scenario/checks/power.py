"""Designs, and the grid that they draw from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siteopt.errors import Problem
from siteopt.scenario.checks.ids import unique, unknown_id
from siteopt.scenario.checks.life import check_life
from siteopt.scenario.facilities import least_modules

if TYPE_CHECKING:
    from collections.abc import Iterator

    from siteopt.scenario.schema import Scenario


def check_designs(scenario: Scenario) -> Iterator[Problem]:
    """Check that designs can stand, and that their life acts on something."""
    yield from unique("designs", (d.id for d in scenario.designs))
    for i, design in enumerate(scenario.designs):
        path, least = f"designs[{i}]", least_modules(design)
        if design.max_modules < least:
            yield Problem(
                f"{path}.max_modules",
                f"should be at least {least}, not {design.max_modules}: with redundancy {design.redundancy!r}"
                " one module stands by",
            )
        yield from check_life(scenario, path, design.life_years, design.salvage_fraction)


def check_grid_limits(scenario: Scenario) -> Iterator[Problem]:
    """Check that grid limits name zones, jurisdictions and sites that exist."""
    sites = {s.id for s in scenario.sites}
    zones = {s.zone for s in scenario.sites if s.zone is not None}
    jurisdictions = {j.id for j in scenario.jurisdictions}
    yield from unique("grid_limits", (g.id for g in scenario.grid_limits))
    for i, limit in enumerate(scenario.grid_limits):
        path = f"grid_limits[{i}]"
        if limit.zone is not None and limit.zone not in zones:
            yield unknown_id(scenario, f"{path}.zone", "zone (no site names it)", limit.zone, zones)
        if limit.jurisdiction is not None and limit.jurisdiction not in jurisdictions:
            yield unknown_id(
                scenario, f"{path}.jurisdiction", "jurisdiction", limit.jurisdiction, jurisdictions
            )
        for name in limit.coefficients or {}:
            if name not in sites:
                yield unknown_id(scenario, f"{path}.coefficients.{name}", "site", name, sites)
