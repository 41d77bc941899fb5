"""Two curves of one workload on one accelerator: over the load of a pool, and over the sites that share its load."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf
from typing import TYPE_CHECKING

from siteopt.answers.pooling import replicas_needed
from siteopt.physics.serving import roofline
from siteopt.physics.serving.configs import CostBasis
from siteopt.physics.serving.pool import ModelQueue
from siteopt.physics.serving.replica_queue import llm_figures
from siteopt.plan import Percentiles
from siteopt.tolerances import NEGLIGIBLE_SHARE
from siteopt.units import KW_PER_MW

if TYPE_CHECKING:
    from collections.abc import Sequence

    from siteopt.compile import Variant
    from siteopt.compile.variants import Room
    from siteopt.physics.serving.pool import PoolQueue
    from siteopt.physics.serving.specs import Lengths, Setup
    from siteopt.scenario.schema import Workload

#: The percentiles shown.
PERCENTILES = (0.5, 0.95, 0.99)
#: Share of saturation from which on a pool is saturated.
FULL = 1.0 - NEGLIGIBLE_SHARE
#: Accelerators are written off in equal parts, energy is priced at the meter; utilisation is that of each point.
BASIS = CostBasis(accelerator_usd=0.0, server_cost_factor=1.0)


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """What the curves are of: a workload on an accelerator, and how its replicas behave.

    Attributes
    ----------
    variant : Variant
        Rate, power and price of a replica.
    queue : PoolQueue
    workload : Workload
    rooms : tuple of Room
        What each SLO leaves for round trip and wait.
    utilisation_cap : float
    rtt_ms : float
        Round trip that is taken from the SLOs.
    setup, lengths : Setup, Lengths or None
        Of the model; None where the workload has none.
    """

    variant: Variant
    queue: PoolQueue
    workload: Workload
    rooms: tuple[Room, ...]
    utilisation_cap: float
    rtt_ms: float = 0.0
    setup: Setup | None = None
    lengths: Lengths | None = None

    def usd_per_1k(self, replicas: float, busy: float) -> float:
        """Return write-off and energy for a thousand requests where ``busy`` of ``replicas`` serve all day."""
        variant, share = self.variant, busy / replicas
        kw = variant.replica_mw * KW_PER_MW * (variant.idle_fraction + (1.0 - variant.idle_fraction) * share)
        basis = replace(BASIS, accelerator_usd=variant.capex_usd, utilisation=share)
        return basis.usd_per_1k(variant.rps, 1, kw) * self.workload.calls_per_request


@dataclass(frozen=True, slots=True)
class LoadPoint:
    """A pool at one load; times are ``inf`` where the queue grows without end.

    Attributes
    ----------
    load : float
        Share of saturation.
    rps : float
        Calls per second of the whole pool.
    in_service : float
        Calls that one replica works on at a time, on average.
    ttft_ms, tpot_ms : float or None
        Means of a model at that batch; the first includes waiting.
    wait_ms : Percentiles
        Percentiles of waiting for a slot, at the load times the burst factor.
    latency_ms : Percentiles or None
        Percentiles of one request from end to end, without round trips; None for a model.
    spare_ms : float or None
        What the tightest SLO leaves for round trips, per call; below 0 it is missed. None without an SLO.
    tokens_per_s : float or None
        Tokens written by the whole pool.
    usd_per_1k : float
        Cost of a thousand requests if the load is the same day and night.
    """

    load: float
    rps: float
    in_service: float
    ttft_ms: float | None
    tpot_ms: float | None
    wait_ms: Percentiles
    latency_ms: Percentiles | None
    spare_ms: float | None
    tokens_per_s: float | None
    usd_per_1k: float


@dataclass(frozen=True, slots=True)
class PoolingPoint:
    """A fixed total load, shared evenly between some sites.

    Attributes
    ----------
    sites : int
    busy_per_site : float
        Replicas that the load of one site keeps busy.
    by_tail : int
        Replicas at all sites that keep the percentiles of waiting.
    replicas : int
        The same with the utilisation cap.
    extra : float
        Share of replicas beyond those at the fewest sites of the curve.
    utilisation : float
    usd_per_1k : float
    """

    sites: int
    busy_per_site: float
    by_tail: int
    replicas: int
    extra: float
    utilisation: float
    usd_per_1k: float


def load_curve(subject: Subject, replicas: int, loads: Sequence[float]) -> tuple[LoadPoint, ...]:
    """Compute latency, throughput and cost of one pool at loads given as shares of saturation, each above 0."""
    return tuple(_load_point(subject, replicas, load) for load in loads)


def pooling_curve(subject: Subject, total_rps: float, sites: Sequence[int]) -> tuple[PoolingPoint, ...]:
    """Compute replicas and cost where each number of sites shares a total load of ``total_rps`` calls per second."""
    variant, points, first = subject.variant, [], 0
    busy = total_rps / variant.rps
    for count in sites:
        need = replicas_needed(
            subject.queue,
            subject.rooms,
            total_rps / count,
            subject.utilisation_cap * variant.rps,
            rtt_ms=subject.rtt_ms,
            burst_factor=subject.workload.burst_factor,
        )
        replicas = count * need.replicas
        first = first or replicas
        points.append(
            PoolingPoint(
                sites=count,
                busy_per_site=busy / count,
                by_tail=count * need.tail,
                replicas=replicas,
                extra=replicas / first - 1.0,
                utilisation=busy / replicas,
                usd_per_1k=subject.usd_per_1k(replicas, busy),
            )
        )
    return tuple(points)


def _load_point(subject: Subject, replicas: int, load: float) -> LoadPoint:
    queue = subject.queue
    rps = load * replicas * subject.variant.rps
    wait = Percentiles(*(_wait_ms(subject, replicas, load, p) for p in PERCENTILES))
    left = [room.ms - _wait_ms(subject, replicas, load, room.percentile) for room in subject.rooms]
    in_service, ttft, tpot, latency = load * queue.slots, None, None, None
    if isinstance(queue, ModelQueue) and subject.setup is not None and subject.lengths is not None:
        saturated = replicas * queue.replica.capacity_rps
        figures = llm_figures(queue.replica, saturated if load >= FULL else rps, replicas)
        in_service = figures.in_service / replicas
        batch = max(in_service, 1.0)
        ttft = figures.wait_ms + float(roofline.ttft_ms(subject.setup, subject.lengths, batch))
        tpot = float(roofline.tpot_ms(subject.setup, subject.lengths, batch))
    else:
        latency = _latency(subject, wait)
    return LoadPoint(
        load=load,
        rps=rps,
        in_service=in_service,
        ttft_ms=ttft,
        tpot_ms=tpot,
        wait_ms=wait,
        latency_ms=latency,
        spare_ms=min(left, default=None),
        tokens_per_s=None if subject.lengths is None else rps * subject.lengths.output_tokens,
        usd_per_1k=subject.usd_per_1k(1.0, load),
    )


def _wait_ms(subject: Subject, replicas: int, load: float, percentile: float) -> float:
    """Return the wait at the load times the burst factor, ms; ``inf`` at saturation, whatever rounding says."""
    load *= subject.workload.burst_factor
    if load >= FULL:
        return inf
    return subject.queue.wait_quantile_ms(replicas, load * replicas * subject.variant.rps, percentile)


def _latency(subject: Subject, wait: Percentiles) -> Percentiles:
    """Add waits and service percentile by percentile, which errs on the safe side, since percentiles do not add."""
    calls = subject.workload.calls_per_request
    times = [subject.variant.times.quantile_ms("e2e", p) for p in PERCENTILES]
    return Percentiles(*(calls * w + t for w, t in zip((wait.p50, wait.p95, wait.p99), times, strict=True)))
