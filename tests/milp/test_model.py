"""The exact model: compiled as Pyomo would compile it, started, interrupted and explained by the driver."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np
import pyomo.environ as pyo
import pytest
from pyomo.repn.plugins.standard_form import LinearStandardFormCompiler
from support.documents.edits import REMOVE, changed
from support.documents.facility_location import (
    PLANTS,
    PLANTS_OPTIMUM,
    USD_PER_UNIT,
    classic_instance,
    random_classic,
)
from support.documents.small_scenario import small_scenario
from support.reference.model_columns import assert_feasible

from siteopt.compile import compile_instance
from siteopt.errors import OutOfTimeError
from siteopt.evaluate import evaluate_solution
from siteopt.highs.driver import HighsDriver, Limits
from siteopt.highs.monitor import Silent
from siteopt.milp.build import build_model
from siteopt.milp.columns import columns_of, flows_of
from siteopt.milp.layout import layout_of
from siteopt.milp.matrix import compile_matrix
from siteopt.milp.objective import USD_PER_UNIT as USD_PER_OBJECTIVE
from siteopt.milp.solve import ExactModel, safe_bound_usd
from siteopt.scenario import load_scenario
from siteopt.search.local_search import Search

if TYPE_CHECKING:
    from siteopt.highs.programme import Matrix
    from siteopt.instance import Instance, Solution

Row = dict[str, float]


@pytest.fixture(scope="module")
def hard_instance() -> Instance:
    """One that HiGHS cannot finish in half a second."""
    return classic_instance(random_classic(60, 200, seed=1))


def searched(instance: Instance, rounds: int = 20) -> Solution:
    search = Search(instance, seed=1)
    search.construct()
    for _ in range(rounds):
        search.round()
    solution = search.solution()
    assert solution is not None
    return solution


def columns(instance: Instance, solution: Solution) -> np.ndarray:
    """Values of the columns of the model as it is built by default."""
    return columns_of(instance, solution, layout_of(instance))


class Impatient(Silent):
    """Stops at the first chance."""

    def should_stop(self) -> bool:
        return True


class Recorder(Silent):
    """Keeps the bounds that the driver reports."""

    def __init__(self) -> None:
        self.bounds: list[float] = []

    def on_bound(self, bound: float) -> None:
        self.bounds.append(bound)


# ---------------------------------------------------------------------------------------------- the matrix


def ours(matrix: Matrix, names: list[str]) -> dict[tuple[str, str], tuple[Row, float]]:
    """One-sided rows by (name, side), fixed columns moved to the right side."""
    fixed = matrix.lower == matrix.upper
    rows = {}
    for r, quoted in enumerate(matrix.row_names):
        name = quoted.replace("'", "")
        part = slice(matrix.row_ptr[r], matrix.row_ptr[r + 1])
        index, value = matrix.index[part], matrix.value[part]
        body = {names[c]: v for c, v in zip(index, value, strict=True) if not fixed[c]}
        moved = sum(v * matrix.lower[c] for c, v in zip(index, value, strict=True) if fixed[c])
        low, up = matrix.row_lower[r] - moved, matrix.row_upper[r] - moved
        if low == up:
            rows[name, "="] = (body, low)
            continue
        if np.isfinite(low):
            rows[name, ">"] = (body, low)
        if np.isfinite(up):
            rows[name, "<"] = (body, up)
    return rows


def pyomos(model: pyo.ConcreteModel) -> tuple[dict[tuple[str, str], tuple[Row, float]], Row, float]:
    """The same from Pyomo's own compiler, with its objective and constant."""
    form = LinearStandardFormCompiler().write(model, mixed_form=True)
    names, table = [column.name for column in form.columns], form.A.tocsr()
    sides = {0: "=", 1: "<", -1: ">"}
    rows = {}
    for r, (row, kind) in enumerate(form.rows):
        part = slice(table.indptr[r], table.indptr[r + 1])
        body = {names[c]: v for c, v in zip(table.indices[part], table.data[part], strict=True)}
        rows[row.name.replace("'", ""), sides[kind]] = (body, float(form.rhs[r]))
    objective = form.c.tocsr()
    cost = {names[c]: float(v) for c, v in zip(objective.indices, objective.data, strict=True)}
    return rows, cost, float(form.c_offset[0])


