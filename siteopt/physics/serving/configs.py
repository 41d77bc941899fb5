"""The precision, tensor-parallel degree and batch that serve a workload cheapest on an accelerator, within its SLO.

Every combination of the catalogue is tried: for each precision and degree the largest batch that fits in
memory and meets the limits without waiting (throughput rises with the batch, so no smaller one is cheaper
per request). Combinations that fail are kept with the reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Literal

from siteopt.physics.serving import roofline
from siteopt.physics.serving.specs import PRECISIONS, Deployment, Setup
from siteopt.units import HOURS_PER_YEAR, KW_PER_MW, SECONDS_PER_YEAR

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from siteopt.physics.serving.specs import Accelerator, Engine, Lengths, Model

Metric = Literal["ttft", "tpot", "e2e"]


@dataclass(frozen=True, slots=True)
class Limit:
    """The most that a metric may be at the replica, ms, round trips already taken off."""

    metric: Metric
    ms: float


@dataclass(frozen=True, slots=True)
class CostBasis:
    """The prices and lives that turn a replica into a cost per request.

    Attributes
    ----------
    accelerator_usd, server_cost_factor : float
        Price of one accelerator, and of the server around it over that of its accelerators.
    life_years : float
        Straight-line write-off.
    usd_per_mwh, pue : float
        Price of energy at the meter, and facility over IT power.
    utilisation : float
        Mean share of saturation throughput over the year, in (0, 1].
    """

    accelerator_usd: float
    server_cost_factor: float = 1.4
    life_years: float = 5.0
    usd_per_mwh: float = 80.0
    pue: float = 1.4
    utilisation: float = 0.5

    def usd_per_1k(self, rps: float, accelerators: int, mean_kw: float) -> float:
        """Return the cost of a thousand requests: accelerators written off, and energy."""
        hardware = accelerators * self.accelerator_usd * self.server_cost_factor / self.life_years
        energy = mean_kw / KW_PER_MW * HOURS_PER_YEAR * self.pue * self.usd_per_mwh
        return 1000.0 * (hardware + energy) / (rps * self.utilisation * SECONDS_PER_YEAR)


@dataclass(frozen=True, slots=True)
class Config:
    """A way to deploy a replica, at its largest batch.

    Attributes
    ----------
    rps : float
        Requests per second at saturation.
    tpot_ms, ttft_ms, e2e_ms : float
        At the full batch, without waiting for a slot.
    kw : float
        Server power at saturation.
    usd_per_1k : float
        Cost of a thousand requests on the cost basis.
    bound_by : str
        What keeps the batch from being larger.
    """

    precision: str
    tp: int
    batch: int
    rps: float
    tpot_ms: float
    ttft_ms: float
    e2e_ms: float
    kw: float
    usd_per_1k: float
    bound_by: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """A precision and tensor-parallel degree that cannot serve the workload, and why."""

    precision: str
    tp: int
    reason: str


@dataclass(frozen=True, slots=True)
class Choice:
    """All configurations that meet the limits, cheapest per request first, and those that do not."""

    configs: tuple[Config, ...]
    rejected: tuple[Rejected, ...]

    @property
    def best(self) -> Config | None:
        """The cheapest per request; none where nothing meets the limits."""
        return self.configs[0] if self.configs else None


def native_precisions(model: Model, accelerator: Accelerator) -> tuple[str, ...]:
    """Return the precisions that the accelerator multiplies in hardware and the model comes in, widest first."""
    if model.fixed_precision:
        return (model.fixed_precision,)
    rates = (accelerator.bf16_tflops, accelerator.fp8_tflops, accelerator.fp4_tflops)
    return tuple(name for name, rate in zip(PRECISIONS, rates, strict=True) if rate > 0.0)


def enumerate_configs(
    model: Model,
    accelerator: Accelerator,
    lengths: Lengths,
    limits: Sequence[Limit],
    engine_of: Callable[[str], Engine],
    cost: CostBasis,
    *,
    precisions: Sequence[str] = (),
    max_batch: int = 512,
) -> Choice:
    """Try every precision and tensor-parallel degree; the cheapest per served request comes first.

    Parameters
    ----------
    limits : sequence of Limit
        SLO without waiting; empty for batch work.
    engine_of : callable
        Constants of the engine for weights of a precision (they differ for routed experts).
    precisions : sequence of str
        Those to try; `native_precisions` where empty. Quality is the caller's to judge.
    max_batch : int
        Most requests that the engine takes into one batch.

    Returns
    -------
    Choice
        On equal cost the smaller replica comes first.
    """
    configs: list[Config] = []
    rejected: list[Rejected] = []
    for precision in precisions or native_precisions(model, accelerator):
        for tp in _degrees(model, accelerator):
            setup = Setup(model, accelerator, engine_of(precision), Deployment(precision, tp))
            made = _config(setup, lengths, limits, cost, max_batch)
            if isinstance(made, Config):
                configs.append(made)
            else:
                rejected.append(made)
    configs.sort(key=lambda config: (config.usd_per_1k, config.tp))
    return Choice(tuple(configs), tuple(rejected))


def _degrees(model: Model, accelerator: Accelerator) -> list[int]:
    """Return the powers of two up to the accelerator's limit that divide the heads."""
    powers = [1 << k for k in range(accelerator.max_tp.bit_length())]
    return [tp for tp in powers if tp <= accelerator.max_tp and model.heads % tp == 0]


