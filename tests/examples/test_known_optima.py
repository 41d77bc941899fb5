"""Published optima of capacitated facility location, reached by model, search and bound."""

from __future__ import annotations

import csv
import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy.optimize import linprog
from support.documents.facility_location import (
    PLANTS,
    PLANTS_OPTIMUM,
    USD_PER_UNIT,
    classic_instance,
    read_orlib,
)
from support.paths import PUBLISHED

from siteopt.bounds.lagrangian import LagrangianAscent
from siteopt.evaluate import evaluate_solution
from siteopt.facility.run import solve_facility_location
from siteopt.highs.driver import Limits
from siteopt.milp.solve import ExactModel
from siteopt.run.incumbent import Incumbent
from siteopt.run.options import SolveOptions
from siteopt.run.progress import Clock
from siteopt.search.local_search import Search

if TYPE_CHECKING:
    from siteopt.instance import Instance

#: 16, 25 and 50 warehouses, 50 customers; the last digit stands for the fixed cost.
ORLIB = [f"cap{series}{n}" for series in (4, 6, 7, 10, 11, 12, 13) for n in (1, 2, 3, 4)]
#: Their values are published to three decimals.
HALF_A_DIGIT = 6e-4


def benchmark_data() -> Path:
    """Folder of the published instances: named by the environment, or beside the checkout."""
    named = os.environ.get("SITEOPT_BENCHMARK_DATA")
    path = Path(named) if named else PUBLISHED / "facility"
    if not (path / "known_optima.csv").is_file():
        pytest.skip(f"no published instances in {path}; SITEOPT_BENCHMARK_DATA may name their folder")
    return path


class Recorder:
    """Listener that keeps the highest bound."""

    bound_usd = -np.inf

    def found(self, *_decisions: object) -> None:
        """What is found is in the answer too."""

    def proved(self, bound_usd: float) -> None:
        self.bound_usd = max(self.bound_usd, bound_usd)

    def should_stop(self) -> bool:
        return False


def check(instance: Instance, optimum: float) -> None:
    """Bound and search stand on their sides of the optimum, and the exact model reaches it."""
    optimum_usd = optimum * USD_PER_UNIT
    search, ascent = Search(instance, seed=1), LagrangianAscent(instance)
    search.construct()
    for _ in range(40):
        search.round()
    ascent.run(400, search.cost_usd)
    assert ascent.bound_usd <= optimum_usd * (1 + 1e-9)
    solution = search.solution()
    if solution is not None:
        assert evaluate_solution(instance, solution).cost_usd >= optimum_usd * (1 - 1e-9)
    recorder = Recorder()
    answer = ExactModel(instance).solve(Limits(gap=0.0), recorder, solution)
    assert answer.outcome == "optimal"
    assert answer.objective * 1e6 == pytest.approx(optimum_usd, abs=HALF_A_DIGIT * USD_PER_UNIT)
    assert recorder.bound_usd == pytest.approx(optimum_usd, rel=1e-6)
    assert recorder.bound_usd <= optimum_usd * (1 + 1e-9)


def check_own_methods(instance: Instance, optimum: float) -> None:
    """The methods for facility location alone reach the optimum and prove it."""
    optimum_usd = optimum * USD_PER_UNIT
    incumbent = Incumbent(instance, Clock(float("inf")), 1e-7, None)
    assert solve_facility_location(instance, incumbent, SolveOptions(node_limit=5000))
    assert incumbent.bound_usd is not None
    assert incumbent.cost_usd == pytest.approx(optimum_usd, abs=HALF_A_DIGIT * USD_PER_UNIT)
    assert incumbent.bound_usd >= optimum_usd * (1 - 1e-6)
    assert incumbent.bound_usd <= optimum_usd * (1 + 1e-9) + HALF_A_DIGIT * USD_PER_UNIT


def test_plants() -> None:
    check(classic_instance(PLANTS), PLANTS_OPTIMUM)
    check_own_methods(classic_instance(PLANTS), PLANTS_OPTIMUM)


def test_plants_optimum_by_enumeration() -> None:
    """The figure that the test above relies on, from every set of plants."""
    n, m = PLANTS.cost.shape
    best = np.inf
    for chosen in range(1, 2**m):
        is_open = np.array([chosen >> j & 1 for j in range(m)], dtype=float)
        carried = np.hstack([np.eye(m) * d for d in PLANTS.demand])
        served = np.kron(np.eye(n), np.ones(m))
        result = linprog(PLANTS.cost.ravel(), carried, PLANTS.capacity * is_open, served, np.ones(n))
        if result.status == 0:
            best = min(best, result.fun + PLANTS.fixed @ is_open)
    assert best == pytest.approx(PLANTS_OPTIMUM)


@pytest.mark.parametrize("name", ORLIB)
def test_orlib(name: str) -> None:
    folder = benchmark_data()
    with (folder / "known_optima.csv").open(encoding="utf-8") as stream:
        row = next(row for row in csv.DictReader(stream) if row["instance"] == name)
    assert row["kind"] == "optimal"
    instance = classic_instance(read_orlib(folder / row["file"]))
    check(instance, float(row["value"]))
    check_own_methods(instance, float(row["value"]))
