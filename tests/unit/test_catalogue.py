"""The catalogue: every figure has its source, look-ups help, and nothing wrong slips in."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from siteopt.errors import ScenarioError
from siteopt.scenario.catalogue import Catalogue, load_catalogue
from siteopt.scenario.facts import Fact
from siteopt.serving.specs import PRECISIONS, Accelerator, Engine, Model

CATALOGUE = load_catalogue()


def test_it_is_read_once() -> None:
    assert load_catalogue() is CATALOGUE


def test_every_figure_has_unit_source_date_and_confidence() -> None:
    facts = list(CATALOGUE.facts())
    assert len(facts) > 900
    for path, fact in facts:
        assert fact.unit, path
        assert fact.source.strip(), path
        assert fact.date[:2] in ("19", "20"), path
        assert fact.confidence in ("high", "medium", "low"), path


def test_assumptions_are_never_confident() -> None:
    for path, fact in CATALOGUE.facts():
        if "assumption" in fact.source:
            assert fact.confidence == "low", path


def test_weak_figures_are_ranges() -> None:
    """What is only a planning range is shipped with its ends, for sensitivity runs."""
    weak = (
        "pue-micro-air-cooled-planning",
        "ip-transit",
        "staff-small-facility-1-5-mw",
        "server-cost-factor",
    )
    for id in weak:
        low, high = CATALOGUE.parameter(id).fact.range
        assert low < high, id
    for item in CATALOGUE.accelerators:
        low, high = item.price_usd.range
        assert low < item.price_usd.value < high, item.id


@pytest.mark.parametrize("entry", CATALOGUE.accelerators, ids=lambda entry: entry.id)
def test_accelerators_become_specs(entry) -> None:  # type: ignore[no-untyped-def]
    spec = Accelerator(**entry.numbers())
    assert spec.memory_gb > 0
    assert spec.bandwidth_tb_s > 0
    assert spec.server_factor >= 1
    assert 0 <= spec.idle_fraction < 1
    assert all(spec.tflops(precision) > 0 for precision in PRECISIONS)


@pytest.mark.parametrize("entry", CATALOGUE.models, ids=lambda entry: entry.id)
def test_models_become_specs(entry) -> None:  # type: ignore[no-untyped-def]
    spec = Model(**entry.numbers())
    assert 0 < spec.active_params_b <= spec.params_b
    assert (spec.experts > 0) == (spec.active_params_b < spec.params_b)
    assert 0 < spec.shared_params_b <= spec.active_params_b
    assert spec.precisions


@pytest.mark.parametrize("entry", CATALOGUE.engines, ids=lambda entry: f"{entry.engine}-{entry.family}")
def test_engines_become_specs(entry) -> None:  # type: ignore[no-untyped-def]
    for precision in PRECISIONS:
        spec = Engine(**entry.numbers(precision))
        shares = (spec.eta_bw, spec.eta_kv, spec.eta_c, spec.eta_prefill, spec.eta_link, spec.eta_expert_bw)
        assert all(0 < share <= 1 for share in shares)
        assert 0.6 < spec.eta_bw <= 0.9, "Vidur and Helix tables: 0.66 to 0.86"


def test_fitted_constants_say_on_how_many_rows_and_how_well() -> None:
    fitted = [entry for entry in CATALOGUE.engines if entry.fit]
    assert fitted
    for entry in fitted:
        assert "fitted on" in entry.eta_bw.source
        assert "measured rows" in entry.eta_bw.source


def test_an_unknown_engine_or_family_gets_what_is_typical() -> None:
    assert CATALOGUE.engine("vLLM", "hopper").fit is not None
    assert CATALOGUE.engine("lmdeploy", "hopper").engine == "any"
    assert CATALOGUE.engine("vllm", "tpu").family == "any"


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("meta-llama/Llama-3.1-70B-Instruct", "meta-llama/Meta-Llama-3.1-70B"),
        ("Qwen/Qwen3-235B-A22B-Instruct-2507-FP8", "Qwen/Qwen3-235B-A22B"),
        ("nvidia/DeepSeek-R1-0528-NVFP4", "deepseek-ai/DeepSeek-R1"),
        ("qwen3-32b", "Qwen/Qwen3-32B"),
    ],
)
def test_models_are_found_whoever_packaged_them(asked: str, found: str) -> None:
    assert CATALOGUE.model(asked).id == found


def test_a_wrong_id_names_its_neighbours_and_its_place() -> None:
    with pytest.raises(ScenarioError, match="H100_SXM") as caught:
        CATALOGUE.accelerator("H100_SMX", "workloads[2].accelerators[0]")
    assert caught.value.problems[0].path == "workloads[2].accelerators[0]"
    with pytest.raises(ScenarioError, match="known: "):
        CATALOGUE.workload("zzzzzz")


def test_slo_classes_name_known_models() -> None:
    for entry in CATALOGUE.workloads:
        if entry.model:
            assert CATALOGUE.model(entry.model)
    interactive = CATALOGUE.workload("llama2-70b-interactive")
    assert {o.metric: o.limit_ms.value for o in interactive.objectives} == {"ttft": 450, "tpot": 40}


def fact(**changes: object) -> dict[str, object]:
    known = {"value": 1.0, "unit": "W", "source": "here", "date": "2026-03", "confidence": "low"}
    return known | changes


def test_facts_are_immutable_and_strict() -> None:
    good = Fact(**fact(low=0.5, high=2.0))  # type: ignore[arg-type]
    assert good.range == (0.5, 2.0)
    with pytest.raises(ValidationError, match="frozen"):
        good.value = 2.0  # type: ignore[misc]


@pytest.mark.parametrize(
    "wrong",
    [
        fact(low=2.0), fact(high=0.5), fact(unit=""), fact(source=""), fact(date="soon"),
        fact(confidence="sure"), fact(value="1"), fact(value=float("nan")), fact(extra=1),
    ],
)  # fmt: skip
def test_bad_facts_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Fact(**wrong)  # type: ignore[arg-type]


def test_an_id_may_not_be_listed_twice() -> None:
    parts = {name: getattr(CATALOGUE, name) for name in Catalogue.model_fields}
    twice = parts | {"accelerators": (*CATALOGUE.accelerators, CATALOGUE.accelerators[0])}
    with pytest.raises(ValidationError, match="listed twice"):
        Catalogue(**twice)
    without = tuple(entry for entry in CATALOGUE.engines if entry.engine != "any")
    with pytest.raises(ValidationError, match="any engine"):
        Catalogue(**parts | {"engines": without})
