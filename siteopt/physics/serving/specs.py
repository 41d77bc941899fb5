"""What the roofline needs to know of an accelerator, a model, an engine and a deployment.

Plain frozen dataclasses: the catalogue (``siteopt.scenario.catalogue``) holds the same figures with their
sources and hands them over by ``numbers()``, so that serving does not depend on how they were read.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf

#: Bytes per weight. FP4 carries one 8-bit scale for every 16 weights (NVFP4): 0.5 + 1/16.
WEIGHT_BYTES = {"bf16": 2.0, "fp8": 1.0, "fp4": 0.5625}
#: Bytes per value of the KV cache: engines keep it in 8 bits once the weights are quantised.
KV_BYTES = {"bf16": 2.0, "fp8": 1.0, "fp4": 1.0}
PRECISIONS = tuple(WEIGHT_BYTES)


@dataclass(frozen=True, slots=True)
class Accelerator:
    """One accelerator, and its share of the server around it.

    Attributes
    ----------
    memory_gb, bandwidth_tb_s : float
        Addressable memory, in units of 1e9 bytes, and its bandwidth.
    bf16_tflops : float
        Dense matrix throughput; 0 for `fp8_tflops` and `fp4_tflops` where the hardware has no such mode.
    link_gb_s : float
        Interconnect to its peers, GB/s per direction.
    tdp_w : float
        Thermal design power.
    server_factor : float
        Server power under load over the accelerators' TDP, at least 1.
    idle_fraction : float
        Server power without load over that under load, in [0, 1].
    max_tp : int
        Most accelerators over which a layer is sensibly split.
    """

    id: str
    family: str
    memory_gb: float
    bandwidth_tb_s: float
    bf16_tflops: float
    fp8_tflops: float
    fp4_tflops: float
    link_gb_s: float
    tdp_w: float
    server_factor: float
    idle_fraction: float
    max_tp: int

    def tflops(self, precision: str) -> float:
        """Return the matrix throughput for weights of a precision; without that mode, that of the next wider one."""
        modes = {
            "fp4": (self.fp4_tflops, self.fp8_tflops, self.bf16_tflops),
            "fp8": (self.fp8_tflops, self.bf16_tflops),
            "bf16": (self.bf16_tflops,),
        }
        return next(rate for rate in modes[precision] if rate > 0.0)


@dataclass(frozen=True, slots=True)
class Model:
    """A transformer. A dense one has no experts, and as many active parameters as parameters.

    Attributes
    ----------
    params_b, active_params_b : float
        Parameters, and those that one token passes through, in billions.
    attention_dim : int
        Width of one head in the attention products: the mean of the query-key and the value width.
    kv_values_per_token : float
        Values in the KV cache per token, all layers.
    kv_shards : int
        Parts into which tensor parallelism can divide the KV cache: KV heads, 1 for a latent one (MLA).
    window_tokens, window_fraction : float
        Sliding-window attention: window, and share of the layers that have it.
    fixed_precision : str
        Set where the weights are published in quantised form only (gpt-oss): its experts are always FP4
        (MXFP4), the rest bf16, and it is deployed as it is.
    """

    id: str
    params_b: float
    active_params_b: float
    layers: int
    hidden: int
    heads: int
    attention_dim: int
    kv_values_per_token: float
    kv_shards: int
    max_context: int
    experts: int = 0
    experts_per_token: int = 0
    window_tokens: float = inf
    window_fraction: float = 0.0
    fixed_precision: str = ""

    @property
    def expert_params_b(self) -> float:
        """Parameters in routed experts: the inactive ones, scaled to all experts."""
        if not self.experts:
            return 0.0
        return (self.params_b - self.active_params_b) / (1.0 - self.experts_per_token / self.experts)

    @property
    def shared_params_b(self) -> float:
        """Parameters that every token passes: attention, embeddings, shared experts; all of a dense model."""
        return self.params_b - self.expert_params_b

    @property
    def precisions(self) -> tuple[str, ...]:
        """Precisions in which it can be deployed."""
        return (self.fixed_precision,) if self.fixed_precision else PRECISIONS

    def kv_read_tokens(self, context: float) -> float:
        """Return the tokens of KV cache that a step reads, averaged over layers with and without a window."""
        return (1.0 - self.window_fraction) * context + self.window_fraction * min(
            context, self.window_tokens
        )


@dataclass(frozen=True, slots=True)
class Engine:
    """How much of the hardware an engine achieves, on one hardware family: the fitted constants.

    Attributes
    ----------
    eta_bw, eta_kv, eta_c, eta_prefill, eta_link : float
        In (0, 1]. Achieved share of memory bandwidth reading weights and reading KV; of matrix throughput in
        decode and in prefill; of the link in all-reduce.
    layer_us, layer_tp_us, layer_quantise_us : float
        Time per layer that no roof explains: launches and norms; latency of the all-reduces, and as much
        again per doubling of the accelerators; quantising the activations where the weights are FP8 or FP4.
    prefill_layer_us : float
        Extra time per layer of a step that holds a prefill, which no recorded launch graph covers.
    request_us : float
        Scheduling, sampling and detokenising, per request and step.
    eta_expert_bw, eta_expert_c : float
        As `eta_bw`, and a factor on `eta_c` and `eta_prefill`, for routed experts.
    expert_layer_us : float
        Routing, permutation and grouped launches, per layer.
    ttft_fixed_ms : float
        Tokenising, transport and scheduling before the first token.
    memory_fraction : float
        Share of the memory that the engine uses for weights and KV.
    """

    eta_bw: float
    eta_kv: float
    eta_c: float
    eta_prefill: float
    eta_link: float
    layer_us: float
    layer_tp_us: float
    layer_quantise_us: float
    prefill_layer_us: float
    request_us: float
    eta_expert_bw: float
    eta_expert_c: float
    expert_layer_us: float
    ttft_fixed_ms: float
    memory_fraction: float


@dataclass(frozen=True, slots=True)
class Deployment:
    """How one replica is spread over accelerators.

    Attributes
    ----------
    precision : str
        Of the weights.
    tp : int
        Accelerators that share an attention layer.
    attention_dp : int
        Groups of `tp` accelerators that each attend to their own part of the batch; the experts are spread
        over all groups, by tensor or by expert parallelism (the same to this model).
    """

    precision: str
    tp: int = 1
    attention_dp: int = 1

    def __post_init__(self) -> None:
        if self.precision not in WEIGHT_BYTES:
            raise ValueError(f"precision must be one of {', '.join(PRECISIONS)}: {self.precision!r}")
        if self.tp < 1 or self.attention_dp < 1:
            raise ValueError(f"tp and attention_dp must be at least 1: {self.tp}, {self.attention_dp}")

    @property
    def accelerators(self) -> int:
        """Accelerators in one replica."""
        return self.tp * self.attention_dp


@dataclass(frozen=True, slots=True)
class Lengths:
    """Mean tokens of a request: read (input) and written (output)."""

    input_tokens: float
    output_tokens: float

    def __post_init__(self) -> None:
        if self.input_tokens < 0.0 or self.output_tokens < 1.0:
            raise ValueError(f"needs input_tokens >= 0 and output_tokens >= 1: {self}")

    @property
    def context(self) -> float:
        """Mean context while decoding."""
        return self.input_tokens + 0.5 * self.output_tokens

    @property
    def total(self) -> float:
        """Context at the end of the answer: what a slot must have room for."""
        return self.input_tokens + self.output_tokens


@dataclass(frozen=True, slots=True)
class Setup:
    """A model on an accelerator under an engine, deployed in one way: all that the roofline depends on."""

    model: Model
    accelerator: Accelerator
    engine: Engine
    deployment: Deployment

    def with_engine(self, **constants: float) -> Setup:
        """Return the same setup with some of the engine's constants replaced."""
        return replace(self, engine=replace(self.engine, **constants))
