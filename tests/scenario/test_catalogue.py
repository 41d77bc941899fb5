"""The catalogue: every figure has its source, look-ups help, and nothing wrong slips in."""

from __future__ import annotations

import pytest
from pydantic import ValidationError
from support.documents.small_document import small_document

from siteopt.errors import ScenarioError
from siteopt.physics.serving.specs import PRECISIONS, Accelerator, Engine, Model
from siteopt.scenario import load_scenario
from siteopt.scenario.catalogue import Catalogue, load_catalogue
from siteopt.scenario.facts import Fact
from siteopt.scenario.hardware import AcceleratorTerms, accelerator_numbers, accelerator_terms

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


@pytest.mark.parametrize("entry", CATALOGUE.accelerators, ids=lambda entry: entry.id)
def test_one_server_fits_the_rack_that_it_needs(entry) -> None:  # type: ignore[no-untyped-def]
    """No rack is thinner than one accelerator with its share of the server, and the source names the cooling."""
    one_kw = entry.tdp_w.value * entry.server_factor.value / 1000
    assert one_kw <= entry.rack_kw.value <= 2.5 * one_kw * max(entry.max_tp.value, 2)
    assert entry.rack_kw.unit == "kW"
    assert f"{entry.cooling}-cooled" in entry.rack_kw.source


def test_only_whole_racks_need_liquid() -> None:
    """Eight accelerators of 1 kW are still sold with fans; 72 in one rack are not."""
    assert [entry.id for entry in CATALOGUE.accelerators if entry.cooling == "liquid"] == ["GB200_NVL72"]
    racks = {entry.id: entry.rack_kw.value for entry in CATALOGUE.accelerators}
    assert (racks["H100_SXM"], racks["B200_SXM"], racks["GB200_NVL72"]) == (10.2, 14.3, 132)


def test_terms_come_from_the_catalogue() -> None:
    """Without a word of the scenario: the catalogue's price, rack, cooling and life, and nothing left at its end."""
    scenario = load_scenario(small_document())
    assert accelerator_terms(scenario, "GB200") == AcceleratorTerms(65000, 132, "liquid", 5, 0.0)
    assert "rack_kw" not in accelerator_numbers(scenario, "GB200")


def test_terms_of_the_scenario_replace_them_one_by_one() -> None:
    """Of a known accelerator the other terms stay; a new one without terms may stand anywhere and lasts."""
    document = small_document()
    document["policy"]["refresh"] = True
    document["accelerators"] = [
        {"id": "L40S", "cooling": "liquid", "salvage_fraction": 0.1, "price_usd": 7000.0},
        {
            **{"id": "NPU", "family": "any", "memory_gb": 32.0, "bandwidth_tb_s": 1.0, "bf16_tflops": 100.0},
            **{"link_gb_s": 32.0, "tdp_w": 150.0, "server_factor": 1.3, "idle_fraction": 0.2, "max_tp": 1},
            "price_usd": 4000.0,
        },
        {"id": "L4", "life_years": 3.5, "rack_kw": 6.0},
    ]
    scenario = load_scenario(document)
    assert accelerator_terms(scenario, "L40S") == AcceleratorTerms(7000, 3.7, "liquid", 5, 0.1)
    assert accelerator_terms(scenario, "NPU") == AcceleratorTerms(4000, 0, "air", None, 0.0)
    assert accelerator_terms(scenario, "L4") == AcceleratorTerms(2500, 6, "air", 3.5, 0.0)
    for name in ("L40S", "NPU", "L4"):
        numbers = accelerator_numbers(scenario, name)
        numbers.pop("price_usd")
        assert Accelerator(**numbers).max_tp >= 1
    with pytest.raises(ScenarioError, match="did you mean H100_SXM") as caught:
        accelerator_terms(scenario, "H100_SMX", "workloads[0].accelerators[0]")
    assert caught.value.problems[0].path == "workloads[0].accelerators[0]"


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
