"""Profiles: the deployments, the load curve and the pooling curve, against the physics and against exact vectors."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from math import inf
from typing import Any

import pytest
from rich.console import Console
from support.documents.small_document import small_document

from siteopt.answers.profile import Profile, Request, case_of, profile
from siteopt.answers.profile.profile import LOADS, SITES
from siteopt.errors import ScenarioError
from siteopt.physics.serving.service import service_quantile_ms
from siteopt.report.profile import print_profile
from siteopt.scenario import Scenario, load_scenario

CHAT = Request(
    model="llama-3.1-70b",
    accelerators=("H100_SXM",),
    input_tokens=1000.0,
    output_tokens=300.0,
    limits_ms={"ttft": 1500.0, "tpot": 60.0},
)


def scenario_with(workload: dict[str, Any], **policy: float) -> Scenario:
    """The small document with its chat workload changed."""
    document = small_document()
    document["workloads"][0] |= workload
    document["policy"] |= policy
    return load_scenario(document)


@pytest.fixture(scope="module")
def chat() -> Profile:
    """A 70B model on H100."""
    return profile(case_of(CHAT))


def printed(result: Profile) -> str:
    stream = io.StringIO()
    print_profile(Console(file=stream, width=100), result)
    return stream.getvalue()


def test_pooling_vector() -> None:
    """100 erlangs, P(wait > 0.1 service) < 1 %: 118 servers in 1 site, 150 in 5, 180 in 10, 220 in 20, 350 in 50."""
    p99 = service_quantile_ms(100.0, 1.0, 0.99)
    base = scenario_with(
        {
            "service": {"ms": 100.0, "scv": 1.0, "slots": 1},
            "replica": {"rps": 10.0, "kw": 1.0, "usd": 1000.0},
            "slo": [{"metric": "ttft", "ms": p99 + 10.0}],
        },
        utilisation_cap=1.0,
    )
    result = profile(case_of(Request(workload="chat"), base), total_rps=1000.0, sites=(1, 5, 10, 20, 50))
    assert result.curves is not None
    points = result.curves.pooling
    assert [p.by_tail for p in points] == [118, 150, 180, 220, 350]
    assert [p.replicas for p in points] == [118, 150, 180, 220, 350]
    assert [p.extra for p in points] == pytest.approx([n / 118 - 1 for n in (118, 150, 180, 220, 350)])
    assert [p.utilisation for p in points] == pytest.approx([100 / n for n in (118, 150, 180, 220, 350)])
    assert points[-1].busy_per_site == pytest.approx(2.0)


def test_the_cap_is_counted_in(chat: Profile) -> None:
    """By default 80 %: one site of 100 busy replicas has 125, although the tail asks for fewer."""
    assert chat.curves is not None
    one = chat.curves.pooling[0]
    assert one.replicas == 125
    assert one.by_tail < 125
    assert [p.sites for p in chat.curves.pooling] == list(SITES)
    assert all(p.replicas >= p.by_tail for p in chat.curves.pooling)


def test_deployments_are_tried_and_the_cheapest_is_chosen(chat: Profile) -> None:
    """Rows by cost, one chosen, those left out with a reason; all within the SLO."""
    costs = [row.usd_per_1k for row in chat.deployments]
    assert costs == sorted(costs)
    assert [row.chosen for row in chat.deployments] == [True] + [False] * (len(costs) - 1)
    assert all(row.tpot_ms <= 60.0 for row in chat.deployments)
    assert any("do not fit" in row.reason for row in chat.rejected)
    tried = {(r.precision, r.tp) for r in (*chat.deployments, *chat.rejected)}
    assert tried == {(precision, tp) for precision in ("bf16", "fp8") for tp in (1, 2, 4, 8)}


def test_load_curve_of_a_model(chat: Profile) -> None:
    """Times grow with the load up to the full batch of the deployment; at saturation the wait has no end."""
    assert chat.curves is not None
    assert chat.chosen is not None
    points = chat.curves.load
    assert [p.load for p in points] == list(LOADS)
    for name in ("tpot_ms", "ttft_ms", "in_service", "rps", "tokens_per_s"):
        values = [getattr(p, name) for p in points]
        assert values == sorted(values), name
    assert [p.usd_per_1k for p in points] == sorted((p.usd_per_1k for p in points), reverse=True)
    last = points[-1]
    assert last.in_service == pytest.approx(chat.chosen.batch)
    assert last.tpot_ms == pytest.approx(chat.chosen.tpot_ms)
    assert last.wait_ms.p50 == last.ttft_ms == inf
    assert last.spare_ms == -inf
    assert points[0].spare_ms == pytest.approx(1500.0 - chat.chosen.ttft_ms)


def test_half_load_costs_what_the_deployment_table_says(chat: Profile) -> None:
    """Both count a replica half busy: hardware and energy over the requests it serves."""
    assert chat.curves is not None
    assert chat.chosen is not None
    half = next(p for p in chat.curves.load if p.load == 0.5)
    assert half.usd_per_1k == pytest.approx(chat.chosen.usd_per_1k)


def test_cost_by_hand() -> None:
    """A replica of 50 calls/s, 10 kW and 300,000 USD, full: (60,000 + 9,811.2) USD a year for 1.5768e9 calls."""
    result = profile(case_of(Request(workload="chat"), scenario_with({})))
    assert result.curves is not None
    energy = 0.01 * 8760 * 1.4 * 80
    assert result.curves.load[-1].usd_per_1k == pytest.approx(1000 * (60_000 + energy) / (50 * 31_536_000))


def test_curves_of_a_fixed_time_service() -> None:
    """End-to-end percentiles are service plus wait; the demand of the scenario is the load that is shared."""
    result = profile(case_of(Request(workload="vision"), scenario_with({})))
    assert result.curves is not None
    assert result.model is result.chosen is None
    assert result.curves.total_rps == 1000.0
    for point in result.curves.load:
        assert point.latency_ms is not None
        service = service_quantile_ms(20.0, 0.25, 0.95)
        assert point.latency_ms.p95 == pytest.approx(service + point.wait_ms.p95)
        assert point.spare_ms == pytest.approx(60.0 - service - point.wait_ms.p95)
        assert point.ttft_ms is point.tpot_ms is point.tokens_per_s is None


def test_agents_and_bursts_count() -> None:
    """Three calls cost three times as much per request; a burst is waited for, not paid for."""
    plain = profile(case_of(Request(workload="chat"), scenario_with({})))
    agent = profile(case_of(Request(workload="chat"), scenario_with({"calls_per_request": 3.0})))
    burst = profile(case_of(Request(workload="chat"), scenario_with({"burst_factor": 1.5})))
    assert plain.curves is not None
    assert agent.curves is not None
    assert burst.curves is not None
    assert agent.curves.total_rps == 3 * plain.curves.total_rps
    for a, b, c in zip(plain.curves.load, agent.curves.load, burst.curves.load, strict=True):
        assert b.usd_per_1k == pytest.approx(3 * a.usd_per_1k)
        assert c.usd_per_1k == pytest.approx(a.usd_per_1k)
        assert c.wait_ms.p99 >= a.wait_ms.p99
        assert (c.wait_ms.p99 == inf) == (c.load * 1.5 >= 1.0)
    assert burst.curves.pooling[0].by_tail > plain.curves.pooling[0].by_tail


def test_round_trips_use_up_the_slack() -> None:
    """The longer the round trip, the more replicas the tail asks for."""
    base = scenario_with({"slo": [{"metric": "ttft", "ms": 80.0}]})
    near, far = (profile(case_of(Request(workload="chat"), base), rtt_ms=ms).curves for ms in (0.0, 29.0))
    assert near is not None
    assert far is not None
    assert far.pooling[-1].by_tail > near.pooling[-1].by_tail


def test_several_accelerators_are_compared() -> None:
    """The cheapest over all of them gives the curves."""
    result = profile(case_of(replace(CHAT, accelerators=("L40S", "H100_SXM"))))
    assert {row.accelerator for row in result.deployments} == {"L40S", "H100_SXM"}
    assert result.chosen is not None
    assert result.curves is not None
    assert result.curves.accelerator == result.chosen.accelerator
    assert [line.split(":")[0] for line in result.constants] == ["L40S", "H100_SXM"]


def test_nothing_meets_the_slo() -> None:
    """No curves, but every deployment with its reason."""
    result = profile(case_of(replace(CHAT, limits_ms={"tpot": 1.0})))
    assert result.curves is result.chosen is None
    assert result.deployments == ()
    assert len(result.rejected) == 8
    assert "No deployment meets the SLO" in printed(result)


def test_class_of_the_catalogue() -> None:
    """Its model and its limits, at the percentile that it names; options add to them."""
    request = replace(CHAT, model=None, workload="llama2-70b-interactive", limits_ms={"tpot": 35.0})
    case = case_of(request)
    assert case.workload.model == "meta-llama/Llama-2-70b"
    assert [(s.metric, s.ms, s.percentile) for s in case.workload.slo] == [
        ("ttft", 450.0, 0.99),
        ("tpot", 35.0, 0.99),
    ]


def test_scenario_lends_hardware_and_policy() -> None:
    """Figures that a scenario sets for an accelerator, and its policy, hold in the profile too."""
    document = small_document()
    document["accelerators"] = [{"id": "H100_SXM", "price_usd": 1.0}]
    document["policy"]["utilisation_cap"] = 0.5
    result = profile(case_of(CHAT, load_scenario(document)))
    assert result.curves is not None
    assert result.chosen is not None
    assert result.curves.replica_usd == pytest.approx(result.chosen.tp * 1.0 * 1.4)
    assert result.curves.pooling[0].replicas == 200


def test_a_model_takes_the_place_of_a_stated_replica() -> None:
    """What both say, the options decide."""
    case = case_of(replace(CHAT, workload="chat"), scenario_with({}))
    assert case.workload.model == "llama-3.1-70b"
    assert case.workload.service is None
    assert case.total_rps == 4500.0


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (Request(), "nothing to profile; name a --model"),
        (
            replace(CHAT, model="llama-3.1-7x"),
            "--model: no model 'llama-3.1-7x' in the catalogue; did you mean",
        ),
        (replace(CHAT, accelerators=("H1000",)), "--accelerator: no accelerator 'H1000'"),
        (replace(CHAT, accelerators=()), "also needs --accelerator"),
        (replace(CHAT, input_tokens=None, output_tokens=None), "needs --input-tokens, --output-tokens"),
        (
            replace(CHAT, engine="vlm"),
            "--engine: no engine 'vlm' in the catalogue; known: sglang, trtllm, vllm",
        ),
        (Request(workload="nlp-bert-server"), "names no model"),
        (Request(workload="nlp-bret-server"), "--workload: no workload class"),
    ],
)
def test_bad_requests(request_: Request, words: str) -> None:
    """One problem in terms of the options."""
    with pytest.raises(ScenarioError, match="problem") as caught:
        profile(case_of(request_))
    assert len(caught.value.problems) == 1
    assert words in str(caught.value)


def test_bad_requests_of_a_scenario() -> None:
    """Workloads that are not there, in which nothing waits, or that have no time left."""
    base = scenario_with({})
    with pytest.raises(ScenarioError, match="has no workload 'traning'; it has training"):
        case_of(Request(workload="traning"), base)
    with pytest.raises(ScenarioError, match="neither SLO nor model"):
        profile(case_of(Request(workload="training"), base))
    with pytest.raises(
        ScenarioError, match="--rtt-ms: the round trip of 500 ms and the service miss the SLO"
    ):
        profile(case_of(Request(workload="chat"), base), rtt_ms=500.0)


def test_model_without_slo_has_no_tail() -> None:
    """Batch work: the cap alone sizes it, and nothing is said about an SLO."""
    result = profile(case_of(replace(CHAT, limits_ms={})))
    assert result.curves is not None
    assert {p.by_tail for p in result.curves.pooling} == {0}
    assert {p.spare_ms for p in result.curves.load} == {None}
    assert "no SLO, so no tail" in printed(result)


def test_document_is_json_without_infinities(chat: Profile) -> None:
    """What has no end is null; everything else is as in the dataclasses."""
    document = json.loads(json.dumps(chat.to_dict(), allow_nan=False))
    assert document["schema_version"] == 1
    assert document["curves"]["load"][-1]["wait_ms"] == {"p50": None, "p95": None, "p99": None}
    assert document["curves"]["pooling"][0]["replicas"] == 125
    assert document["deployments"][0]["chosen"] is True


def test_tables_fit_the_columns(chat: Profile) -> None:
    """All three tables, within 100 columns."""
    text = printed(chat)
    assert max(map(len, text.splitlines())) <= 100
    for words in ("8 deployments tried", "Under load: one pool of 4 replicas", "Shared between sites: "):
        assert words in text
    assert text.count("no end") == 4
    assert "missed" in text
