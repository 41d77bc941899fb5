"""Workloads on accelerators: rate, power and price of a replica, its times without load, and its queue."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from siteopt.compile.deployment import ModelTimes, deploy
from siteopt.serving.pool import ModelQueue, ServiceQueue
from siteopt.serving.service import service_quantile_ms
from siteopt.units import KW_PER_MW

if TYPE_CHECKING:
    from siteopt.scenario.schema import Replica, Scenario, Service, Workload
    from siteopt.serving.configs import Config
    from siteopt.serving.pool import PoolQueue

#: Name of the accelerator where a workload states its replica itself.
STATED_REPLICA = "replica"


class Times(Protocol):
    """Times of one request on an unloaded replica."""

    def quantile_ms(self, metric: str, percentile: float) -> float:
        """Quantile of the time in service in terms of a metric, all calls of the request included, ms."""


@dataclass(frozen=True, slots=True)
class ServiceTimes:
    """Times of a workload that states its service time."""

    service: Service
    calls: float

    def quantile_ms(self, metric: str, percentile: float) -> float:
        """See :class:`Times`.

        The calls of an agent follow each other and are independent, so their sum is again gamma: its mean grows
        with the calls, its squared coefficient of variation falls with them.
        """
        calls = self.calls if metric == "e2e" else 1.0
        return service_quantile_ms(calls * self.service.ms, self.service.scv / calls, percentile)


@dataclass(frozen=True, slots=True)
class Room:
    """What one SLO leaves to each round trip and wait of a request: ``rtt + wait_p <= ms`` at percentile p."""

    ms: float
    percentile: float


@dataclass(frozen=True, slots=True)
class Variant:
    """One workload on one accelerator.

    Attributes
    ----------
    workload : int
        Row of the workload in the scenario.
    accelerator : str
    rps : float
        Calls per second of one replica at saturation.
    replica_mw, idle_fraction, usd : float
        IT power at saturation, share of it without load, purchase.
    times : Times
    queue : PoolQueue or None
        None where the workload is not sized by its tail, or has no SLO that waiting could break.
    config : Config or None
        Deployment of a model: precision, degree, batch.
    """

    workload: int
    accelerator: str
    rps: float
    replica_mw: float
    idle_fraction: float
    usd: float
    times: Times
    queue: PoolQueue | None
    config: Config | None = None

    def rooms(self, workload: Workload) -> tuple[Room, ...]:
        """Room of every SLO that round trips and waits count towards (all but the time per token)."""
        return tuple(
            Room(
                (slo.ms - self.times.quantile_ms(slo.metric, slo.percentile))
                / calls_in(workload, slo.metric),
                slo.percentile,
            )
            for slo in workload.slo
            if slo.metric != "tpot"
        )

    def largest_rtt_ms(self, workload: Workload) -> float:
        """Longest round trip at which a flow without waiting still meets every SLO; ``inf`` without SLO, may be < 0."""
        return min((room.ms for room in self.rooms(workload)), default=float("inf"))


def calls_in(workload: Workload, metric: str) -> float:
    """Calls that count towards a metric: all of a request end to end, one until the first token."""
    return workload.calls_per_request if metric == "e2e" else 1.0


def resolve_variants(scenario: Scenario) -> tuple[Variant, ...]:
    """The variants of a scenario, workloads in order.

    Parameters
    ----------
    scenario : Scenario

    Returns
    -------
    tuple of Variant
    """
    variants: list[Variant] = []
    for k, workload in enumerate(scenario.workloads):
        if workload.service is not None and workload.replica is not None:
            variants.append(_stated(k, workload, workload.service, workload.replica))
        for accelerator in workload.accelerators:
            variant = _deployed(scenario, k, workload, accelerator)
            if variant is not None:
                variants.append(variant)
    return tuple(variants)


def _stated(k: int, workload: Workload, service: Service, replica: Replica) -> Variant:
    """A workload that states service time and replica itself."""
    slots = service.slots or max(1, round(replica.rps * service.ms / 1000.0))
    queue = ServiceQueue(1000.0 * slots / replica.rps, service.scv, slots)
    return Variant(
        workload=k,
        accelerator=STATED_REPLICA,
        rps=replica.rps,
        replica_mw=replica.kw / KW_PER_MW,
        idle_fraction=replica.idle_fraction,
        usd=replica.usd,
        times=ServiceTimes(service, workload.calls_per_request),
        queue=queue if _has_tail(workload) else None,
    )


def _deployed(scenario: Scenario, k: int, workload: Workload, accelerator: str) -> Variant | None:
    """A model on an accelerator; None where no deployment meets the SLO."""
    deployed = deploy(scenario, workload, accelerator)
    config, replica = deployed.choice.best, deployed.replica
    if config is None or replica is None:
        return None
    return Variant(
        workload=k,
        accelerator=accelerator,
        rps=replica.capacity_rps,
        replica_mw=config.kw / KW_PER_MW,
        idle_fraction=deployed.idle_fraction,
        usd=deployed.usd,
        times=ModelTimes(config, workload.calls_per_request),
        queue=ModelQueue(replica) if _has_tail(workload) else None,
        config=config,
    )


def _has_tail(workload: Workload) -> bool:
    return workload.sizing == "tail" and any(slo.metric != "tpot" for slo in workload.slo)
