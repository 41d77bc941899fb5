"""The rules that plans obey, each in one place: whatever tells, eases, tabulates or certifies rules reads this list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siteopt.rules.budget import BUDGET
from siteopt.rules.demand import DEMAND
from siteopt.rules.grid import GRID
from siteopt.rules.headroom import CONNECTION_STEP, HEADROOM
from siteopt.rules.jurisdiction import JURISDICTION, SOVEREIGN_ROUTE
from siteopt.rules.latency import SLO
from siteopt.rules.linear import LINEAR_RULE
from siteopt.rules.max_sites import MAX_SITES
from siteopt.rules.mode import MODE
from siteopt.rules.modules import MODULES
from siteopt.rules.network import LINK, UPLINK
from siteopt.rules.plan_form import PLAN_FORM
from siteopt.rules.racks import RACKS
from siteopt.rules.ready import READY_BY_MONTH
from siteopt.rules.resilience import RESILIENCE
from siteopt.rules.rule import Case, DemandCheck, PlanCheck, Rule, Use
from siteopt.rules.serving import CAPACITY, DATA, HARDWARE
from siteopt.rules.site_status import FORBIDDEN, FORCED
from siteopt.rules.splitting import SPLITTING
from siteopt.rules.tenancy import TENANT_SHARE, TENANT_SITE_MW
from siteopt.rules.tier import TIER

if TYPE_CHECKING:
    from siteopt.plan import Plan
    from siteopt.scenario.schema import Scenario

__all__ = [
    "DEMAND_CHECKS",
    "EASABLE",
    "FIGURES",
    "PLAN_CHECKS",
    "RULES",
    "Case",
    "DemandCheck",
    "PlanCheck",
    "Rule",
    "Use",
    "shared_limits",
]

#: Every rule, those that most conflicts involve first: conflicts are looked for and told in this order.
RULES: tuple[Rule, ...] = (
    *(DEMAND, SLO, RESILIENCE, JURISDICTION, SOVEREIGN_ROUTE, TIER, SPLITTING, MODE),
    *(BUDGET, MAX_SITES, READY_BY_MONTH, TENANT_SHARE, TENANT_SITE_MW, GRID, HEADROOM, CONNECTION_STEP),
    *(MODULES, RACKS, UPLINK, LINK, FORCED, FORBIDDEN, LINEAR_RULE),
    *(CAPACITY, HARDWARE, DATA, PLAN_FORM),
)
#: Rules that can be eased or removed, by id.
EASABLE: dict[str, Rule] = {rule.id: rule for rule in RULES if rule.limits is not None}
#: What the verifier checks of every demand, and of sites, limits and the plan as a whole.
DEMAND_CHECKS: tuple[DemandCheck, ...] = tuple(check for rule in RULES for check in rule.demand_checks)
PLAN_CHECKS: tuple[PlanCheck, ...] = tuple(check for rule in RULES for check in rule.plan_checks)
#: Figures that the verifier recomputes, and that must agree with those of the plan.
FIGURES: tuple[str, ...] = tuple(name for rule in RULES for name in rule.figures)


def shared_limits(scenario: Scenario, plan: Plan) -> dict[str, list[Use]]:
    """Return the use of every limit that several sites or flows share, by title of its table."""
    found: dict[str, list[Use]] = {}
    for rule in RULES:
        for use in rule.uses(scenario, plan) if rule.table else ():
            found.setdefault(rule.table, []).append(use)
    return found
