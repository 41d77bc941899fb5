"""How likely a call is to wait in a pool, and how long: M/G/c, and the birth-death chain of a pool of models.

While every slot of a pool is taken, calls leave at one rate however many wait. So whoever waits waits an
exponential time, and a whole tail is two numbers: ``P(wait > t) = waits x exp(-decay t)``. The probability of
waiting needs the states below: ``1 / ((1 - r) I + r)``, where r is the load over the capacity and I the sum of the
probabilities of all states up to the full one, over that of the full one.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, inf, log
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

if TYPE_CHECKING:
    from siteopt.arrays import Floats

#: Natural logarithm of a sum beyond which nobody waits: a probability below 1e-300.
NOBODY_WAITS = 700.0
#: A sum whose terms only fall ends at a term that is less than exp of this times the sum so far.
NEGLIGIBLE = -50.0
#: Terms of a sum that are taken at a time.
CHUNK = 4096


@dataclass(frozen=True, slots=True)
class Tail:
    """Waiting time of a pool at one load.

    Attributes
    ----------
    waits : float
        Probability that a call waits at all.
    decay_per_ms : float
        Capacity that the load leaves, calls per ms, corrected for the spread of the service; 0 where the queue grows
        without end.
    """

    waits: float
    decay_per_ms: float

    def miss(self, slack_ms: float) -> float:
        """Return P(wait > slack)."""
        return self.waits * exp(-self.decay_per_ms * slack_ms) if slack_ms >= 0.0 else 1.0

    def quantile_ms(self, p: float) -> float:
        """Return the wait that a share ``p`` of calls does not exceed, ms; ``inf`` if the queue grows without end."""
        if self.decay_per_ms <= 0.0:
            return inf
        return log(self.waits / (1.0 - p)) / self.decay_per_ms if self.waits > 1.0 - p else 0.0


GROWS_WITHOUT_END = Tail(1.0, 0.0)


def erlang_c(servers: float, erlang: float) -> float:
    """Return the probability of waiting in M/M/c.

    Erlang-B is the Poisson distribution of mean ``erlang``, cut off at ``servers``: its last probability over its
    sum.
    """
    if erlang >= servers:
        return 1.0
    if erlang <= 0.0:
        return 0.0
    log_last = servers * log(erlang) - erlang - float(special.gammaln(servers + 1.0))
    return _waiting(log(float(special.pdtr(servers, erlang))) - log_last, erlang / servers)


def service_tail(servers: float, rate_rps: float, holding_ms: float, scv: float) -> Tail:
    """Return the tail of M/G/c: Erlang-C, and the mean wait of those who wait x ``(1 + SCV) / 2`` (Allen, Cunneen).

    Parameters
    ----------
    servers : float
        Slots of the whole pool.
    rate_rps : float
        Calls per second.
    holding_ms, scv : float
        Mean time that a call occupies a slot, ms, and its squared coefficient of variation.
    """
    erlang = rate_rps * holding_ms / 1000.0
    if erlang >= servers:
        return GROWS_WITHOUT_END
    return Tail(erlang_c(servers, erlang), (servers - erlang) / (holding_ms * (1.0 + scv) / 2.0))


def model_tail(replicas: float, batch_rps: Floats, rate_rps: float) -> Tail:
    """Return the tail of one queue over the slots of all replicas of a model.

    Parameters
    ----------
    replicas : float
    batch_rps : ndarray of float64, shape (slots,)
        Calls per second that one replica completes with 1, 2, ... calls in its batch.
    rate_rps : float
        Calls per second that arrive.
    """
    capacity_rps = replicas * float(batch_rps[-1])
    if rate_rps >= capacity_rps:
        return GROWS_WITHOUT_END
    spare_per_ms = (capacity_rps - rate_rps) / 1000.0
    if rate_rps <= 0.0:
        return Tail(0.0, spare_per_ms)
    log_inverse = _log_states_below(replicas, batch_rps, rate_rps)
    return Tail(_waiting(log_inverse, rate_rps / capacity_rps), spare_per_ms)


def pool_rps(replicas: float, batch_rps: Floats, calls: Floats) -> Floats:
    """Return the calls per second that a pool completes with 1, 2, ... ``calls`` in service.

    They are spread evenly: some replicas hold one call more than the others.
    """
    of_one = np.concatenate(([0.0], batch_rps))
    fewer = np.floor((calls - 1.0) / replicas).astype(np.int64)
    fuller = calls - fewer * replicas
    done: Floats = (replicas - fuller) * of_one[fewer] + fuller * of_one[fewer + 1]
    return done


def _log_states_below(replicas: float, batch_rps: Floats, rate_rps: float) -> float:
    """Return the logarithm of the sum of all states up to the full one over the full one, summed from there down."""
    calls, log_term, log_sum = replicas * len(batch_rps), 0.0, 0.0
    while calls >= 1.0:
        chunk = calls - np.arange(min(CHUNK, calls))
        rise = np.log(pool_rps(replicas, batch_rps, chunk) / rate_rps)
        logs = log_term + np.cumsum(rise)
        log_sum = float(np.logaddexp(log_sum, special.logsumexp(logs)))
        log_term = float(logs[-1])
        falls = (
            rise[-1] < 0.0
        )  # and falls ever faster from here on, since fewer calls are completed no faster
        if log_sum > NOBODY_WAITS or (falls and log_term - log_sum < NEGLIGIBLE):
            break
        calls -= len(chunk)
    return log_sum


def _waiting(log_inverse: float, load_over_capacity: float) -> float:
    if log_inverse > NOBODY_WAITS:
        return 0.0
    return 1.0 / ((1.0 - load_over_capacity) * exp(log_inverse) + load_over_capacity)
