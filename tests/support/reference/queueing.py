"""Plain twins of the queueing kernel: textbook recursions and exact or direct solves, no shortcuts."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
from scipy.special import pdtr


def erlang_b(servers: int, load: float) -> float:
    """Blocking in M/M/c/c by the forward recursion, B(k) = a B(k-1) / (k + a B(k-1))."""
    blocking = 1.0
    for k in range(1, servers + 1):
        blocking = load * blocking / (k + load * blocking)
    return blocking


def erlang_c(servers: int, load: float) -> float:
    """Probability of waiting in M/M/c."""
    if load >= servers:
        return 1.0
    blocking = erlang_b(servers, load)
    return servers * blocking / (servers - load * (1.0 - blocking))


def wait_tail(servers: int, load: float, slack_ms: float, service_ms: float, scv: float) -> float:
    """P(wait > slack) in M/G/c by Allen-Cunneen."""
    if slack_ms < 0.0 or load >= servers:
        return 1.0
    if load == 0.0 or math.isinf(slack_ms):
        return 0.0
    return erlang_c(servers, load) * math.exp(-(servers - load) * slack_ms / service_ms * 2.0 / (1.0 + scv))


def max_load(servers: int, slack_ms: float, service_ms: float, scv: float, percentile: float) -> float:
    """Largest load within the target, by bisection."""
    low, high = 0.0, float(servers)
    for _ in range(200):
        middle = 0.5 * (low + high)
        if wait_tail(servers, middle, slack_ms, service_ms, scv) <= 1.0 - percentile:
            low = middle
        else:
            high = middle
    return low


def servers_needed(load: float, slack_ms: float, service_ms: float, scv: float, percentile: float) -> int:
    """Fewest servers within the target, one by one."""
    servers = 0 if load == 0.0 else 1
    while load > 0.0 and wait_tail(servers, load, slack_ms, service_ms, scv) > 1.0 - percentile:
        servers += 1
    return servers


def pool_rates(rates: np.ndarray, replicas: int, room: int) -> np.ndarray:
    """Departure rate of a pool with 1..replicas x slots + room requests, spread evenly over its replicas."""
    idle_too = np.concatenate([[0.0], rates])
    out = []
    for k in range(1, replicas * rates.size + room + 1):
        q, r = divmod(min(k, replicas * rates.size), replicas)
        out.append((replicas - r) * idle_too[q] + (r * idle_too[q + 1] if r else 0.0))
    return np.array(out)


def pool_probabilities(rates: np.ndarray, replicas: int, room: int, load: float) -> np.ndarray:
    """Stationary distribution of the birth-death chain from its cut equations, in exact arithmetic.

    A floating-point linear solve leaves 1e-16 in states that are rarer than that, and a mean queue length
    multiplies it by the number of states; rationals leave nothing.
    """
    weights = [Fraction(1)]
    for departure in pool_rates(rates, replicas, room):
        weights.append(weights[-1] * Fraction(load) / Fraction(departure))
    total = sum(weights)
    return np.array([float(weight / total) for weight in weights])


def pool_probabilities_solved(rates: np.ndarray, replicas: int, room: int, load: float) -> np.ndarray:
    """The same from the full generator, as a linear system: nothing assumed about the chain's shape."""
    departures = pool_rates(rates, replicas, room)
    size = departures.size + 1
    generator = np.zeros((size, size))
    for k in range(size - 1):
        generator[k, k + 1] = load
        generator[k + 1, k] = departures[k]
    generator -= np.diag(generator.sum(axis=1))
    system = generator.T.copy()
    system[-1] = 1.0
    return np.linalg.solve(system, np.concatenate([np.zeros(size - 1), [1.0]]))


def pool_tail(rates: np.ndarray, replicas: int, room: int, load: float, slack: float) -> float:
    """P(blocked or wait > slack): who finds j waiting waits for j + 1 departures, an Erlang time."""
    probabilities = pool_probabilities(rates, replicas, room, load)
    top = replicas * rates.size
    missed = probabilities[-1]
    for k in range(top, top + room):
        late = 0.0 if math.isinf(slack) else float(pdtr(k - top, replicas * rates[-1] * slack))
        missed += probabilities[k] * late
    return float(missed)
