"""``examples/rules``: what its README says of each rule is what siteopt does; the figures are read from the page."""

from __future__ import annotations

import re
from functools import cache
from math import inf
from typing import TYPE_CHECKING

import pytest
from support.paths import EXAMPLES

from siteopt import InfeasibleError, Plan, load_scenario, solve, verify

if TYPE_CHECKING:
    from collections.abc import Callable

FOLDER = EXAMPLES / "rules"

pytestmark = pytest.mark.skipif(
    not FOLDER.is_dir(), reason="examples/ is not here: an installed package alone"
)

ROW = re.compile(r"^\| \[([\w-]+)\]\(\1\.json\)[^|]*\| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
SECTIONS = 9


def _moves_off_s(plan: Plan) -> str:
    (failure,) = (row for row in plan.n_minus_1 if row.site == "s")
    return ", ".join(f"{move.site} {move.share:.12g}" for move in sorted(failure.moves, key=lambda m: m.site))


FIGURES: dict[str, Callable[[Plan], str]] = {
    "route": lambda plan: " ".join(plan.flows[0].route),
    "latency, ms": lambda plan: f"{plan.flows[0].latency_ms.p99:.9g}",
    "data": lambda plan: str(plan.pools[0].data),
    "replicas": lambda plan: str(sum(pool.replicas for pool in plan.pools)),
    "modules": lambda plan: str(plan.sites[0].modules),
    "staff, USD": lambda plan: f"{plan.cost_lines['staff']:,.9g}",
    "moves off s": _moves_off_s,
}


def _stated() -> list[tuple[str, str, str]]:
    page = FOLDER / "README.md"
    return ROW.findall(page.read_text(encoding="utf-8")) if page.is_file() else []


@cache
def _solved(name: str) -> Plan:
    scenario = load_scenario(FOLDER / f"{name}.json")
    plan = solve(scenario, time_limit=inf, gap=0.0)
    assert verify(scenario, plan) == []
    return plan


@pytest.mark.parametrize(("name", "figure", "value"), _stated())
def test_the_program_does_what_the_page_says(name: str, figure: str, value: str) -> None:
    if figure == "status":
        assert value == "infeasible"
        with pytest.raises(InfeasibleError):
            _solved(name)
    else:
        assert FIGURES[figure](_solved(name)) == value


def test_every_section_has_rows_and_every_file_is_used() -> None:
    sections = (FOLDER / "README.md").read_text(encoding="utf-8").split("\n## ")[1:]
    assert len(sections) == SECTIONS
    assert all(ROW.search(section) for section in sections)
    assert all(
        len(ROW.findall(section)) == len(re.findall(r"^\| \[", section, re.MULTILINE)) for section in sections
    )
    assert {name for name, _, _ in _stated()} == {path.stem for path in FOLDER.glob("*.json")}
