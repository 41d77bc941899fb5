"""Pools of language-model replicas whose times are known without a simulation."""

from __future__ import annotations

import numpy as np
import pytest

from siteopt._core.queueing.pool_run import POLICIES
from siteopt._core.stopping import StopCheck
from siteopt.errors import OutOfTimeError
from siteopt.physics.serving import roofline
from siteopt.physics.serving.batching import ReplicaTimes, replica_times
from siteopt.physics.serving.pool_simulation import Requests, simulate_pool
from siteopt.physics.serving.request_sizes import CountedSizes, Lognormal, SeparateSizes, unit_arrivals
from siteopt.physics.serving.specs import Accelerator, Deployment, Engine, Lengths, Model, Setup
from siteopt.scenario.catalogue import load_catalogue


def setup_of(model: str = "Llama-3.1-8B", accelerator: str = "L40S") -> Setup:
    """One accelerator of the catalogue under vLLM, in FP8."""
    catalogue = load_catalogue()
    numbers = catalogue.accelerator(accelerator).numbers()
    device = Accelerator(**numbers)
    engine = Engine(**catalogue.engine("vllm", device.family).numbers("fp8"))
    return Setup(Model(**catalogue.model(model).numbers()), device, engine, Deployment("fp8"))


def fixed_sizes(inputs: float, outputs: float) -> CountedSizes:
    """All requests alike."""
    return CountedSizes(np.array([inputs]), np.array([outputs]), np.array([1]))


def plain_times(batch: int = 1, **changed: float) -> ReplicaTimes:
    """One millisecond a step and 10 ms a prompt, without contexts."""
    numbers = {
        "context_ms": 0.0, "prompt_ms": 10.0, "token_ms": 0.0, "pair_ms": 0.0, "window_tokens": np.inf,
        "window_fraction": 0.0, "chunk_tokens": 1e9, "room_tokens": 1e9, "fixed_ms": 0.0,
    }  # fmt: skip
    return ReplicaTimes(base_ms=np.array([0.0] + batch * [1.0]), **numbers | changed)


def test_one_place_and_one_token_is_a_queue_with_fixed_service() -> None:
    """M/D/1: mean wait = rho / (2 (1 - rho)) service times (Pollaczek and Khinchine)."""
    requests = Requests.drawn(fixed_sizes(100.0, 1.0), 400_000, 1.0, seed=3)
    responses = simulate_pool(plain_times(), requests, 1, rate_rps=70.0)
    assert responses.e2e_ms.mean() == pytest.approx(10.0 + 10.0 * 0.7 / (2.0 * 0.3), rel=0.03)
    assert len(responses.tpot_ms) == 0


def test_requests_alone_take_the_roofline_s_times() -> None:
    """At a low load nobody waits: TTFT is the fixed part, the step and the prefill; a token takes a step."""
    setup, lengths = setup_of(), Lengths(1000.0, 101.0)
    requests = Requests.drawn(fixed_sizes(1000.0, 101.0), 2_000, 1.0, seed=1)
    responses = simulate_pool(replica_times(setup, 32), requests, 4, rate_rps=0.01)
    alone = (
        setup.engine.ttft_fixed_ms + roofline.prefill_ms(setup, lengths) + roofline.step_ms(setup, 0.0, 0.0)
    )
    assert np.quantile(responses.ttft_ms, 0.9) == pytest.approx(alone, rel=1e-9)
    assert np.quantile(responses.tpot_ms, 0.5) == pytest.approx(
        roofline.decode_step_ms(setup, lengths, 1.0), rel=1e-3
    )


def test_a_full_replica_turns_out_what_the_roofline_says() -> None:
    """Requests of one size that always wait: completions per second are those of the full batch."""
    setup, lengths, batch = setup_of(), Lengths(1000.0, 200.0), 16
    requests = Requests.drawn(fixed_sizes(1000.0, 200.0), 20_000, 0.0, seed=1)
    saturation = roofline.request_rps(setup, lengths, batch)
    slow = simulate_pool(replica_times(setup, batch), requests, 1, rate_rps=0.93 * saturation)
    fast = simulate_pool(replica_times(setup, batch), requests, 1, rate_rps=1.07 * saturation)
    assert np.quantile(slow.ttft_ms, 0.99) < 5_000.0 < np.quantile(fast.ttft_ms, 0.5)


@pytest.mark.parametrize("policy", POLICIES)
def test_every_policy_serves_every_request_once(policy: str) -> None:
    requests = Requests.drawn(fixed_sizes(50.0, 20.0), 5_000, 2.0, seed=1)
    responses = simulate_pool(plain_times(batch=8), requests, 5, rate_rps=100.0, load_balancing=policy)
    assert np.all(responses.ttft_ms >= 10.0 - 1e-6)
    assert np.all(responses.e2e_ms >= responses.ttft_ms + 19.0 - 1e-6)


def test_a_known_queue_is_shorter_than_a_random_one() -> None:
    """Near saturation, with requests of all sizes: least requests, then round robin, then random."""
    sizes = SeparateSizes(Lognormal(1_000.0, 1.0), Lognormal(200.0, 1.0), 100_000.0)
    requests = Requests.drawn(sizes, 50_000, 1.0, seed=1)
    times = replica_times(setup_of(), 48)
    tail = [
        np.quantile(simulate_pool(times, requests, 8, rate_rps=50.0, load_balancing=policy).ttft_ms, 0.99)
        for policy in ("least_requests", "round_robin", "random")
    ]
    assert tail[0] < tail[1] < tail[2]


def test_a_prefix_cache_saves_the_reading_and_not_the_memory() -> None:
    times = plain_times(prompt_ms=0.0, token_ms=0.1)
    requests = Requests.drawn(fixed_sizes(100.0, 1.0), 1_000, 0.0, seed=1, cached_share=0.75)
    assert simulate_pool(times, requests, 1, rate_rps=1.0).ttft_ms == pytest.approx(0.25 * 100.0 * 0.1)
    held = plain_times(batch=8, room_tokens=150.0, prompt_ms=0.0, token_ms=0.1)
    crowded = simulate_pool(held, requests, 1, rate_rps=390.0)
    assert crowded.e2e_ms.max() < 10.0  # one at a time, 2.5 ms each


def test_a_run_stops_when_it_is_told_to() -> None:
    requests = Requests.drawn(fixed_sizes(50.0, 20.0), 300_000, 1.0, seed=1)
    stop = StopCheck(lambda: True)
    with pytest.raises(OutOfTimeError):
        simulate_pool(plain_times(8), requests, 1, rate_rps=100.0, stop=stop)


@pytest.mark.parametrize("wrong", [{"rate_rps": 0.0}, {"rate_rps": 1.0, "load_balancing": "best"}])
def test_a_wrong_argument_is_refused(wrong: dict[str, object]) -> None:
    requests = Requests.drawn(fixed_sizes(50.0, 20.0), 10, 1.0, seed=1)
    with pytest.raises(ValueError, match="needs a rate above 0"):
        simulate_pool(plain_times(), requests, 1, **wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("cv", [0.0, 0.5, 1.0, 2.0, 4.0])
def test_gaps_have_the_coefficient_of_variation_that_was_asked_for(cv: float) -> None:
    gaps = np.diff(unit_arrivals(100_000, cv, np.random.default_rng(1)), prepend=0.0)
    assert gaps.mean() == pytest.approx(1.0)
    assert gaps.std() == pytest.approx(cv, rel=0.02, abs=1e-9)
