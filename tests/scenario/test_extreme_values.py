"""Numbers and names that no planner means: refused at the door, with their path and the least that is meant."""

from __future__ import annotations

import unicodedata
from math import inf
from typing import Any

import pytest
from support.documents.edits import changed
from support.documents.small_scenario import small_scenario

from siteopt import ScenarioError, load_scenario, solve, verify


def problems(edits: dict[str, Any]) -> list[tuple[str, str]]:
    with pytest.raises(ScenarioError) as caught:
        load_scenario(changed(small_scenario(), edits))
    return [(problem.path, problem.message) for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("key", "path", "value", "least"),
    [
        ("designs.0.module_mw", "designs[0].module_mw", 5e-324, "1e-06"),
        ("workloads.0.replica.rps", "workloads[0].replica.rps", 2.3e-308, "1e-09"),
        ("workloads.0.replica.kw", "workloads[0].replica.kw", 1e-12, "1e-06"),
        ("demand.0.mean_rps", "demand[0].mean_rps", 1e-300, "1e-09"),
        ("workloads.0.service.ms", "workloads[0].service.ms", 1e-300, "1e-06"),
        ("policy.utilisation_cap", "policy.utilisation_cap", 5e-324, "1e-06"),
    ],
)
def test_a_number_far_below_any_real_one_is_refused(key: str, path: str, value: float, least: str) -> None:
    """Ratios of such numbers overflowed: OverflowError, ZeroDivisionError, a bound above the cost."""
    ((where, message),) = problems({key: value})
    assert where == path
    assert message.startswith(f"should be at least {least}, not {value}; check the unit")


def test_the_least_numbers_that_are_meant_solve() -> None:
    """At the floors nothing overflows: the plan verifies, and the bound stays below it."""
    edits = {"demand": [{"region": "north", "workload": "chat", "peak_rps": 1e-9, "mean_rps": 1e-9}]}
    scenario = load_scenario(changed(small_scenario(), edits))
    plan = solve(scenario, time_limit=inf, iteration_limit=20, node_limit=20)
    assert verify(scenario, plan) == []
    assert plan.bound_usd is not None
    assert plan.bound_usd <= plan.cost_usd


def test_more_replicas_than_there_are_is_a_wrong_unit() -> None:
    """10^12 replicas did not fit into 32 bits."""
    ((path, message),) = problems({"demand.0.peak_rps": 1e9, "workloads.0.replica.rps": 1e-3})
    assert path == "demand[0].peak_rps"
    assert (
        "replicas busy, more than 1,000,000,000; check the unit of it and of workloads[0].replica.rps"
        in message
    )


@pytest.mark.parametrize(
    ("edits", "where", "words"),
    [
        ({"workloads.1.replica.rps": 1e9}, "workloads[1].replica.rps", "slots of one replica busy"),
        (
            {"workloads.1.service.slots": 100_001},
            "workloads[1].service.slots",
            "more than 100,000 in one replica",
        ),
    ],
)
def test_more_slots_than_any_replica_has_are_a_wrong_unit(
    edits: dict[str, Any], where: str, words: str
) -> None:
    """A table of what replicas carry had one row then, and its last step none."""
    found = dict(problems(edits))
    assert words in found[where]


@pytest.mark.parametrize("character", ["\ud800", "\x00", "\x1b", "\n"])
@pytest.mark.parametrize("key", ["sites.0.name", "regions.0.name", "name"])
def test_a_character_that_no_file_can_hold_is_refused(key: str, character: str) -> None:
    """A lone surrogate in a name lost the finished plan when it was written."""
    ((_, message),) = problems({key: f"a{character}b"})
    assert f"U+{ord(character):04X}" in message


def test_ids_are_compared_in_composed_form() -> None:
    """Zürich written as z, u, two dots is the same site."""
    apart = unicodedata.normalize("NFD", "zürich")
    document = changed(small_scenario(), {"regions.0.id": "zürich"})
    for row in document["demand"]:
        row["region"] = apart if row["region"] == "north" else row["region"]
    assert load_scenario(document).demand[0].region == "zürich"


def test_an_unknown_key_with_brackets_is_told_like_any_other() -> None:
    """``C[0]`` looks like the row of a table: KeyError."""
    ((path, message),) = problems({"C[0]": 1})
    assert path == "C[0]"
    assert message.startswith("unknown key")
