"""The verifier's queues and roofline against the product's: two derivations that share no code, on random input."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from siteopt.physics.serving import queueing, replica_queue, roofline
from siteopt.physics.serving.specs import Accelerator, Deployment, Engine, Lengths, Model, Setup
from siteopt.scenario.catalogue import load_catalogue
from siteopt.verify.queue import model_tail, service_tail
from siteopt.verify.roofline import Roofline

#: Spare capacity from a hundred-thousandth to nearly all, and numbers of every size, on a scale of powers of ten.
spare = st.floats(-5.0, -0.05).map(lambda x: 10.0**x)
percentile = st.sampled_from([0.5, 0.9, 0.95, 0.99, 0.999])
CATALOGUE = load_catalogue()


def size(most: float) -> st.SearchStrategy[int]:
    return st.floats(0.0, most).map(lambda x: int(10.0**x))


@given(size(5.0), spare, st.floats(0.1, 1e5), st.floats(0.0, 4.0), percentile)
def test_services_wait_alike(servers: int, left: float, ms: float, scv: float, p: float) -> None:
    load = servers * (1.0 - left)
    tail = service_tail(servers, 1000.0 * load / ms, ms, scv)
    for slack in (0.0, 0.3 * ms, 20.0 * ms):
        expected = queueing.wait_tail(servers, load, slack, ms, scv)
        assert tail.miss(slack) == pytest.approx(expected, rel=1e-8, abs=1e-200)
    wait = queueing.wait_quantile_ms(servers, load, ms, scv, p)
    assert tail.quantile_ms(p) == pytest.approx(wait, rel=1e-7, abs=1e-7 * ms)


@given(
    size(4.0), size(2.7), spare, st.floats(0.1, 100.0), st.floats(0.0, 2.0), st.floats(1.0, 2000.0), percentile
)  # fmt: skip
def test_models_wait_alike(
    replicas: int, slots: int, left: float, fixed_ms: float, each_ms: float, tokens: float, p: float
) -> None:
    steps = fixed_ms + each_ms * np.arange(1.0, slots + 1.0)
    replica = replica_queue.LLMReplica.from_iteration(steps, 3.0 * each_ms, tokens)
    rate = replicas * replica.capacity_rps * (1.0 - left)
    tail = model_tail(replicas, replica.completion_rps, rate)
    for slack in (0.0, fixed_ms, 50.0 * fixed_ms):
        expected = replica_queue.llm_wait_tail(replica, replicas, rate, slack)
        assert tail.miss(slack) == pytest.approx(float(expected), rel=1e-8, abs=1e-200)
    wait = replica_queue.llm_wait_quantile_ms(replica, replicas, rate, p)
    assert tail.quantile_ms(p) == pytest.approx(wait, rel=1e-7, abs=1e-7 * fixed_ms)


@given(
    st.sampled_from(CATALOGUE.models),
    st.sampled_from(CATALOGUE.accelerators),
    st.sampled_from(["vllm", "sglang", "trtllm", "unheard-of"]),
    st.sampled_from(["bf16", "fp8", "fp4"]),
    st.sampled_from([1, 2, 4, 8]),
    st.floats(0.0, 50_000.0),
    st.floats(1.0, 8000.0),
    st.integers(1, 512),
)
def test_replicas_work_alike(
    model: object,
    device: object,
    engine: str,
    precision: str,
    tp: int,
    read: float,
    written: float,
    batch: int,
) -> None:
    """Every model of the catalogue on every accelerator, whether it fits or not."""
    figures = model.numbers(), device.numbers(), CATALOGUE.engine(engine, device.family).numbers(precision)
    parts = Model(**figures[0]), Accelerator(**figures[1]), Engine(**figures[2])
    setup, lengths = Setup(*parts, Deployment(precision, tp)), Lengths(read, written)
    mine = Roofline(*figures, precision=precision, tp=tp, tokens_in=read, tokens_out=written)
    assert mine.memory_calls() == roofline.kv_slots(setup, lengths)
    assert mine.tpot_ms(batch) == pytest.approx(roofline.tpot_ms(setup, lengths, batch), rel=1e-12)
    assert mine.ttft_ms(batch) == pytest.approx(roofline.ttft_ms(setup, lengths, batch), rel=1e-12)
    expected = roofline.request_rps(setup, lengths, np.arange(1.0, batch + 1.0))
    np.testing.assert_allclose(mine.batch_rps(batch), expected, rtol=1e-12)
