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
        "linear_rules": _linear_rules(scenario, options),
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


def _linear_rules(scenario: Scenario, options: Options) -> LinearRules:
    rules, option, row, coefficient = scenario.rules, list[int](), list[int](), list[float]()
    if not rules:
        return LinearRules.none(len(options.site))
    for o, (j, d) in enumerate(zip(options.site.tolist(), options.design.tolist(), strict=True)):
        for r, rule in enumerate(rules):
            weight = rule.weight(scenario.sites[j], scenario.designs[d].id)
            if weight:
                option.append(o)
                row.append(r)
                coefficient.append(weight)
    return LinearRules(
        id=tuple(rule.id for rule in rules),
        lower=floats(-np.inf if rule.sense == "<=" else rule.value for rule in rules),
        upper=floats(np.inf if rule.sense == ">=" else rule.value for rule in rules),
        option_ptr=pointer(np.array(option, dtype=np.int32), len(options.site)),
        rule=np.array(row, dtype=np.int32),
        coefficient=floats(coefficient),
    )
