"""Hold the queueing formulas against two independent simulators, and print the errors.

M/G/c waits (p50, p95, p99; service SCV 0.5, 1 and 4) against ``ciw``; pools of LLM replicas (limited
processor sharing behind one first-come-first-served queue, each request to the emptiest replica) against a
model in ``simpy``. Neither is a dependency of siteopt: ``pip install ciw simpy`` first. Large pools get more
arrivals, because they forget more slowly. A row is the mean over the seeds; its last column is the standard
error of the simulated p99, in percent: an error of that size is the simulation's own.

    python benchmarks/queueing_simulation.py [--arrivals N] [--seeds S]
"""

from __future__ import annotations

import argparse
import heapq
import random
from typing import TYPE_CHECKING, Any

import numpy as np

from siteopt.physics.serving import queueing, replica_queue

if TYPE_CHECKING:
    from collections.abc import Generator

    from numpy.typing import NDArray

PERCENTILES = (0.5, 0.95, 0.99)
WARM_UP = 0.1  # of the arrivals, dropped
MGC_CASES = [(1, 0.7), (1, 0.9), (4, 0.7), (4, 0.9), (10, 0.8), (10, 0.9), (50, 0.9), (100, 0.9), (100, 0.95)]
POOL_CASES = [(1, 0.8), (1, 0.9), (4, 0.9), (4, 0.95), (16, 0.95), (16, 0.98)]
ZERO = 0.02  # service times: waits below this are compared as zero


def service_distribution(scv: float) -> Any:
    """Mean 1: Erlang for an SCV below 1, exponential, balanced-means hyperexponential above."""
    import ciw

    if scv == 1.0:
        return ciw.dists.Exponential(1.0)
    if scv < 1.0:
        phases = round(1.0 / scv)
        return ciw.dists.Erlang(float(phases), phases)
    p = 0.5 * (1.0 + ((scv - 1.0) / (scv + 1.0)) ** 0.5)
    return ciw.dists.HyperExponential([2.0 * p, 2.0 * (1.0 - p)], [p, 1.0 - p])


def simulate_mgc(servers: int, rho: float, scv: float, arrivals: int, seed: int) -> NDArray[np.float64]:
    """Waits in service times, in order of arrival."""
    import ciw

    network = ciw.create_network(
        arrival_distributions=[ciw.dists.Exponential(rho * servers)],
        service_distributions=[service_distribution(scv)],
        number_of_servers=[servers],
    )
    ciw.seed(seed)
    simulation = ciw.Simulation(network)
    simulation.simulate_until_max_customers(arrivals, method="Finish")
    records = sorted(simulation.get_all_records(), key=lambda record: record.arrival_date)
    return np.array([record.waiting_time for record in records[int(WARM_UP * len(records)) :]])


class Replica:
    """One replica: its whole batch runs at the same speed, so one clock of attained service is enough."""

    def __init__(self, environment: Any, completion_rps: NDArray[np.float64]) -> None:
        self.environment, self.rates = environment, completion_rps
        self.clock, self.since = 0.0, 0.0
        self.batch: list[tuple[float, float]] = []
        self.changed = environment.event()

    def catch_up(self) -> None:
        """Advance attained service to now; a batch of b completes rates[b - 1], each runs at 1 / b of it."""
        if self.batch:
            speed = self.rates[len(self.batch) - 1] / len(self.batch)
            self.clock += (self.environment.now - self.since) * speed
        self.since = self.environment.now

    def admit(self, work: float) -> None:
        self.catch_up()
        heapq.heappush(self.batch, (self.clock + work, self.environment.now))
        self.changed.succeed()
        self.changed = self.environment.event()


class Pool:
    """Replicas behind one queue."""

    def __init__(self, environment: Any, replica: replica_queue.LLMReplica, count: int) -> None:
        self.environment, self.slots = environment, replica.slots
        self.replicas = [Replica(environment, replica.completion_rps) for _ in range(count)]
        self.queue: list[tuple[float, float]] = []
        self.head = 0
        self.waits: list[float] = []
        self.services: list[float] = []
        for one in self.replicas:
            environment.process(self.serve(one))

    def balance(self) -> None:
        while self.head < len(self.queue):
            emptiest = min(self.replicas, key=lambda one: len(one.batch))
            if len(emptiest.batch) == self.slots:
                return
            arrived, work = self.queue[self.head]
            self.head += 1
            self.waits.append(self.environment.now - arrived)
            emptiest.admit(work)

    def serve(self, one: Replica) -> Generator[Any, Any, None]:
        while True:
            if not one.batch:
                yield one.changed
                continue
            one.catch_up()
            left = max(one.batch[0][0] - one.clock, 0.0) * len(one.batch) / one.rates[len(one.batch) - 1]
            finished = self.environment.timeout(left)
            changed = one.changed
            yield finished | changed
            if changed.triggered:
                continue
            one.catch_up()
            _, admitted = heapq.heappop(one.batch)
            self.services.append(self.environment.now - admitted)
            self.balance()

    def feed(self, rate: float, arrivals: int, scv: float, seed: int) -> Generator[Any, Any, None]:
        draw = random.Random(seed)
        for _ in range(arrivals):
            yield self.environment.timeout(draw.expovariate(rate))
            work = draw.gammavariate(1.0 / scv, scv)
            self.queue.append((self.environment.now, work))
            self.balance()


