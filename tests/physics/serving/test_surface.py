"""The table of a deployment's pools: what it says of loads and of times is one rule, and errs on the safe side."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from siteopt.physics.serving import roofline
from siteopt.physics.serving.batching import replica_times
from siteopt.physics.serving.pool_simulation import Requests, simulate_pool
from siteopt.physics.serving.request_sizes import Lognormal, SeparateSizes
from siteopt.physics.serving.specs import Lengths
from siteopt.physics.serving.surface import Limit, Surface
from siteopt.physics.serving.tabulate import Traffic, sums_of_calls, tabulate
from tests.physics.serving.test_pool_simulation import setup_of

if TYPE_CHECKING:
    from siteopt.arrays import Floats

SIZES = SeparateSizes(Lognormal(1_000.0, 1.0), Lognormal(200.0, 1.0), 100_000.0)
BATCH = 48
#: Tight enough that no pool may be loaded as high as was simulated.
LIMIT_MS = 400.0
LOOSEST = (Limit("ttft", 1_500.0, 0.99), Limit("tpot", 60.0, 0.95))


@cache
def rps() -> float:
    return float(roofline.request_rps(setup_of(), Lengths(1_000.0, 200.0), BATCH))


@cache
def surface() -> Surface:
    return tabulate(replica_times(setup_of(), BATCH), Traffic(SIZES), LOOSEST, rps=rps())


def usable(limits: list[Limit]) -> Floats:
    """A(n) below a utilisation of 0.8, which no pool exceeds."""
    carried = surface().carried_rps(200, limits)
    assert carried[0] == 0.0
    assert np.all(np.diff(carried, 2) >= -1e-9 * carried[-1])
    assert np.diff(carried)[-1] <= rps()
    return np.minimum(carried, 0.8 * rps() * np.arange(201))


@given(st.floats(200.0, 1_500.0), st.floats(20.0, 60.0), st.floats(1.0, 1.5))
def test_what_replicas_carry_is_convex_and_rises_with_the_limit(
    ttft: float, tpot: float, looser: float
) -> None:
    limits = [Limit("ttft", ttft, 0.99), Limit("tpot", tpot, 0.95)]
    both = usable(limits)
    for replicas in (1, 2, 3, 5, 12, 40, 100):
        for metric, ms, percentile in limits:
            if both[replicas] > 0.0:
                answered = surface().quantile(metric, percentile, replicas, both[replicas])
                assert answered <= ms * (1.0 + 1e-9)
    wider = usable([Limit(m, min(ms * looser, 1_500.0), p) for m, ms, p in limits])
    assert np.all(wider >= 0.95 * both)  # the hull of larger values may end on another line


@given(st.floats(200.0, 1_500.0), st.integers(1, 150), st.floats(0.2, 1.0))
def test_a_pool_that_carries_its_load_keeps_its_limit(ttft: float, replicas: int, part: float) -> None:
    """Load and time answer to one rule: what A(n) admits is in time, and what is in time is admitted again."""
    limit = Limit("ttft", ttft, 0.99)
    most = min(surface().carried_rps(replicas, [limit])[-1], 0.8 * replicas * rps())
    if most > 0.0:
        assert surface().quantile("ttft", 0.99, replicas, part * most) <= ttft * (1.0 + 1e-9)


@given(st.integers(1, 150), st.floats(0.05, 0.8))
def test_a_pool_answers_later_under_more_load(replicas: int, load: float) -> None:
    times = [surface().quantile("ttft", 0.99, replicas, x * load * replicas * rps()) for x in (0.5, 0.9, 1.0)]
    assert times[0] <= times[1] <= times[2]


def test_larger_pools_carry_more_per_replica() -> None:
    per_replica = surface().carried_rps(64, [Limit("ttft", LIMIT_MS, 0.99)])[1:] / np.arange(1, 65)
    assert np.all(np.diff(per_replica) >= -1e-12)
    assert per_replica[-1] > 1.2 * per_replica[0]


def test_beyond_the_largest_size_the_load_per_replica_is_level() -> None:
    carried = surface().carried_rps(5_000, [Limit("ttft", LIMIT_MS, 0.99)])
    slopes = np.diff(carried)
    assert slopes[-1] == pytest.approx(slopes[100])
    assert slopes[-1] <= 0.83 * rps()


def test_a_pool_sized_by_the_table_holds_in_other_runs() -> None:
    """Sizes drawn at random instead of evenly, other arrivals: at most a little more misses than allowed."""
    limit = Limit("ttft", LIMIT_MS, 0.99)
    generator = np.random.default_rng(77)
    spread = np.sqrt(np.log(2.0))
    for replicas in (1, 3, 8):
        rate = surface().carried_rps(replicas, [limit])[-1]
        count = 150_000
        requests = Requests(
            np.cumsum(generator.exponential(size=count)),
            1_000.0 * np.exp(spread * generator.standard_normal(count) - 0.5 * spread**2),
            np.maximum(
                np.rint(200.0 * np.exp(spread * generator.standard_normal(count) - 0.5 * spread**2)), 1.0
            ),
        )
        responses = simulate_pool(replica_times(setup_of(), BATCH), requests, replicas, rate, seed=99)
        assert np.mean(responses.ttft_ms > LIMIT_MS) <= 1.2 * 0.01


def test_a_deployment_that_is_too_slow_by_itself_carries_nothing() -> None:
    assert surface().carried_rps(100, [Limit("ttft", 1.0, 0.99)])[-1] == 0.0
    assert surface().quantile("ttft", 0.99, 4, 100.0 * rps()) == np.inf


def test_sums_of_calls_grow_slower_in_the_tail_than_in_the_mean() -> None:
    one = np.random.default_rng(1).exponential(100.0, 50_000)
    for calls in (4.0, 10.5, 100.0):
        total = sums_of_calls(one, calls, seed=1)
        assert total.mean() == pytest.approx(calls * one.mean(), rel=0.01)
        assert np.quantile(total, 0.99) < 0.8 * calls * np.quantile(one, 0.99)
    assert sums_of_calls(one, 1.0, seed=1) is one
