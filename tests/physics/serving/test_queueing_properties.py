"""What must hold for any pool: kernel and twin agree, more is better, tables bracket."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from support.reference import queueing as reference

from siteopt.physics.serving import queueing, replica_queue, sizing

servers_ = st.integers(1, 400)
slack_ = st.one_of(st.just(0.0), st.floats(0.01, 10.0))
scv_ = st.floats(0.0, 4.0)
percentile_ = st.floats(0.5, 0.9999)


@st.composite
def replicas_(draw: st.DrawFn) -> replica_queue.LLMReplica:
    """A replica whose rate rises with the batch, ever more slowly."""
    slots = draw(st.integers(1, 12))
    alpha, beta = draw(st.floats(1.0, 50.0)), draw(st.floats(0.0, 10.0))
    batch = np.arange(1, slots + 1)
    limit = draw(st.one_of(st.just(math.inf), st.integers(0, 30)))
    return replica_queue.LLMReplica(1000 * batch / (alpha + beta * batch), alpha, 100, limit)


@given(servers_, st.floats(0.0, 1.2), slack_, scv_)
def test_tail_equals_its_twin(servers: int, rho: float, slack_ms: float, scv: float) -> None:
    load = servers * rho
    ours = queueing.wait_tail(servers, load, slack_ms, 1.0, scv)
    assert ours == pytest.approx(reference.wait_tail(servers, load, slack_ms, 1.0, scv), rel=1e-9, abs=1e-280)


@given(st.floats(0.0, 150.0), slack_, scv_, percentile_)
def test_servers_needed_equals_its_twin(load: float, slack_ms: float, scv: float, percentile: float) -> None:
    ours = queueing.servers_needed(load, slack_ms, 1.0, scv, percentile)
    assert ours == reference.servers_needed(load, slack_ms, 1.0, scv, percentile)


@given(servers_, slack_, scv_, percentile_)
def test_largest_load_needs_just_its_servers(
    servers: int, slack_ms: float, scv: float, percentile: float
) -> None:
    load = queueing.max_load(servers, slack_ms, 1.0, scv, percentile)
    assert queueing.servers_needed(load, slack_ms, 1.0, scv, percentile) == servers
    assert queueing.servers_needed(load * (1 + 1e-9), slack_ms, 1.0, scv, percentile) == servers + 1


@given(servers_, slack_, scv_, percentile_)
def test_load_rises_with_servers_slack_and_patience(
    servers: int, slack_ms: float, scv: float, percentile: float
) -> None:
    load = queueing.max_load(servers, slack_ms, 1.0, scv, percentile)
    assert 0.0 < load < servers
    assert queueing.max_load(servers + 1, slack_ms, 1.0, scv, percentile) > load
    assert queueing.max_load(servers, slack_ms + 0.1, 1.0, scv, percentile) > load
    assert queueing.max_load(servers, slack_ms, 1.0, scv, 0.9 * percentile) > load
    assert queueing.max_load(servers, slack_ms, 1.0, scv + 0.1, percentile) <= load


@given(slack_, scv_, percentile_, st.integers(1, 8))
@settings(max_examples=50)
def test_fixed_service_tables_are_convex(slack_ms: float, scv: float, percentile: float, slots: int) -> None:
    table = sizing.service_table(150, slack_ms, 1.0, scv, percentile, slots)
    assert table.convex
    assert table.replicas_for(table.load).tolist() == list(range(151))


@given(slack_, percentile_, st.integers(1, 20), st.integers(2, 120), st.one_of(st.none(), replicas_()))
@settings(max_examples=60)
def test_lines_bracket_every_integer(
    slack_ms: float, percentile: float, count: int, n_max: int, replica: replica_queue.LLMReplica | None
) -> None:
    if replica is None:
        table = sizing.service_table(n_max, slack_ms, 1.0, 1.0, percentile)
    else:
        table = sizing.llm_table(replica, n_max, 20 * slack_ms, percentile)
    lines, n = sizing.segments(table, count), np.arange(1, n_max + 1)
    assert lines.first.size <= count
    assert lines.first[0] == 1
    assert lines.last[-1] == n_max
    assert np.array_equal(lines.first[1:], lines.last[:-1] + 1)
    assert np.all(lines.outer(n) >= table.load[1:])
    assert np.all(lines.inner(n) <= table.load[1:])
    assert np.max((lines.outer(n) - lines.inner(n)) / table.load[1:]) <= lines.sandwich + 1e-10


@given(replicas_(), st.integers(1, 5), st.floats(0.01, 2.0), slack_)
def test_pool_tail_equals_its_twin(
    replica: replica_queue.LLMReplica, replicas: int, rho: float, slack_ms: float
) -> None:
    assume(replica.queue_limit != math.inf)
    rate = rho * replicas * replica.capacity_rps
    rates, room = replica.completion_rps / 1000, int(replicas * replica.queue_limit)
    expected = reference.pool_tail(rates, replicas, room, rate / 1000, slack_ms * 10)
    ours = replica_queue.llm_wait_tail(replica, replicas, rate, slack_ms * 10)
    # The kernel drops terms that are negligible in the sum, so tails far below any use agree less closely.
    assert ours == pytest.approx(expected, rel=1e-9, abs=1e-18)


@given(replicas_(), st.integers(1, 40), slack_, percentile_)
def test_pool_rate_meets_its_target(
    replica: replica_queue.LLMReplica, replicas: int, slack_ms: float, percentile: float
) -> None:
    slack_ms *= 20
    rate = replica_queue.llm_max_rate(replica, replicas, slack_ms, percentile)
    assert replica_queue.llm_wait_tail(replica, replicas, rate, slack_ms) <= (1 - percentile) * (1 + 1e-10)
    assert replica_queue.llm_wait_tail(replica, replicas, rate * (1 + 1e-9), slack_ms) > 1 - percentile
    assert replica_queue.llm_replicas_needed(replica, rate, slack_ms, percentile) == replicas
    table = replica_queue.llm_rate_table(replica, replicas, slack_ms, percentile)
    assert table[-1] == pytest.approx(rate, rel=1e-10)
    assert np.all(np.diff(table) > 0)


@given(replicas_(), st.integers(1, 20), st.floats(0.05, 0.99), slack_)
def test_endless_pools_are_better_pooled(
    replica: replica_queue.LLMReplica, replicas: int, percentile: float, slack_ms: float
) -> None:
    """Two halves never carry more than the whole: A is superadditive."""
    assume(replica.queue_limit == math.inf)
    half = replica_queue.llm_max_rate(replica, replicas, slack_ms, percentile)
    assert replica_queue.llm_max_rate(replica, 2 * replicas, slack_ms, percentile) >= 2 * half * (1 - 1e-10)
