"""All demand is served, except what may be left out for a penalty."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siteopt.rules.rule import BETWEEN, DemandCheck, Rule, replaced

if TYPE_CHECKING:
    from siteopt.rules.rule import Eased, Limits
    from siteopt.scenario.schema import Demand, Scenario

#: Stands for all regions in place of one.
EVERYWHERE = "*"


def demand_key(demand: Demand) -> str:
    """Return the subject of the rule that a demand must be served."""
    return f"{demand.region}{BETWEEN}{demand.workload}"


def whole_demand_key(workload: str) -> str:
    """Return the subject of the rule that all demand for a workload must be served."""
    return f"{EVERYWHERE}{BETWEEN}{workload}"


def _limits(scenario: Scenario) -> Limits:
    must = {w.id for w in scenario.workloads if w.unserved_usd_per_1k is None}
    return {demand_key(d): None for d in scenario.demand if d.workload in must}


def _ease(scenario: Scenario, to: Eased, _ample_mw: float) -> Scenario:
    kept = tuple(
        d for d in scenario.demand if demand_key(d) not in to and whole_demand_key(d.workload) not in to
    )
    if kept:
        return scenario.model_copy(update={"demand": kept})
    first = scenario.demand[0]
    free = {"unserved_usd_per_1k": 0.0, "protect": None}
    alone = scenario.model_copy(update={"demand": (first,)})
    return replaced(alone, "workloads", lambda w: free if w.id == first.workload else {})


DEMAND = Rule(
    "demand",
    demand_checks=(
        DemandCheck("assignment", "shares served and left out add up to one"),
        DemandCheck("share", "every share is above 0 and at most 1"),
        DemandCheck(
            "unserved",
            "nothing is left out that must be served",
            lambda _, workload: workload.unserved_usd_per_1k is None,
        ),
        DemandCheck("linking", "served only where replicas stand"),
    ),
    limits=_limits,
    ease=_ease,
)
