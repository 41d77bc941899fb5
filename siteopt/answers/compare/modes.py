"""The result of one mode: its plan, and the figures that people compare."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from siteopt.answers.pooling import pooling
from siteopt.compile import compile_instance
from siteopt.evaluate import mean_it_mw, solution_of
from siteopt.units import HOURS_PER_YEAR, TONNES_PER_MWH_PER_G_PER_KWH

if TYPE_CHECKING:
    from siteopt.plan import Plan
    from siteopt.scenario.schema import Mode, Scenario


@dataclass(frozen=True, slots=True)
class ModeResult:
    """A scenario under one mode.

    Attributes
    ----------
    mode : {"central", "edge", "hybrid"}
    plan : Plan or None
        None where the mode has none.
    reasons : tuple of str
        Why it has none.
    capex_usd, it_mw, facility_mw, carbon_t : float
        Capital at the start; power at peak; carbon of the energy over the horizon, tonnes.
    replicas : int
    pooling_extra : dict of str to float
        By workload sized by its tail: replicas beyond those of one pool, as a share of these.
    p99_ms : dict of str to float
        By workload: 99th percentile of its slowest flow.
    unserved : dict of str to float
        By workload: share of its peak requests that is left out, whether for the mode or for a penalty.
    left_out : tuple of str
        Workloads of which the mode leaves something out.
    """

    mode: Mode
    plan: Plan | None = None
    reasons: tuple[str, ...] = ()
    capex_usd: float = 0.0
    it_mw: float = 0.0
    facility_mw: float = 0.0
    carbon_t: float = 0.0
    replicas: int = 0
    pooling_extra: dict[str, float] = field(default_factory=dict)
    p99_ms: dict[str, float] = field(default_factory=dict)
    unserved: dict[str, float] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the result as a JSON object, without the plan's tables."""
        plan = self.plan
        keys = (
            "capex_usd",
            "it_mw",
            "facility_mw",
            "carbon_t",
            "replicas",
            "pooling_extra",
            "p99_ms",
            "unserved",
        )
        document: dict[str, Any] = {"mode": self.mode, "reasons": list(self.reasons)}
        if plan is None:
            return document | {"cost_usd": None}
        figures: dict[str, Any] = {"cost_usd": plan.cost_usd, "bound_usd": plan.bound_usd, "gap": plan.gap}
        figures |= {"cost_lines": plan.cost_lines, "sites": len(plan.sites), "left_out": list(self.left_out)}
        return document | figures | {key: getattr(self, key) for key in keys}


def with_mode(scenario: Scenario, mode: Mode) -> Scenario:
    """Return the scenario under another mode."""
    return scenario.model_copy(update={"policy": scenario.policy.model_copy(update={"mode": mode})})


def figures_of(scenario: Scenario, plan: Plan) -> ModeResult:
    """Return a plan with the figures to compare; its mode is that of the scenario."""
    peak = {(d.region, d.workload): d.peak_rps for d in scenario.demand}
    total: dict[str, float] = {}
    for (_, workload), rps in peak.items():
        total[workload] = total.get(workload, 0.0) + rps
    unserved: dict[str, float] = {}
    for row in plan.unserved:
        share = row.share * peak[row.region, row.workload] / total[row.workload]
        unserved[row.workload] = unserved.get(row.workload, 0.0) + share
    p99: dict[str, float] = {}
    for flow in plan.flows:
        if flow.latency_ms is not None:
            p99[flow.workload] = max(p99.get(flow.workload, 0.0), flow.latency_ms.p99)
    return ModeResult(
        mode=scenario.policy.mode,
        plan=plan,
        capex_usd=sum(site.capex_usd for site in plan.sites),
        it_mw=sum(site.it_mw for site in plan.sites),
        facility_mw=sum(site.facility_mw for site in plan.sites),
        carbon_t=carbon_t(scenario, plan),
        replicas=sum(pool.replicas for pool in plan.pools),
        pooling_extra={row.workload: row.extra for row in pooling(scenario, plan) if row.in_one_pool},
        p99_ms=p99,
        unserved=unserved,
        left_out=tuple(dict.fromkeys(row.workload for row in plan.unserved if row.reason == "mode")),
    )


def carbon_t(scenario: Scenario, plan: Plan) -> float:
    """Return the carbon of a plan's energy over the horizon, in tonnes and not discounted."""
    instance = compile_instance(scenario)
    if not plan.sites:
        return 0.0
    solution = solution_of(instance, scenario, plan)
    is_open = solution.option >= 0
    pue = np.where(is_open, instance.options.pue[np.maximum(solution.option, 0)], 0.0)
    mean_mw = mean_it_mw(instance, solution) * pue
    g_per_kwh = np.array([site.carbon_g_per_kwh for site in scenario.sites])
    hours = HOURS_PER_YEAR * scenario.horizon.years
    return float(mean_mw @ g_per_kwh) * hours * TONNES_PER_MWH_PER_G_PER_KWH
