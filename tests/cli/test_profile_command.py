"""``siteopt profile`` end to end."""

from __future__ import annotations

import json
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest
from support.documents.small_document import small_document

from siteopt.cli import main

if TYPE_CHECKING:
    from pathlib import Path

CHAT = (
    *("profile", "--model", "llama-3.1-70b", "--accelerator", "H100_SXM"),
    *("--input-tokens", "1000", "--output-tokens", "300", "--ttft-ms", "1500", "--tpot-ms", "60"),
)
needs_matplotlib = pytest.mark.skipif(
    find_spec("matplotlib") is None, reason="matplotlib is an optional extra"
)


def test_tables_of_a_model(capsys: pytest.CaptureFixture[str]) -> None:
    """Three tables on stdout, nothing on stderr."""
    assert main([*CHAT]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    for words in (
        "deployments tried",
        "Under load: ",
        "Shared between sites: ",
        "rejected: H100_SXM bf16 TP1",
    ):
        assert words in captured.out
    assert max(map(len, captured.out.splitlines())) <= 100


def test_json_of_a_model(capsys: pytest.CaptureFixture[str]) -> None:
    """The same for machines, with the options as they were given."""
    options = ("--replicas", "3", "--total-rps", "50", "--percentile", "0.95", "--precision", "fp8", "--json")
    assert main([*CHAT, *options]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["slo"] == [
        {"metric": "ttft", "ms": 1500.0, "percentile": 0.95},
        {"metric": "tpot", "ms": 60.0, "percentile": 0.95},
    ]
    assert {row["precision"] for row in document["deployments"]} == {"fp8"}
    assert document["curves"]["replicas"] == 3
    assert document["curves"]["total_rps"] == 50.0


def test_workload_of_a_scenario(scenario: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A stated replica has no deployments to try, but both curves."""
    assert main(["profile", "--scenario", str(scenario), "--workload", "vision"]) == 0
    text = capsys.readouterr().out
    assert "end to end 60 ms at p95" in text
    assert "deployments tried" not in text
    assert "Shared between sites: 1,000 calls/s keep 20 replicas busy" in text


def test_the_pooling_vector(scenario: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """100 erlangs, P(wait > 0.1 service) < 1 %, from the command line: 118 servers at one site, 350 at fifty."""
    document = small_document()
    document["policy"]["utilisation_cap"] = 1.0
    document["workloads"][0] |= {
        "service": {"ms": 100.0, "scv": 1.0, "slots": 1},
        "replica": {"rps": 10.0, "kw": 1.0, "usd": 1000.0},
        "slo": [
            {"metric": "ttft", "ms": 470.51701859880914}
        ],  # 100 ln 100, the p99 of the service, and 10 ms
    }
    scenario.write_text(json.dumps(document))
    options = ("--scenario", str(scenario), "--workload", "chat", "--total-rps", "1000", "--json")
    assert main(["profile", *options]) == 0
    points = json.loads(capsys.readouterr().out)["curves"]["pooling"]
    needed = {point["sites"]: point["replicas"] for point in points}
    assert {n: needed[n] for n in (1, 5, 10, 20, 50)} == {1: 118, 5: 150, 10: 180, 20: 220, 50: 350}


def test_no_deployment_meets_the_slo(capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 1: the answer is no, and each reason is said."""
    assert main([*CHAT, "--tpot-ms", "1"]) == 1
    text = capsys.readouterr().out
    assert "already alone on the replica: tpot" in text
    assert "No deployment meets the SLO" in text


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["profile"], "nothing to profile"),
        (["profile", "--model", "llama-3.1-8b"], "also needs --accelerator, --input-tokens, --output-tokens"),
        ([*CHAT, "--model", "gpt-17"], "--model: no model 'gpt-17' in the catalogue"),
        ([*CHAT, "--percentile", "99"], "0.99, not 99"),
        ([*CHAT, "--ttft-ms", "0"], "--ttft-ms: 0 should be greater than 0"),
        ([*CHAT, "--ttft-ms", "inf"], "--ttft-ms: 'inf' is not a number"),
        ([*CHAT, "--rtt-ms", "-1"], "--rtt-ms: -1 should be at least 0"),
        ([*CHAT, "--network-share", "1"], "0.25 is a quarter"),
        ([*CHAT, "--output-tokens", "0.5"], "--output-tokens: should be at least 1, not 0.5"),
        ([*CHAT, "--precision", "fp16"], "invalid choice: 'fp16'"),
        ([*CHAT, "--replicas", "0"], "--replicas: 0 should be at least 1"),
        ([*CHAT, "--plot", "curves.pdf"], "curves.pdf should end in .png or .svg"),
        ([*CHAT, "--plot", "lost/curves.svg"], "lost is not a directory"),
        ([*CHAT, "--scenario", "lost.json"], "lost.json"),
    ],
)
def test_bad_input(options: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 2, one error of two lines, nothing on stdout."""
    assert main(options) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert words in captured.err
    assert len(captured.err.splitlines()) == 2


def test_plot_without_matplotlib(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The cure is named before any work is done."""
    monkeypatch.setattr("siteopt.report.profile_plot.find_spec", lambda _name: None)
    assert main([*CHAT, "--plot", str(tmp_path / "p.svg")]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "--plot: needs matplotlib, which is not installed: pip install 'siteopt[plot]'" in captured.err


@needs_matplotlib
@pytest.mark.parametrize("suffix", ["png", "svg"])
def test_plot(suffix: str, scenario: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A picture of either kind of workload, in either format."""
    start = {"png": b"\x89PNG", "svg": b"<?xml"}[suffix]
    stated = ("profile", "--scenario", str(scenario), "--workload", "vision")
    for n, options in enumerate((CHAT, stated)):
        path = tmp_path / f"{n}.{suffix}"
        assert main([*options, "--plot", str(path)]) == 0
        assert path.read_bytes().startswith(start)
        assert f"the curves are in {path}" in capsys.readouterr().err
