"""What is asked for: workloads with their SLOs and rules, the hardware that serves them, and how much of each."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, Strict, ValidationInfo, field_validator, model_validator

from siteopt.scenario.quantities import (
    Cooling,
    Count,
    Flag,
    Id,
    Metric,
    NonNegative,
    Positive,
    PositiveMs,
    Precision,
    Rate,
    SchemaModel,
    Share,
    Sizing,
    Tier,
    Usd,
    UsdPerUnit,
    Years,
)


def _jurisdiction_rule(value: Any) -> Any:
    """Accept a word or a list of ids, and say so in one error instead of one for each alternative."""
    if isinstance(value, str) and value:
        return value
    if isinstance(value, list | tuple) and value and all(isinstance(v, str) and v for v in value):
        return tuple(value)
    raise ValueError('should be "any", "same", the name of a group, or a list of jurisdiction ids')


JurisdictionRule = Annotated[str | tuple[str, ...], BeforeValidator(_jurisdiction_rule)]


def _route_rule(value: Any) -> Any:
    """Accept a truth value or the word, and say so in one error instead of one for each alternative."""
    if isinstance(value, bool) or value == "fastest":
        return value
    raise ValueError('should be true, false or "fastest"')


RouteRule = Annotated[bool | Literal["fastest"], BeforeValidator(_route_rule)]


class Service(SchemaModel):
    """Time in service of one call on an unloaded replica, in terms of the metric that the SLO names."""

    ms: PositiveMs
    """Mean, ms."""
    scv: Annotated[float, Strict(), Field(ge=0, le=100)] = 0.0
    """Squared coefficient of variation; the quantiles are those of a gamma distribution, 0 is a fixed time."""
    slots: Count | None = None
    """Calls that one replica works on at a time; where absent, as many as its rate and this time imply."""


class Replica(SchemaModel):
    """The smallest group of accelerators that serves the workload."""

    rps: Positive
    """Calls per second at full load."""
    kw: Annotated[float, Strict(), Field(ge=1e-6, le=1e5)]
    """IT power at full load, kW."""
    usd: Usd
    """Purchase, USD."""
    idle_fraction: Annotated[float, Strict(), Field(ge=0, le=1)] = 0.2
    """Power without load over power at full load; the rest grows linearly with load."""
    rack_kw: Positive | None = None
    """Lowest rack power at which it can be installed, kW; any where absent."""
    cooling: Cooling = "air"
    """Cooling that it needs."""
    life_years: Years | None = None
    """Years until it is bought again (with ``policy.refresh``); never where absent."""
    salvage_fraction: Share = 0.0
    """Share of its price that it is worth at the end of its life."""


class Slo(SchemaModel):
    """A flow must answer within ``ms`` in the given share of cases."""

    metric: Metric
    """``ttft``, one round trip and one service; ``e2e``, as many of both as the request makes calls;
    ``tpot``, the time per output token of a model, which distance does not touch."""
    ms: PositiveMs
    percentile: Annotated[float, Strict(), Field(ge=0.5, lt=1)] = 0.99


class Home(SchemaModel):
    """Where a workload's data live, and how much each call uses them."""

    node: Id
    """Backbone node."""
    trips_per_call: NonNegative = 1.0
    """Round trips between the serving site and the data that one call makes one after the other."""
    gb_per_call: NonNegative = 0.0
    """GB that one call moves between the data and the serving site."""


class Protect(SchemaModel):
    """Survival of the loss of any one site."""

    slo_ms: PositiveMs
    """Limit of the first SLO after a failure, ms; at least the usual one."""


class AcceleratorEntry(SchemaModel):
    """An accelerator: figures that replace those of the catalogue's entry of this id, or all of a new one's."""

    id: Id
    family: Id | None = None
    """Hardware family, by which engine efficiencies are looked up."""
    memory_gb: Positive | None = None
    bandwidth_tb_s: Positive | None = None
    bf16_tflops: Positive | None = None
    fp8_tflops: NonNegative | None = None
    fp4_tflops: NonNegative | None = None
    link_gb_s: Positive | None = None
    """Bandwidth to its peers, GB/s per direction."""
    tdp_w: Positive | None = None
    server_factor: Annotated[float, Strict(), Field(ge=1, le=5)] | None = None
    """Power of the server under load over the TDP of its accelerators."""
    idle_fraction: Annotated[float, Strict(), Field(ge=0, le=1)] | None = None
    max_tp: Count | None = None
    """Most accelerators over which a layer is split."""
    price_usd: Usd | None = None
    rack_kw: Positive | None = None
    """Lowest rack power at which its server can be installed, kW."""
    cooling: Cooling | None = None
    """Cooling that its server needs."""
    life_years: Years | None = None
    """Years until it is bought again (with ``policy.refresh``)."""
    salvage_fraction: Share | None = None
    """Share of its price that it is worth at the end of its life."""


class ModelEntry(SchemaModel):
    """A transformer: figures that replace those of the catalogue's entry of this id, or all of a new one's."""

    id: Id
    params_b: Positive | None = None
    """Parameters, billions."""
    active_params_b: Positive | None = None
    """Parameters that one token passes through, billions."""
    layers: Count | None = None
    hidden: Count | None = None
    heads: Count | None = None
    attention_dim: Count | None = None
    kv_values_per_token: Positive | None = None
    """Values in the KV cache per token of context, all layers."""
    kv_shards: Count | None = None
    max_context: Annotated[int, Strict(), Field(ge=1, le=1_000_000_000)] | None = None
    experts: Count | None = None
    experts_per_token: Count | None = None


