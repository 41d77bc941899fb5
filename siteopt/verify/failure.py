"""The plan once a site is lost: where its protected flows go, how full the pools are, and how long calls wait."""

from __future__ import annotations

from collections import defaultdict
from functools import cached_property
from math import inf
from typing import TYPE_CHECKING

from siteopt.verify.facts import Facts
from siteopt.verify.service import latency_ms

if TYPE_CHECKING:
    from collections.abc import Iterator

    from siteopt.plan import FailurePlan, FlowPlan, MovePlan
    from siteopt.scenario.schema import Slo, Workload
    from siteopt.verify.facts import Journey, Pool
    from siteopt.verify.queue import Tail


def degraded(workload: Workload) -> tuple[Slo, ...]:
    """Return the SLOs of a workload after a failure: the first one relaxed, if it is protected."""
    if workload.protect is None or not workload.slo:
        return workload.slo
    return (workload.slo[0].model_copy(update={"ms": workload.protect.slo_ms}), *workload.slo[1:])


class Failure:
    """The loss of a site, and what the plan does about it.

    Moves that name something unknown, or a site without a pool, are left out of the sums here.

    Attributes
    ----------
    site : str
        The one that is lost.
    row : FailurePlan or None
        What the plan says about it.
    displaced : dict
        Share of each protected demand that the site served.
    moves : list of MovePlan
        Those of known demands to known sites.
    moved_rps, moved_erlang : dict
        Per pool: calls per second at peak that move there, and the replicas that they keep busy.
    """

    def __init__(self, facts: Facts, site: str, row: FailurePlan | None) -> None:
        self.facts, self.site, self.row = facts, site, row
        self.displaced: dict[tuple[str, str], float] = defaultdict(float)
        for flow in self.lost(protected=True):
            self.displaced[flow.region, flow.workload] += flow.share
        named = row.moves if row is not None else ()
        self.moves = [m for m in named if (m.region, m.workload) in facts.demand and m.site in facts.sites]
        self.moved_rps: dict[Pool, float] = defaultdict(float)
        self.moved_erlang: dict[Pool, float] = defaultdict(float)
        for move in self.moves:
            pool = self.pool(move)
            replica = facts.replica(pool) if pool is not None else None
            if pool is not None and replica is not None:
                self.moved_rps[pool] += facts.calls_rps(move, move.share)
                self.moved_erlang[pool] += facts.calls_rps(move, move.share) / replica.rps

    def lost(self, *, protected: bool) -> Iterator[FlowPlan]:
        """Yield the flows that the site served, of workloads that are protected or of those that are not."""
        for flow in self.facts.flows:
            if flow.site == self.site:
                workload = self.facts.workloads[flow.workload]
                if (workload.protect is not None) is protected:
                    yield flow

    def pool(self, move: Journey) -> Pool | None:
        """Return the pool that takes a move; None where none is left."""
        return None if move.site == self.site else self.facts.standing.get((move.site, move.workload))

    def busy(self, pool: Pool) -> float:
        """Return the replicas kept busy at peak after the failure."""
        return self.facts.peak_erlang.get(pool, 0.0) + self.moved_erlang.get(pool, 0.0)

    def tail(self, pool: Pool) -> Tail | None:
        """Return the waiting time after the failure; None where its tail does not size the pool."""
        if not self.moved_rps.get(pool):
            return self.facts.tail(pool)
        return self.facts.waits(pool, self.facts.peak_rps.get(pool, 0.0) + self.moved_rps[pool])

    def members(self, pool: Pool) -> list[Journey]:
        """Return all flows of a pool after the failure: its own, and those that moved there."""
        own: list[Journey] = [flow for flow in self.facts.flows if self.facts.pool(flow) == pool]
        return [*own, *(move for move in self.moves if self.pool(move) == pool)]

    def latency_ms(self, move: MovePlan) -> float | None:
        """Return the latency of a move at the percentile of its first SLO, the wait included, ms.

        None where it has none for want of a pool or a route, ``inf`` where the queue grows without end.
        """
        slo, pool = self.facts.workloads[move.workload].slo, self.pool(move)
        replica = self.facts.replica(pool) if pool is not None else None
        if pool is None or replica is None or not slo:
            return None
        tail, p, rtt_ms = self.tail(pool), slo[0].percentile, self.facts.rtt_ms(move)
        wait_ms = tail.quantile_ms(p) if tail is not None else 0.0
        if rtt_ms == inf:
            return None
        return latency_ms(replica, slo[0].metric, rtt_ms, p, wait_ms)

    @property
    def spare_mw(self) -> float:
        """IT power of replicas of protected workloads elsewhere that may be busy but are not, MW."""
        spare = 0.0
        for pool, replicas in self.facts.replicas.items():
            replica, workload = self.facts.replica(pool), self.facts.workloads[pool[1]]
            here = pool[0] in self.facts.open and pool[0] != self.site and replicas > 0
            if here and replica is not None and workload.protect is not None:
                idle = max(0.0, self.facts.usable(pool) - self.busy(pool))
                spare += idle * replica.kw / 1000.0
        return spare


class SurvivalFacts(Facts):
    """Facts, and what becomes of the pools once a site is lost."""

    @cached_property
    def failures(self) -> dict[str, Failure]:
        """What becomes of the pools if a site is lost, per open site; nothing where no workload is protected."""
        if all(workload.protect is None for workload in self.workloads.values()):
            return {}
        rows = {row.site: row for row in reversed(self.plan.n_minus_1)}
        return {site: Failure(self, site, rows.get(site)) for site in self.open}
