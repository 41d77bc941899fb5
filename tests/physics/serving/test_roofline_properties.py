"""What must hold of the roofline whatever the model, accelerator, engine and deployment."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.reference import roofline as reference

from siteopt.physics.serving import roofline
from siteopt.physics.serving.replica_queue import LLMReplica
from siteopt.physics.serving.specs import PRECISIONS, Accelerator, Deployment, Engine, Lengths, Model, Setup
from siteopt.scenario.catalogue import load_catalogue

CATALOGUE = load_catalogue()
MODELS = [Model(**entry.numbers()) for entry in CATALOGUE.models]
ACCELERATORS = [Accelerator(**entry.numbers()) for entry in CATALOGUE.accelerators]

lengths = st.builds(Lengths, st.integers(0, 16_000), st.integers(1, 4_000))
batches = st.integers(1, 2_000)
share = st.floats(0.05, 1.0)
time = st.floats(0.0, 200.0)
SHARES = ("eta_bw", "eta_kv", "eta_c", "eta_prefill", "eta_link", "eta_expert_bw", "eta_expert_c")
TIMES = (
    "layer_us", "layer_tp_us", "layer_quantise_us", "prefill_layer_us", "request_us", "expert_layer_us",
    "ttft_fixed_ms",
)  # fmt: skip


@st.composite
def setups(draw: st.DrawFn) -> Setup:
    """Any model of the catalogue on any accelerator, with any constants in their range."""
    model = draw(st.sampled_from(MODELS))
    constants = Engine(
        **{name: draw(share) for name in SHARES},
        **{name: draw(time) for name in TIMES},
        memory_fraction=draw(share),
    )
    deployment = Deployment(
        draw(st.sampled_from(model.precisions)),
        draw(st.sampled_from([1, 2, 4, 8, 16])),
        draw(st.sampled_from([1, 2, 8])),
    )
    return Setup(model, draw(st.sampled_from(ACCELERATORS)), constants, deployment)


@given(setups(), lengths, batches)
def test_agrees_with_the_scalar_twin(case: Setup, tokens: Lengths, batch: int) -> None:
    for name in ("tpot_ms", "ttft_ms", "request_rps"):
        expected = getattr(reference, name)(case, tokens, batch)
        assert getattr(roofline, name)(case, tokens, batch) == pytest.approx(expected, rel=1e-9), name
    assert roofline.prefill_ms(case, tokens) == pytest.approx(reference.prefill_ms(case, tokens), rel=1e-9)
    assert abs(roofline.kv_slots(case, tokens) - reference.slots(case, tokens)) <= 1


@given(setups(), lengths)
def test_arrays_agree_with_scalars(case: Setup, tokens: Lengths) -> None:
    batch = np.array([1.0, 2.0, 7.0, 64.0, 1000.0])
    for function in (roofline.tpot_ms, roofline.ttft_ms, roofline.iteration_ms, roofline.request_rps):
        one_by_one = [function(case, tokens, size) for size in batch.tolist()]
        np.testing.assert_allclose(function(case, tokens, batch), one_by_one, rtol=1e-12)


@given(setups(), lengths)
def test_tpot_and_throughput_rise_with_the_batch(case: Setup, tokens: Lengths) -> None:
    batch = np.arange(1.0, 600.0)
    assert np.all(np.diff(roofline.tpot_ms(case, tokens, batch)) >= -1e-9)
    assert np.all(np.diff(roofline.ttft_ms(case, tokens, batch)) >= -1e-9)
    rate = roofline.request_rps(case, tokens, batch)
    assert np.all(np.diff(rate) >= -1e-9 * rate[:-1])


@given(setups(), lengths, batches, st.floats(1.0, 4.0))
def test_better_hardware_is_never_slower(case: Setup, tokens: Lengths, batch: int, factor: float) -> None:
    before = roofline.tpot_ms(case, tokens, batch)
    for field in ("bandwidth_tb_s", "bf16_tflops", "fp8_tflops", "fp4_tflops", "link_gb_s"):
        better = replace(case.accelerator, **{field: getattr(case.accelerator, field) * factor})
        assert roofline.tpot_ms(replace(case, accelerator=better), tokens, batch) <= before * (1 + 1e-12), (
            field
        )


@given(setups(), lengths, st.floats(1.0, 4.0))
def test_more_memory_never_holds_less(case: Setup, tokens: Lengths, factor: float) -> None:
    bigger = replace(case.accelerator, memory_gb=case.accelerator.memory_gb * factor)
    assert roofline.kv_slots(replace(case, accelerator=bigger), tokens) >= roofline.kv_slots(case, tokens)


@given(setups(), lengths, batches)
def test_longer_requests_are_never_cheaper(case: Setup, tokens: Lengths, batch: int) -> None:
    longer = Lengths(tokens.input_tokens + 100, tokens.output_tokens)
    assert roofline.tpot_ms(case, longer, batch) >= roofline.tpot_ms(case, tokens, batch)
    assert roofline.ttft_ms(case, longer, batch) >= roofline.ttft_ms(case, tokens, batch)
    assert roofline.kv_slots(case, longer) <= roofline.kv_slots(case, tokens)


@given(setups(), st.integers(1, 10_000))
def test_touched_experts_lie_between_one_token_and_all(case: Setup, batch: int) -> None:
    touched = roofline.experts_touched(case.model, batch)
    if case.model.experts:
        assert case.model.experts_per_token / case.model.experts <= touched * (1 + 1e-9)
    assert 0.0 <= touched <= 1.0


@given(setups(), lengths, st.floats(1.0, 500.0), st.floats(1.0, 5_000.0))
def test_saturation_batch_meets_the_limits(case: Setup, tokens: Lengths, tpot: float, ttft: float) -> None:
    batch = roofline.saturation_batch(case, tokens, tpot_limit_ms=tpot, ttft_limit_ms=ttft, max_batch=300)
    assert batch <= min(roofline.kv_slots(case, tokens), 300)
    if batch:
        assert roofline.tpot_ms(case, tokens, batch) <= tpot
        assert roofline.ttft_ms(case, tokens, batch) <= ttft


@settings(max_examples=50)
@given(setups(), lengths)
def test_the_curve_is_a_replica_of_the_queue(case: Setup, tokens: Lengths) -> None:
    """The queue refuses a completion rate that falls with the batch."""
    steps = roofline.iteration_ms(case, tokens, np.arange(1.0, 200.0))
    work = roofline.prefill_ms(case, tokens)
    own = work / (1.0 + tokens.output_tokens)
    replica = LLMReplica.from_iteration(steps, work, tokens.output_tokens, own_ms=own)
    assert replica.capacity_rps == pytest.approx(roofline.request_rps(case, tokens, 199))


def test_every_precision_is_drawn() -> None:
    assert {precision for model in MODELS for precision in model.precisions} == set(PRECISIONS)
