"""Workloads on accelerators: rate, power and price of a replica, its times without load, and its queue."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from siteopt.compile.deployment import ModelTimes, deploy
from siteopt.physics.serving.pool import ModelQueue, ServiceQueue
from siteopt.physics.serving.service import service_quantile_ms
from siteopt.scenario.hardware import accelerator_terms
from siteopt.units import KW_PER_MW, life_cycle

if TYPE_CHECKING:
    from siteopt.physics.serving.configs import Config
    from siteopt.physics.serving.pool import PoolQueue
    from siteopt.plan import Data
    from siteopt.scenario.schema import Cooling, Replica, Scenario, Service, Slo, Workload

#: Name of the accelerator where a workload states its replica itself.
STATED_REPLICA = "replica"


class Times(Protocol):
    """Times of one request on an unloaded replica."""

    def quantile_ms(self, metric: str, percentile: float) -> float:
        """Return a quantile of the time in service in terms of a metric, all calls of the request included, ms."""


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
    """One workload on one accelerator, its data at home or in a replica.

    Attributes
    ----------
    workload : int
        Row of the workload in the scenario.
    accelerator : str
    data : {"home", "replica"} or None
        None where the data travel with the request.
    rps : float
        Calls per second of one replica at saturation.
    replica_mw, idle_fraction : float
        IT power at saturation, share of it without load.
    capex_usd, refresh_usd, salvage_usd : float
        Purchase of a replica; present values of buying it again and of what it is worth at the horizon.
    rack_kw, cooling : float, str
        Least rack that it needs (0: any), and cooling.
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
    capex_usd: float
    refresh_usd: float
    salvage_usd: float
    rack_kw: float
    cooling: Cooling
    times: Times
    queue: PoolQueue | None
    config: Config | None = None
    data: Data | None = None

    def rooms(self, workload: Workload, *, degraded: bool = False) -> tuple[Room, ...]:
        """Return the room of every SLO that round trips and waits count towards (all but the time per token).

        ``degraded``: after the loss of a site, which a protected workload's first SLO allows for.
        """
        return tuple(
            Room(
                (slo.ms - self.times.quantile_ms(slo.metric, slo.percentile))
                / calls_in(workload, slo.metric),
                slo.percentile,
            )
            for slo in (degraded_slo(workload) if degraded else workload.slo)
            if slo.metric != "tpot"
        )

    def largest_rtt_ms(self, workload: Workload, *, degraded: bool = False) -> float:
        """Return the longest round trip that meets every SLO without waiting, ms; ``inf`` without SLO, may be < 0."""
        return min((room.ms for room in self.rooms(workload, degraded=degraded)), default=float("inf"))


def degraded_slo(workload: Workload) -> tuple[Slo, ...]:
    """Return the SLOs of a protected workload after the loss of a site."""
    if workload.protect is None:
        return workload.slo
    first = workload.slo[0].model_copy(update={"ms": workload.protect.slo_ms})
    return (first, *workload.slo[1:])


def calls_in(workload: Workload, metric: str) -> float:
    """Return the calls that count towards a metric: all of a request end to end, one until the first token."""
    return workload.calls_per_request if metric == "e2e" else 1.0


def resolve_variants(scenario: Scenario) -> tuple[Variant, ...]:
    """Find the variants of a scenario, in the order of its workloads.

    Parameters
    ----------
    scenario : Scenario

    Returns
    -------
    tuple of Variant
    """
    variants: list[Variant] = []
    for k, workload in enumerate(scenario.workloads):
        found = []
        if workload.service is not None and workload.replica is not None:
            found.append(_stated(scenario, k, workload.service, workload.replica))
        for accelerator in workload.accelerators:
            variant = _deployed(scenario, k, accelerator)
            if variant is not None:
                found.append(variant)
        variants += [replace(variant, data=mode) for variant in found for mode in data_modes(workload)]
    return tuple(variants)


def data_modes(workload: Workload) -> tuple[Data | None, ...]:
    """Return where the calls of a workload's pools may find their data."""
    if workload.home is None:
        return (None,)
    return ("home",) if workload.replica_gb is None else ("home", "replica")


def _stated(scenario: Scenario, k: int, service: Service, replica: Replica) -> Variant:
    """Build the variant of a workload that states service time and replica itself."""
    workload = scenario.workloads[k]
    slots = service.slots or max(1, round(replica.rps * service.ms / 1000.0))
    queue = ServiceQueue(1000.0 * slots / replica.rps, service.scv, slots)
    refresh, salvage = _life_cycle(scenario, replica.life_years, replica.salvage_fraction)
    return Variant(
        workload=k,
        accelerator=STATED_REPLICA,
        rps=replica.rps,
        replica_mw=replica.kw / KW_PER_MW,
        idle_fraction=replica.idle_fraction,
        capex_usd=replica.usd,
        refresh_usd=refresh * replica.usd,
        salvage_usd=salvage * replica.usd,
        rack_kw=replica.rack_kw or 0.0,
        cooling=replica.cooling,
        times=ServiceTimes(service, workload.calls_per_request),
        queue=queue if _has_tail(workload) else None,
    )


def _deployed(scenario: Scenario, k: int, accelerator: str) -> Variant | None:
    """Build the variant of a model on an accelerator; None where no deployment meets the SLO."""
    workload = scenario.workloads[k]
    deployed, terms = deploy(scenario, workload, accelerator), accelerator_terms(scenario, accelerator)
    config, replica = deployed.choice.best, deployed.replica
    if config is None or replica is None:
        return None
    refresh, salvage = _life_cycle(scenario, terms.life_years, terms.salvage_fraction)
    return Variant(
        workload=k,
        accelerator=accelerator,
        rps=replica.capacity_rps,
        replica_mw=config.kw / KW_PER_MW,
        idle_fraction=deployed.idle_fraction,
        capex_usd=deployed.usd,
        refresh_usd=refresh * deployed.usd,
        salvage_usd=salvage * deployed.usd,
        rack_kw=terms.rack_kw,
        cooling=terms.cooling,
        times=ModelTimes(config, workload.calls_per_request),
        queue=ModelQueue(replica) if _has_tail(workload) else None,
        config=config,
    )


def _life_cycle(scenario: Scenario, life_years: float | None, salvage_fraction: float) -> tuple[float, float]:
    """Return refresh and salvage over the price; both 0 where the policy counts no refresh."""
    horizon = scenario.horizon
    life = life_years if scenario.policy.refresh else None
    return life_cycle(life, salvage_fraction, horizon.years, horizon.discount_rate)


def _has_tail(workload: Workload) -> bool:
    return workload.sizing == "tail" and any(slo.metric != "tpot" for slo in workload.slo)
