"""A workload is served in the jurisdictions that it allows and, if it says so, on routes that stay there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siteopt.formatting import listed
from siteopt.rules.rule import DemandCheck, Rule, flag_ease, flag_limits

if TYPE_CHECKING:
    from siteopt.scenario.schema import Workload

#: Most jurisdictions in one sentence.
MOST_JURISDICTIONS = 6


def _term(workload: Workload, _rest: str) -> str:
    allowed = workload.jurisdictions
    if allowed == "same":
        return "in the region's own jurisdiction"
    return f"in {allowed if isinstance(allowed, str) else listed(allowed, MOST_JURISDICTIONS)}"


def _route_term(workload: Workload, _rest: str) -> str:
    if workload.sovereign_route == "fastest":
        return "where the fastest route stays there"
    return "on routes that stay there"


JURISDICTION = Rule(
    "jurisdiction",
    demand_checks=(
        DemandCheck(
            "jurisdiction", "only in jurisdictions that are allowed", lambda _, w: w.jurisdictions != "any"
        ),
    ),
    limits=flag_limits("workloads", lambda w: w.jurisdictions != "any"),
    ease=flag_ease("workloads", {"jurisdictions": "any"}),
    term=_term,
)
SOVEREIGN_ROUTE = Rule(
    "sovereign_route",
    demand_checks=(
        DemandCheck(
            "sovereign_route", "routes stay in those jurisdictions", lambda _, w: bool(w.sovereign_route)
        ),
    ),
    figures=("route",),
    limits=flag_limits("workloads", lambda w: bool(w.sovereign_route)),
    ease=flag_ease("workloads", {"sovereign_route": False}),
    term=_route_term,
)
