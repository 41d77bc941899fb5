"""Build the instance of a capacitated facility location problem that is stated by arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from siteopt.facility.tables import (
    FIRST,
    NO_ROW,
    NOTHING,
    arcs_of,
    demands_of,
    no_slack_tiers,
    one_design,
    one_variant,
    options_of,
    pools_of,
    sites_of,
    unit_of,
)
from siteopt.instance import Backups, GridLimits, Instance, LinearRules, Links, Tenancy
from siteopt.scenario.facility_location import GOODS

if TYPE_CHECKING:
    from siteopt.scenario.facility_location import FacilityLocation


def facility_instance(problem: FacilityLocation) -> Instance:
    """Return the problem as an instance, in which a unit of demand draws a megawatt."""
    capacity, demand, n_site = problem.capacity, problem.demand, len(problem.capacity)
    arc_demand = np.repeat(np.arange(len(demand), dtype=np.int32), np.diff(problem.arc_ptr))
    arc_pool, pools, pool_ptr = pools_of(problem.arc_site, n_site)
    return Instance(
        sites=sites_of(capacity, pool_ptr),
        designs=one_design(),
        options=options_of(capacity, problem.fixed_usd),
        variants=one_variant(unit_of(capacity)),
        slack_tiers=no_slack_tiers(),
        degraded_slack_tiers=no_slack_tiers(),
        pools=pools,
        demands=demands_of(demand, problem.is_splittable, problem.arc_ptr),
        arcs=arcs_of(arc_demand, arc_pool, problem.arc_usd),
        backups=Backups(NO_ROW, NO_ROW, NOTHING, NO_ROW),
        grid=GridLimits(
            (), NOTHING, FIRST, NO_ROW, NOTHING, np.zeros(n_site + 1, dtype=np.int32), NO_ROW, NOTHING
        ),
        links=Links((), NOTHING, FIRST, NO_ROW),
        tenancy=Tenancy((), np.inf, np.inf),
        workload_ids=(GOODS,),
        budget_usd=np.inf,
        max_sites=n_site,
        linear_rules=LinearRules.none(n_site),
    )
