"""How long requests wait at pools of language-model replicas.

A birth-death chain whose rate depends on the batch (limited processor sharing; Ramani and Tantawi,
github.com/llm-inferno/queue-analysis). A request waits only while all slots of all replicas are taken, first come first
served. Percentiles are fractions: 0.99, not 99.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from siteopt._core.queueing import replica_pool as kernel
from siteopt.physics.serving.arguments import (
    checked_at_least_zero,
    checked_miss,
    checked_number,
    checked_positive,
    checked_replicas,
    flat_broadcast,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from siteopt.arrays import Floats

STABLE_FRACTION = 0.999  # of saturation: the highest rate that is called stable


@dataclass(frozen=True, eq=False)
class LLMReplica:
    """What the queue needs to know of one replica of a model.

    Attributes
    ----------
    completion_rps : ndarray of float64, shape (slots,)
        Requests completed per second with 1..slots requests in the batch: positive, never falling.
    prefill_ms : ndarray of float64, shape (slots,)
        From admission to the end of the prefill, beside a batch of 1..slots.
    output_tokens : float
        Mean tokens per answer, at least 1.
    queue_limit : float
        Requests that may wait, per replica; any more are blocked. Where it is infinite, none are.
    balancing_efficiency : float
        In (0, 1]: share of every rate that is kept, since the pool is not truly one queue.
    """

    completion_rps: Floats
    prefill_ms: Floats
    output_tokens: float
    queue_limit: float = np.inf
    balancing_efficiency: float = 1.0

    def __post_init__(self) -> None:
        rates = np.array(self.completion_rps, dtype=np.float64, ndmin=1)
        prefill = np.array(np.broadcast_to(self.prefill_ms, rates.shape), dtype=np.float64)
        falls = np.diff(rates) < -1e-12 * rates[:-1]  # less is rounding of rates that are equal
        if rates.size == 0 or not np.all(np.isfinite(rates)) or rates[0] <= 0 or np.any(falls):
            raise ValueError("completion_rps must be positive and never fall: end the slots where it peaks")
        rates = np.maximum.accumulate(rates)
        if self.output_tokens < 1 or not 0 < self.balancing_efficiency <= 1:
            raise ValueError("output_tokens must be at least 1, balancing_efficiency in (0, 1]")
        if not (self.queue_limit == np.inf or (self.queue_limit >= 0 and self.queue_limit % 1 == 0)):
            raise ValueError("queue_limit must be a whole number or infinite")
        for name, values in (("completion_rps", rates), ("prefill_ms", prefill)):
            values.flags.writeable = False
            object.__setattr__(self, name, values)

    @property
    def slots(self) -> int:
        """Requests that one replica works on at a time."""
        return int(self.completion_rps.size)

    @property
    def rates_per_ms(self) -> Floats:
        """Rates as the kernel takes them, losses of load balancing included."""
        return self.completion_rps * (self.balancing_efficiency / 1000.0)

    @property
    def capacity_rps(self) -> float:
        """Rate at which one replica saturates."""
        return float(self.completion_rps[-1] * self.balancing_efficiency)

    @classmethod
    def from_iteration(
        cls,
        iteration_ms: ArrayLike,
        prefill_work_ms: float,
        output_tokens: float,
        *,
        own_ms: float = 0.0,
        prefill_steps: int = 1,
        queue_limit: float = np.inf,
        balancing_efficiency: float = 1.0,
    ) -> LLMReplica:
        """Build the general form mu(b) = b / ((c + osl) T(b)): T `iteration_ms` at batch 1..slots, c `prefill_steps`.

        The prefill of a request lasts c iterations beside the others in its batch (each T less `own_ms`, its
        own share of one) and its own `prefill_work_ms`.
        """
        step = np.array(iteration_ms, dtype=np.float64, ndmin=1)
        if not np.all(step > 0) or prefill_steps < 1:
            raise ValueError("iteration_ms must be positive, prefill_steps at least 1")
        rates = 1000.0 * np.arange(1, step.size + 1) / ((prefill_steps + output_tokens) * step)
        prefill = prefill_steps * (step - own_ms) + prefill_work_ms
        return cls(rates, prefill, output_tokens, queue_limit, balancing_efficiency)

    @classmethod
    def from_work(
        cls,
        alpha_ms: float,
        beta_ms: float,
        gamma_ms: float,
        input_tokens: float,
        output_tokens: float,
        slots: int,
        **options: Any,
    ) -> LLMReplica:
        """Build the Ramani-Tantawi work form: T(b) = alpha + b delta, delta = (w_pre + w_dec) / (c + osl).

        alpha is the weight read and overhead of one iteration, beta the compute, gamma the KV read per token:
        w_pre = (beta + gamma) isl, w_dec = osl (beta + gamma (isl + (osl + 1) / 2)). `options` as in
        `from_iteration`.
        """
        prefill_work = (beta_ms + gamma_ms) * input_tokens
        decode_work = output_tokens * (beta_ms + gamma_ms * (input_tokens + (output_tokens + 1) / 2))
        delta = (prefill_work + decode_work) / (options.get("prefill_steps", 1) + output_tokens)
        iteration = alpha_ms + delta * np.arange(1, slots + 1)
        return cls.from_iteration(iteration, prefill_work, output_tokens, own_ms=delta, **options)


@dataclass(frozen=True)
class LLMFigures:
    """Means of a pool of LLM replicas under load; inf where the queue grows without end.

    Rates are requests/s, times ms; `blocked` and `waiting_probability` (blocked ones included) are fractions
    of all arrivals, `in_service` requests, `utilisation` arrivals over saturation (above 1 in overload).
    """

    throughput_rps: float
    blocked: float
    waiting_probability: float
    wait_ms: float
    service_ms: float
    response_ms: float
    ttft_ms: float
    itl_ms: float
    in_service: float
    utilisation: float
    max_rate_rps: float


def llm_figures(replica: LLMReplica, rate_rps: float, replicas: int = 1) -> LLMFigures:
    """Return mean wait, TTFT, ITL, throughput and blocking of a pool at an arrival rate > 0 (Little's law)."""
    rate, capacity = float(checked_positive("rate_rps", rate_rps)), replicas * replica.capacity_rps
    room = replicas * replica.queue_limit
    if room == np.inf and rate >= capacity:
        serving, queued, waiting, blocked, served = (
            float(replicas * replica.slots),
            np.inf,
            1.0,
            0.0,
            capacity,
        )
    else:
        moments = kernel.moments(replicas, replica.rates_per_ms, room, rate / 1000.0)
        serving, queued, waiting, blocked = moments
        served = rate * (1.0 - blocked)
    wait, service = 1000.0 * queued / served, 1000.0 * serving / served
    beside = max(serving / replicas, 1.0)
    prefill = float(np.interp(beside, np.arange(1, replica.slots + 1), replica.prefill_ms))
    itl = (service - prefill) / replica.output_tokens
    return LLMFigures(
        throughput_rps=served,
        blocked=blocked,
        waiting_probability=waiting,
        wait_ms=wait,
        service_ms=service,
        response_ms=wait + service,
        ttft_ms=wait + prefill + itl,
        itl_ms=itl,
        in_service=serving,
        utilisation=rate / capacity,
        max_rate_rps=STABLE_FRACTION * capacity,
    )


def llm_wait_tail(replica: LLMReplica, replicas: int, rate_rps: ArrayLike, slack_ms: ArrayLike) -> Any:
    """Return P(blocked or wait > slack_ms) over all arrivals of one central queue over replicas x slots."""
    load = checked_at_least_zero("rate_rps", rate_rps) / 1000.0
    (load, slack), out, shape = flat_broadcast(load, checked_number("slack_ms", slack_ms))
    kernel.wait_tail(
        checked_replicas(replicas), replica.rates_per_ms, replicas * replica.queue_limit, load, slack, out
    )
    return out.reshape(shape)[()]


def llm_wait_quantile_ms(replica: LLMReplica, replicas: int, rate_rps: float, percentile: float) -> float:
    """Return the wait in ms that a fraction `percentile` of arrivals does not exceed; blocked requests wait forever."""
    miss = float(checked_miss(percentile))
    spare = replicas * replica.capacity_rps - rate_rps
    if llm_wait_tail(replica, replicas, rate_rps, 0.0) <= miss:
        return 0.0
    if spare <= 0.0 or llm_wait_tail(replica, replicas, rate_rps, np.inf) > miss:
        return float(np.inf)
    if replica.queue_limit == np.inf:  # the tail is one exponential from 0 on
        return float(np.log(llm_wait_tail(replica, replicas, rate_rps, 0.0) / miss) / spare * 1000.0)
    low, high = 0.0, 1000.0 / replica.capacity_rps
    while llm_wait_tail(replica, replicas, rate_rps, high) > miss:
        low, high = high, 2.0 * high
    while high - low > 1e-9 * high:
        middle = 0.5 * (low + high)
        if llm_wait_tail(replica, replicas, rate_rps, middle) > miss:
            low = middle
        else:
            high = middle
    return high


def llm_max_rate(replica: LLMReplica, replicas: int, slack_ms: float, percentile: float) -> float:
    """Return the most requests/s that a pool carries with P(blocked or wait > slack_ms) <= 1 - percentile."""
    slack, miss = float(checked_number("slack_ms", slack_ms)), float(checked_miss(percentile))
    room = checked_replicas(replicas) * replica.queue_limit
    return 1000.0 * kernel.max_load(replicas, replica.rates_per_ms, room, slack, miss)


def llm_replicas_needed(
    replica: LLMReplica, rate_rps: float, slack_ms: float, percentile: float, limit: int = 10_000
) -> int:
    """Return the fewest replicas with P(blocked or wait > slack_ms) <= 1 - percentile at a rate; -1 beyond `limit`."""
    rate, miss = float(checked_at_least_zero("rate_rps", rate_rps)), float(checked_miss(percentile))
    if rate == 0.0:
        return 0
    low, high = 0, 1
    while llm_wait_tail(replica, high, rate, slack_ms) > miss:
        if high >= limit:
            return -1
        low, high = high, min(2 * high, limit)
    while high - low > 1:
        middle = (low + high) // 2
        if llm_wait_tail(replica, middle, rate, slack_ms) > miss:
            low = middle
        else:
            high = middle
    return high


def llm_rate_table(replica: LLMReplica, n_max: int, slack_ms: float, percentile: float) -> Floats:
    """Return A(n): `llm_max_rate` of n replicas, n = 0..n_max; shape (n_max + 1,), requests/s."""
    out = np.empty(n_max + 1)
    slack, miss = float(checked_number("slack_ms", slack_ms)), float(checked_miss(percentile))
    kernel.load_table(replica.rates_per_ms, replica.queue_limit, slack, miss, out)
    return 1000.0 * out
