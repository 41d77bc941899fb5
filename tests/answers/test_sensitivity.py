"""The tornado: which numbers act, what is written as it comes, and that a killed run goes on where it was."""

from __future__ import annotations

import json
from math import inf
from typing import TYPE_CHECKING, Any

import pytest
from support.documents.edits import changed
from support.documents.small_scenario import small_scenario

from siteopt import Scenario, ScenarioError, load_scenario, solve
from siteopt.answers.sensitivity import Row, Tornado, parameters_of, run, sensitivity
from siteopt.answers.sensitivity.journal import Journal, digest
from siteopt.run.options import SolveOptions
from siteopt.scenario.checks import check
from siteopt.solving.solve import solve_with

if TYPE_CHECKING:
    from pathlib import Path

OPTIONS = SolveOptions(time_limit=inf, gap=0.0)
NAMES = ("demand", "electricity", "module-price-hubs")


def test_parameters_have_ranges_sources_and_an_effect(small: Scenario, germany: Scenario) -> None:
    """And each end is a scenario that its checks accept."""
    for scenario in (small, germany):
        rows = parameters_of(scenario)
        assert len({row.name for row in rows}) == len(rows) >= 8
        for row in rows:
            assert row.low < row.high
            assert row.source
            assert row.unit
            ends = [row.put(scenario, value) for value in (row.low, row.high)]
            assert ends != [scenario, scenario], row.name
            for end in ends:
                assert check(end) == [], row.name
                load_scenario(
                    json.loads(end.model_dump_json(by_alias=True, exclude_defaults=True))
                    | {"schema_version": 1}
                )


def test_what_acts_on_nothing_is_not_listed(small: Scenario) -> None:
    """No catalogue accelerators, no scale exponent below one in the small scenario."""
    names = {row.name for row in parameters_of(small)}
    assert "server-power" not in names
    assert "scale-exponent" not in names
    assert not any(name.startswith("accelerator-price") for name in names)


def test_prices_of_catalogue_accelerators_move_in_their_ranges(germany: Scenario) -> None:
    """Relative to the scenario's own price, which need not be the catalogue's."""
    row = next(r for r in parameters_of(germany) if r.name == "accelerator-price-H100_SXM")
    entry = next(a for a in germany.accelerators if a.id == "H100_SXM")
    assert entry.price_usd is not None
    assert row.low == pytest.approx(entry.price_usd * 25_000 / 27_500)
    assert row.high == pytest.approx(entry.price_usd * 30_000 / 27_500)
    changed_entry = next(a for a in row.put(germany, row.low).accelerators if a.id == "H100_SXM")
    assert changed_entry.price_usd == row.low


def test_each_end_costs_what_a_solve_of_its_own_says(small: Scenario) -> None:
    tornado = sensitivity(small, parameters=NAMES, options=OPTIONS)
    assert tornado.baseline_usd == pytest.approx(solve(small, time_limit=inf, gap=0.0).cost_usd)
    by_name = {row.name: row for row in parameters_of(small)}
    for row in tornado.rows:
        for value, usd in ((row.low, row.low_usd), (row.high, row.high_usd)):
            alone = solve(by_name[row.parameter].put(small, value), time_limit=inf, gap=0.0)
            assert usd == pytest.approx(alone.cost_usd, rel=1e-9)
    swings = [row.swing_usd(tornado.baseline_usd) for row in tornado.rows]
    assert swings == sorted(swings, reverse=True)


def test_an_end_without_a_plan_is_a_row_without_a_cost() -> None:
    """A fifth more demand does not fit the hub, and nothing may be built."""
    edits: dict[str, Any] = {"policy.max_sites": 0, "sites.0.headroom_mw": 0.185}
    scenario = load_scenario(changed(small_scenario(), edits))
    tornado = sensitivity(scenario, parameters=("demand", "electricity"), options=OPTIONS)
    assert tornado.rows[0].parameter == "demand"
    assert tornado.rows[0].high_usd is None
    assert tornado.rows[0].low_usd is not None
    json.dumps(tornado.to_dict(), allow_nan=False)


def test_unknown_parameters_are_named(small: Scenario) -> None:
    with pytest.raises(ScenarioError) as caught:
        sensitivity(small, parameters=("demand", "weather"), options=OPTIONS)
    assert [problem.path for problem in caught.value.problems] == ["weather"]


