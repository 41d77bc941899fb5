"""Rows that ask for nothing are skipped and counted."""

from __future__ import annotations

import pytest
from support.documents.edits import changed
from support.documents.small_scenario import small_scenario

from siteopt import ScenarioError, load_scenario
from siteopt.compile import compile_instance
from siteopt.diagnose.remarks import suspicions

NOTHING = {"peak_rps": 0.0, "mean_rps": 0.0}


def test_demand_of_nothing_is_skipped_and_counted() -> None:
    """Planners' tables have a row for every region, also where nobody asks."""
    document = small_scenario()
    edits = {"demand.1": document["demand"][1] | NOTHING, "demand.3": document["demand"][3] | NOTHING}
    scenario = load_scenario(changed(document, edits))
    assert [(d.region, d.workload) for d in scenario.demand] == [("north", "chat"), ("north", "agent")]
    assert scenario.skipped_demand == 2
    assert "2 demands of 0 requests per second skipped." in suspicions(scenario, compile_instance(scenario))


def test_demand_of_nothing_alone_is_an_error() -> None:
    rows = [row | NOTHING for row in small_scenario()["demand"]]
    with pytest.raises(ScenarioError, match="asks for nothing"):
        load_scenario(changed(small_scenario(), {"demand": rows}))


def test_a_peak_without_a_mean_is_an_error() -> None:
    with pytest.raises(ScenarioError, match="should be greater than 0, not 0: it pays"):
        load_scenario(changed(small_scenario(), {"demand.0.mean_rps": 0.0}))
