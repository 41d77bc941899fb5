"""A pool of language-model replicas, simulated: when each request gets its first and its last token.

Continuous batching, request by request, in the compiled kernel; tests hold it to a plain token-by-token twin.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from siteopt._core.queueing.pool_run import POLICIES, run_pool
from siteopt._core.stopping import StopCheck
from siteopt.errors import OutOfTimeError
from siteopt.physics.serving.request_sizes import unit_arrivals

if TYPE_CHECKING:
    from siteopt.arrays import Floats
    from siteopt.physics.serving.batching import ReplicaTimes
    from siteopt.physics.serving.request_sizes import RequestSizes

#: Start-up that is not counted: a share of the requests, or some mean times of a request, whichever is longer.
START_UP_SHARE = 0.1
START_UP_RESPONSES = 2.5
#: Mean times of a request at the end that are not counted: the pool runs empty then.
RUN_OUT_RESPONSES = 1.0


@dataclass(frozen=True, eq=False)
class Requests:
    """Requests in the order of their arrival.

    Attributes
    ----------
    arrival : ndarray of float64, shape (n,)
        Rising, in units of the mean time between two of them.
    input_tokens, output_tokens : ndarray of float64, shape (n,)
        Read, and written (whole, at least 1).
    cached_share : float
        In [0, 1): share of the tokens read that a prefix cache holds.
    """

    arrival: Floats
    input_tokens: Floats
    output_tokens: Floats
    cached_share: float = 0.0

    @classmethod
    def drawn(
        cls, sizes: RequestSizes, count: int, arrival_cv: float, seed: int, cached_share: float = 0.0
    ) -> Requests:
        """Draw the order of ``count`` requests and of the times between them."""
        generator = np.random.default_rng(seed)
        inputs, outputs = sizes.lists(count, generator)
        return cls(unit_arrivals(count, arrival_cv, generator), inputs, outputs, cached_share)


@dataclass(frozen=True, eq=False)
class Responses:
    """Times of requests in a run, ms, without round trips; start-up and run-out are left out.

    Attributes
    ----------
    ttft_ms, e2e_ms : ndarray of float64, shape (n,)
        Until the first and the last token.
    tpot_ms : ndarray of float64, shape (m,)
        Per token after the first, of the requests that write more than one.
    """

    ttft_ms: Floats
    e2e_ms: Floats
    tpot_ms: Floats


def simulate_pool(
    times: ReplicaTimes,
    requests: Requests,
    replicas: int,
    rate_rps: float,
    *,
    load_balancing: str = "least_requests",
    seed: int = 1,
    stop: StopCheck | None = None,
) -> Responses:
    """Simulate a pool at a rate.

    Parameters
    ----------
    times : ReplicaTimes
    requests : Requests
    replicas : int
    rate_rps : float
        Arrivals per second at the whole pool.
    load_balancing : str
        One of ``siteopt._core.queueing.pool_run.POLICIES``.
    seed : int
        Of the load balancer's choices.
    stop : StopCheck, optional

    Returns
    -------
    Responses

    Raises
    ------
    ValueError
        If the policy is unknown or the rate is not above 0.
    OutOfTimeError
        If ``stop`` said so before the end.
    """
    if load_balancing not in POLICIES or not rate_rps > 0.0:
        raise ValueError(
            f"needs a rate above 0 and one of {', '.join(POLICIES)}: {rate_rps:g}, {load_balancing}"
        )
    arrival, first, done = moments(times, requests, replicas, rate_rps, load_balancing, seed, stop)
    response = done - arrival
    mean = float(response.mean())
    begin = max(int(START_UP_SHARE * len(arrival)), int(np.searchsorted(arrival, START_UP_RESPONSES * mean)))
    end = int(np.searchsorted(arrival, arrival[-1] - RUN_OUT_RESPONSES * mean, side="right"))
    if end - begin < START_UP_SHARE * len(arrival):  # a run too short for its own start-up: what there is
        begin, end = len(arrival) // 2, len(arrival)
    counted = slice(begin, end)
    more = requests.output_tokens[counted] - 1.0
    writes = more > 0.0
    return Responses(
        ttft_ms=(first - arrival)[counted] + times.fixed_ms,
        e2e_ms=response[counted] + times.fixed_ms,
        tpot_ms=(done - first)[counted][writes] / more[writes],
    )


def moments(
    times: ReplicaTimes,
    requests: Requests,
    replicas: int,
    rate_rps: float,
    load_balancing: str,
    seed: int,
    stop: StopCheck | None = None,
) -> tuple[Floats, Floats, Floats]:
    """Return when each request arrives, and when its first and its last token come, ms; see :func:`simulate_pool`."""
    scale_ms = 1000.0 / rate_rps
    first, done = np.empty(len(requests.arrival)), np.empty(len(requests.arrival))
    whole = run_pool(
        replicas, load_balancing, times.base_ms, times.numbers(), requests.arrival, scale_ms,
        requests.input_tokens, requests.output_tokens, requests.cached_share, seed, stop or StopCheck(), first, done,
    )  # fmt: skip
    if not whole:
        raise OutOfTimeError
    return requests.arrival * scale_ms, first, done
