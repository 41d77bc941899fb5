"""Latency of flows and of moves, in terms of the metric of their workload's first SLO."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from siteopt.compile import resolve_variants
from siteopt.compile.variants import calls_in

if TYPE_CHECKING:
    from siteopt.instance import Instance
    from siteopt.scenario.schema import Scenario

#: Percentiles that a plan reports.
PERCENTILES = (0.5, 0.95, 0.99)


class Latencies:
    """Latencies: round trips, service and wait added percentile by percentile; conservative, as percentiles do not add.

    Parameters
    ----------
    scenario : Scenario
    instance : Instance
        Compiled from it.
    """

    def __init__(self, scenario: Scenario, instance: Instance) -> None:
        self._scenario, self._instance = scenario, instance
        self.variants = resolve_variants(scenario)
        self._waits: dict[tuple[int, float, int, float], float] = {}

    def quantile_ms(
        self, pool: int, rtt_ms: float, peak_rps: float, replicas: int, percentile: float
    ) -> float:
        """Return the latency of one flow in a pool under a load, ms; ``inf`` where its queue grows without end.

        Parameters
        ----------
        pool : int
        rtt_ms : float
            Of one call, its trips to the data included.
        peak_rps : float
            Calls per second of all flows in the pool.
        replicas : int
        percentile : float
        """
        variant = self.variants[self._instance.pools.variant[pool]]
        workload = self._scenario.workloads[variant.workload]
        metric = workload.slo[0].metric if workload.slo else "e2e"
        service_ms = float(variant.times.quantile_ms(metric, percentile))
        if metric == "tpot":  # neither distance nor a wait for a slot comes between two tokens
            return service_ms
        wait_ms = self._wait_ms(pool, peak_rps, replicas, percentile)
        return calls_in(workload, metric) * (rtt_ms + wait_ms) + service_ms

    def _wait_ms(self, pool: int, peak_rps: float, replicas: int, percentile: float) -> float:
        v = int(self._instance.pools.variant[pool])
        queue = self._instance.variants.queue[v]
        if queue is None:
            return 0.0
        if replicas < 1:  # a hand-made plan may have forgotten the pool
            return inf
        key = v, peak_rps, replicas, percentile
        if key not in self._waits:
            rate = peak_rps * float(self._instance.variants.burst_factor[v])
            self._waits[key] = float(queue.wait_quantile_ms(replicas, rate, percentile))
        return self._waits[key]
