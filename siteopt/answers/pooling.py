"""How many replicas more a workload takes in many pools than it would in a single one.

A pool needs room for the fluctuations of its load, and their share of the load falls as the load grows, so many small
pools need more replicas than one. This is the strongest argument for centralising, so a plan that spreads a workload
says what that costs.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING

import numpy as np

from siteopt.compile import resolve_variants
from siteopt.compile.flows import Distances
from siteopt.compile.part import with_sites_of
from siteopt.physics.network.topology import build_topology
from siteopt.tolerances import ROUNDING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from siteopt.compile import Variant
    from siteopt.compile.variants import Room
    from siteopt.physics.serving.pool import PoolQueue
    from siteopt.plan import FlowPlan, Plan
    from siteopt.scenario.schema import Scenario

#: Most parts into which a load is split where it is too large for the queue's tables.
MOST_PARTS = 1 << 20


@dataclass(frozen=True, slots=True)
class Need:
    """The fewest replicas of a pool: ``tail`` for the waits that its SLOs allow, ``cap`` for the utilisation cap."""

    tail: int
    cap: int

    @property
    def replicas(self) -> int:
        """The fewest replicas that meet both."""
        return max(self.tail, self.cap)


@dataclass(frozen=True, slots=True)
class PoolingLine:
    """The replicas of one workload in a plan, against those of a single pool.

    Attributes
    ----------
    workload : str
    pools : int
        Number of pools that serve it.
    replicas : int
        Replicas in them.
    in_one_pool : int
        Replicas that one pool of each accelerator would need for the same load, with the round trips as they are
        in the plan: the pool answers to the longest of them.
    for_its_tail : int
        Replicas that the same pool would need without the utilisation cap. Where this is far below ``in_one_pool``,
        the cap sizes large pools, and spreading costs nothing as long as each of them stays large.
    """

    workload: str
    pools: int
    replicas: int
    in_one_pool: int
    for_its_tail: int

    @property
    def extra(self) -> float:
        """Replicas beyond those of one pool, as a share of these."""
        return self.replicas / self.in_one_pool - 1.0


def replicas_needed(
    queue: PoolQueue | None,
    rooms: Sequence[Room],
    rate_rps: float,
    usable_rps: float,
    *,
    rtt_ms: float = 0.0,
    burst_factor: float = 1.0,
) -> Need:
    """Find the fewest replicas with which one pool carries a rate.

    Parameters
    ----------
    queue : PoolQueue or None
        None where nothing waits.
    rooms : sequence of Room
        What each SLO leaves for round trip and wait; where the round trip exceeds it, no time is left to wait.
    rate_rps : float
        Calls per second.
    usable_rps : float
        Calls per second of one replica at the utilisation cap.
    rtt_ms : float
        Longest round trip of the pool's flows.
    burst_factor : float
        Factor on the rate for which tails are sized.
    """
    # 0.8 x 10 replicas carry a load of 8.
    cap = ceil(rate_rps / usable_rps * (1.0 - ROUNDING))
    if queue is None:
        return Need(0, cap)
    rate = rate_rps * burst_factor
    tails = [_tail(queue, rate, max(0.0, room.ms - rtt_ms), room.percentile) for room in rooms]
    return Need(max(tails, default=0), cap)


def pooling(scenario: Scenario, plan: Plan) -> tuple[PoolingLine, ...]:
    """Compare the replicas of a plan with those of one pool, for each served workload that is sized by its tail.

    Parameters
    ----------
    scenario : Scenario
    plan : Plan
        Evaluated or not; only its pools and flows are read.
    """
    variants = {
        (scenario.workloads[v.workload].id, v.accelerator): v
        for v in resolve_variants(scenario)
        if v.queue is not None
    }
    if not variants:
        return ()
    flows: dict[tuple[str, str], list[FlowPlan]] = {}
    for flow in plan.flows:
        flows.setdefault((flow.workload, flow.accelerator), []).append(flow)
    rtt_ms = _round_trips(with_sites_of(scenario, plan), plan)
    needs: dict[str, list[Need]] = {}
    for key, variant in variants.items():
        if key in flows:
            need = _in_one_pool(scenario, variant, flows[key], max(map(rtt_ms, flows[key])))
            needs.setdefault(key[0], []).append(need)
    return tuple(
        PoolingLine(id, len(sizes), sum(sizes), sum(n.replicas for n in parts), sum(n.tail for n in parts))
        for id, parts in needs.items()
        if (sizes := [pool.replicas for pool in plan.pools if pool.workload == id])
    )


def _in_one_pool(scenario: Scenario, variant: Variant, flows: Sequence[FlowPlan], rtt_ms: float) -> Need:
    workload, cap = scenario.workloads[variant.workload], scenario.policy.utilisation_cap
    peak = {d.region: d.peak_rps for d in scenario.demand if d.workload == workload.id}
    rate = workload.calls_per_request * sum(flow.share * peak[flow.region] for flow in flows)
    rooms, burst = variant.rooms(workload), workload.burst_factor
    return replicas_needed(variant.queue, rooms, rate, cap * variant.rps, rtt_ms=rtt_ms, burst_factor=burst)


def _round_trips(scenario: Scenario, plan: Plan) -> Callable[[FlowPlan], float]:
    """Return a function from a flow to the round trips of one call, ms, including those to data kept at home."""
    distances = Distances(scenario, build_topology(scenario))
    region = {r.id: i for i, r in enumerate(scenario.regions)}
    site = {s.id: j for j, s in enumerate(scenario.sites)}
    workloads = {w.id: w for w in scenario.workloads}
    asks_home = {(pool.site, pool.workload) for pool in plan.pools if pool.data == "home"}

    def rtt_ms(flow: FlowPlan) -> float:
        workload, rows = workloads[flow.workload], np.array([region[flow.region]], dtype=np.int32)
        home = workload.home if (flow.site, flow.workload) in asks_home else None
        trips = 0.0 if home is None else home.trips_per_call
        return float(distances.rule_ms(workload, rows, trips=trips)[0, site[flow.site]])

    return rtt_ms


def _tail(queue: PoolQueue, rate_rps: float, slack_ms: float, percentile: float) -> int:
    """Find the fewest replicas for one SLO; a load beyond the queue's tables is split into parts, which is safe."""
    parts = 1
    while (needed := queue.replicas_needed(rate_rps / parts, slack_ms, percentile)) < 0:
        parts *= 2
        if parts > MOST_PARTS:
            raise ValueError(f"no number of replicas carries {rate_rps:g} calls per second")
    return parts * needed