class Workload(SchemaModel):
    """A class of requests with one model, one SLO and one set of rules.

    A replica is stated by ``service`` and ``replica``, or follows from ``model`` on ``accelerators``.
    """

    id: Id
    sizing: Sizing = "utilisation"
    """``linear``: replicas carry their full rate; ``utilisation``: at most the policy's utilisation cap of it;
    ``tail``: besides that cap, as much as their queue carries within the SLO's percentile."""
    service: Service | None = None
    replica: Replica | None = None
    model: Id | None = None
    """Model of the catalogue, or of ``models``."""
    accelerators: tuple[Id, ...] = ()
    """Accelerators that may serve the model; a site uses at most one of them for the workload."""
    engine: Id = "vllm"
    """Inference engine, by which efficiencies are looked up."""
    precisions: tuple[Precision, ...] = ()
    """Precisions of the weights that are good enough; those that the hardware multiplies natively where empty."""
    input_tokens: NonNegative | None = None
    """Mean tokens read by one call."""
    output_tokens: Annotated[float, Strict(), Field(ge=1, le=1e7)] | None = None
    """Mean tokens written by one call."""
    network_share: Annotated[float, Strict(), Field(ge=0, lt=1)] = 0.25
    """Share of each SLO that the choice of batch leaves to round trips and waiting, for models."""
    calls_per_request: Annotated[float, Strict(), Field(ge=1, le=10_000)] = 1.0
    """Calls that an agent makes one after the other for one request."""
    burst_factor: Annotated[float, Strict(), Field(ge=1, le=100)] = 1.0
    """Rate that tails are sized for, over the peak rate; for bursts shorter than the busy hour's mean. The policy's
    utilisation cap holds at the peak rate itself."""
    slo: tuple[Slo, ...] = ()
    """Empty for batch and training."""
    tiers: tuple[Tier, ...] = Field(min_length=1)
    """Tiers that it may run on."""
    jurisdictions: JurisdictionRule = "any"
    """Where it may be served: "any", "same" as the region, a group, or a list of ids."""
    sovereign_route: RouteRule = False
    """Whether the route, too, must stay in the allowed jurisdictions, the region's own included: ``true`` takes the
    fastest route that stays in them; "fastest" admits a site only if the fastest route of all stays in them."""
    splittable: Flag = True
    """Whether one region's demand may be shared between several sites; after the loss of a site it is shared anew."""
    tenant: Id | None = None
    """Who it belongs to, for the policy's limits per tenant."""
    home: Home | None = None
    """Where its data live; without it the data travel with the request."""
    replica_gb: NonNegative | None = None
    """Size of a copy of its data, GB; where given, a serving site may hold one instead of using the data at home."""
    sync_gb_per_day: NonNegative | None = None
    """Traffic that keeps a copy up to date, GB per day."""
    protect: Protect | None = None
    """Whether its demand must survive the loss of any one site, and how fast it must be served then."""
    gb_in: NonNegative = 0.0
    """GB sent with one request."""
    gb_out: NonNegative = 0.0
    """GB returned in answer to one request."""
    revenue_usd_per_1k: UsdPerUnit = 0.0
    """Revenue per thousand requests served."""
    unserved_usd_per_1k: UsdPerUnit | None = None
    """Penalty per thousand requests not served; where absent, every request must be served."""

    @model_validator(mode="after")
    def _one_source(self) -> Workload:
        stated = {"service": self.service, "replica": self.replica}
        of_model = {"input_tokens": self.input_tokens, "output_tokens": self.output_tokens}
        if self.model is None:
            missing = [k for k, v in stated.items() if v is None]
            extra = [k for k, v in of_model.items() if v is not None] + ["accelerators"] * bool(
                self.accelerators
            )
            needs, source = "service and replica", "without a model"
        else:
            missing = [k for k, v in of_model.items() if v is None] + ["accelerators"] * (
                not self.accelerators
            )
            extra = [k for k, v in stated.items() if v is not None]
            needs, source = "accelerators, input_tokens and output_tokens", "with a model"
        if missing or extra:
            wrong = f"{missing[0]} is missing" if missing else f"{extra[0]} does not belong"
            raise ValueError(f"a workload {source} takes {needs}: {wrong}")
        return self


class Demand(SchemaModel):
    """Requests of one workload from one region."""

    region: Id
    workload: Id
    peak_rps: Rate
    """Requests per second in the busy hour; sizes the replicas. A row of 0 in both rates is skipped."""
    mean_rps: Rate
    """Requests per second averaged over the year; pays for energy and traffic."""

    @field_validator("mean_rps")
    @classmethod
    def _mean_of_a_peak(cls, mean_rps: float, info: ValidationInfo) -> float:
        if mean_rps == 0.0 < info.data.get("peak_rps", 0.0):
            raise ValueError("should be greater than 0, not 0: it pays for energy and traffic")
        return mean_rps

    @model_validator(mode="after")
    def _mean_below_peak(self) -> Demand:
        if self.mean_rps > self.peak_rps:
            raise ValueError(
                f"mean_rps {self.mean_rps:g} exceeds peak_rps {self.peak_rps:g}; the peak is the larger"
            )
        return self
