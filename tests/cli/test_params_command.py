"""``siteopt params`` end to end."""

from __future__ import annotations

import json

import pytest

from siteopt.cli import main
from siteopt.scenario.catalogue import load_catalogue


def output(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["params", *arguments]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    return captured.out


def test_every_figure_is_listed_with_its_source(capsys: pytest.CaptureFixture[str]) -> None:
    """The JSON holds the whole catalogue: each fact with range, unit, source, date and confidence."""
    document = json.loads(output(capsys, "--json"))
    facts = list(load_catalogue().facts())
    assert document["schema_version"] == 1
    assert len(document["figures"]) == len(facts)
    for row, (path, fact) in zip(document["figures"], facts, strict=True):
        assert path.startswith(row["group"])
        assert {
            key: row[key] for key in ("value", "low", "high", "unit", "source", "date", "confidence")
        } == (fact.model_dump())


def test_tables_fit_the_columns(capsys: pytest.CaptureFixture[str]) -> None:
    """All of it within 100 columns, one heading for each accelerator, model and engine."""
    text = output(capsys)
    assert max(map(len, text.splitlines())) <= 100
    catalogue = load_catalogue()
    for entry in (*catalogue.accelerators, *catalogue.models):
        assert f": {entry.id}\n" in text
    assert text.count("\nengines: ") == len(catalogue.engines)
    assert f"{len(list(catalogue.facts()))} figures; " in text


def test_words_filter(capsys: pytest.CaptureFixture[str]) -> None:
    """Every word has to be there, whatever the case; the source is numbered below the table."""
    text = output(capsys, "h100_sxm", "PRICE")
    assert text.splitlines()[0] == "accelerators: H100_SXM"
    row = next(line for line in text.splitlines() if line.startswith("price_usd"))
    assert row.split() == ["price_usd", "27,500", "25,000", "to", "30,000", "USD", "medium", "2026-03", "[1]"]
    assert "[1] AlphaOne GPU price index" in text
    assert "1 figure; 0 of low confidence" in text


def test_aliases_units_and_sources_are_found(capsys: pytest.CaptureFixture[str]) -> None:
    """A person looks for what he knows."""
    assert "models: meta-llama/Meta-Llama-3.1-8B" in output(capsys, "llama-3.1-8b", "params_b")
    assert "3GPP" in output(capsys, "3gpp", "--group", "workloads")


@pytest.mark.parametrize("group", ["accelerators", "models", "engines", "workloads", "parameters"])
def test_groups(group: str, capsys: pytest.CaptureFixture[str]) -> None:
    """One part of the catalogue."""
    rows = json.loads(output(capsys, "--group", group, "--json"))["figures"]
    assert {row["group"] for row in rows} == {group}


def test_a_search_without_result(capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 2, the nearest ids, nothing on stdout."""
    assert main(["params", "H1000", "--json"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "nothing in the catalogue contains 'H1000'; did you mean H100_SXM" in captured.err
    assert main(["params", "zzz", "qqq", "--group", "models"]) == 2
    assert "nothing in models of the catalogue contains 'zzz qqq'; try fewer words" in capsys.readouterr().err


def test_unknown_group(capsys: pytest.CaptureFixture[str]) -> None:
    """Refused like every other wrong option."""
    assert main(["params", "--group", "gpus"]) == 2
    assert "invalid choice: 'gpus'" in capsys.readouterr().err
