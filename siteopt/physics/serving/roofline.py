"""Time, throughput and power of one replica of a language model: data sheets and a few fitted efficiencies.

A step of the engine gives every request in the batch one token. It lasts as long as the slower of two roofs
(Williams et al., CACM 52(4), 2009): reading the weights once for the whole batch, or multiplying with them
once per request; then reads each request's KV cache; then pays per layer for launches and, where several
accelerators share a layer, for two all-reduces (Shoeybi et al., arXiv 1909.08053). With B requests in flight,
W bytes and P parameters per accelerator, C tokens of context, n accelerators::

    step(B)  = max(W_shared / (eta_bw BW), 2 P_shared B / (eta_c F))
             + max(W_expert touched(B) / (eta_expert_bw BW), 2 P_active_expert B / (eta_expert_c eta_c F))
             + B kv C / (eta_kv BW) + L (layer_us + [n > 1] layer_tp_us (1 + log2 n)
                                                + [fp8, fp4] layer_quantise_us + [MoE] expert_layer_us)
             + B request_us + L all_reduce(B)
    tpot(B)  = step(B) + (B - 1) / osl x prefill        interference: prefills between one's own tokens
    touched  = 1 - (1 - k/E)^B                          share of E experts that B tokens, k each, meet

``prefill`` multiplies and sends all input tokens at once, plus a time per layer. The constants differ by
engine and hardware family; ``benchmarks/serving_fit.py`` fits them on half of the measured rows, and
``benchmarks/serving_accuracy.py`` reports the error on the other half: expect +-10 % typically, +-20 % at
p90 on TPOT, more on TTFT near saturation.

Functions take `batch` as a number or an array and answer in kind. They are NumPy, not a kernel: compiling
an instance needs a few thousand curves at most (``benchmarks/serving_accuracy.py`` prints what one costs).
"""

from __future__ import annotations

from math import floor, log2
from typing import TYPE_CHECKING, Any

import numpy as np

from siteopt.physics.serving.specs import KV_BYTES, WEIGHT_BYTES

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from siteopt.arrays import Floats
    from siteopt.physics.serving.specs import Accelerator, Lengths, Model, Setup

#: MXFP4 as published for gpt-oss: 4-bit values, one 8-bit scale for every 32 (OCP Microscaling Formats 1.0).
MXFP4_BYTES = 0.53125
#: An activation is sent in 16 bits, and a ring all-reduce moves it 2 (n - 1)/n times, twice per layer.
ALL_REDUCE_BYTES = 2.0 * 2.0 * 2.0


def shared_weights_gb(model: Model, precision: str) -> float:
    """Return the weights that every token passes, GB; they are bf16 in a model published with quantised experts."""
    return model.shared_params_b * (2.0 if model.fixed_precision else WEIGHT_BYTES[precision])


def expert_weights_gb(model: Model, precision: str) -> float:
    """Return the weights of all routed experts, GB."""
    return model.expert_params_b * (MXFP4_BYTES if model.fixed_precision else WEIGHT_BYTES[precision])


def weights_gb(model: Model, precision: str) -> float:
    """Return all weights of the model, GB."""
    return shared_weights_gb(model, precision) + expert_weights_gb(model, precision)


def kv_gb_per_token(model: Model, precision: str) -> float:
    """Return the KV cache of one token of context over all layers, GB."""
    return model.kv_values_per_token * KV_BYTES[precision] * 1e-9


def kv_room_gb(setup: Setup) -> float:
    """Return the memory that the weights leave to the KV cache, GB over the whole replica; below 0 they do not fit.

    With attention data parallelism each group holds its own copy of the shared weights.
    """
    model, deployment = setup.model, setup.deployment
    room = setup.engine.memory_fraction * setup.accelerator.memory_gb * deployment.accelerators
    copies = shared_weights_gb(model, deployment.precision) * deployment.attention_dp
    return room - copies - expert_weights_gb(model, deployment.precision)


def kv_tokens(setup: Setup) -> float:
    """Return the tokens of context that the replica has room for; 0 where the weights do not fit.

    Beyond ``kv_shards`` accelerators the cache is repeated, not divided.
    """
    model, deployment = setup.model, setup.deployment
    copies = max(deployment.tp / model.kv_shards, 1.0)
    return max(kv_room_gb(setup), 0.0) / (copies * kv_gb_per_token(model, deployment.precision))


def kv_slots(setup: Setup, lengths: Lengths) -> int:
    """Return how many requests fit with their whole context at once: the cap on concurrency, the rest queues."""
    per_request = setup.model.kv_read_tokens(lengths.total)
    return floor(kv_tokens(setup) / per_request)


def experts_touched(model: Model, batch: ArrayLike) -> Floats:
    """Return the expected share of experts that a batch touches if tokens choose independently: 1 - (1 - k/E)^B."""
    if not model.experts:
        return np.zeros_like(np.asarray(batch, dtype=np.float64))
    return 1.0 - (1.0 - model.experts_per_token / model.experts) ** np.asarray(batch, dtype=np.float64)


