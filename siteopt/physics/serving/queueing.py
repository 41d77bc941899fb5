"""How long requests wait at fixed-time services (vision, fraud scoring): M/G/c pools.

Exact Erlang-C for the probability of waiting, and the Allen-Cunneen factor (1 + SCV) / 2 on the conditional wait.
Percentiles are fractions: 0.99, not 99. A load is in erlangs (arrival rate x mean service time). Pools of language
models are in :mod:`siteopt.physics.serving.replica_queue`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from siteopt._core.queueing import mgc as kernel
from siteopt.physics.serving.arguments import (
    MAX_SERVERS,
    checked_at_least_zero,
    checked_miss,
    checked_positive,
    checked_servers,
    checked_slack,
    flat_broadcast,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from siteopt.arrays import Floats


def erlang_c(servers: ArrayLike, offered_load: ArrayLike) -> Any:
    """Return the probability that a request waits in M/M/c; 1 where the load is not below the servers.

    Parameters
    ----------
    servers : int or array of int, 1 to 100,000
    offered_load : float or array, erlangs, >= 0
        Broadcast against `servers`.

    Returns
    -------
    float for scalars, else ndarray of float64 of the broadcast shape

    Raises
    ------
    ValueError
        If an argument is out of range or not a number.
    """
    (count, load), out, shape = flat_broadcast(
        checked_servers(servers), checked_at_least_zero("offered_load", offered_load)
    )
    kernel.wait_tail(count.astype(np.int64), load, np.zeros_like(load), out)
    return out.reshape(shape)[()]


def wait_tail(
    servers: ArrayLike,
    offered_load: ArrayLike,
    slack_ms: ArrayLike,
    service_ms: ArrayLike,
    scv: ArrayLike = 1.0,
) -> Any:
    """Return P(wait > slack_ms) in M/G/c: Erlang-C x exp(-(c - a) slack / (service (1 + SCV) / 2)).

    `scv` is the squared coefficient of variation of the service time, >= 0. A slack below zero is missed by
    every request: 1. Shapes, ranges and errors as in `erlang_c`.
    """
    load = checked_at_least_zero("offered_load", offered_load)
    (count, load, slack), out, shape = flat_broadcast(
        checked_servers(servers), load, checked_slack(slack_ms, service_ms, scv)
    )
    kernel.wait_tail(count.astype(np.int64), load, slack, out)
    return out.reshape(shape)[()]


def wait_quantile_ms(
    servers: ArrayLike, offered_load: ArrayLike, service_ms: ArrayLike, scv: ArrayLike, percentile: ArrayLike
) -> Any:
    """Return the wait in ms that a fraction `percentile` of requests does not exceed; inf where the load is not stable.

    ln(P(wait) / (1 - p)) / (c - a) x service x (1 + SCV) / 2, and 0 where P(wait) <= 1 - p.
    Shapes, ranges and errors as in `erlang_c`.
    """
    ratio = np.asarray(erlang_c(servers, offered_load)) / checked_miss(percentile)
    spare = np.asarray(servers, dtype=np.float64) - np.asarray(offered_load, dtype=np.float64)
    unit = checked_positive("service_ms", service_ms) * (1.0 + checked_at_least_zero("scv", scv)) / 2.0
    stable = spare > 0.0
    wait = np.log(np.maximum(ratio, 1.0)) / np.where(stable, spare, 1.0) * unit
    return np.where(stable, wait, np.inf)[()]


def max_load(
    servers: ArrayLike, slack_ms: ArrayLike, service_ms: ArrayLike, scv: ArrayLike, percentile: ArrayLike
) -> Any:
    """Return the largest load in erlangs that `servers` carry with P(wait > slack_ms) <= 1 - percentile.

    With infinite slack it is the number of servers, a limit that is not stable itself.
    """
    slack, miss = checked_slack(slack_ms, service_ms, scv), checked_miss(percentile)
    (count, slack, miss), out, shape = flat_broadcast(checked_servers(servers), slack, miss)
    kernel.max_load(count.astype(np.int64), slack, miss, out)
    return out.reshape(shape)[()]


def load_table(
    n_max: int, slack_ms: float, service_ms: float, scv: float, percentile: float, slots: int = 1
) -> Floats:
    """Return A(n): `max_load` of n replicas of `slots` servers each, n = 0..n_max; shape (n_max + 1,), erlangs."""
    if not 0 <= n_max * slots <= MAX_SERVERS or slots < 1:
        raise ValueError(f"n_max x slots must be 0 to {MAX_SERVERS:,}, slots at least 1: {n_max} x {slots}")
    out = np.empty(n_max + 1)
    kernel.load_table(
        slots, float(checked_slack(slack_ms, service_ms, scv)), float(checked_miss(percentile)), out
    )
    return out


def servers_needed(
    offered_load: ArrayLike,
    slack_ms: ArrayLike,
    service_ms: ArrayLike,
    scv: ArrayLike,
    percentile: ArrayLike,
    max_servers: int = MAX_SERVERS,
) -> Any:
    """Return the fewest servers that carry a load in erlangs with P(wait > slack_ms) <= 1 - percentile.

    0 for no load, -1 where more than `max_servers` would be needed. Shapes as in `erlang_c`; int64.
    """
    slack, load = (
        checked_slack(slack_ms, service_ms, scv),
        checked_at_least_zero("offered_load", offered_load),
    )
    (load, slack, miss), _, shape = flat_broadcast(load, slack, checked_miss(percentile))
    out = np.empty(load.shape, dtype=np.int64)
    kernel.servers_needed(load, slack, miss, max_servers, out)
    return out.reshape(shape)[()]
