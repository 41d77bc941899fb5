"""Exact vectors, cross-checks against SciPy, and the edges of the queueing API and the sizing tables."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import poisson
from support.reference import queueing as reference

from siteopt.physics.serving import queueing, replica_queue, sizing

WORK = {"alpha_ms": 12, "beta_ms": 0.05, "gamma_ms": 0.0005, "input_tokens": 128, "output_tokens": 512}


def work_replica(**options: float) -> replica_queue.LLMReplica:
    return replica_queue.LLMReplica.from_work(**WORK, slots=48, **options)


@pytest.mark.parametrize(
    ("servers", "rho", "expected"),
    [
        (2, 0.8, 0.711111),
        (10, 0.8, 0.409180),
        (10, 0.9, 0.668732),
        (50, 0.9, 0.363864),
        (100, 0.9, 0.216940),
        (500, 0.95, 0.176964),
    ],
)
def test_erlang_c_matches_the_published_values(servers: int, rho: float, expected: float) -> None:
    assert queueing.erlang_c(servers, servers * rho) == pytest.approx(expected, abs=5e-7)


@pytest.mark.parametrize(("sites", "total"), [(1, 118), (5, 150), (10, 180), (20, 220), (50, 350)])
def test_pooling_a_hundred_erlangs(sites: int, total: int) -> None:
    """P(wait > 0.1 service) < 1 %: what splitting one load over equal sites costs in servers."""
    assert sites * queueing.servers_needed(100 / sites, 0.1, 1.0, 1.0, 0.99) == total


@pytest.mark.parametrize("queue_limit", [80, 128])
def test_llm_replica_unit_vector(queue_limit: int) -> None:
    """PARAMETERS 2c.1; K = 128 as places to wait, or as all places: blocking is 1e-12 either way."""
    figures = replica_queue.llm_figures(work_replica(queue_limit=queue_limit), 2.9494622)
    assert figures.response_ms == pytest.approx(10231.625, rel=1e-6)
    assert figures.wait_ms == pytest.approx(14.22, abs=5e-3)
    assert figures.in_service == pytest.approx(30.13585, rel=1e-6)
    assert figures.ttft_ms == pytest.approx(59.99977, rel=1e-6)
    assert figures.itl_ms == pytest.approx(19.90533, rel=1e-6)
    assert figures.max_rate_rps == pytest.approx(3.8609295, rel=1e-6)


@pytest.mark.parametrize("servers", [1, 2, 3, 4, 5, 7, 8, 33, 250, 1000, 100_000])
@pytest.mark.parametrize("rho", [1e-3, 0.3, 0.9, 0.999, 1 - 1e-9])
def test_erlang_c_matches_recursion_and_scipy(servers: int, rho: float) -> None:
    load = servers * rho
    ours = queueing.erlang_c(servers, load)
    assert ours == pytest.approx(reference.erlang_c(servers, load), rel=1e-9, abs=1e-280)
    blocking = poisson.pmf(servers, load) / poisson.cdf(servers, load)
    assert ours == pytest.approx(blocking / (1 - rho * (1 - blocking)), rel=1e-6, abs=1e-280)


def test_erlang_c_broadcasts_and_returns_scalars_for_scalars() -> None:
    table = queueing.erlang_c([[1], [10]], [0.5, 0.9, 5.0])
    assert table.shape == (2, 3)
    assert table[0, 2] == 1.0
    assert isinstance(queueing.erlang_c(2, 1.6), float)


def test_edges_of_the_tail() -> None:
    assert queueing.erlang_c(5, 0.0) == 0.0
    assert queueing.erlang_c(5, 5.0) == 1.0
    assert queueing.wait_tail(5, 2.0, math.inf, 10.0) == 0.0
    assert queueing.wait_tail(5, 2.0, -1.0, 10.0) == 1.0
    assert queueing.wait_tail(5, 2.0, 0.0, 10.0) == queueing.erlang_c(5, 2.0)
    assert queueing.wait_tail(5, 9.0, 1e9, 10.0) == 1.0
    assert queueing.erlang_c(100_000, 1e-300) == 0.0


def test_wait_quantile_inverts_the_tail() -> None:
    wait = queueing.wait_quantile_ms(10, 9.0, 20.0, 0.5, 0.95)
    assert queueing.wait_tail(10, 9.0, wait, 20.0, 0.5) == pytest.approx(0.05, rel=1e-12)
    assert wait == pytest.approx(math.log(0.668732 / 0.05) / (10 - 9) * 20 * 1.5 / 2, rel=1e-6)
    assert queueing.wait_quantile_ms(100, 50.0, 20.0, 1.0, 0.95) == 0.0
    assert queueing.wait_quantile_ms(10, 10.0, 20.0, 1.0, 0.95) == math.inf
    assert queueing.wait_quantile_ms(10, 0.0, 20.0, 1.0, 0.95) == 0.0


@pytest.mark.parametrize(("servers", "slack_ms", "scv"), [(1, 0, 1), (3, 0.5, 0), (40, 0.1, 4), (900, 2, 1)])
@pytest.mark.parametrize("percentile", [0.5, 0.99, 0.99999])
def test_max_load_matches_bisection(servers: int, slack_ms: float, scv: float, percentile: float) -> None:
    ours = queueing.max_load(servers, slack_ms, 1.0, scv, percentile)
    assert ours == pytest.approx(reference.max_load(servers, slack_ms, 1.0, scv, percentile), rel=1e-10)
    assert queueing.wait_tail(servers, ours, slack_ms, 1.0, scv) <= (1 - percentile) * (1 + 1e-12)


def test_edges_of_sizing() -> None:
    assert queueing.max_load(7, math.inf, 1.0, 1.0, 0.99) == 7.0
    assert queueing.max_load(7, -0.1, 1.0, 1.0, 0.99) == 0.0
    assert queueing.servers_needed(0.0, 0.0, 1.0, 1.0, 0.99) == 0
    assert queueing.servers_needed(7.0, math.inf, 1.0, 1.0, 0.99) == 8
    assert queueing.servers_needed(7.0, -0.1, 1.0, 1.0, 0.99) == -1
    assert queueing.servers_needed(1e6, 1.0, 1.0, 1.0, 0.99) == -1
    assert queueing.servers_needed(50.0, 0.0, 1.0, 1.0, 0.99, max_servers=60) == -1
    assert queueing.load_table(0, 1.0, 1.0, 1.0, 0.9).tolist() == [0.0]


def test_load_table_counts_slots() -> None:
    table = queueing.load_table(20, 2.0, 5.0, 1.0, 0.95, slots=4)
    assert table[1:] == pytest.approx(queueing.max_load(4 * np.arange(1, 21), 2.0, 5.0, 1.0, 0.95), rel=1e-11)


def test_largest_pools() -> None:
    load = queueing.max_load(100_000, 0.001, 1.0, 1.0, 0.999)
    assert 99_000 < load < 100_000
    assert queueing.servers_needed(load, 0.001, 1.0, 1.0, 0.999) == 100_000


@pytest.mark.parametrize(
    "call",
    [
        lambda: queueing.erlang_c(0, 1.0),
        lambda: queueing.erlang_c(1.5, 1.0),
        lambda: queueing.erlang_c(100_001, 1.0),
        lambda: queueing.erlang_c(math.nan, 1.0),
        lambda: queueing.erlang_c(2, -1.0),
        lambda: queueing.erlang_c(2, math.nan),
        lambda: queueing.wait_tail(2, 1.0, math.nan, 1.0),
        lambda: queueing.wait_tail(2, 1.0, 1.0, 0.0),
        lambda: queueing.wait_tail(2, 1.0, 1.0, 1.0, -1.0),
        lambda: queueing.max_load(2, 1.0, 1.0, 1.0, 99),
        lambda: queueing.max_load(2, 1.0, 1.0, 1.0, 1.0),
        lambda: queueing.load_table(-1, 1.0, 1.0, 1.0, 0.9),
        lambda: queueing.load_table(5, 1.0, 1.0, 1.0, 0.9, slots=0),
        lambda: replica_queue.LLMReplica(np.array([]), np.array([]), 10),
        lambda: replica_queue.LLMReplica(np.array([2.0, 1.0]), np.zeros(2), 10),
        lambda: replica_queue.LLMReplica(np.array([0.0, 1.0]), np.zeros(2), 10),
        lambda: replica_queue.LLMReplica(np.array([1.0]), np.zeros(1), 0.5),
        lambda: replica_queue.LLMReplica(np.array([1.0]), np.zeros(1), 10, queue_limit=1.5),
        lambda: replica_queue.LLMReplica(np.array([1.0]), np.zeros(1), 10, balancing_efficiency=1.1),
        lambda: replica_queue.LLMReplica.from_iteration([-1.0], 1.0, 10),
        lambda: replica_queue.llm_figures(work_replica(), 0.0),
        lambda: replica_queue.llm_wait_tail(work_replica(), 0, 1.0, 1.0),
        lambda: sizing.linear_table(0),
        lambda: sizing.utilisation_table(5, 1.2),
        lambda: sizing.segments(sizing.linear_table(5), 0),
    ],
)
def test_bad_arguments_are_refused(call: object) -> None:
    with pytest.raises(ValueError, match=r"must|needs|need"):
        call()


def test_llm_pool_with_constant_rate_per_slot_is_erlang() -> None:
    """Slots that do not slow each other down make the pool an M/M/c queue with n x M servers."""
    replica = replica_queue.LLMReplica(0.5 * np.arange(1, 9), np.zeros(8), 10)
    tail = replica_queue.llm_wait_tail(replica, 5, [10.0, 18.0, 20.0, 25.0], 300.0)
    assert tail == pytest.approx(
        queueing.wait_tail(40, np.array([10, 18, 20, 25]) / 0.5, 300.0, 2000.0), rel=1e-11
    )


@pytest.mark.parametrize("load", [0.4, 0.95, 1.0, 1.05, 3.0])
@pytest.mark.parametrize("room", [0, 1, 7, 60])
def test_llm_pool_matches_its_twin(load: float, room: int) -> None:
    rates = np.array([1.0, 1.7, 2.2, 2.5])
    replica = replica_queue.LLMReplica(rates * 1000, np.zeros(4), 10, queue_limit=room)
    rate = load * 3 * rates[-1]
    slacks = np.array([0.0, 0.5, 4.0, 30.0, math.inf])
    expected = [reference.pool_tail(rates, 3, 3 * room, rate, slack) for slack in slacks]
    assert replica_queue.llm_wait_tail(replica, 3, rate * 1000, slacks) == pytest.approx(expected, rel=1e-9)
    chances = reference.pool_probabilities(rates, 3, 3 * room, rate)
    assert chances == pytest.approx(reference.pool_probabilities_solved(rates, 3, 3 * room, rate), abs=1e-13)
    states = np.arange(chances.size)
    figures = replica_queue.llm_figures(replica, rate * 1000, 3)
    assert figures.in_service == pytest.approx(chances @ np.minimum(states, 12), rel=1e-9)
    assert figures.blocked == pytest.approx(chances[-1], rel=1e-9)
    assert figures.waiting_probability == pytest.approx(chances[12:].sum(), rel=1e-9)
    queued = chances @ np.maximum(states - 12, 0)
    assert figures.wait_ms * figures.throughput_rps / 1000 == pytest.approx(queued, rel=1e-9)


def test_a_long_queue_is_as_good_as_an_endless_one() -> None:
    rates = [1.0, 3.0, 3.5, 3.8]
    long = work_replica(queue_limit=100_000)
    assert replica_queue.llm_wait_tail(long, 2, rates, 500.0) == pytest.approx(
        replica_queue.llm_wait_tail(work_replica(), 2, rates, 500.0), rel=1e-10
    )
    assert replica_queue.llm_figures(long, 3.5).wait_ms == pytest.approx(
        replica_queue.llm_figures(work_replica(), 3.5).wait_ms, rel=1e-9
    )


def test_llm_extremes_stay_finite() -> None:
    idle = replica_queue.llm_figures(work_replica(), 1e-9)
    assert idle.wait_ms == 0.0
    assert idle.ttft_ms == pytest.approx(12 + 0.0505 * 128 + idle.itl_ms)
    overload = replica_queue.llm_figures(work_replica(), 10.0)
    assert overload.wait_ms == math.inf
    assert overload.throughput_rps == pytest.approx(overload.max_rate_rps / 0.999)
    lossy = replica_queue.llm_figures(work_replica(queue_limit=5000), 100.0, 50)
    assert lossy.throughput_rps == pytest.approx(100.0)
    flooded = replica_queue.llm_figures(work_replica(queue_limit=5000), 1000.0, 50)
    assert flooded.throughput_rps == pytest.approx(50 * work_replica().capacity_rps, rel=1e-6)
    assert flooded.blocked == pytest.approx(1 - flooded.throughput_rps / 1000.0)


@pytest.mark.parametrize("queue_limit", [math.inf, 3])
def test_llm_wait_quantile_inverts_the_tail(queue_limit: float) -> None:
    replica = work_replica(queue_limit=queue_limit)
    wait = replica_queue.llm_wait_quantile_ms(replica, 2, 7.3, 0.9)
    assert wait > 0.0
    assert replica_queue.llm_wait_tail(replica, 2, 7.3, wait) == pytest.approx(0.1, rel=1e-6)
    assert replica_queue.llm_wait_quantile_ms(replica, 2, 1.0, 0.9) == 0.0
    assert replica_queue.llm_wait_quantile_ms(replica, 2, 30.0, 0.9) == math.inf


def test_balancing_efficiency_scales_rates() -> None:
    """A pool at 80 % efficiency carries what slots that are a quarter slower would."""
    lossy = work_replica(balancing_efficiency=0.8)
    slow = replica_queue.LLMReplica(0.8 * work_replica().completion_rps, np.zeros(48), 512)
    assert lossy.capacity_rps == pytest.approx(0.8 * work_replica().capacity_rps)
    assert replica_queue.llm_max_rate(lossy, 3, 100.0, 0.99) == pytest.approx(
        replica_queue.llm_max_rate(slow, 3, 100.0, 0.99), rel=1e-9
    )


def test_general_form_takes_a_vector_of_iteration_times() -> None:
    replica = replica_queue.LLMReplica.from_iteration([10.0, 12.0], 5.0, 99)
    assert replica.completion_rps == pytest.approx([1.0, 2000 / 1200])
    assert replica.slots == 2


def test_segments_reach_the_aim_at_three_hundred_replicas() -> None:
    """DESIGN section 2: 8 to 13 segments give 0.5 % up to 300 replicas; no slack is the hardest case."""
    for slack_ms in (0.0, 0.1, 1.0):
        table = sizing.service_table(300, slack_ms, 1.0, 1.0, 0.999)
        assert table.convex
        assert sizing.segments(table, 13).sandwich <= 0.005
    table = sizing.llm_table(work_replica(queue_limit=128), 300, 0.0, 0.99)
    assert table.convex
    assert sizing.segments(table, 8).sandwich <= 0.005


def test_more_segments_narrow_the_sandwich() -> None:
    table = sizing.service_table(300, 0.1, 1.0, 1.0, 0.99)
    widths = [sizing.segments(table, count).sandwich for count in (1, 2, 4, 8, 13, 26)]
    assert all(wide > 1.5 * narrow for wide, narrow in zip(widths, widths[1:], strict=False))
    coarse = sizing.segments(table, 13, tolerance=0.005)
    assert coarse.sandwich <= 0.005
    assert coarse.first.size < 13


def test_segments_are_exact_where_every_integer_is_a_breakpoint() -> None:
    table = sizing.service_table(60, 0.1, 1.0, 1.0, 0.99)
    lines, n = sizing.segments(table, 60), np.arange(1, 61)
    assert lines.outer(n) == pytest.approx(table.load[1:], rel=1e-12)
    assert lines.inner(n) == pytest.approx(table.load[1:], rel=1e-12)
    assert lines.breakpoints[0] == 1
    assert lines.breakpoints[-1] == 60


def test_a_table_that_blocking_bends_keeps_both_sides_valid() -> None:
    """With endless patience only blocking counts, and A bends: convex first, then straight at R / p."""
    table = sizing.llm_table(work_replica(queue_limit=10), 200, math.inf, 0.99)
    assert not table.convex
    assert np.all(table.hull <= table.load)
    assert np.all(np.diff(table.hull, 2) >= -1e-9 * table.hull[2:])
    n = np.arange(1, 201)
    for count in (1, 5, 13, 200):
        lines = sizing.segments(table, count)
        assert np.all(lines.outer(n) >= table.load[1:])
        assert np.all(lines.inner(n) <= table.load[1:])


def test_rules_share_one_table_type() -> None:
    linear = sizing.linear_table(10, 2.0)
    assert linear.load.tolist() == [2.0 * n for n in range(11)]
    assert linear.cap_per_replica is None
    capped = sizing.utilisation_table(10, 0.7)
    assert capped.cap_per_replica == pytest.approx(0.7)
    assert capped.load[10] == 10.0
    assert capped.replicas_for([0.0, 0.7, 0.71, 7.0, 7.01]).tolist() == [0, 1, 2, 10, -1]
    assert sizing.segments(linear, 13).first.size == 1


def test_sizing_tables_are_read_only_and_shrunk() -> None:
    table = sizing.service_table(20, 1.0, 2.0, 0.5, 0.95, slots=3, utilisation_cap=0.9)
    assert table.load[1:] == pytest.approx(
        queueing.max_load(3 * np.arange(1, 21), 1, 2, 0.5, 0.95) * (1 - 1e-6)
    )
    assert table.saturation == 3.0
    with pytest.raises(ValueError, match="read-only"):
        table.load[0] = 1.0


def test_llm_replicas_needed_follows_the_table() -> None:
    table = replica_queue.llm_rate_table(work_replica(), 20, 100.0, 0.99)
    assert [
        replica_queue.llm_replicas_needed(work_replica(), rate, 100.0, 0.99) for rate in table[1:]
    ] == list(range(1, 21))
    assert replica_queue.llm_replicas_needed(work_replica(), 0.0, 100.0, 0.99) == 0
    assert replica_queue.llm_replicas_needed(work_replica(), 100.0, 100.0, 0.99, limit=10) == -1
    assert replica_queue.llm_replicas_needed(work_replica(), 100.0, -1.0, 0.99, limit=10) == -1
