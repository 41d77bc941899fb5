"""The scenario file as typed objects: what a planner may say, in which units, within which ranges.

This is the only place where pydantic is used. Everything is frozen; keys that are not named here are errors,
because a key that is silently ignored is a wrong answer. Rules that span several objects (unknown ids, duplicate
ids, a network in two pieces) are in :mod:`siteopt.scenario.checks`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, Strict, model_validator

Tier = Literal["device", "enclosure", "micro", "regional", "hyperscale"]
Status = Literal["candidate", "existing", "forced", "forbidden"]
Sizing = Literal["linear", "utilisation", "tail"]
Metric = Literal["ttft", "tpot", "e2e"]
Precision = Literal["bf16", "fp8", "fp4"]

# Ranges are wide enough for any real planner and narrow enough to catch a wrong unit.
Id = Annotated[str, Strict(), Field(min_length=1, max_length=200)]
Latitude = Annotated[float, Strict(), Field(ge=-90, le=90)]
Longitude = Annotated[float, Strict(), Field(ge=-180, le=180)]
Mw = Annotated[float, Strict(), Field(ge=0, le=1e6)]
Usd = Annotated[float, Strict(), Field(ge=0, le=1e13)]
UsdPerUnit = Annotated[float, Strict(), Field(ge=0, le=1e9)]
Ms = Annotated[float, Strict(), Field(ge=0, le=1e8)]
PositiveMs = Annotated[float, Strict(), Field(gt=0, le=1e8)]
Positive = Annotated[float, Strict(), Field(gt=0, le=1e9)]
NonNegative = Annotated[float, Strict(), Field(ge=0, le=1e9)]
Fraction = Annotated[float, Strict(), Field(gt=0, le=1)]
Count = Annotated[int, Strict(), Field(ge=1, le=1_000_000)]
Flag = Annotated[bool, Strict()]


def _jurisdiction_rule(value: Any) -> Any:
    """Accept a word or a list of ids, and say so in one error instead of one for each alternative."""
    if isinstance(value, str) and value:
        return value
    if isinstance(value, list | tuple) and value and all(isinstance(v, str) and v for v in value):
        return tuple(value)
    raise ValueError('should be "any", "same", the name of a group, or a list of jurisdiction ids')


JurisdictionRule = Annotated[str | tuple[str, ...], BeforeValidator(_jurisdiction_rule)]


class _Model(BaseModel):
    model_config = ConfigDict(
        extra="forbid", frozen=True, allow_inf_nan=False, use_attribute_docstrings=True, populate_by_name=True
    )


class Horizon(_Model):
    """Over how long costs are counted, and at which discount rate."""

    years: Annotated[float, Strict(), Field(ge=1, le=60)] = 10.0
    """Years of operation that the plan pays for."""
    discount_rate: Annotated[float, Strict(), Field(ge=0, le=1)] = 0.07
    """Real discount rate per year; yearly costs are paid at the end of each year."""


class Jurisdiction(_Model):
    """A legal territory, and the groups that it belongs to."""

    id: Id
    groups: tuple[Id, ...] = ()
    """Groups such as "EU" that a workload may name instead of listing ids."""


class NetworkNode(_Model):
    """A point of presence of the backbone."""

    id: Id
    lat: Latitude
    lon: Longitude
    jurisdiction: Id


class NetworkLink(_Model):
    """An undirected link of the backbone. Give ``km`` or ``latency_ms``, not both."""

    from_node: Id = Field(alias="from")
    to_node: Id = Field(alias="to")
    km: Annotated[float, Strict(), Field(ge=0, le=50_000)] | None = None
    """Length, km; multiplied by the route factor and the propagation time."""
    latency_ms: Ms | None = None
    """One-way latency, ms, where it was measured."""

    @model_validator(mode="after")
    def _one_of(self) -> NetworkLink:
        if (self.km is None) == (self.latency_ms is None):
            raise ValueError('give exactly one of "km" and "latency_ms"')
        return self


class Latency(_Model):
    """How distance becomes round-trip time.

    ``rtt_ms = access_ms + 2 x km x route_factor x us_per_km / 1000 + 2 x per_hop_ms x hops``. The defaults
    reproduce the round trips between cloud regions in Europe (19.55 us per great-circle km, 4.3 ms).
    """

    us_per_km: Annotated[float, Strict(), Field(ge=0, le=1000)] = 4.9
    """One-way propagation in fibre, microseconds per km (4.9 is light at a refractive index of 1.468)."""
    route_factor: Annotated[float, Strict(), Field(ge=1, le=20)] = 2.0
    """Length of the fibre over the length given (Bozkurt et al. 2018: 1.3 best conduit, 2.1 observed)."""
    per_hop_ms: Ms = 0.0
    """One-way delay added by each backbone link that is crossed, ms."""
    access_ms: Ms = 4.3
    """Round trip of the last mile and the site's own network, ms, added to every flow."""


