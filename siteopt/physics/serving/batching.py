"""How long the iterations of one replica last under continuous batching, as a run of the pool needs it.

The same roofline as everywhere, taken apart: what a step costs without any context, what each token of context adds to
it, and what reading a prompt adds. The run puts them together for the requests that are really there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from siteopt.physics.serving import roofline

if TYPE_CHECKING:
    from siteopt.arrays import Floats
    from siteopt.physics.serving.specs import Setup

#: Memory below which engines read fewer tokens in one step, GB, and how many they read on either side of it.
SMALL_MEMORY_GB = 70.0
CHUNK_TOKENS = 8192.0
SMALL_CHUNK_TOKENS = 2048.0
#: Context at which the time of a token of context is taken: a step is linear in it.
PROBE_TOKENS = 1e6


@dataclass(frozen=True, eq=False)
class ReplicaTimes:
    """Times of one replica's iterations.

    Attributes
    ----------
    base_ms : ndarray of float64, shape (batch + 1,)
        Of an iteration with 0 to ``batch`` requests decoding, without their contexts.
    context_ms : float
        Per token of context that a decoding request reads.
    prompt_ms, token_ms, pair_ms : float
        Reading a prompt: once, per token, and per token and token of context that it sees.
    window_tokens, window_fraction : float
        Sliding-window attention: window, and share of the layers that have it.
    chunk_tokens : float
        Most tokens in one iteration, those of decoding requests included.
    room_tokens : float
        Tokens of context that fit in the memory; each request reserves what it reads and writes.
    fixed_ms : float
        Before the first token: tokenising, transport, scheduling.
    """

    base_ms: Floats
    context_ms: float
    prompt_ms: float
    token_ms: float
    pair_ms: float
    window_tokens: float
    window_fraction: float
    chunk_tokens: float
    room_tokens: float
    fixed_ms: float

    @property
    def batch(self) -> int:
        """Requests that the replica works on at a time."""
        return len(self.base_ms) - 1

    def numbers(self) -> dict[str, float]:
        """Return what the kernel needs besides ``base_ms``, by the kernel's names."""
        return {
            "context": self.context_ms,
            "growth": 1.0 - self.window_fraction,
            "prompt": self.prompt_ms,
            "token": self.token_ms,
            "pair": self.pair_ms,
            "window": min(self.window_tokens, 1e18),
            "windowed": self.window_fraction,
            "chunk": self.chunk_tokens,
            "room": self.room_tokens,
        }


def replica_times(setup: Setup, batch: int, chunk_tokens: float | None = None) -> ReplicaTimes:
    """Take the roofline of a setup apart, for a replica that works on at most ``batch`` requests at a time.

    Parameters
    ----------
    setup : Setup
    batch : int
    chunk_tokens : float, optional
        Most tokens in one iteration; by default what engines take on the accelerator.
    """
    if chunk_tokens is None:
        small = setup.accelerator.memory_gb < SMALL_MEMORY_GB or setup.accelerator.id.startswith("A100")
        chunk_tokens = SMALL_CHUNK_TOKENS if small else CHUNK_TOKENS
    base = np.array(roofline.step_ms(setup, np.arange(batch + 1.0), 0.0))
    context_ms = float(roofline.step_ms(setup, 1.0, PROBE_TOKENS) - base[1]) / PROBE_TOKENS
    prompt, token, pair = roofline.prefill_parts_ms(setup)
    return ReplicaTimes(
        base_ms=base,
        context_ms=context_ms,
        prompt_ms=prompt,
        token_ms=token,
        pair_ms=pair,
        window_tokens=setup.model.window_tokens,
        window_fraction=setup.model.window_fraction,
        chunk_tokens=chunk_tokens,
        room_tokens=roofline.kv_tokens(setup),
        fixed_ms=setup.engine.ttft_fixed_ms,
    )
