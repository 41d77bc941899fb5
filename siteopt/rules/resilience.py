"""Protected demands survive the loss of any one site within a degraded SLO."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from siteopt.rules.rule import DemandCheck, Rule, replaced

if TYPE_CHECKING:
    from siteopt.rules.rule import Eased
    from siteopt.scenario.schema import Scenario, Workload


def _ease(scenario: Scenario, to: Eased, _ample_mw: float) -> Scenario:
    def edit(workload: Workload) -> dict[str, Any]:
        if workload.id not in to or workload.protect is None:
            return {}
        value = to[workload.id]
        return {"protect": None if value is None else workload.protect.model_copy(update={"slo_ms": value})}

    return replaced(scenario, "workloads", edit)


def _term(workload: Workload, _rest: str) -> str:
    if workload.protect is None:
        return ""
    return f"within {workload.protect.slo_ms:g} ms after the loss of any one site"


RESILIENCE = Rule(
    "resilience",
    "ms",
    demand_checks=(
        DemandCheck("resilience", "survives the loss of any one site", lambda _, w: w.protect is not None),
    ),
    figures=("reserve_erlang", "move_latency", "worst_ms", "spare_mw", "unprotected"),
    limits=lambda scenario: {w.id: w.protect.slo_ms for w in scenario.workloads if w.protect is not None},
    ease=_ease,
    term=_term,
)
