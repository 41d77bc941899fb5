"""The compiled run of a pool against its plain, token-by-token twin."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from siteopt._core.queueing.pool_run import POLICIES, run_pool
from siteopt._core.stopping import StopCheck
from tests.support.reference import pool_run as twin

milliseconds = st.floats(0.01, 5.0)


@st.composite
def pools(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a small pool under any load: from idle to far beyond what it can do."""
    batch = draw(st.integers(1, 8))
    steps = draw(st.lists(milliseconds, min_size=batch, max_size=batch))
    window = draw(st.sampled_from((1e18, 20.0, 200.0)))
    times = {
        "context": draw(st.sampled_from((0.0, 1e-4, 1e-2))),
        "growth": draw(st.sampled_from((1.0, 0.5, 0.0))),
        "prompt": draw(st.sampled_from((0.0, 0.7))),
        "token": draw(st.sampled_from((1e-3, 0.05))),
        "pair": draw(st.sampled_from((0.0, 1e-5))),
        "window": window,
        "windowed": draw(st.sampled_from((0.0, 0.5))),
        "chunk": draw(st.sampled_from((16.0, 64.0, 1e9))),
        "room": draw(st.sampled_from((60.0, 400.0, 1e9))),
    }
    seed = draw(st.integers(0, 2**32 - 1))
    generator = np.random.default_rng(seed)
    count = draw(st.integers(1, 60))
    gap = draw(st.sampled_from((0.05, 1.0, 20.0, 400.0)))
    return {
        "replicas": draw(st.integers(1, 5)),
        "policy": draw(st.sampled_from(POLICIES)),
        "base": np.cumsum([draw(milliseconds), *steps]),
        "times": times,
        "arrival": np.cumsum(generator.exponential(gap, count)),
        "inputs": np.floor(generator.exponential(60.0, count)),
        "outputs": 1.0 + np.floor(generator.exponential(12.0, count)),
        "cached": draw(st.sampled_from((0.0, 0.4))),
        "seed": seed,
    }


@given(pools())
@settings(max_examples=400, deadline=None)
def test_every_token_comes_when_the_plain_twin_says(pool: dict[str, Any]) -> None:
    """First and last tokens of all requests agree, whatever the policy, window, chunk, memory and cache."""
    count = len(pool["arrival"])
    first, done = np.empty(count), np.empty(count)
    assert run_pool(
        pool["replicas"], pool["policy"], pool["base"], pool["times"], pool["arrival"], 1.0, pool["inputs"],
        pool["outputs"], pool["cached"], pool["seed"], StopCheck(), first, done,
    )  # fmt: skip
    requests = list(zip(pool["arrival"], pool["inputs"], map(int, pool["outputs"]), strict=True))
    expected = np.array(
        twin.run_pool(
            pool["replicas"], pool["policy"], list(pool["base"]), pool["times"], requests, pool["cached"], pool["seed"]
        )
    )  # fmt: skip
    np.testing.assert_allclose(first, expected[:, 0], rtol=1e-9)
    np.testing.assert_allclose(done, expected[:, 1], rtol=1e-9)
