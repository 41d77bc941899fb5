"""Limits that sites share: grid, tenants, budget, number of sites, linear rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from siteopt.compile.arrays import floats
from siteopt.compile.pools import tenants_of
from siteopt.instance import GridLimits, LinearRules, Tenancy, pointer
from siteopt.physics.grid.limits import limit_rows

if TYPE_CHECKING:
    from siteopt.instance import Options
    from siteopt.scenario.schema import Scenario


def shared_limits(scenario: Scenario, options: Options) -> dict[str, Any]:
    """Return the fields of an instance that limit what sites have together, by name."""
    policy = scenario.policy
    return {
        "grid": _grid(scenario),
        "tenancy": _tenancy(scenario),
        "budget_usd": np.inf if policy.budget_usd is None else policy.budget_usd,
        "max_sites": len(scenario.sites) if policy.max_sites is None else policy.max_sites,
        "linear_rules": LinearRules.none(len(options.site)),
    }


def _tenancy(scenario: Scenario) -> Tenancy:
    policy = scenario.policy
    return Tenancy(
        id=tenants_of(scenario),
        share=np.inf if policy.tenant_share is None else policy.tenant_share,
        site_mw=np.inf if policy.tenant_site_mw is None else policy.tenant_site_mw,
    )


def _grid(scenario: Scenario) -> GridLimits:
    ptr, site, coefficient = limit_rows(scenario)
    order = np.argsort(site, kind="stable")
    limit_of_entry = np.repeat(np.arange(len(ptr) - 1, dtype=np.int32), np.diff(ptr))
    return GridLimits(
        id=tuple(g.id for g in scenario.grid_limits),
        limit_mw=floats(g.limit_mw for g in scenario.grid_limits),
        ptr=ptr,
        site=site,
        coefficient=coefficient,
        site_ptr=pointer(site, len(scenario.sites)),
        site_limit=np.ascontiguousarray(limit_of_entry[order]),
        site_coefficient=np.ascontiguousarray(coefficient[order]),
    )
