"""Each family of rules decides something: with it the optimum is another than without it, both known by hand."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import Any

import pytest
from support.documents.binding_rules import BASE, CASES
from support.documents.edits import changed
from support.reference.optimum.all_rules import optimum

from siteopt import load_scenario, solve


@dataclass(frozen=True)
class Side:
    """One of the two scenarios of a case, and its optimum by hand."""

    document: dict[str, Any]
    usd: float
    opened: str


def sides(name: str) -> tuple[Side, Side]:
    """The scenario with the family, and without."""
    case = CASES[name]
    document = changed(BASE, case.edits)
    return (
        Side(document, case.with_usd, case.opened),
        Side(changed(document, case.removal), case.without_usd, case.opened_without),
    )


@pytest.mark.parametrize("name", CASES)
def test_family_decides(name: str) -> None:
    """With the family the best of all plans is the one computed by hand, and without it the other one."""
    with_it, without = sides(name)
    assert abs(with_it.usd - without.usd) > 1000.0
    for side in (with_it, without):
        scenario = load_scenario(side.document)
        found = optimum(scenario)
        assert found is not None
        usd, decisions = found
        pairs = zip(scenario.sites, decisions.states, strict=True)
        assert usd == pytest.approx(side.usd, abs=0.01)
        assert " ".join(site.id for site, state in pairs if state.design is not None) == side.opened


@pytest.mark.parametrize("name", CASES)
def test_exact_model_decides_so_too(name: str) -> None:
    for side in sides(name):
        plan = solve(load_scenario(side.document), time_limit=inf, gap=0.0, method="milp")
        assert plan.cost_usd == pytest.approx(side.usd, abs=1.0)
        assert plan.bound_usd == pytest.approx(side.usd, abs=1.0)
        assert " ".join(sorted(site.id for site in plan.sites)) == side.opened
