"""Latency of a flow: round trips and waits, as many as its metric counts, and a time in service."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from scipy import special

if TYPE_CHECKING:
    from siteopt.scenario.schema import Metric, Workload
    from siteopt.verify.replica_facts import ReplicaFacts

#: Below this no double tells the distribution from its mean, and the shape 1 / scv may overflow.
CONSTANT_SCV = 1e-30


@lru_cache(maxsize=4096)
def gamma_quantile(mean: float, scv: float, p: float) -> float:
    """Return the ``p`` quantile of a gamma distribution given by its mean and squared coefficient of variation."""
    if scv < CONSTANT_SCV:
        return mean
    return float(special.gammaincinv(1.0 / scv, p)) * mean * scv


def trips(replica: ReplicaFacts, metric: Metric) -> float:
    """Return the round trips, and waits, that count towards a metric; none for the time between two tokens."""
    return {"ttft": 1.0, "tpot": 0.0, "e2e": replica.calls}[metric]


def latency_ms(replica: ReplicaFacts, metric: Metric, rtt_ms: float, p: float, wait_ms: float = 0.0) -> float:
    """Return the ``p`` quantile of a flow's latency, ms, where ``wait_ms`` is that of one wait.

    Quantiles of the parts are added up, which is on the safe side.
    """
    count = trips(replica, metric)
    return (count * (rtt_ms + wait_ms) if count else 0.0) + replica.service_ms(metric, p)


def reported_metric(workload: Workload) -> Metric:
    """Return the metric that a plan reports percentiles of: that of the first SLO, ``e2e`` without one."""
    return workload.slo[0].metric if workload.slo else "e2e"
