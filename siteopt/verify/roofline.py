"""What one replica of a language model does in how many ms, recomputed from data sheets and efficiencies.

One step gives each of B calls in the batch a token. Per accelerator it reads the weights once or multiplies with them
B times, whichever takes longer, reads B caches, and spends a fixed time per layer, per call and per all-reduce. GB over
TB/s and GFLOP over TFLOP/s are ms.
"""

from __future__ import annotations

from math import floor, inf, log2
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from siteopt.arrays import Floats

#: Bytes per weight; FP4 comes with a scale of 8 bits for each 16 values.
WEIGHT_BYTES = {"bf16": 2.0, "fp8": 1.0, "fp4": 0.5 + 1.0 / 16.0}
#: Bytes per value of the KV cache, which is kept in 8 bits beside quantised weights.
CACHE_BYTES = {"bf16": 2.0, "fp8": 1.0, "fp4": 1.0}
#: Models published in MXFP4: the experts have a scale of 8 bits for each 32 values, the rest is in 16 bits.
MXFP4_BYTES, PLAIN_BYTES = 0.5 + 1.0 / 32.0, 2.0
#: A layer sends the activations of a token twice, in 16 bits, and a ring sends nearly everything twice.
BYTES_PER_ACTIVATION = 2.0 * 2.0 * 2.0