def decode_step_ms(setup: Setup, lengths: Lengths, batch: ArrayLike) -> Any:
    """Return the time of one step of the engine with `batch` requests decoding and none in prefill, ms.

    Parameters
    ----------
    setup : Setup
    lengths : Lengths
    batch : float or ndarray
        Requests in flight on the whole replica, at least 1.

    Returns
    -------
    float or ndarray of float64, shape of `batch`
    """
    return step_ms(setup, batch, setup.model.kv_read_tokens(lengths.context))


def step_ms(setup: Setup, batch: ArrayLike, read_tokens: float) -> Any:
    """Return the time of one step with `batch` requests that read `read_tokens` of KV cache each, ms; linear in these.

    Shape of `batch`, which may be 0: what a step costs that only reads prompts.
    """
    size = np.asarray(batch, dtype=np.float64)
    engine, memory = setup.engine, setup.accelerator.bandwidth_tb_s
    step = np.maximum(*_shared_ms(setup, size))
    if setup.model.experts:
        step = step + np.maximum(*_experts_ms(setup, size))
    deployment = setup.deployment
    per_rank = size / (deployment.attention_dp * min(deployment.tp, setup.model.kv_shards))
    kv_read = per_rank * kv_gb_per_token(setup.model, deployment.precision)
    kv_read = kv_read * read_tokens / (engine.eta_kv * memory)
    per_request = engine.request_us / 1000.0 + _all_reduce_ms(setup)
    return (step + kv_read + _layers_ms(setup) + size * per_request)[()]


def prefill_ms(setup: Setup, lengths: Lengths) -> float:
    """Return what one request's prefill adds to the steps that it shares with others' decoding, ms.

    Matrix products, attention (quadratic), all-reduces, and what a step with a prefill pays per layer beyond
    the launches of a recorded decode step.
    """
    tokens = lengths.input_tokens
    token, pair, rate = _prefill_gflop(setup)
    gflop = token * tokens
    gflop += pair * tokens * setup.model.kv_read_tokens(tokens)
    return gflop / rate + _prefill_layers_ms(setup) + _all_reduce_ms(setup) * tokens


def prefill_parts_ms(setup: Setup) -> tuple[float, float, float]:
    """Return the parts of a prefill, ms: of a prompt, of a token, of a pair of a token and one that it sees."""
    token, pair, rate = _prefill_gflop(setup)
    return _prefill_layers_ms(setup), token / rate + _all_reduce_ms(setup), pair / rate


def tpot_ms(setup: Setup, lengths: Lengths, batch: ArrayLike) -> Any:
    """Return the time per output token with `batch` requests in flight, ms; shape of `batch`.

    A request that ends is replaced by one that must be prefilled, so while a request writes its
    `output_tokens` each of the others is prefilled once: (B - 1) / osl x prefill per token.
    """
    others = np.maximum(np.asarray(batch, dtype=np.float64) - 1.0, 0.0) / lengths.output_tokens
    return (decode_step_ms(setup, lengths, batch) + others * prefill_ms(setup, lengths))[()]


def ttft_ms(setup: Setup, lengths: Lengths, batch: ArrayLike) -> Any:
    """Return the time to first token without waiting for a slot, beside `batch` requests in flight, ms.

    Shape of `batch`.

    The step under way on arrival must end (taken whole), then one step holds the prefill and gives the token.
    """
    solo = setup.engine.ttft_fixed_ms + prefill_ms(setup, lengths)
    return (solo + 2.0 * np.asarray(decode_step_ms(setup, lengths, batch)))[()]


def iteration_ms(setup: Setup, lengths: Lengths, batch: ArrayLike) -> Any:
    """Return the mean iteration with `batch` in flight, prefills included: T(B) of the queue, ms; shape of `batch`.

    One request lasts (1 + osl) T(B) = (1 + osl) step(B) + B prefill: steps, own and others' prefills.
    """
    share = np.asarray(batch, dtype=np.float64) / (1.0 + lengths.output_tokens)
    return (decode_step_ms(setup, lengths, batch) + share * prefill_ms(setup, lengths))[()]


def request_rps(setup: Setup, lengths: Lengths, batch: ArrayLike) -> Any:
    """Return the requests completed per second with `batch` always in flight, which rise with it; shape of `batch`."""
    service_ms = (1.0 + lengths.output_tokens) * np.asarray(iteration_ms(setup, lengths, batch))
    return (1000.0 * np.asarray(batch, dtype=np.float64) / service_ms)[()]


def saturation_batch(
    setup: Setup, lengths: Lengths, *, tpot_limit_ms: float = np.inf, ttft_limit_ms: float = np.inf,
    e2e_limit_ms: float = np.inf, max_batch: int = 1024,
) -> int:  # fmt: skip
    """Find the largest batch that fits in memory and meets the limits without waiting; 0 where not even one does.

    Raises
    ------
    ValueError
        If `max_batch` is below 1.
    """
    if max_batch < 1:
        raise ValueError(f"max_batch must be at least 1: {max_batch}")
    slots = min(kv_slots(setup, lengths), max_batch)
    if slots < 1:
        return 0
    batch = np.arange(1, slots + 1, dtype=np.float64)
    tpot, ttft = tpot_ms(setup, lengths, batch), ttft_ms(setup, lengths, batch)
    meets = (tpot <= tpot_limit_ms) & (ttft <= ttft_limit_ms)
    meets &= ttft + tpot * (lengths.output_tokens - 1.0) <= e2e_limit_ms
    return int(np.count_nonzero(np.logical_and.accumulate(meets)))


