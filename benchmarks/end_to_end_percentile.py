"""How conservative the SLO test is: percentiles added up, against the percentile of sampled requests.

The SLO test adds the p-quantile of service to the p-quantile of waiting. Percentiles do not add: the true p-quantile of
the sum is lower unless both are large together. This samples an M/G/c pool request by request (first come first
served, gamma service times), and prints both, with P(sum <= rule), which would be p if the rule were exact.

    python benchmarks/end_to_end_percentile.py [--requests N]
"""

from __future__ import annotations

import argparse
import heapq

import numpy as np

from siteopt.physics.serving.pool import ServiceQueue
from siteopt.physics.serving.service import service_quantile_ms

CASES = [(c, rho, scv) for c in (1, 5, 20, 100) for rho in (0.6, 0.8, 0.9) for scv in (0.25, 1.0)]
SERVICE_MS = 10.0
PERCENTILE = 0.99


def sample_ms(
    servers: int, utilisation: float, scv: float, requests: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Waits and service times of requests to an M/G/c queue, ms, the first tenth left out."""
    rng = np.random.default_rng(seed)
    service = rng.gamma(1.0 / scv, SERVICE_MS * scv, requests)
    arrival = np.cumsum(rng.exponential(SERVICE_MS / (servers * utilisation), requests))
    free = [0.0] * servers
    wait = np.empty(requests)
    for n in range(requests):
        start = max(arrival[n], heapq.heappop(free))
        wait[n] = start - arrival[n]
        heapq.heappush(free, start + service[n])
    warm = requests // 10
    return wait[warm:], service[warm:]


def main() -> None:
    """Print one row per case and the summary."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=200_000)
    requests = parser.parse_args().requests
    print(f"M/G/c, mean service {SERVICE_MS:g} ms, p{100 * PERCENTILE:g}, {requests:,} requests a case")
    print(
        f"{'servers':>7} {'load':>5} {'scv':>5} {'rule ms':>8} {'sampled':>8} {'rule over':>9} {'P(<= rule)':>10}"
    )
    excess = []
    for n, (servers, utilisation, scv) in enumerate(CASES):
        queue = ServiceQueue(SERVICE_MS, scv, 1)
        rate = servers * utilisation * 1000.0 / SERVICE_MS
        rule = queue.wait_quantile_ms(servers, rate, PERCENTILE) + service_quantile_ms(
            SERVICE_MS, scv, PERCENTILE
        )
        total = np.sum(sample_ms(servers, utilisation, scv, requests, seed=n), axis=0)
        sampled = float(np.quantile(total, PERCENTILE))
        excess.append(rule / sampled - 1.0)
        met = float(np.mean(total <= rule))
        print(
            f"{servers:7d} {utilisation:5.2f} {scv:5.2f} {rule:8.2f} {sampled:8.2f} {excess[-1]:8.1%} {met:10.4f}"
        )
    print(
        f"the rule is above the sample by {np.median(excess):.1%} (median), {min(excess):.1%} to {max(excess):.1%}"
    )


if __name__ == "__main__":
    main()