class Roofline:
    """A model on accelerators in one precision, split over ``tp`` of them.

    Parameters
    ----------
    model, device, engine : dict
        Figures as :mod:`siteopt.scenario.hardware` gives them.
    precision : str
    tp : int
        Accelerators of the replica.
    tokens_in, tokens_out : float
        Mean tokens that a call reads and writes.
    """

    def __init__(
        self,
        model: dict[str, Any],
        device: dict[str, Any],
        engine: dict[str, float],
        *,
        precision: str,
        tp: int,
        tokens_in: float,
        tokens_out: float,
    ) -> None:
        self.model, self.device, self.engine = model, device, engine
        self.precision, self.tp = precision, tp
        self.tokens_in, self.tokens_out = tokens_in, tokens_out
        self.experts, chosen = model.get("experts", 0), model.get("experts_per_token", 0)
        self.chosen_share = chosen / self.experts if self.experts else 0.0
        idle_b = model["params_b"] - model["active_params_b"]
        self.expert_b = idle_b / (1.0 - self.chosen_share) if self.experts else 0.0
        self.shared_b = model["params_b"] - self.expert_b
        self.active_expert_b = model["active_params_b"] - self.shared_b
        mxfp4 = bool(model.get("fixed_precision"))
        self.shared_gb = self.shared_b * (PLAIN_BYTES if mxfp4 else WEIGHT_BYTES[precision])
        self.expert_gb = self.expert_b * (MXFP4_BYTES if mxfp4 else WEIGHT_BYTES[precision])
        self.quantises = precision != "bf16" and not mxfp4
        self.cache_gb = model["kv_values_per_token"] * CACHE_BYTES[precision] / 1e9

    @property
    def teraflops(self) -> float:
        """Matrix throughput of one accelerator; a precision that it has no mode for runs in the next wider one."""
        modes = ("fp4", "fp8", "bf16")
        rates = [self.device[f"{mode}_tflops"] for mode in modes[modes.index(self.precision) :]]
        return float(next(rate for rate in rates if rate > 0.0))

    def memory_calls(self) -> int:
        """Return how many calls' caches fit beside the weights when their answers are complete; 0 where none does."""
        usable_gb = self.engine["memory_fraction"] * self.device["memory_gb"] * self.tp
        room_gb = usable_gb - self.shared_gb - self.expert_gb
        copies = max(1.0, self.tp / self.model["kv_shards"])
        one_gb = copies * self.cache_gb * self._seen(self.tokens_in + self.tokens_out)
        # Where the caches fill the room to the last digit, rounding must not take a call away.
        return max(0, floor(float(room_gb / one_gb) * (1.0 + 1e-12)))

    def step_ms(self, batch: Floats) -> Floats:
        """Return the time of one step of the engine with ``batch`` calls decoding, ms."""
        engine, bandwidth, flops = self.engine, self.device["bandwidth_tb_s"], self.teraflops
        read = self.shared_gb / self.tp / (engine["eta_bw"] * bandwidth)
        multiply = 2.0 * self.shared_b * batch / self.tp / (engine["eta_c"] * flops)
        step = np.maximum(read, multiply)
        if self.experts:
            touched_gb = self.expert_gb * (1.0 - (1.0 - self.chosen_share) ** batch)
            read_all = touched_gb / self.tp / (engine["eta_expert_bw"] * bandwidth)
            gflop = 2.0 * self.active_expert_b * batch / self.tp
            step = step + np.maximum(read_all, gflop / (engine["eta_c"] * engine["eta_expert_c"] * flops))
        context = self._seen(self.tokens_in + self.tokens_out / 2.0)
        holders = min(self.tp, self.model["kv_shards"])
        caches = batch * self.cache_gb * context / holders / (engine["eta_kv"] * bandwidth)
        total: Floats = (
            step + caches + self._layers_ms() + batch * (engine["request_us"] / 1e3 + self._reduce_ms())
        )
        return total

    def prefill_ms(self) -> float:
        """Return what the prefill of one call adds to the steps that it shares, ms."""
        model, engine, tokens = self.model, self.engine, self.tokens_in
        gflop = 2.0 * (self.shared_b + self.active_expert_b / engine["eta_expert_c"]) * tokens
        pairs = tokens * self._seen(tokens)
        gflop += 2.0 * model["layers"] * model["heads"] * model["attention_dim"] * pairs / 1e9
        multiply = gflop / self.tp / (engine["eta_prefill"] * self.teraflops)
        launches = model["layers"] * engine["prefill_layer_us"] / 1e3
        return float(multiply + launches + self._reduce_ms() * tokens)

    def tpot_ms(self, batch: float) -> float:
        """Return the time per token written: a step, and the prefills of others that fall between two tokens, ms."""
        others = max(0.0, batch - 1.0) / self.tokens_out
        return float(self.step_ms(np.asarray(batch)) + others * self.prefill_ms())

    def ttft_ms(self, batch: float) -> float:
        """Return the time to the first token: the step under way, one's own with the prefill, and a fixed part, ms."""
        steps = 2.0 * float(self.step_ms(np.asarray(batch)))
        return self.engine["ttft_fixed_ms"] + self.prefill_ms() + steps

    def e2e_ms(self, batch: float) -> float:
        """Return the time to the last token, ms."""
        return self.ttft_ms(batch) + (self.tokens_out - 1.0) * self.tpot_ms(batch)

    def batch_rps(self, largest: int) -> Floats:
        """Return the calls per second at batch 1, 2, ... ``largest``: each call takes a step per token and one more."""
        batch = np.arange(1.0, largest + 1.0)
        call_ms = (1.0 + self.tokens_out) * self.step_ms(batch) + batch * self.prefill_ms()
        done: Floats = 1e3 * batch / call_ms
        return done

    def _seen(self, context: float) -> float:
        """Return the tokens of context that attention sees, averaged over layers with and without a window."""
        share = self.model.get("window_fraction", 0.0)
        window = min(context, self.model.get("window_tokens", inf))
        return float((1.0 - share) * context + share * window)

    def _layers_ms(self) -> float:
        engine = self.engine
        each_us = engine["layer_us"]
        each_us += engine["layer_tp_us"] * (1.0 + log2(self.tp)) if self.tp > 1 else 0.0
        each_us += engine["layer_quantise_us"] if self.quantises else 0.0
        each_us += engine["expert_layer_us"] if self.experts else 0.0
        return float(self.model["layers"] * each_us / 1e3)

    def _reduce_ms(self) -> float:
        """Return the time of all-reduces of one token over all layers, ms."""
        sent = BYTES_PER_ACTIVATION * self.model["hidden"] * self.model["layers"] * (self.tp - 1) / self.tp
        return float(sent / 1e6 / (self.engine["eta_link"] * self.device["link_gb_s"]))