class Network(_Model):
    """The backbone. Without nodes, distance is the great circle between region and site."""

    nodes: tuple[NetworkNode, ...] = ()
    links: tuple[NetworkLink, ...] = ()
    latency: Latency = Latency()


class Existing(_Model):
    """What stands at an existing site already; its cost is sunk."""

    design: Id
    modules: Count


class Site(_Model):
    """A place that may host inference: a substation, a campus or a hub."""

    id: Id
    name: str = ""
    lat: Latitude
    lon: Longitude
    tier: Tier
    jurisdiction: Id
    zone: Id | None = None
    """Grid zone, for grid limits per zone."""
    node: Id | None = None
    """Backbone node that the site hangs on; the nearest one where absent."""
    status: Status = "candidate"
    """``existing`` sites are open, their modules sunk; ``forced`` ones must be built; ``forbidden`` ones may not."""
    existing: Existing | None = None
    headroom_mw: Mw
    """Firm power at the connection that the load of this plan may draw, cooling and losses included, MW."""
    designs: tuple[Id, ...] = Field(min_length=1)
    """Designs that may be built here."""
    price_usd_per_mwh: Annotated[float, Strict(), Field(ge=0, le=1e5)]
    demand_charge_usd_per_mw_year: UsdPerUnit = 0.0
    """Yearly charge per MW of peak facility power."""
    carbon_g_per_kwh: Annotated[float, Strict(), Field(ge=0, le=5000)] = 0.0
    connection_usd: Usd = 0.0
    land_usd: Usd = 0.0
    egress_usd_per_gb: UsdPerUnit | None = None
    """Price per GB that leaves the site towards users; the policy's price where absent."""


class GridLimit(_Model):
    """Sum over sites of coefficient x facility power may not exceed ``limit_mw``.

    The sites are those of one zone, those of one jurisdiction, or those named with a coefficient (a row of a PTDF).
    """

    id: Id
    limit_mw: Mw
    zone: Id | None = None
    jurisdiction: Id | None = None
    coefficients: dict[str, Annotated[float, Strict(), Field(ge=-1e3, le=1e3)]] | None = None
    """Coefficient by site id; one below zero counts as zero, because relief may not be drawn."""

    @model_validator(mode="after")
    def _one_of(self) -> GridLimit:
        if sum(v is not None for v in (self.zone, self.jurisdiction, self.coefficients)) != 1:
            raise ValueError('give exactly one of "zone", "jurisdiction" and "coefficients"')
        return self


class Design(_Model):
    """A kind of facility, built in modules."""

    id: Id
    tiers: tuple[Tier, ...] = Field(min_length=1)
    """Tiers of the sites where it may stand."""
    module_mw: Annotated[float, Strict(), Field(gt=0, le=1e4)]
    """Nameplate IT power of one module, MW."""
    max_modules: Count
    pue: Annotated[float, Strict(), Field(ge=1, le=5)]
    """Power usage effectiveness (ISO/IEC 30134-2): facility power over IT power."""
    usable_fraction: Fraction = 1.0
    """Share of the nameplate that IT may draw; redundancy, UPS and cooling margins taken off."""
    fixed_usd: Usd
    usd_per_module: Usd
    staff_usd_per_year: Usd = 0.0


class Service(_Model):
    """Time in service of one call on an unloaded replica, in terms of the metric that the SLO names."""

    ms: PositiveMs
    """Mean, ms."""
    scv: Annotated[float, Strict(), Field(ge=0, le=100)] = 0.0
    """Squared coefficient of variation; the quantiles are those of a gamma distribution, 0 is a fixed time."""
    slots: Count | None = None
    """Calls that one replica works on at a time; where absent, as many as its rate and this time imply."""


class Replica(_Model):
    """The smallest group of accelerators that serves the workload."""

    rps: Positive
    """Calls per second at full load."""
    kw: Annotated[float, Strict(), Field(gt=0, le=1e5)]
    """IT power at full load, kW."""
    usd: Usd
    """Purchase, USD."""
    idle_fraction: Annotated[float, Strict(), Field(ge=0, le=1)] = 0.2
    """Power without load over power at full load; the rest grows linearly with load."""


