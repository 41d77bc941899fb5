"""Recognise the problem inside an instance, wherever that comes from, and translate its decisions back."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

import numpy as np

from siteopt.facility.problem import FacilityProblem, facility_problem
from siteopt.instance import Solution
from siteopt.tolerances import SLACK, TIGHT_SLACK, TINY

if TYPE_CHECKING:
    from siteopt.arrays import Floats, Masks
    from siteopt.instance import Instance


#: Tables of an instance that are examined below or do not matter to the problem. Any other table that is not empty
#: holds a rule that is unknown here, so that the instance is more than the textbook problem.
KNOWN = {
    *(
        "sites",
        "designs",
        "options",
        "variants",
        "slack_tiers",
        "degraded_slack_tiers",
        "pools",
        "demands",
        "arcs",
    ),
    *("backups", "grid", "links", "tenancy", "workload_ids", "budget_usd", "max_sites"),
}


def recognised(instance: Instance) -> FacilityProblem | None:
    """Return the capacitated facility location problem that an instance states, or None if it states more than that.

    It states just that if every site has one design with one module and at most one pool, either all demands may be
    split or none may, all must be served, replicas cost nothing and have one size (whatever they carry, a whole
    number of them fits into a site), power is priced without steps, and no tail, grid limit, budget or limit on the
    number of sites applies.
    """
    if _has_unknown_rules(instance) or _is_limited(instance):
        return None
    if not (_is_plain_building(instance) and _is_plain_serving(instance)):
        return None
    options, pools, variants = instance.options, instance.pools, instance.variants
    sites, demands, arcs = instance.sites, instance.demands, instance.arcs
    replicas = np.floor(instance.option_capacity_mw / variants.replica_mw[0] * (1.0 + TIGHT_SLACK) + TINY)
    site = pools.site[arcs.pool]
    power = options.pue * (sites.energy_usd_per_mw + sites.carbon_usd_per_mw)
    busy_mw = variants.replica_mw[0] * demands.mean_rps / variants.rps[0]
    usd = (arcs.usd + power[site] * busy_mw[arcs.demand]) / demands.peak_rps[arcs.demand]
    return facility_problem(
        replicas * variants.usable_rps[0],
        options.fixed_usd + instance.life_factor * instance.module_capex_usd,
        demands.peak_rps,
        arcs.demand,
        site.astype(np.int32),
        usd,
        bool(np.all(demands.is_splittable == 1)),
    )


def _has_unknown_rules(instance: Instance) -> bool:
    """Return whether a table of the instance that is unknown here is not empty."""
    return any(getattr(instance, table.name) for table in fields(instance) if table.name not in KNOWN)


def _is_plain_building(instance: Instance) -> bool:
    """Return whether each site has one design of one module, and none is built already or has to be built."""
    sites, options, n = instance.sites, instance.options, len(instance.sites.id)
    return (
        len(options.site) == n
        and bool(np.all(np.diff(sites.option_ptr) == 1))
        and bool(
            np.all((options.max_modules == 1) & (options.sunk_modules == 0) & (options.spare_modules == 0))
        )
        and not np.any(sites.is_existing)
        and not np.any(sites.is_forced)
        and not np.any(sites.demand_usd_per_mw)
        and not np.any(sites.coincident_usd_per_mw)
        and bool(np.all(instance.designs.admits))
    )


def _is_plain_serving(instance: Instance) -> bool:
    """Return whether there is one variant, free and without idle power, one pool a site and one kind of demand."""
    variants, demands = instance.variants, instance.demands
    return (
        len(variants.workload) == 1
        and bool(np.all(np.diff(instance.sites.pool_ptr) <= 1))
        and not np.any(variants.usd)
        and not np.any(variants.idle_fraction)
        and not np.any(variants.is_protected)
        and not len(instance.slack_tiers.variant)
        and not np.any(instance.pools.fixed_usd)
        and len(np.unique(demands.is_splittable)) <= 1
        and not np.any(np.isfinite(demands.unserved_usd))
        and not np.any(demands.is_left_out)
    )


def _is_limited(instance: Instance) -> bool:
    """Return whether anything couples the sites beyond the demand that they share."""
    tenancy = instance.tenancy
    return bool(
        len(instance.grid.id)
        or len(instance.links.id)
        or len(instance.backups.demand)
        or np.isfinite(instance.budget_usd)
        or instance.max_sites < len(instance.sites.id)
        or (np.any(instance.variants.tenant >= 0) and (np.isfinite(tenancy.site_mw) or tenancy.share < 1.0))
    )


def solution_of(instance: Instance, problem: FacilityProblem, amount: Floats, is_open: Masks) -> Solution:
    """Translate decisions on a problem into a solution of the instance that it was recognised in.

    Parameters
    ----------
    instance : Instance
    problem : FacilityProblem
    amount : ndarray, shape (n_arc,)
        Units of demand on each arc.
    is_open : ndarray of bool, shape (n_site,)
    """
    share = amount / problem.demand[instance.arcs.demand]
    load = np.bincount(instance.arcs.pool, weights=amount, minlength=len(instance.pools.site))
    option = np.where(is_open, np.arange(len(problem.capacity)), -1).astype(np.int32)
    return Solution(
        option=option,
        modules=(option >= 0).astype(np.int32),
        replicas=np.ceil(load / instance.variants.usable_rps[0] * (1.0 - SLACK)).astype(np.int32),
        share=share,
        unserved=np.zeros(len(problem.demand)),
    )