@pytest.mark.parametrize(
    "edits",
    [
        {},
        {"policy.max_sites": 0, "workloads.0.splittable": False},
        {"policy": REMOVE, "grid_limits": REMOVE, "sites.1.status": "forced"},
    ],
    ids=["as it is", "tight", "free"],
)
def test_matrix_is_what_pyomo_compiles(edits: dict[str, Any]) -> None:
    instance = compile_instance(load_scenario(changed(small_scenario(), edits)))
    model = build_model(instance).pyomo
    matrix = compile_matrix(model)
    names = [v.name for v in model.component_data_objects(pyo.Var)]
    expected, cost, offset = pyomos(model)
    found = ours(matrix, names)
    assert found.keys() == expected.keys()
    for key, (body, side) in expected.items():
        nonzero = {name: v for name, v in found[key][0].items() if v != 0.0}
        assert nonzero == pytest.approx({n: v for n, v in body.items() if v != 0.0}, rel=1e-14), key
        assert found[key][1] == pytest.approx(side, rel=1e-12, abs=1e-12), key
    free = {
        n: c for n, c, lo, up in zip(names, matrix.cost, matrix.lower, matrix.upper, strict=True) if lo != up
    }
    assert {n: c for n, c in free.items() if c} == pytest.approx({n: c for n, c in cost.items() if c})
    assert matrix.offset == pytest.approx(offset)


def test_columns_have_the_bounds_and_kinds_of_their_variables(small_instance: Instance) -> None:
    model = build_model(small_instance).pyomo
    matrix = compile_matrix(model)
    for n, variable in enumerate(model.component_data_objects(pyo.Var)):
        lower, upper = (0.0, 0.0) if variable.fixed else variable.bounds
        assert matrix.lower[n] == (-np.inf if lower is None else lower)
        assert matrix.upper[n] == (np.inf if upper is None else upper)
        assert matrix.integer[n] == variable.is_integer()


# ---------------------------------------------------------------------------------------------- columns


def test_columns_of_a_solution_are_feasible_and_cost_what_it_costs(small_instance: Instance) -> None:
    matrix, solution = compile_matrix(build_model(small_instance).pyomo), searched(small_instance)
    x = columns(small_instance, solution)
    assert_feasible(matrix, x)
    cost_usd = evaluate_solution(small_instance, solution).cost_usd
    assert (matrix.cost @ x + matrix.offset) * USD_PER_OBJECTIVE == pytest.approx(cost_usd, rel=1e-12)


def test_flows_of_columns_are_those_of_the_solution(small_instance: Instance) -> None:
    solution = searched(small_instance)
    x = columns(small_instance, solution)
    option, share, unserved, _ = flows_of(small_instance, x, layout_of(small_instance))
    assert option.tolist() == solution.option.tolist()
    assert share == pytest.approx(solution.share)
    assert unserved == pytest.approx(solution.unserved)


def test_a_solvers_rounding_is_taken_off(small_instance: Instance) -> None:
    """Shares that are a little off come out as shares that sum to one, crumbs as nothing."""
    solution = searched(small_instance)
    rng = np.random.default_rng(1)
    x = columns(small_instance, solution)
    x = x + rng.uniform(-9e-8, 9e-8, len(x))
    option, share, unserved, _ = flows_of(small_instance, x, layout_of(small_instance))
    assert option.tolist() == solution.option.tolist()
    assert ((share > 0) == (solution.share > 0)).all()
    total = unserved + np.bincount(small_instance.arcs.demand, weights=share, minlength=len(unserved))
    assert total == pytest.approx(np.ones(len(total)), abs=1e-15)


# ---------------------------------------------------------------------------------------------- the driver


def test_highs_takes_the_warm_start(hard_instance: Instance) -> None:
    """Stopped before it has done anything, HiGHS has the plan that it was given, and else none."""
    matrix = compile_matrix(build_model(hard_instance).pyomo)
    warm_start = columns(hard_instance, searched(hard_instance, rounds=0))
    assert_feasible(matrix, warm_start)
    without = HighsDriver(matrix).solve(Limits(gap=0.0), Impatient())
    answer = HighsDriver(matrix).solve(Limits(gap=0.0), Impatient(), warm_start)
    assert without.values is None
    assert answer.values is not None
    assert answer.objective <= (matrix.cost @ warm_start + matrix.offset) * (1 + 1e-9)


def test_the_solution_handed_out_is_the_one_reported() -> None:
    """HiGHS once mapped a warm start to a better point of the presolved problem and returned it beside its objective.

    One of two demands fits through the uplink, and neither is worth its replica: both stay unserved. The search starts
    it with one of them served, and a plan that was called optimal cost a fifth too much.
    """
    document = small_scenario()
    edits: dict[str, Any] = {
        "sites": document["sites"][1:2],
        "sites.0.status": "forced",
        "sites.0.designs": ["box"],
        "sites.0.uplink_gbps": 1.5 * 8.0 * 1.1e-5 * 8.0,
        "designs": document["designs"][1:2],
        "designs.0.scale_exponent": 0.85,
        "workloads": document["workloads"][:1],
        "workloads.0.splittable": False,
        "workloads.0.unserved_usd_per_1k": 0.5,
        "demand": [row | {"peak_rps": 8.0, "mean_rps": 3.0} for row in document["demand"][:2]],
        "policy": REMOVE,
    }
    instance = compile_instance(load_scenario(changed(document, edits)))
    matrix, search = compile_matrix(build_model(instance).pyomo), Search(instance, seed=1)
    assert search.load(np.zeros(1, dtype=np.int32), np.array([1.0, 0.0]), np.array([0.0, 1.0]))
    solution = search.solution()
    assert solution is not None
    answer = HighsDriver(matrix).solve(Limits(gap=0.0), Silent(), columns(instance, solution))
    assert answer.outcome == "optimal"
    assert answer.values is not None
    assert answer.objective == pytest.approx(matrix.cost @ answer.values + matrix.offset)
    assert answer.objective == pytest.approx(answer.bound, rel=1e-6)
    assert flows_of(instance, answer.values, layout_of(instance))[2].tolist() == [1.0, 1.0]


