"""``plan.json`` is read strictly and without loss."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from support.documents.small_document_plan import hand_made_plan

from siteopt.errors import ScenarioError
from siteopt.plan import FlowPlan, GridUse, Percentiles, Plan, PoolPlan, SitePlan, UnservedPlan
from siteopt.plan.file import load_plan

if TYPE_CHECKING:
    from pathlib import Path

WHOLE = Plan(
    status="feasible",
    stop_reason="limit",
    limit="time",
    cost_usd=12.5,
    bound_usd=11.0,
    gap=0.1,
    seconds=3.25,
    method="milp",
    seed=7,
    versions={"siteopt": "0.1.0"},
    verified=True,
    cost_lines={"energy": 15.0, "revenue": -2.5},
    sites=(SitePlan("a", "d", 2, 1.5, 1.8, 100.0),),
    pools=(PoolPlan("a", "chat", "replica", 3, 2.2, 0.7333333333333334),),
    flows=(FlowPlan("r", "chat", "a", "replica", 0.1 + 0.2, Percentiles(1.0, 2.0, 3.0), 50.0, ("n", "m")),),
    unserved=(UnservedPlan("r", "chat", 0.7),),
    grid=(GridUse("z", 1.8, 2.0),),
)


def test_round_trip_through_a_file(tmp_path: Path) -> None:
    """Every field of a plan comes back as it was, to the last digit."""
    WHOLE.save(tmp_path / "plan.json")
    assert load_plan(tmp_path / "plan.json") == WHOLE
    assert load_plan(json.loads(WHOLE.to_json())) == WHOLE


def test_round_trip_of_what_was_not_proven() -> None:
    """No limit, no bound, no gap, no latency: null stays None."""
    plan = replace(
        WHOLE, limit=None, bound_usd=None, gap=None, flows=(FlowPlan("r", "chat", "a", "replica", 1.0),)
    )
    assert load_plan(json.loads(plan.to_json())) == plan


def test_hand_made_plan_needs_decisions_only() -> None:
    """Figures that are not given stay at their defaults; whole numbers pass for real ones."""
    document = hand_made_plan()
    document["flows"][0]["share"] = 1
    plan = load_plan(document)
    assert plan.status == "evaluated"
    assert plan.sites[0] == SitePlan("hamburg-ost", "module", 1)
    assert plan.flows[0].share == 1.0
    assert isinstance(plan.flows[0].share, float)


#: name: (key that is changed, value, path in the message, words in the message)
BROKEN: dict[str, tuple[list[Any], Any, str, str]] = {
    "text for number": (["flows", 3, "share"], "all", "flows[3].share", 'a finite number, not "all"'),
    "flag for number": (["flows", 3, "share"], True, "flows[3].share", "a finite number, not true"),
    "NaN": (["cost_usd"], float("nan"), "cost_usd", "a finite number, not NaN"),
    "beyond floats": (["cost_usd"], 10**400, "cost_usd", "should be a finite number"),
    "half a module": (["sites", 0, "modules"], 1.5, "sites[0].modules", "a whole number, not 1.5"),
    "number for text": (["pools", 1, "site"], 3, "pools[1].site", "a string, not 3"),
    "null decision": (["sites", 0, "design"], None, "sites[0].design", "a string, not null"),
    "object for list": (["sites"], {}, "sites", "a list, not an object"),
    "list for object": (["sites", 1], [], "sites[1]", "an object, not a list"),
    "unknown key": (["sites", 1, "module"], 3, "sites[1].module", "did you mean 'modules'?"),
    "unknown key on top": (["costs"], 3, "costs", "unknown key; did you mean 'cost_usd'?"),
    "unknown status": (["status"], "best", "status", "should be 'optimal' or 'feasible' or 'evaluated'"),
    "unhashable status": (["status"], ["optimal"], "status", "not a list"),
    "unknown limit": (["limit"], "money", "limit", "'failure', not \"money\""),
    "text for flag": (["verified"], "yes", "verified", "true or false"),
    "text in lines": (["cost_lines"], {"energy": "much"}, "cost_lines.energy", "should be a finite number"),
    "list of lines": (["cost_lines"], [1.0], "cost_lines", "an object, not a list"),
    "part of a latency": (["flows", 0, "latency_ms"], {"p50": 1.0}, "flows[0].latency_ms.p95", "is missing"),
    "route of numbers": (["flows", 0, "route"], [1], "flows[0].route[0]", "should be a string"),
    "wrong version": (["schema_version"], 2, "schema_version", "should be 1, not 2"),
    "version as flag": (["schema_version"], True, "schema_version", "should be 1, not true"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_plan(name: str) -> None:
    """The message names the path and what is right."""
    keys, value, path, words = BROKEN[name]
    document = hand_made_plan()
    holder: Any = document
    for key in keys[:-1]:
        holder = holder[key]
    holder[keys[-1]] = value
    with pytest.raises(ScenarioError) as caught:
        load_plan(document)
    assert words in next(p.message for p in caught.value.problems if p.path == path)


@pytest.mark.parametrize("key", ["sites", "pools", "flows"])
def test_decisions_are_required(key: str) -> None:
    """A plan without one of its three tables is not a plan, and all that is wrong is said at once."""
    document = hand_made_plan()
    del document[key]
    document["cost_usd"] = "cheap"
    with pytest.raises(ScenarioError) as caught:
        load_plan(document)
    assert [p.path for p in caught.value.problems] == [key, "cost_usd"]
    assert "an empty list [] says that there are none" in caught.value.problems[0].message


def test_missing_keys_of_a_row() -> None:
    """A row without its decisions is refused key by key."""
    document = hand_made_plan()
    document["pools"][2] = {"site": "zurich-hub"}
    with pytest.raises(ScenarioError) as caught:
        load_plan(document)
    assert [p.path for p in caught.value.problems] == [
        "pools[2].workload",
        "pools[2].accelerator",
        "pools[2].replicas",
    ]


def test_file_that_is_no_plan(tmp_path: Path) -> None:
    """Errors of the file carry its name."""
    path = tmp_path / "plan.json"
    path.write_text("[]")
    with pytest.raises(ScenarioError, match=r"plan\.json: 1 problem\n  a plan is a JSON object") as caught:
        load_plan(path)
    assert caught.value.source == str(path)
    with pytest.raises(ScenarioError, match="does not exist"):
        load_plan(tmp_path / "lost.json")
