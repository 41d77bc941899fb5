"""Every flow meets the SLO of its workload at its percentile."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from siteopt.rules.rule import BETWEEN, DemandCheck, Rule, replaced

if TYPE_CHECKING:
    from siteopt.rules.rule import Eased
    from siteopt.scenario.schema import Scenario, Slo, Workload

#: A latency limit that nothing reaches, ms.
NO_LIMIT_MS = 1e8


def _key(workload: Workload, slo: Slo) -> str:
    return f"{workload.id}{BETWEEN}{slo.metric}"


def _ease(scenario: Scenario, to: Eased, _ample_mw: float) -> Scenario:
    def edit(workload: Workload) -> dict[str, Any]:
        slos = []
        for slo in workload.slo:
            ms = to.get(_key(workload, slo), slo.ms)
            slos.append(slo.model_copy(update={"ms": NO_LIMIT_MS if ms is None else ms}))
        new: dict[str, Any] = {"slo": tuple(slos)}
        if workload.protect is not None and slos and slos[0].ms > workload.protect.slo_ms:
            new["protect"] = workload.protect.model_copy(update={"slo_ms": slos[0].ms})
        return new

    return replaced(scenario, "workloads", edit)


def _term(workload: Workload, metric: str) -> str:
    slo = next(s for s in workload.slo if s.metric == metric)
    return f"within {slo.ms:g} ms ({metric}, p{100 * slo.percentile:g})"


SLO = Rule(
    "slo",
    "ms",
    demand_checks=(
        DemandCheck("slo", "every SLO holds where nobody waits", lambda _, w: bool(w.slo)),
        DemandCheck(
            "tail", "waits keep the percentile of every SLO", lambda _, w: w.sizing == "tail" and bool(w.slo)
        ),
    ),
    figures=("latency_ms", "slo_ms"),
    limits=lambda scenario: {_key(w, slo): slo.ms for w in scenario.workloads for slo in w.slo},
    ease=_ease,
    term=_term,
)