def test_an_infeasible_warm_start_does_no_harm() -> None:
    matrix = compile_matrix(build_model(classic_instance(PLANTS)).pyomo)
    answer = HighsDriver(matrix).solve(Limits(gap=0.0), Silent(), np.zeros(len(matrix.cost)))
    assert answer.objective * USD_PER_OBJECTIVE == pytest.approx(PLANTS_OPTIMUM * USD_PER_UNIT, rel=1e-9)


def test_objective_and_bound_meet_at_the_optimum() -> None:
    recorder = Recorder()
    answer = HighsDriver(compile_matrix(build_model(classic_instance(PLANTS)).pyomo)).solve(
        Limits(gap=0.0), recorder
    )
    assert answer.outcome == "optimal"
    assert answer.bound == pytest.approx(answer.objective, rel=1e-6)
    assert all(bound <= answer.objective * (1 + 1e-9) for bound in recorder.bounds)


def test_a_model_without_integers_has_a_bound_too() -> None:
    """Where no site may be built nothing is left to decide, and HiGHS once reported a bound of zero for it."""
    edits: dict[str, Any] = {f"sites.{n}.status": "forbidden" for n in range(3)}
    edits |= {"sites.0.existing": REMOVE, "workloads.0.unserved_usd_per_1k": 2.0}
    instance = compile_instance(load_scenario(changed(small_scenario(), edits)))
    answer = HighsDriver(compile_matrix(build_model(instance).pyomo)).solve(Limits(gap=0.0), Silent())
    unserved_usd = float(instance.demands.unserved_usd.sum())
    assert answer.objective * USD_PER_OBJECTIVE == pytest.approx(unserved_usd)
    assert answer.bound == pytest.approx(answer.objective)


def test_the_monitor_stops_the_solve(hard_instance: Instance) -> None:
    """At the first chance, long before it would be done."""
    driver = HighsDriver(compile_matrix(build_model(hard_instance).pyomo))
    begin = time.perf_counter()
    answer = driver.solve(Limits(gap=0.0), Impatient())
    assert answer.outcome == "limit"
    assert time.perf_counter() - begin < 60.0


def test_the_time_limit_stops_the_solve(hard_instance: Instance) -> None:
    driver = HighsDriver(compile_matrix(build_model(hard_instance).pyomo))
    answer = driver.solve(Limits(seconds=0.5, gap=0.0), Silent())
    assert answer.outcome == "limit"
    assert answer.bound < np.inf


def test_a_budget_that_pays_for_nothing_and_demand_that_must_be_served_are_infeasible() -> None:
    edits = {"policy.budget_usd": 1000.0, "workloads.1.unserved_usd_per_1k": REMOVE, "demand.3": REMOVE}
    instance = compile_instance(load_scenario(changed(small_scenario(), edits)))
    driver = HighsDriver(compile_matrix(build_model(instance).pyomo))
    assert driver.solve(Limits(), Silent()).outcome == "infeasible"


def test_the_safe_bound_is_below_the_solvers() -> None:
    for bound in (-3.0, 0.0, 1e-9, 2.5, 4e4):
        assert safe_bound_usd(bound) < bound * USD_PER_OBJECTIVE
        assert safe_bound_usd(bound) == pytest.approx(bound * USD_PER_OBJECTIVE, rel=2e-7, abs=0.2)


def test_a_model_that_there_is_no_time_for_is_not_built(small_instance: Instance) -> None:
    with pytest.raises(OutOfTimeError):
        ExactModel(small_instance, keep_going=lambda: False)
    asked = []
    ExactModel(small_instance, keep_going=lambda: asked.append(1) is None)
    # Once there is time to begin, every later question may be the last one as well.
    for last in range(1, len(asked), 7):
        times = iter(range(last))
        with pytest.raises(OutOfTimeError):
            ExactModel(small_instance, keep_going=lambda left=times: next(left, None) is not None)
