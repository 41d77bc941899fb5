"""Time the queueing kernel, and its ratios to SciPy, NumPy and plain Python.

python benchmarks/queueing_speed.py
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.optimize import brentq
from scipy.stats import poisson

from siteopt.physics.serving import queueing, replica_queue, sizing

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from support.reference import queueing as reference  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable

REPEATS = 7


def seconds(call: Callable[[], Any]) -> float:
    """Best of a few runs: on a shared machine the others are slower for reasons of their own."""
    best = float("inf")
    for _ in range(REPEATS):
        start = time.perf_counter()
        call()
        best = min(best, time.perf_counter() - start)
    return best


def scipy_tail(servers: Any, load: Any, slack: float) -> Any:
    """P(wait > slack service times) through the Poisson distribution, vectorised."""
    blocking = poisson.pmf(servers, load) / poisson.cdf(servers, load)
    waiting = servers * blocking / (servers - load * (1.0 - blocking))
    return waiting * np.exp(-(servers - load) * slack)


def numpy_tail(servers: int, load: Any, slack: float) -> Any:
    """The recursion in the number of servers, vectorised over loads."""
    blocking = np.ones_like(load)
    for k in range(1, servers + 1):
        blocking = load * blocking / (k + load * blocking)
    return servers * blocking / (servers - load * (1.0 - blocking)) * np.exp(-(servers - load) * slack)


def tails() -> None:
    print("One Erlang-C tail, us (loads spread over utilisations 0.5 to 0.999; aim <= 0.5 for c <= 1,000)")
    print("     c   kernel    SciPy (x)       NumPy (x)       Python (x)")
    rho = np.linspace(0.5, 0.999, 4000)
    for servers in (1, 10, 100, 300, 1000, 10_000):
        load = rho * servers
        count = np.full(load.size, servers)
        few = load[:: max(1, servers // 10)][:40]
        ours = seconds(lambda c=count, a=load: queueing.wait_tail(c, a, 0.1, 1.0)) / load.size
        others = (
            seconds(lambda c=count, a=load: scipy_tail(c, a, 0.1)) / load.size,
            seconds(lambda c=servers, a=load: numpy_tail(c, a, 0.1)) / load.size
            if servers <= 1000
            else np.nan,
            seconds(lambda c=servers, few=few: [reference.wait_tail(c, a, 0.1, 1.0, 1.0) for a in few])
            / few.size,
        )
        cells = "".join(f"{1e6 * other:9.2f} ({other / ours:6.1f})" for other in others)
        print(f"{servers:6d} {1e6 * ours:8.3f}{cells}")


def sizings() -> None:
    print("\n10,000 sizings, ms (aim <= 50)")
    random = np.random.default_rng(1)
    loads = 10.0 ** random.uniform(-1.0, 3.0, 10_000)
    slacks = 10.0 ** random.uniform(-2.0, 1.0, 10_000)
    servers = random.integers(1, 1001, 10_000)

    def report(name: str, call: Callable[[], Any], scale: float = 1.0) -> None:
        print(f"{name:66s} {1000.0 * scale * seconds(call):9.2f}")

    report(
        "servers for 10,000 loads of 0.1 to 1,000",
        lambda: queueing.servers_needed(loads, slacks, 1.0, 1.0, 0.99),
    )
    report(
        "largest loads of 10,000 pools of 1 to 1,000",
        lambda: queueing.max_load(servers, slacks, 1.0, 1.0, 0.99),
    )
    report("one table A(n), n to 10,000", lambda: queueing.load_table(10_000, 0.1, 1.0, 1.0, 0.99))
    report(
        "33 tables A(n), n to 300", lambda: [queueing.load_table(300, s, 1.0, 1.0, 0.99) for s in slacks[:33]]
    )
    replica = replica_queue.LLMReplica.from_work(12, 0.05, 0.0005, 128, 512, 48, queue_limit=128)
    report("33 LLM tables A(n), n to 300, 48 slots", lambda: [llm_table(replica, s) for s in slacks[:33]])
    table = sizing.service_table(300, 0.1, 1.0, 1.0, 0.99)
    report("10,000 look-ups of replicas in a table", lambda: table.replicas_for(loads))
    report("13 segments of one table to 300", lambda: sizing.segments(table, 13))
    some = list(zip(servers[:20].tolist(), slacks[:20].tolist(), strict=True))
    report("10,000 largest loads, SciPy brentq", lambda: [brentq_load(c, s) for c, s in some], 500.0)
    report(
        "10,000 largest loads, plain Python",
        lambda: [reference.max_load(c, s, 1.0, 1.0, 0.99) for c, s in some[:2]],
        5000.0,
    )


def llm_table(replica: replica_queue.LLMReplica, slack: float) -> Any:
    return replica_queue.llm_rate_table(replica, 300, 1000.0 * slack, 0.99)


def brentq_load(servers: int, slack: float) -> float:
    """The same root by a library's root finder over SciPy's Poisson distribution."""
    top = servers * (1.0 - 1e-12)
    return float(brentq(lambda load: scipy_tail(servers, load, slack) - 0.01, 1e-9, top, xtol=1e-12))


if __name__ == "__main__":
    tails()
    sizings()