def _config(
    setup: Setup, lengths: Lengths, limits: Sequence[Limit], cost: CostBasis, max_batch: int
) -> Config | Rejected:
    """Find the largest batch of one precision and degree, or say why there is none."""
    precision, tp = setup.deployment.precision, setup.deployment.tp
    if lengths.total > setup.model.max_context:
        reason = f"a request of {lengths.total:g} tokens exceeds the context of {setup.model.max_context}"
        return Rejected(precision, tp, reason)
    slots = roofline.kv_slots(setup, lengths)
    if slots < 1:
        return Rejected(precision, tp, _memory_reason(setup, lengths))
    tightest = {m: min((x.ms for x in limits if x.metric == m), default=inf) for m in ("ttft", "tpot", "e2e")}
    batch = roofline.saturation_batch(
        setup, lengths, max_batch=max_batch, tpot_limit_ms=tightest["tpot"], ttft_limit_ms=tightest["ttft"],
        e2e_limit_ms=tightest["e2e"],
    )  # fmt: skip
    if batch < 1:
        return Rejected(precision, tp, _slo_reason(setup, lengths, tightest))
    tpot, ttft = (float(f(setup, lengths, batch)) for f in (roofline.tpot_ms, roofline.ttft_ms))
    rps = float(roofline.request_rps(setup, lengths, batch))
    mean_kw = float(roofline.replica_kw(setup.accelerator, tp, cost.utilisation))
    bound = "SLO"
    if batch == min(slots, max_batch):
        bound = "memory" if slots <= max_batch else "largest batch of the engine"
    return Config(
        precision, tp, batch, rps, tpot, ttft, ttft + tpot * (lengths.output_tokens - 1.0),
        float(roofline.replica_kw(setup.accelerator, tp, 1.0)), cost.usd_per_1k(rps, tp, mean_kw), bound,
    )  # fmt: skip


def _memory_reason(setup: Setup, lengths: Lengths) -> str:
    """Say that the weights and one request do not fit in the memory, with the sizes."""
    weights = roofline.weights_gb(setup.model, setup.deployment.precision)
    usable = setup.engine.memory_fraction * setup.accelerator.memory_gb * setup.deployment.accelerators
    request = roofline.kv_gb_per_token(setup.model, setup.deployment.precision) * lengths.total
    return f"weights of {weights:.1f} GB and {request:.2f} GB of KV per request do not fit in {usable:.1f} GB"


def _slo_reason(setup: Setup, lengths: Lengths, tightest: dict[str, float]) -> str:
    """Say which limits a single request misses, and by how much."""
    tpot, ttft = (float(f(setup, lengths, 1)) for f in (roofline.tpot_ms, roofline.ttft_ms))
    alone = {"ttft": ttft, "tpot": tpot, "e2e": ttft + tpot * (lengths.output_tokens - 1.0)}
    missed = [f"{m} {alone[m]:.1f} ms > {tightest[m]:g} ms" for m in alone if alone[m] > tightest[m]]
    return "already alone on the replica: " + ", ".join(missed)
