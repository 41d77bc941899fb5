"""All rules in one list, and the function that applies them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siteopt.scenario.facility_location import FacilityLocation
from siteopt.verify import (
    access,
    connection,
    data,
    decisions,
    deployment,
    failure_figures,
    figures,
    identity,
    left_out,
    limits,
    linear_rules,
    mode,
    network_use,
    racks,
    resilience,
    routes,
    tails,
    tenancy,
)
from siteopt.verify.facility_location import verify_facility_location
from siteopt.verify.failure import SurvivalFacts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from siteopt.plan import Plan
    from siteopt.scenario.schema import Scenario
    from siteopt.verify.violation import Violation

RULES: tuple[Callable[[SurvivalFacts], Iterator[Violation]], ...] = (
    *(identity.unknown_ids, identity.duplicates),
    *(decisions.integers, decisions.site_status, decisions.design_allowed, decisions.modules_in_range),
    *(decisions.pools_at_open_sites, decisions.flows_at_pools, decisions.share_range),
    *(decisions.assignment, decisions.unserved_allowed, decisions.splitting),
    *(mode.mode, left_out.left_out),
    *(deployment.accelerator, deployment.deployment, data.data_mode, racks.density, racks.cooling),
    *(limits.capacity, limits.utilisation_cap, limits.power, limits.headroom, limits.grid),
    *(connection.connection_step, connection.ready_by_month, network_use.uplink, network_use.link),
    *(limits.budget, limits.max_sites, tenancy.tenant_share, tenancy.tenant_site_mw),
    linear_rules.linear_rule,
    *(access.jurisdiction, access.sovereign_route, access.tier, access.slo),
    *(routes.reported_route, tails.tail),
    *(resilience.failures_listed, resilience.moves_cover, resilience.moves_admitted),
    resilience.room_after_failure,
    *(figures.site_power, figures.site_capex, figures.pool_load, figures.flow_latency, figures.flow_slo),
    *(connection.ready_month, figures.grid_use, network_use.link_use, tenancy.tenant_use),
    *(failure_figures.move_latency, failure_figures.worst_move, failure_figures.spare),
    failure_figures.unprotected,
    *(figures.cost_breakdown, figures.cost, figures.bound, figures.gap, figures.status),
)


def verify(scenario: Scenario | FacilityLocation, plan: Plan) -> list[Violation]:
    """Check a plan against every rule of its scenario, and recompute every figure that it reports.

    Parameters
    ----------
    scenario : Scenario or FacilityLocation
        As loaded, or as :func:`siteopt.facility_location` returned it.
    plan : Plan
        Any plan, of any origin.

    Returns
    -------
    list of Violation
        Empty if the plan holds. Where something is not a finite number, nothing else is looked at.
    """
    if isinstance(scenario, FacilityLocation):
        return verify_facility_location(scenario, plan)
    broken = list(identity.numbers(plan))
    if broken:
        return broken
    facts = SurvivalFacts(scenario, plan)
    return [violation for rule in RULES for violation in rule(facts)]