def simulate_pool(
    replica: replica_queue.LLMReplica, count: int, rho: float, scv: float, arrivals: int, seed: int
) -> tuple[NDArray[np.float64], float]:
    """Waits in ms in order of arrival, and the mean time in service in ms."""
    import simpy

    environment = simpy.Environment()
    pool = Pool(environment, replica, count)
    feed = environment.process(pool.feed(rho * count * replica.capacity_rps, arrivals, scv, seed))
    environment.run(until=feed)
    drop = int(WARM_UP * len(pool.waits))
    return 1000.0 * np.array(pool.waits[drop:]), 1000.0 * float(np.mean(pool.services[drop:]))


def error_percent(formula: float, simulated: float, unit: float) -> float:
    """Relative error in percent; 0 where both are zero for all purposes, nan where only one is."""
    if max(formula, simulated) < ZERO * unit:
        return 0.0
    return 100.0 * (formula / simulated - 1.0) if simulated >= ZERO * unit else float("nan")


def print_row(label: str, formula: list[float], runs: NDArray[np.float64], unit: float) -> list[float]:
    """One line of a table; runs has shape (seeds, columns)."""
    simulated = runs.mean(axis=0)
    errors = [error_percent(f, s, unit) for f, s in zip(formula, simulated, strict=True)]
    noise = 100.0 * runs[:, -1].std(ddof=1) / len(runs) ** 0.5 / max(simulated[-1], ZERO * unit)
    cells = "".join(
        f"{f:11.3f} {s:10.3f} {e:+7.1f}" for f, s, e in zip(formula, simulated, errors, strict=True)
    )
    print(f"{label}{cells}  {noise:5.1f}", flush=True)
    return errors


def mgc_table(arrivals: int, seeds: int) -> None:
    print("M/G/c waits in service times, formula / ciw / error %, at p50, p95, p99")
    print("  c   rho  SCV")
    errors: dict[str, list[list[float]]] = {}
    for scv in (0.5, 1.0, 4.0):
        for servers, rho in MGC_CASES:
            enough = arrivals * max(1, servers // 25)
            waits = [simulate_mgc(servers, rho, scv, enough, seed) for seed in range(seeds)]
            runs = np.array([np.quantile(wait, PERCENTILES) for wait in waits])
            formula = queueing.wait_quantile_ms(servers, servers * rho, 1.0, scv, PERCENTILES)
            label = f"{servers:3d} {rho:5.2f} {scv:4.1f}"
            errors.setdefault(f"SCV {scv}", []).append(print_row(label, list(formula), runs, 1.0))
    print_summary(errors)


def pool_table(arrivals: int, seeds: int) -> None:
    replica = replica_queue.LLMReplica.from_work(12, 0.05, 0.0005, 128, 512, 48)
    solo = 1000.0 / replica.completion_rps[0]
    print("\nLLM pools (48 slots each), ms: mean service, wait at p95, p99; formula / simpy / error %")
    print("  n   rho  SCV of the work")
    errors: dict[str, list[list[float]]] = {}
    for scv in (1.0, 0.25):
        for count, rho in POOL_CASES:
            enough = arrivals * max(1, count // 4)
            waits = [simulate_pool(replica, count, rho, scv, enough, seed) for seed in range(seeds)]
            runs = np.array([[service, *np.quantile(wait, PERCENTILES[1:])] for wait, service in waits])
            rate = rho * count * replica.capacity_rps
            formula = [replica_queue.llm_figures(replica, rate, count).service_ms]
            formula += [replica_queue.llm_wait_quantile_ms(replica, count, rate, p) for p in PERCENTILES[1:]]
            label = f"{count:3d} {rho:5.2f} {scv:4.2f}"
            errors.setdefault(f"work SCV {scv}", []).append(print_row(label, formula, runs, solo))
    print_summary(errors)


def print_summary(errors: dict[str, list[list[float]]]) -> None:
    """Median, mean and worst absolute error of each column."""
    for name, rows in errors.items():
        every = np.abs(np.array(rows))
        parts = [
            f"{np.nanmedian(column):.1f} / {np.nanmean(column):.1f} / {np.nanmax(column):.1f}"
            for column in every.T
        ]
        print(f"{name}: |error| % median / mean / worst by column: " + "; ".join(parts), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--arrivals", type=int, default=100_000)
    parser.add_argument("--seeds", type=int, default=3)
    arguments = parser.parse_args()
    mgc_table(arguments.arrivals, max(arguments.seeds, 2))
    pool_table(arguments.arrivals, max(arguments.seeds, 2))


if __name__ == "__main__":
    main()
