"""Lists of request sizes hold the distribution that they come from."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from siteopt.physics.serving.request_sizes import (
    CountedSizes,
    Lognormal,
    SeparateSizes,
    ThroughQuantiles,
    middle_scores,
)

GENERATOR = np.random.default_rng(5)


def test_a_trace_comes_in_whole_passes() -> None:
    trace = CountedSizes(np.array([10.0, 20.0, 30.0]), np.array([1.0, 2.0, 3.0]), np.array([2, 1, 1]))
    inputs, outputs = trace.lists(4_000, GENERATOR)
    assert {size: int((inputs == size).sum()) for size in (10.0, 20.0, 30.0)} == {
        10: 2_000,
        20: 1_000,
        30: 1_000,
    }
    assert np.all(outputs == inputs / 10.0)
    assert trace.mean() == (17.5, 1.75)


def test_a_long_trace_is_thinned_evenly() -> None:
    sizes = np.arange(1.0, 100_001.0)
    inputs, outputs = CountedSizes(sizes, sizes, np.ones(100_000, dtype=np.int64)).lists(1_000, GENERATOR)
    assert np.all(np.diff(np.sort(inputs)) == 100.0)
    assert inputs.mean() == pytest.approx(50_000.5, rel=1e-3)
    assert np.array_equal(inputs, outputs)


@pytest.mark.parametrize("cv", [0.3, 1.0, 2.0])
def test_a_lognormal_list_has_its_mean_and_variation(cv: float) -> None:
    values = Lognormal(500.0, cv).quantiles(middle_scores(60_000))
    assert values.mean() == pytest.approx(500.0)
    assert values.std() / values.mean() == pytest.approx(cv, rel=0.05)


def test_a_conversation_is_met_by_its_mean_and_three_percentiles() -> None:
    """Outputs of the Azure conversation trace: mean 211, bimodal; inputs: 1,155."""
    for mean, p50, p95, p99 in ((211.2, 133.0, 459.0, 617.0), (1154.7, 1077.0, 4073.0, 4137.0)):
        values = ThroughQuantiles(mean, p50, p95, p99).quantiles(middle_scores(30_000))
        assert values.mean() == pytest.approx(mean, rel=0.01)
        assert np.quantile(values, (0.5, 0.95, 0.99)) == pytest.approx((p50, p95, p99), rel=0.01)


@given(st.floats(1.0, 1e4), st.floats(1.0, 20.0), st.floats(1.0, 5.0), st.floats(0.6, 1.5))
def test_values_through_percentiles_never_fall_and_meet_them(
    p50: float, wider: float, tail: float, lean: float
) -> None:
    p95, p99 = p50 * wider, p50 * wider * tail
    mean = p50 * np.exp(0.5 * (np.log(wider) / 1.645) ** 2) * lean
    assume(mean > 0.45 * p50 + 0.04 * p95 + 0.01 * p99)
    values = ThroughQuantiles(float(mean), p50, p95, p99).quantiles(middle_scores(20_000))
    assert np.all(np.diff(values) >= -1e-9 * values[:-1])
    assert np.quantile(values, (0.5, 0.95, 0.99)) == pytest.approx((p50, p95, p99), rel=0.02)


@pytest.mark.parametrize(
    ("figures", "says"),
    [
        ((100.0, 90.0, 80.0, 300.0), "may not fall: 90, 80, 300"),
        ((10.0, 90.0, 180.0, 300.0), "a mean of 10 is below 50.7, the least that the percentiles allow"),
    ],
)
def test_impossible_figures_are_refused_with_the_number(figures: tuple[float, ...], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        ThroughQuantiles(*figures)


def test_no_request_is_longer_than_the_context() -> None:
    sizes = SeparateSizes(Lognormal(6_000.0, 2.0), Lognormal(500.0, 2.0), largest=20_000.0)
    inputs, outputs = sizes.lists(5_000, GENERATOR)
    assert (inputs + outputs).max() <= 20_000.0
    assert outputs.min() >= 1.0
    assert np.all(outputs % 1.0 == 0.0)
