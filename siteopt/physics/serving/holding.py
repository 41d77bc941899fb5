"""Which deployment holds: how much a pool of it carries within the limits, or which limit a request alone misses."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from siteopt.physics.serving.pool_simulation import Requests, simulate_pool
from siteopt.physics.serving.surface import METRICS
from siteopt.physics.serving.tabulate import LOADS, sums_of_calls

if TYPE_CHECKING:
    from collections.abc import Sequence

    from siteopt.physics.serving.batching import ReplicaTimes
    from siteopt.physics.serving.pool_simulation import Responses
    from siteopt.physics.serving.surface import Limit

#: Size of the pool that deployments are compared in, requests of a run, and halvings of the load.
REPLICAS, COUNT, HALVINGS = 8, 20_000, 8
#: Highest load that is tried, as a share of saturation.
HIGHEST = 1.1


class Miss(NamedTuple):
    """A limit that is missed, and the time that a share of requests takes instead."""

    limit: Limit
    ms: float


def missed(responses: Responses, limits: Sequence[Limit], calls: float = 1.0, seed: int = 1) -> Miss | None:
    """Return the limit that a run misses by the largest factor; None where it keeps all.

    Parameters
    ----------
    responses : Responses
    limits : sequence of Limit
        Round trips already taken off.
    calls : float
        Calls of a request, which e2e counts.
    seed : int
        Of the order in which calls are added up.
    """
    found = []
    for limit in limits:
        assert limit.metric in METRICS
        values = getattr(responses, f"{limit.metric}_ms")
        if limit.metric == "e2e":
            values = sums_of_calls(values, calls, seed)
        ms = float(np.quantile(values, limit.percentile)) if len(values) else 0.0
        if ms > limit.ms:
            found.append(Miss(limit, ms))
    return max(
        found, key=lambda miss: miss.ms / miss.limit.ms if miss.limit.ms > 0.0 else np.inf, default=None
    )


def held_share(
    times: ReplicaTimes,
    requests: Requests,
    limits: Sequence[Limit],
    rps: float,
    *,
    calls: float = 1.0,
    load_balancing: str = "least_requests",
    seed: int = 1,
) -> float | Miss:
    """Return the load that a pool of eight carries within all limits, or what is missed at hardly any load.

    Parameters
    ----------
    times : ReplicaTimes
    requests : Requests
    limits : sequence of Limit
    rps : float
        Requests per second at which one replica saturates.
    calls, load_balancing
        See :class:`siteopt.physics.serving.tabulate.Traffic`.
    seed : int

    Returns
    -------
    float or Miss
        The share of saturation, within half a percent of saturation.
    """

    def misses(share: float) -> Miss | None:
        rate = share * REPLICAS * rps
        run = simulate_pool(times, requests, REPLICAS, rate, load_balancing=load_balancing, seed=seed)
        return missed(run, limits, calls, seed)

    low, high = LOADS[0], HIGHEST
    miss = misses(low)
    if miss is not None:
        return miss
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        if misses(middle) is None:
            low = middle
        else:
            high = middle
    return low