def queue_parameters(setup: Setup, lengths: Lengths) -> tuple[float, float, float]:
    """Return alpha, beta, gamma of the replica's queue in the work form of Ramani and Tantawi, all in ms.

    alpha is the weight read and overhead of an iteration (experts as touched by a batch of 8), beta the work
    per token, gamma the KV read per token of context.
    """
    model, deployment, engine = setup.model, setup.deployment, setup.engine
    weights = _shared_ms(setup, np.asarray(1.0))[0]
    if model.experts:
        weights = weights + _experts_ms(setup, np.asarray(8.0))[0]
    alpha = float(weights) + _layers_ms(setup)
    rate = setup.accelerator.tflops(deployment.precision) * deployment.accelerators
    beta = 2.0 * model.active_params_b / (engine.eta_prefill * rate) + _all_reduce_ms(setup)
    kv_rate = engine.eta_kv * setup.accelerator.bandwidth_tb_s * deployment.attention_dp
    gamma = kv_gb_per_token(model, deployment.precision) / (kv_rate * min(deployment.tp, model.kv_shards))
    return alpha, beta, gamma


def replica_kw(accelerator: Accelerator, accelerators: int, utilisation: ArrayLike) -> Any:
    """Return the server power of a replica at a utilisation in [0, 1], kW: an idle part, the rest linear in load."""
    load = np.clip(np.asarray(utilisation, dtype=np.float64), 0.0, 1.0)
    peak_kw = accelerators * accelerator.tdp_w * accelerator.server_factor / 1000.0
    return (peak_kw * (accelerator.idle_fraction + (1.0 - accelerator.idle_fraction) * load))[()]


def _shared_ms(setup: Setup, size: Floats) -> tuple[Floats, Floats]:
    """Return the two roofs of the weights that every token passes, reading and multiplying, ms."""
    model, deployment, engine = setup.model, setup.deployment, setup.engine
    read_gb = shared_weights_gb(model, deployment.precision) / deployment.tp
    gflop = 2.0 * model.shared_params_b * size / deployment.accelerators
    return (
        np.full_like(size, read_gb / (engine.eta_bw * setup.accelerator.bandwidth_tb_s)),
        gflop / (engine.eta_c * setup.accelerator.tflops(deployment.precision)),
    )


def _experts_ms(setup: Setup, size: Floats) -> tuple[Floats, Floats]:
    """Return the two roofs of the experts that the batch touches, reading and multiplying, ms."""
    model, deployment, engine = setup.model, setup.deployment, setup.engine
    share = 1.0 / deployment.accelerators
    read_gb = expert_weights_gb(model, deployment.precision) * share * experts_touched(model, size)
    gflop = 2.0 * (model.active_params_b - model.shared_params_b) * size * share
    rate = engine.eta_expert_c * engine.eta_c * setup.accelerator.tflops(deployment.precision)
    return read_gb / (engine.eta_expert_bw * setup.accelerator.bandwidth_tb_s), gflop / rate


def _prefill_gflop(setup: Setup) -> tuple[float, float, float]:
    """Return the GFLOP of each token of a prompt, those of each pair of tokens, and GFLOP per ms of the replica."""
    model, deployment = setup.model, setup.deployment
    expert_active_b = model.active_params_b - model.shared_params_b
    token = 2.0 * (model.shared_params_b + expert_active_b / setup.engine.eta_expert_c)
    pair = 2.0e-9 * model.layers * model.heads * model.attention_dim
    rate = setup.accelerator.tflops(deployment.precision) * setup.engine.eta_prefill * deployment.accelerators
    return token, pair, rate


def _prefill_layers_ms(setup: Setup) -> float:
    """Return what a prompt costs whatever its length: launches that no recorded graph covers, ms."""
    return setup.model.layers * setup.engine.prefill_layer_us / 1000.0


def _layers_ms(setup: Setup) -> float:
    """Return what the layers cost whatever the batch: launches, norms, synchronisation, routing, ms."""
    engine = setup.engine
    ranks = setup.deployment.accelerators
    per_layer = engine.layer_us + (engine.layer_tp_us * (1.0 + log2(ranks)) if ranks > 1 else 0.0)
    if setup.deployment.precision != "bf16" and not setup.model.fixed_precision:
        per_layer += engine.layer_quantise_us
    if setup.model.experts:
        per_layer += engine.expert_layer_us
    return setup.model.layers * per_layer / 1000.0


def _all_reduce_ms(setup: Setup) -> float:
    """Return the time of one token's all-reduces over all layers, ms; 0 on a single accelerator."""
    ranks = setup.deployment.accelerators
    moved = ALL_REDUCE_BYTES * setup.model.hidden * setup.model.layers * (ranks - 1) / ranks
    return moved * 1e-6 / (setup.engine.eta_link * setup.accelerator.link_gb_s)
