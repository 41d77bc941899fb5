"""Summaries of each workload in a plan: shares by tier and site, worst latency, replicas and how they are deployed."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from siteopt.plan import FlowPlan, Percentiles, Plan, PoolPlan
    from siteopt.scenario.schema import Scenario, Workload

#: The percentile of a plan that is shown for the percentile of an SLO.
REPORTED = {0.5: "p50", 0.95: "p95"}


@dataclass(frozen=True, slots=True)
class WorkloadSummary:
    """One workload in a plan.

    Attributes
    ----------
    id : str
    share_by_tier : dict of str to float
        Share of its peak requests that each tier serves, the largest first.
    share_by_site : tuple of (str, float)
        The same by site.
    unserved : float
        Share of its peak requests that is not served.
    worst_ms : float or None
        Latency of its slowest flow in ms, at ``percentile`` and in terms of the metric of its first SLO; None
        where nothing is served.
    percentile : str
        ``p50``, ``p95`` or ``p99``: that of the SLO, or p99.
    slo_ms : float or None
        Limit of its first SLO, ms.
    replicas : int
    """

    id: str
    share_by_tier: dict[str, float]
    share_by_site: tuple[tuple[str, float], ...]
    unserved: float
    worst_ms: float | None
    percentile: str
    slo_ms: float | None
    replicas: int


@dataclass(frozen=True, slots=True)
class DeploymentSummary:
    """How a plan deploys the model of one workload on one accelerator.

    Attributes
    ----------
    workload : str
    deployment : str
        The deployment in words, such as ``H100_SXM fp8 TP4, batch 128``.
    pools, replicas : int
    utilisation : float
        Of all its replicas at peak.
    """

    workload: str
    deployment: str
    pools: int
    replicas: int
    utilisation: float


def deployment_text(
    accelerator: str, precision: str | None, tensor_parallel: int | None, batch: int | None
) -> str:
    """Return a deployment in words: ``H100_SXM fp8 TP4, batch 128``."""
    return f"{accelerator} {precision} TP{tensor_parallel}, batch {batch}"


def summarise_deployments(plan: Plan) -> list[DeploymentSummary]:
    """Summarise each deployment of each workload with a model, in the order of the plan's workloads."""
    pools: dict[tuple[str, str], list[PoolPlan]] = defaultdict(list)
    for pool in plan.pools:
        if pool.precision is not None:
            how = deployment_text(pool.accelerator, pool.precision, pool.tensor_parallel, pool.batch)
            pools[pool.workload, how].append(pool)
    return [
        DeploymentSummary(
            workload=workload,
            deployment=how,
            pools=len(rows),
            replicas=(replicas := sum(pool.replicas for pool in rows)),
            utilisation=sum(pool.load_erlang for pool in rows) / replicas,
        )
        for (workload, how), rows in pools.items()
    ]


def summarise_workloads(scenario: Scenario, plan: Plan) -> list[WorkloadSummary]:
    """Summarise each workload that has demand, in the order of the scenario."""
    total: dict[str, float] = defaultdict(float)
    for demand in scenario.demand:
        total[demand.workload] += demand.peak_rps
    flows: dict[str, list[FlowPlan]] = defaultdict(list)
    for flow in plan.flows:
        flows[flow.workload].append(flow)
    return [
        _summary(scenario, plan, w, flows[w.id], total[w.id]) for w in scenario.workloads if total[w.id] > 0
    ]


def _summary(
    scenario: Scenario, plan: Plan, workload: Workload, flows: list[FlowPlan], total: float
) -> WorkloadSummary:
    tier = {site.id: site.tier for site in scenario.sites}
    peak = {d.region: d.peak_rps / total for d in scenario.demand if d.workload == workload.id}
    by_site: dict[str, float] = defaultdict(float)
    by_tier: dict[str, float] = defaultdict(float)
    for flow in flows:
        by_site[flow.site] += flow.share * peak[flow.region]
        by_tier[tier[flow.site]] += flow.share * peak[flow.region]
    slo = workload.slo[0] if workload.slo else None
    percentile = REPORTED.get(slo.percentile, "p99") if slo else "p99"
    latencies = [_at(flow.latency_ms, percentile) for flow in flows if flow.latency_ms is not None]
    return WorkloadSummary(
        id=workload.id,
        share_by_tier=dict(_largest_first(by_tier)),
        share_by_site=tuple(_largest_first(by_site)),
        unserved=sum(row.share * peak[row.region] for row in plan.unserved if row.workload == workload.id),
        worst_ms=max(latencies, default=None),
        percentile=percentile,
        slo_ms=None if slo is None else slo.ms,
        replicas=sum(pool.replicas for pool in plan.pools if pool.workload == workload.id),
    )


def _at(latency: Percentiles, percentile: str) -> float:
    return float(getattr(latency, percentile))


def _largest_first(shares: dict[str, float]) -> list[tuple[str, float]]:
    return sorted(shares.items(), key=lambda item: (-item[1], item[0]))
