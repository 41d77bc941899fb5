"""The table of a deployment's pools, simulated: a few sizes and loads, each with the same requests in one order."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING

import numpy as np

from siteopt.physics.serving.pool_simulation import Requests, simulate_pool
from siteopt.physics.serving.surface import MARGIN, METRICS, Surface

if TYPE_CHECKING:
    from collections.abc import Sequence

    from siteopt._core.stopping import StopCheck
    from siteopt.arrays import Floats
    from siteopt.physics.serving.batching import ReplicaTimes
    from siteopt.physics.serving.pool_simulation import Responses
    from siteopt.physics.serving.request_sizes import RequestSizes
    from siteopt.physics.serving.surface import Limit

#: Sizes that are simulated; the last only where a pool may be larger than the one before it.
SIZES = (1, 2, 4, 16, 64, 256)
#: Requests in the run of a size: in-flight requests grow with it, and a short run of a large pool is all start-up.
REQUESTS = {1: 30_000, 2: 30_000, 4: 30_000, 16: 60_000, 64: 120_000, 256: 240_000}
#: Loads that are simulated, as shares of saturation; beyond the last in equal steps as far as is asked.
LOADS = (0.012, 0.03, 0.06, 0.10, 0.15, 0.20, 0.26, 0.33, 0.40, 0.47, 0.54, 0.61, 0.68, 0.75, 0.83)
STEP = 0.07
#: From this size on a row begins a few loads before the one at which the smaller size ended.
LARGE, BEFORE = 64, 2
#: Calls of an agent whose times are added one by one; beyond, their sum is taken as gamma.
ADDED_CALLS = 32


@dataclass(frozen=True, eq=False)
class Traffic:
    """What arrives at the pools of a workload.

    Attributes
    ----------
    sizes : RequestSizes
    arrival_cv : float
        Coefficient of variation of the times between arrivals at a pool.
    cached_share : float
        Share of the tokens read that a prefix cache holds.
    calls : float
        Calls that a request makes one after the other: its e2e is their sum.
    load_balancing : str
        How they are sent to replicas: one of ``siteopt._core.queueing.pool_run.POLICIES``.
    """

    sizes: RequestSizes
    arrival_cv: float = 1.0
    cached_share: float = 0.0
    calls: float = 1.0
    load_balancing: str = "least_requests"

    def requests(self, count: int, seed: int) -> Requests:
        """Draw the order of ``count`` requests and of the times between them."""
        return Requests.drawn(self.sizes, count, self.arrival_cv, seed, self.cached_share)


def tabulate(
    times: ReplicaTimes,
    traffic: Traffic,
    limits: Sequence[Limit],
    *,
    rps: float,
    highest_load: float = LOADS[-1],
    largest_pool: int = LARGE,
    seed: int = 1,
    stop: StopCheck | None = None,
) -> Surface:
    """Simulate a deployment's pools at a few sizes and loads.

    Parameters
    ----------
    times : ReplicaTimes
    traffic : Traffic
    limits : sequence of Limit
        The loosest of each metric and percentile that will be asked for. A row ends at the first load that misses one.
    rps : float
        Requests per second at which one replica saturates.
    highest_load : float
        Most of its saturation that a replica is ever given.
    largest_pool : int
        Most replicas that a pool may have; above 64 a larger size is simulated too.
    seed : int
    stop : StopCheck, optional

    Returns
    -------
    Surface

    Raises
    ------
    OutOfTimeError
        If ``stop`` said so.
    """
    loads = _loads(highest_load / MARGIN)
    percentiles = tuple(sorted({0.5, 0.95, 0.99, *(x.percentile for x in limits)}))
    simulated = tuple(n for n in SIZES if n <= LARGE or largest_pool > LARGE)
    table = np.full((len(METRICS), len(percentiles), len(simulated), len(loads)), inf)
    drawn = {count: traffic.requests(count, seed) for count in {REQUESTS[n] for n in simulated}}
    ended = 0
    for row, n in enumerate(simulated):
        begin = max(ended - BEFORE, 0) if n >= LARGE else 0
        table[:, :, row, :begin] = table[:, :, row - 1, :begin]
        for ended in range(begin, len(loads)):
            responses = simulate_pool(
                times, drawn[REQUESTS[n]], n, float(loads[ended]) * n * rps,
                load_balancing=traffic.load_balancing, seed=seed, stop=stop,
            )  # fmt: skip
            found = _quantiles(responses, percentiles, traffic.calls, seed)
            table[:, :, row, ended] = found
            if any(found[METRICS.index(x.metric), percentiles.index(x.percentile)] > x.ms for x in limits):
                break
    # Beyond the end of a row all are infinite, so that the running maximum leaves them so.
    np.maximum.accumulate(table, axis=3, out=table)
    return Surface(rps, simulated, loads, percentiles, table)


def _loads(highest: float) -> Floats:
    """Return the loads to simulate, the last not below ``highest``."""
    more = np.arange(LOADS[-1] + STEP, highest + STEP, STEP)
    return np.array([*(x for x in LOADS if x < highest or x == LOADS[-1]), *np.minimum(more, highest)])


def _quantiles(responses: Responses, percentiles: tuple[float, ...], calls: float, seed: int) -> Floats:
    """Return the quantiles of one run; shape (metric, percentile)."""
    per_metric = (responses.ttft_ms, responses.tpot_ms, sums_of_calls(responses.e2e_ms, calls, seed))
    # Answers of one token each have no time per token.
    return np.array(
        [np.quantile(x, percentiles) if len(x) else np.zeros(len(percentiles)) for x in per_metric]
    )


def sums_of_calls(e2e_ms: Floats, calls: float, seed: int) -> Floats:
    """Return times of requests that make several calls one after the other, each independent of the others.

    Every call takes one of the measured times, in an order of its own. A mean number of calls that is not whole has as
    many requests with one call more as it takes. Beyond 32 calls their sum is taken as gamma with its two moments.
    """
    if calls == 1.0:
        return e2e_ms
    generator = np.random.default_rng(seed)
    count = len(e2e_ms)
    if calls > ADDED_CALLS:
        mean, scv = float(e2e_ms.mean()), float(e2e_ms.var()) / float(e2e_ms.mean()) ** 2
        return _gamma_times(calls * mean, scv / calls, count)
    total = np.zeros(count)
    for _ in range(int(calls)):
        total += generator.permutation(e2e_ms)
    extra = generator.permutation(np.arange(count) < (calls % 1.0) * count)
    total[extra] += generator.permutation(e2e_ms)[extra]
    return total


def _gamma_times(mean_ms: float, scv: float, count: int) -> Floats:
    """Return evenly spaced quantiles of a gamma distribution."""
    from scipy.special import gammaincinv  # SciPy takes long to import, and few workloads make so many calls

    if scv == 0.0:
        return np.full(count, mean_ms)
    quantiles: Floats = gammaincinv(1.0 / scv, (np.arange(count) + 0.5) / count) * mean_ms * scv
    return quantiles
