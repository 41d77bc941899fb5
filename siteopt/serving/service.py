"""Time in service of a request without load, and the round trips that it leaves room for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scipy.special import gammaincinv

if TYPE_CHECKING:
    from siteopt.scenario.schema import Slo, Workload


def service_quantile_ms(mean_ms: float, scv: float, percentile: float) -> float:
    """Quantile of a gamma-distributed service time, ms.

    Parameters
    ----------
    mean_ms : float
        Mean, ms.
    scv : float
        Squared coefficient of variation; 0 is a fixed time, 1 the exponential distribution.
    percentile : float
        In (0, 1).

    Returns
    -------
    float
    """
    if scv == 0.0:
        return mean_ms
    return float(gammaincinv(1.0 / scv, percentile)) * mean_ms * scv


def request_quantile_ms(workload: Workload, metric: str, percentile: float) -> float:
    """Quantile of the time in service of a whole request in terms of ``metric``, ms.

    The calls of an agent follow each other and are independent, so their sum is again gamma: its mean grows with
    the calls, its squared coefficient of variation falls with them.
    """
    calls = calls_in(workload, metric)
    return service_quantile_ms(calls * workload.service.ms, workload.service.scv / calls, percentile)


def calls_in(workload: Workload, metric: str) -> float:
    """Calls that count towards a metric: all of a request end to end, one until the first token."""
    return workload.calls_per_request if metric == "e2e" else 1.0


def largest_rtt_ms(workload: Workload) -> float:
    """Longest round trip at which a flow without waiting still meets every SLO, ms; ``inf`` without SLO, may be < 0."""

    def room(slo: Slo) -> float:
        return (slo.ms - request_quantile_ms(workload, slo.metric, slo.percentile)) / calls_in(
            workload, slo.metric
        )

    return min((room(slo) for slo in workload.slo), default=float("inf"))
