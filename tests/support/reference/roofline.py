"""The roofline once more, slowly and obviously: one batch size at a time, no NumPy, no shared helper."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from siteopt.physics.serving.specs import Lengths, Model, Setup

BYTES = {"bf16": 2.0, "fp8": 1.0, "fp4": 0.5625}


def parameters_b(model: Model) -> tuple[float, float]:
    """Billions of parameters shared by all tokens, and in routed experts."""
    if model.experts == 0:
        return model.params_b, 0.0
    inactive = model.params_b - model.active_params_b
    expert = inactive / (1 - model.experts_per_token / model.experts)
    return model.params_b - expert, expert


def weights_gb(model: Model, precision: str) -> tuple[float, float]:
    """GB shared and in experts."""
    shared, expert = parameters_b(model)
    if model.fixed_precision:
        return shared * 2.0, expert * (0.5 + 1 / 32)
    return shared * BYTES[precision], expert * BYTES[precision]


def seen_tokens(model: Model, context: float) -> float:
    """KV tokens read per layer, windows counted."""
    windowed = min(context, model.window_tokens)
    return model.window_fraction * windowed + (1 - model.window_fraction) * context


def kv_bytes(model: Model, precision: str) -> float:
    """Bytes of KV cache per token of context."""
    return model.kv_values_per_token * (2.0 if precision == "bf16" else 1.0)


def slots(setup: Setup, lengths: Lengths) -> int:
    """Requests whose whole context fits beside the weights."""
    d, model = setup.deployment, setup.model
    shared, expert = weights_gb(model, d.precision)
    n = d.tp * d.attention_dp
    room = n * setup.engine.memory_fraction * setup.accelerator.memory_gb - shared * d.attention_dp - expert
    if room <= 0:
        return 0
    copies = max(d.tp / model.kv_shards, 1)
    one = kv_bytes(model, d.precision) * seen_tokens(model, lengths.input_tokens + lengths.output_tokens)
    return math.floor(room * 1e9 / (one * copies))


def all_reduce_ms(setup: Setup) -> float:
    """Two ring all-reduces per layer of one token's 16-bit activations."""
    n = setup.deployment.tp * setup.deployment.attention_dp
    one = 2 * (n - 1) / n * setup.model.hidden * 2
    return 2 * setup.model.layers * one / (setup.engine.eta_link * setup.accelerator.link_gb_s * 1e9) * 1e3


def step_ms(setup: Setup, lengths: Lengths, batch: float) -> float:
    """One decode step."""
    model, a, e, d = setup.model, setup.accelerator, setup.engine, setup.deployment
    n = d.tp * d.attention_dp
    flops, bandwidth = a.tflops(d.precision) * 1e12, a.bandwidth_tb_s * 1e12
    shared_b, expert_b = parameters_b(model)
    shared_gb, expert_gb = weights_gb(model, d.precision)
    read = shared_gb * 1e9 / d.tp / (e.eta_bw * bandwidth)
    multiply = 2 * shared_b * 1e9 * batch / n / (e.eta_c * flops)
    seconds = max(read, multiply)
    layer_us = e.layer_us
    if n > 1:
        layer_us += e.layer_tp_us * (1 + math.log2(n))
    if d.precision != "bf16" and not model.fixed_precision:
        layer_us += e.layer_quantise_us
    if model.experts:
        touched = 1 - (1 - model.experts_per_token / model.experts) ** batch
        read = expert_gb * 1e9 * touched / n / (e.eta_expert_bw * bandwidth)
        active = model.active_params_b - shared_b
        multiply = 2 * active * 1e9 * batch / n / (e.eta_expert_c * e.eta_c * flops)
        seconds += max(read, multiply)
        layer_us += e.expert_layer_us
    context = seen_tokens(model, lengths.input_tokens + lengths.output_tokens / 2)
    held_by = d.attention_dp * min(d.tp, model.kv_shards)
    seconds += batch * kv_bytes(model, d.precision) * context / held_by / (e.eta_kv * bandwidth)
    return (
        seconds * 1e3 + model.layers * layer_us * 1e-3 + batch * (e.request_us * 1e-3 + all_reduce_ms(setup))
    )


def prefill_ms(setup: Setup, lengths: Lengths) -> float:
    """What the prefill of one request adds."""
    model, e, d = setup.model, setup.engine, setup.deployment
    shared_b, _ = parameters_b(model)
    tokens = lengths.input_tokens
    products = 2 * shared_b * 1e9 * tokens
    products += 2 * (model.active_params_b - shared_b) * 1e9 * tokens / e.eta_expert_c
    attention = 2 * model.layers * model.heads * model.attention_dim * tokens * seen_tokens(model, tokens)
    rate = setup.accelerator.tflops(d.precision) * 1e12 * e.eta_prefill * d.tp * d.attention_dp
    seconds = (products + attention) / rate
    return seconds * 1e3 + model.layers * e.prefill_layer_us * 1e-3 + tokens * all_reduce_ms(setup)


def tpot_ms(setup: Setup, lengths: Lengths, batch: float) -> float:
    """Step and the other requests' prefills."""
    others = max(batch - 1, 0)
    return step_ms(setup, lengths, batch) + others * prefill_ms(setup, lengths) / lengths.output_tokens


def ttft_ms(setup: Setup, lengths: Lengths, batch: float) -> float:
    """The step under way, the own step, the prefill and the fixed part."""
    return setup.engine.ttft_fixed_ms + prefill_ms(setup, lengths) + 2 * step_ms(setup, lengths, batch)


def request_rps(setup: Setup, lengths: Lengths, batch: float) -> float:
    """Batch over the time that a request is in it."""
    steps = 1 + lengths.output_tokens
    seconds = (steps * step_ms(setup, lengths, batch) + batch * prefill_ms(setup, lengths)) / 1e3
    return batch / seconds
