"""A site where nothing runs is not in a plan, also where it would cost nothing to open it."""

from __future__ import annotations

from math import inf
from typing import Any

import numpy as np
import pytest
from support.documents.binding_rules import BASE
from support.documents.edits import changed

from siteopt import Scenario, load_scenario, solve
from siteopt.compile import compile_instance
from siteopt.evaluate import trimmed
from siteopt.instance import Solution

METHODS = ["auto", "milp", "search"]
#: Whatever is built costs nothing.
FREE: dict[str, Any] = {
    "sites.1.connection_usd": 0.0,
    "designs.0.usd_per_module": 0.0,
    "workloads.0.replica.usd": 0.0,
}


def free(edits: dict[str, Any]) -> Scenario:
    return load_scenario(changed(BASE, FREE | edits))


def both_open(scenario: Scenario) -> Solution:
    """All served at the cheap site, and the other one open beside it."""
    instance = compile_instance(scenario)
    at_cheap = instance.pools.site == 0
    return Solution(
        option=np.array([0, 1], dtype=np.int32),
        modules=np.array([1, 1], dtype=np.int32),
        replicas=np.where(at_cheap, 1, 0).astype(np.int32),
        share=np.where(at_cheap[instance.arcs.pool], 1.0, 0.0),
        unserved=np.zeros(1),
    )


@pytest.mark.parametrize("method", METHODS)
def test_one_site_is_enough_where_both_are_free(method: Any) -> None:
    plan = solve(free({}), time_limit=inf, gap=0.0, method=method, iteration_limit=20)
    assert plan.cost_usd == 0.0
    assert len(plan.sites) == 1


def rule(sense: str, value: float, zone: str = "here") -> dict[str, Any]:
    return {"rules": [{"id": "own", "terms": [{"zone": zone}], "sense": sense, "value": value}]}


@pytest.mark.parametrize(
    ("edits", "stands"),
    [
        ({}, False),
        ({"sites.1.status": "forced"}, True),
        ({"sites.1.status": "existing", "sites.1.existing": {"design": "plain", "modules": 1}}, True),
        (rule(">=", 2.0), True),
        (rule("<=", 1.0, "elsewhere") | {"sites.0.zone": "elsewhere"}, False),
    ],
    ids=["free to close", "forced", "existing", "counted by a rule", "of no rule"],
)
def test_only_what_must_be_open_stands_idle(edits: dict[str, Any], stands: bool) -> None:
    scenario = free(edits)
    solution = both_open(scenario)
    after = trimmed(compile_instance(scenario), solution)
    assert (after.option[1] >= 0) == stands
    assert (after.modules[1] > 0) == stands
    assert after.option[0] >= 0


@pytest.mark.parametrize("method", METHODS)
def test_a_rule_that_asks_for_two_sites_gets_them(method: Any) -> None:
    plan = solve(free(rule(">=", 2.0)), time_limit=inf, gap=0.0, method=method, iteration_limit=20)
    assert len(plan.sites) == 2


def test_reserve_is_not_idle() -> None:
    """The second site stands for the loss of the first."""
    plan = solve(free({"workloads.0.protect": {"slo_ms": 200.0}}), time_limit=inf, gap=0.0)
    assert len(plan.sites) == 2