def test_a_killed_run_goes_on_where_it_was(
    small: Scenario, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The third solve is never finished, and its line is cut off; the next run solves only what is missing."""
    journal = tmp_path / "rows.jsonl"
    whole = sensitivity(small, parameters=NAMES, options=OPTIONS)
    told: list[int] = []

    def killed(done: int, _of: int, _name: str) -> None:
        told.append(done)
        if done == 3:
            raise RuntimeError

    with pytest.raises(RuntimeError):
        sensitivity(small, parameters=NAMES, options=OPTIONS, journal=journal, tell=killed)
    assert len(journal.read_text().splitlines()) == 3
    with journal.open("a") as file:
        file.write('{"key": "half a li')
    solves: list[object] = []
    monkeypatch.setattr(run, "solve_with", lambda *a, **k: solves.append(a) or solve_with(*a, **k))
    again = sensitivity(small, parameters=NAMES, options=OPTIONS, journal=journal)
    assert len(solves) == 1 + 2 * len(NAMES) - 3
    assert again == whole
    solves.clear()
    assert sensitivity(small, parameters=NAMES, options=OPTIONS, journal=journal) == whole
    assert solves == []


def test_an_interrupt_keeps_what_is_there(small: Scenario, tmp_path: Path) -> None:
    """Ctrl-C ends the run with the rows whose two ends are known."""

    def interrupt(done: int, _of: int, _name: str) -> None:
        if done == 4:
            raise KeyboardInterrupt

    found = sensitivity(
        small, parameters=NAMES, options=OPTIONS, journal=tmp_path / "rows.jsonl", tell=interrupt
    )
    assert [row.parameter for row in found.rows] == ["demand"]
    assert found.missing == ("electricity", "module-price-hubs")


def test_processes_give_what_one_process_gives(small: Scenario, tmp_path: Path) -> None:
    alone = sensitivity(small, parameters=NAMES[:2], options=OPTIONS)
    both = sensitivity(small, parameters=NAMES[:2], options=OPTIONS, jobs=2, journal=tmp_path / "j.jsonl")
    assert both == alone


def test_the_key_of_a_result_is_its_scenario_and_how_it_was_solved(small: Scenario) -> None:
    other = load_scenario(changed(small_scenario(), {"sites.0.headroom_mw": 19.0}))
    keys = {
        digest(small, "demand", OPTIONS),
        digest(other, "demand", OPTIONS),
        digest(small, "price", OPTIONS),
        digest(small, "demand", SolveOptions(time_limit=inf, gap=0.1)),
    }
    assert len(keys) == 4
    assert digest(small, "demand", OPTIONS) == digest(load_scenario(small_scenario()), "demand", OPTIONS)


def test_a_journal_survives_a_line_that_was_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    Journal(path).put("a", {"cost_usd": 1.0})
    with path.open("a") as file:
        file.write('{"key": "b", "cost')
    second = Journal(path)
    second.put("c", {"cost_usd": None})
    third = Journal(path)
    assert third.get("a") == {"key": "a", "cost_usd": 1.0}
    assert third.get("b") is None
    assert third.get("c") == {"key": "c", "cost_usd": None}


def test_the_document_has_the_keys_that_others_read(tmp_path: Path) -> None:
    row = Row("demand", "x", 0.8, 1.2, 1.0, None, 0.0, None, "assumption")
    path = tmp_path / "tornado.json"
    Tornado(2.0, 0.01, (row,)).save(path)
    document = json.loads(path.read_text())
    assert set(document) == {"baseline_usd", "baseline_gap", "rows"}
    assert set(document["rows"][0]) == {
        *("parameter", "unit", "low", "high", "low_usd", "high_usd", "low_gap", "high_gap", "source"),
    }


BAD_ROWS = [
    '"text"',
    '{"key": 1, "cost_usd": 1.0}',
    '{"key": "k"}',
    '{"key": "k", "cost_usd": "much"}',
    '{"key": "k", "cost_usd": NaN}',
    '{"key": "k", "cost_usd": 1.0, "gap": []}',
    '{"key": "k", "parameter": "baseline"}',
    '{"key": "k", "parameter": "baseline", "plan": "plan.json"}',
    '{"key": "k", "parameter": "baseline", "plan": {"sites": 1}}',
    "[" * 100_000,
    "\udcff",
]


@pytest.mark.parametrize("line", BAD_ROWS, ids=range(len(BAD_ROWS)))
def test_a_line_that_is_not_a_result_is_solved_again(line: str, tmp_path: Path) -> None:
    """Lines of another program, or edited by hand, ended the analysis with what looked like a bug of it."""
    path = tmp_path / "rows.jsonl"
    path.write_bytes(line.encode(errors="surrogateescape") + b'\n{"key": "good", "cost_usd": 2.0}\n')
    journal = Journal(path)
    assert (journal.get("k"), journal.get("good")) == (None, {"key": "good", "cost_usd": 2.0})


def test_a_journal_without_room_goes_on_in_memory(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """What is solved is worth more than that it can be resumed."""
    journal = Journal(tmp_path / "rows.jsonl")
    (tmp_path / "rows.jsonl").mkdir()
    journal.put("a", {"cost_usd": 1.0})
    assert journal.get("a") == {"key": "a", "cost_usd": 1.0}
    assert "could not be written" in caplog.text
