"""The verifier's queues against tables and against chains worked out by hand."""

from __future__ import annotations

from math import exp, inf, log

import numpy as np
import pytest

from siteopt.verify.queue import erlang_c, model_tail, service_tail

ERLANG_C = [
    (2, 0.8, 0.711111),
    (10, 0.8, 0.409180),
    (10, 0.9, 0.668732),
    (50, 0.9, 0.363864),
    (100, 0.9, 0.216940),
    (500, 0.95, 0.176964),
]


@pytest.mark.parametrize(("servers", "utilisation", "waits"), ERLANG_C)
def test_erlang_c_of_the_tables(servers: int, utilisation: float, waits: float) -> None:
    assert erlang_c(servers, servers * utilisation) == pytest.approx(waits, abs=5e-7)


def test_the_ends_of_erlang_c() -> None:
    assert (erlang_c(3, 3.0), erlang_c(3, 0.0), erlang_c(1, 0.25)) == (1.0, 0.0, pytest.approx(0.25))
    assert erlang_c(100_000, 10.0) == 0.0


def test_two_servers_by_hand() -> None:
    """1.6 erlang on 2 servers: Pw = 2 x 0.64 / 1.8, and 0.4 of them spare per 100 ms; constant service halves waits."""
    tail = service_tail(2, 16.0, 100.0, 1.0)
    assert tail.waits == pytest.approx(1.28 / 1.8)
    assert tail.miss(500.0) == pytest.approx(1.28 / 1.8 * exp(-2.0))
    assert tail.quantile_ms(0.99) == pytest.approx(log(128.0 / 1.8) / 0.004)
    assert tail.quantile_ms(0.25) == 0.0
    assert service_tail(2, 16.0, 100.0, 0.0).quantile_ms(0.99) == pytest.approx(tail.quantile_ms(0.99) / 2.0)


def test_a_queue_that_grows_without_end() -> None:
    for tail in (service_tail(2, 20.0, 100.0, 1.0), model_tail(2, np.array([3.0, 4.0]), 8.0)):
        assert (tail.miss(1e9), tail.quantile_ms(0.5)) == (1.0, inf)
    assert service_tail(2, 16.0, 100.0, 1.0).miss(-1.0) == 1.0


def test_pools_of_a_model_by_hand() -> None:
    """Rates 3 and 4 at batch 1 and 2. One replica at 2/s: weights 1, 2/3, 1/3 and halves of it: 2/7 wait.

    Two replicas at 4/s complete 3, 6, 7, 8 per second with 1 to 4 calls: weights 1, 4/3, 8/9, 32/63, 16/63 and halves
    of it: 32 of 267 wait, for 1/4 s on average.
    """
    rates = np.array([3.0, 4.0])
    assert model_tail(1, rates, 2.0).waits == pytest.approx(2.0 / 7.0)
    tail = model_tail(2, rates, 4.0)
    assert (tail.waits, tail.decay_per_ms) == (pytest.approx(32.0 / 267.0), pytest.approx(0.004))
    assert model_tail(2, rates, 0.0).waits == 0.0
    assert model_tail(100_000, np.full(512, 4.0), 10.0).waits == 0.0
