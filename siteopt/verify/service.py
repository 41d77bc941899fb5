"""Latency of a flow: a round trip that is fixed, and a service time that is gamma distributed."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from scipy import stats

if TYPE_CHECKING:
    from siteopt.scenario.schema import Metric, Workload

#: Below this no double tells the distribution from its mean, and the shape 1 / scv may overflow.
CONSTANT_SCV = 1e-30


@lru_cache(maxsize=4096)
def gamma_quantile(mean: float, scv: float, p: float) -> float:
    """The ``p`` quantile of a gamma distribution given by its mean and squared coefficient of variation."""
    if scv < CONSTANT_SCV:
        return mean
    return float(stats.gamma.ppf(p, 1.0 / scv, scale=mean * scv))


def latency_ms(workload: Workload, metric: Metric, rtt_ms: float, p: float) -> float:
    """The ``p`` quantile of a flow's latency, ms.

    ``ttft`` is one round trip and one service; ``e2e`` is as many of both as a request makes calls. Services
    are independent: the sum of n has n times the mean, and an n-th of the squared coefficient of variation.
    """
    calls = workload.calls_per_request if metric == "e2e" else 1.0
    return calls * rtt_ms + gamma_quantile(calls * workload.service.ms, workload.service.scv / calls, p)


def reported_metric(workload: Workload) -> Metric:
    """The metric that a plan reports percentiles of: that of the first SLO, ``e2e`` without one."""
    return workload.slo[0].metric if workload.slo else "e2e"