class Slo(_Model):
    """A flow must answer within ``ms`` in the given share of cases."""

    metric: Metric
    """``ttft``, one round trip and one service; ``e2e``, as many of both as the request makes calls;
    ``tpot``, the time per output token of a model, which distance does not touch."""
    ms: PositiveMs
    percentile: Annotated[float, Strict(), Field(ge=0.5, lt=1)] = 0.99


class AcceleratorEntry(_Model):
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


class ModelEntry(_Model):
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


class Workload(_Model):
    """A class of requests with one model, one SLO and one set of rules.

    What a replica is comes either from ``service`` and ``replica``, or from ``model`` on ``accelerators``.
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
    """Rate that tails are sized for, over the peak rate; for bursts shorter than the busy hour's mean."""
    slo: tuple[Slo, ...] = ()
    """Empty for batch and training."""
    tiers: tuple[Tier, ...] = Field(min_length=1)
    """Tiers that it may run on."""
    jurisdictions: JurisdictionRule = "any"
    """Where it may be served: "any", "same" as the region, a group, or a list of ids."""
    sovereign_route: Flag = False
    """Whether the route, too, must stay in the allowed jurisdictions."""
    splittable: Flag = True
    """Whether one region's demand may be shared between several sites."""
    gb_in: NonNegative = 0.0
    """GB sent with one request."""
    gb_out: NonNegative = 0.0
    """GB answered to one request."""
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


class Region(_Model):
    """Where requests come from."""

    id: Id
    name: str = ""
    lat: Latitude
    lon: Longitude
    jurisdiction: Id
    population: Annotated[int, Strict(), Field(ge=0, le=10_000_000_000)] | None = None


class Demand(_Model):
    """Requests of one workload from one region."""

    region: Id
    workload: Id
    peak_rps: Positive
    """Requests per second in the busy hour; sizes the replicas."""
    mean_rps: Positive
    """Requests per second averaged over the year; pays for energy and traffic."""

    @model_validator(mode="after")
    def _mean_below_peak(self) -> Demand:
        if self.mean_rps > self.peak_rps:
            raise ValueError(
                f"mean_rps {self.mean_rps:g} exceeds peak_rps {self.peak_rps:g}; the peak is the larger"
            )
        return self


class Policy(_Model):
    """Limits and prices that hold for the plan as a whole."""

    budget_usd: Usd | None = None
    """Most capital that may be spent: land, connections, facilities and accelerators."""
    max_sites: Annotated[int, Strict(), Field(ge=0, le=1_000_000)] | None = None
    """Most sites that may be newly built; existing ones do not count."""
    utilisation_cap: Fraction = 0.8
    """Highest utilisation of a pool at peak, for workloads sized by ``utilisation`` or ``tail``."""
    dispatch_efficiency: Fraction = 1.0
    """Share of its rate that a pool of models keeps although requests are dispatched to single replicas."""
    server_cost_factor: Annotated[float, Strict(), Field(ge=1, le=10)] = 1.4
    """Price of a server over that of its accelerators, for models on catalogue accelerators."""
    carbon_usd_per_t: UsdPerUnit = 0.0
    egress_usd_per_gb: UsdPerUnit = 0.0
    """Price per GB that leaves a site towards users, where the site names none."""
    transit_usd_per_gb: UsdPerUnit = 0.0
    """Price per GB, in and out, of flows that cross a backbone link (of every flow where there is no network)."""


class Scenario(_Model):
    """One planner's numbers: the whole input of siteopt."""

    schema_version: Literal[1]
    name: str = ""
    horizon: Horizon = Horizon()
    jurisdictions: tuple[Jurisdiction, ...] = Field(min_length=1)
    network: Network = Network()
    sites: tuple[Site, ...] = Field(min_length=1)
    grid_limits: tuple[GridLimit, ...] = ()
    designs: tuple[Design, ...] = Field(min_length=1)
    accelerators: tuple[AcceleratorEntry, ...] = ()
    models: tuple[ModelEntry, ...] = ()
    workloads: tuple[Workload, ...] = Field(min_length=1)
    regions: tuple[Region, ...] = Field(min_length=1)
    demand: tuple[Demand, ...] = Field(min_length=1)
    policy: Policy = Policy()
