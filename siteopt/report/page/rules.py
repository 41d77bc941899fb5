"""The rules of the verifier in words, and to what each of them applies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from siteopt.scenario.schema import Scenario, Workload


@dataclass(frozen=True, slots=True)
class DemandRule:
    """A rule that every demand of a workload has to meet where it applies."""

    id: str
    words: str
    applies: Callable[[Scenario, Workload], bool]


@dataclass(frozen=True, slots=True)
class PlanRule:
    """A rule about sites, limits, the plan as a whole, or a figure; ``applies`` says whether the scenario states it."""

    id: str
    words: str
    applies: Callable[[Scenario], bool]


def _always(*_: object) -> bool:
    return True


def _has_model(_: Scenario, workload: Workload) -> bool:
    return workload.model is not None


def _may_be_left(scenario: Scenario, workload: Workload) -> bool:
    return workload.unserved_usd_per_1k is None


DEMAND_RULES = (
    DemandRule("assignment", "shares served and left out add up to one", _always),
    DemandRule("share", "every share is above 0 and at most 1", _always),
    DemandRule("unserved", "nothing is left out that must be served", _may_be_left),
    DemandRule("splitting", "served whole at one site", lambda s, w: not w.splittable),
    DemandRule("linking", "served only where replicas stand", _always),
    DemandRule("mode", "only at sites of the policy's mode", lambda s, w: s.policy.mode != "hybrid"),
    DemandRule("tier", "only on tiers that it may run on", _always),
    DemandRule(
        "jurisdiction", "only in jurisdictions that are allowed", lambda s, w: w.jurisdictions != "any"
    ),
    DemandRule("sovereign_route", "routes stay in those jurisdictions", lambda s, w: w.sovereign_route),
    DemandRule("data_mode", "data at home or in a copy that can be kept", lambda s, w: w.home is not None),
    DemandRule("accelerator", "on an accelerator that it may use", _has_model),
    DemandRule("deployment", "the model fits as it is deployed", _has_model),
    DemandRule("density", "racks carry its hardware", _always),
    DemandRule("cooling", "its hardware can be cooled", _always),
    DemandRule("capacity", "replicas carry the peak", _always),
    DemandRule("utilisation_cap", "below the utilisation cap at peak", lambda s, w: w.sizing != "linear"),
    DemandRule("slo", "every SLO holds where nobody waits", lambda s, w: bool(w.slo)),
    DemandRule(
        "tail", "waits keep the percentile of every SLO", lambda s, w: w.sizing == "tail" and bool(w.slo)
    ),
    DemandRule("resilience", "survives the loss of any one site", lambda s, w: w.protect is not None),
)
#: Decisions about sites and limits.
PLAN_RULES = (
    PlanRule("site_status", "existing and forced sites are open, forbidden ones are not", _always),
    PlanRule("design", "one of the site's designs, the standing one where it exists", _always),
    PlanRule("modules", "modules within the design's range", _always),
    PlanRule("integer", "modules and replicas are whole numbers", _always),
    PlanRule("power", "IT power within the usable modules", _always),
    PlanRule("headroom", "facility power within the firm headroom", _always),
    PlanRule("grid", "within every grid limit", lambda s: bool(s.grid_limits)),
    PlanRule(
        "connection_step",
        "one class of connection that carries it",
        lambda s: any(j.connection_steps for j in s.sites),
    ),
    PlanRule("ready_by_month", "energised in time", lambda s: s.policy.ready_by_month is not None),
    PlanRule(
        "uplink", "traffic within every uplink", lambda s: any(j.uplink_gbps is not None for j in s.sites)
    ),
    PlanRule(
        "link",
        "traffic within every link",
        lambda s: any(x.capacity_gbps is not None for x in s.network.links),
    ),
    PlanRule("budget", "capital within the budget", lambda s: s.policy.budget_usd is not None),
    PlanRule("max_sites", "no more new sites than allowed", lambda s: s.policy.max_sites is not None),
    PlanRule(
        "tenant_share", "no tenant beyond its share of a site", lambda s: s.policy.tenant_share is not None
    ),
    PlanRule(
        "tenant_site_mw", "no tenant beyond its MW at a site", lambda s: s.policy.tenant_site_mw is not None
    ),
    PlanRule("unknown_id", "everything named exists", _always),
    PlanRule("duplicate", "nothing is listed twice", _always),
    PlanRule("number", "every figure is a finite number", _always),
)
#: Figures that are computed again and must agree with those of the plan.
FIGURES = (
    *(
        "it_mw",
        "facility_mw",
        "capex_usd",
        "load_erlang",
        "utilisation",
        "reserve_erlang",
        "latency_ms",
        "slo_ms",
    ),
    *("route", "ready_month", "grid_use", "link_use", "tenants", "move_latency", "worst_ms", "spare_mw"),
    *("unprotected", "cost_lines", "cost_usd", "bound", "gap", "status"),
)
