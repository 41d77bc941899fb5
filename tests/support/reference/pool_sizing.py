"""What a pool carries, and how the evaluator sizes it: plain twins.

The Erlang recursion with the Allen-Cunneen factor, the birth-death chain of a model's slots, the slack that the
farthest of a pool's flows leaves; and the kernel's rule, which reads tables instead.
"""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from math import ceil, exp, log
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import gamma

from siteopt.instance import Solution
from support.reference import evaluator as reference
from support.reference.queueing import max_load, pool_rates

if TYPE_CHECKING:
    from siteopt.instance import Instance
    from siteopt.scenario import Scenario
    from siteopt.scenario.schema import Slo, Workload

#: By the design, carried loads are lowered by this share against the tolerance of a solver.
SHRINK = 1e-6


class Physics:
    """What pools carry, from the scenario alone but for the batch rates of models."""

    def __init__(self, scenario: Scenario, instance: Instance) -> None:
        self._scenario, self._instance = scenario, instance
        self.carries = cache(self._carries)

    def has_tail(self, v: int) -> bool:
        workload = self._workload(v)
        return workload.sizing == "tail" and any(slo.metric != "tpot" for slo in workload.slo)

    def _carries(self, v: int, n: int, rtt_ms: float) -> float:
        """Calls per second that ``n`` replicas of a variant carry when their farthest flow is ``rtt_ms`` away."""
        workload, rps = self._workload(v), float(self._instance.variants.rps[v])
        if n == 0:
            return 0.0
        capped = n * rps * (1.0 if workload.sizing == "linear" else self._scenario.policy.utilisation_cap)
        if not self.has_tail(v):
            return capped
        timed = [slo for slo in workload.slo if slo.metric != "tpot"]
        bounds = [self._within(v, n, self._slack_ms(v, slo) - rtt_ms, slo.percentile) for slo in timed]
        return min(capped, min(bounds) * (1.0 - SHRINK) / workload.burst_factor)

    def _slack_ms(self, v: int, slo: Slo) -> float:
        """What an SLO leaves to one round trip and wait: ``calls x (rtt + wait) + service <= ms``."""
        workload = self._workload(v)
        calls = workload.calls_per_request if slo.metric == "e2e" else 1.0
        if workload.service is None:  # how long models take is the roofline's, and has a twin of its own
            timed = [each for each in workload.slo if each.metric != "tpot"]
            return self._instance.variants.rooms[v][timed.index(slo)][0]
        mean, scv = calls * workload.service.ms, workload.service.scv / calls
        quantile = mean if scv == 0.0 else float(gamma.ppf(slo.percentile, 1.0 / scv, scale=mean * scv))
        return (slo.ms - quantile) / calls

    def _within(self, v: int, n: int, slack_ms: float, percentile: float) -> float:
        workload, slack = self._workload(v), max(0.0, slack_ms)
        if workload.service is None or workload.replica is None:
            queue = self._instance.variants.queue[v]
            assert queue is not None
            return chain_max_rps(tuple(queue.replica.completion_rps), n, slack, percentile)
        rps = workload.replica.rps
        slots = workload.service.slots or max(1, round(rps * workload.service.ms / 1000.0))
        holding_ms = 1000.0 * slots / rps
        return max_load(n * slots, slack, holding_ms, workload.service.scv, percentile) / holding_ms * 1000.0

    def _workload(self, v: int) -> Workload:
        return self._scenario.workloads[self._instance.variants.workload[v]]


@cache
def _log_departures(rates: tuple[float, ...], n: int) -> np.ndarray:
    return np.log(pool_rates(np.array(rates), n, 0))


@cache
def chain_max_rps(rates: tuple[float, ...], n: int, slack_ms: float, percentile: float) -> float:
    """Largest rate of a pool of models, one queue without end over all slots, by bisection."""
    capacity, departures = n * rates[-1], _log_departures(rates, n)

    def late(rate: float) -> float:
        logs = np.cumsum(log(rate) - departures)
        full = exp(logs[-1] - logs.max()) / (1.0 - rate / capacity)
        below = exp(-logs.max()) + np.exp(logs[:-1] - logs.max()).sum()
        return full / (below + full) * exp(-(capacity - rate) * slack_ms / 1000.0)

    low, high = 0.0, capacity
    for _ in range(100):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if late(middle) <= 1.0 - percentile else (low, middle)
    return low


# ---------------------------------------------------------------------- twin of the kernel


def fewest_replicas(instance: Instance, v: int, slack_tier: int, peak: float) -> int:
    """Fewest replicas, one at least, that carry ``peak`` within the cap and the slack tier's table, one by one."""
    wanted, n = peak * (1.0 - reference.SLACK), 1
    table = list(instance.slack_tiers.table(slack_tier, optimistic=False)) if slack_tier >= 0 else None
    while n * instance.variants.usable_rps[v] < wanted or (table is not None and _carried(table, n) < wanted):
        n += 1
    return n


def _carried(table: list[float], n: int) -> float:
    """Entry ``n``; beyond the end, the last step once more for each replica."""
    last = len(table) - 1
    return table[n] if n <= last else table[last] + (n - last) * (table[last] - table[last - 1])


def slack_tier_counts(instance: Instance, share: np.ndarray) -> list[dict[int, int]]:
    """Flows of each pool by slack tier."""
    counts: list[dict[int, int]] = [{} for _ in instance.pools.site]
    for a in np.flatnonzero(share > 0.0):
        here, slack_tier = counts[instance.arcs.pool[a]], int(instance.arcs.slack_tier[a])
        here[slack_tier] = here.get(slack_tier, 0) + 1
    return counts


def carried(instance: Instance, option: np.ndarray, share: np.ndarray, unserved: np.ndarray) -> Solution:
    """A search state written out: the fewest replicas and modules that carry the shares."""
    pools, options = instance.pools, instance.options
    peak = [0.0] * len(pools.site)
    for a in np.flatnonzero(share > 0.0):
        peak[instance.arcs.pool[a]] += share[a] * instance.demands.peak_rps[instance.arcs.demand[a]]
    replicas, it_mw = np.zeros(len(pools.site), dtype=np.int32), [0.0] * len(option)
    for p, slack_tiers in enumerate(slack_tier_counts(instance, share)):
        v = int(pools.variant[p])
        if slack_tiers:
            replicas[p] = fewest_replicas(instance, v, min(slack_tiers), peak[p])
        it_mw[pools.site[p]] += replicas[p] * instance.variants.replica_mw[v]
    modules = np.zeros(len(option), dtype=np.int32)
    for j in np.flatnonzero(option >= 0):
        o = option[j]
        needed = ceil(it_mw[j] / options.module_mw[o] * (1 - reference.SLACK) - reference.TINY)
        modules[j] = max(options.min_modules[o], needed)
    return Solution(option, modules, replicas, share, unserved)


def broken_rules(instance: Instance, solution: Solution) -> set[str]:
    """Names of the rules that a solution breaks, ``rivals`` among them."""
    pools, used = instance.pools, set()
    workload = instance.variants.workload[pools.variant]
    for p in {int(p) for p in instance.arcs.pool[solution.share > 0.0]}:
        used.add((int(pools.site[p]), int(workload[p]), p))
    twice = any(a[:2] == b[:2] for a, b in pairwise(sorted(used)))
    return reference.broken_rules(instance, solution) | ({"rivals"} if twice else set())
