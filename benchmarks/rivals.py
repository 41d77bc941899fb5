"""General solvers on cases of facility location: ``python benchmarks/rivals.py CASE [SOLVER ...] [--cpu-limit S]``.

Prints for each solver the plan, the bound, the gap, seconds of its processor, memory, and after how many of these
seconds the gap was first at most 1 %. Solvers: ``siteopt``; ``highs`` and ``highs-weak`` (HiGHS with a row ``share <=
open`` for each arc, and without); ``scip`` (PyPI ``pyscipopt``) and ``cp-sat`` (PyPI ``ortools``), both with these
rows. Every solver runs on one thread in a process of its own, which is ended from outside once it has used its
seconds: what it reported by then counts.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from run import facility_folder, load

if TYPE_CHECKING:
    from collections.abc import Iterator

    from facility_cases.case import Case

SOLVERS = ("siteopt", "highs", "highs-weak", "scip", "cp-sat")
#: The gap whose time is compared.
COMPARED = 0.01
#: Costs are whole numbers of this part for CP-SAT.
CP_SAT_UNIT = 1e-3
COLUMNS = ("value", "bound", "gap %", "cpu s", "wall s", "RSS GB", "to 1 % s")


def arcs(case: Case) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Customer, facility and cost of supplying all of it, one entry for each arc."""
    if isinstance(case.cost, np.ndarray):
        customer, facility = np.nonzero(np.isfinite(case.cost))
        return customer, facility, case.cost[customer, facility]
    sparse = case.cost.tocoo()
    return sparse.coords[0], sparse.coords[1], sparse.data


class Report:
    """Progress of a solver as lines on standard output, each with the processor's seconds so far."""

    def __init__(self) -> None:
        self._value, self._bound, self._start = np.inf, -np.inf, time.process_time()

    def __call__(self, value: float | None, bound: float | None) -> None:
        value = self._value if value is None else min(self._value, value)
        bound = self._bound if bound is None else max(self._bound, bound)
        if (value, bound) != (self._value, self._bound):
            self._value, self._bound = value, bound
            seconds = time.process_time() - self._start
            print(json.dumps([seconds, _finite(value), _finite(bound)]), flush=True)


def _finite(value: float) -> float | None:
    return value if abs(value) < 1e19 else None


def run_siteopt(case: Case, report: Report) -> None:
    """The methods of ``solve``."""
    from facility_cases.case import USD_PER_UNIT

    from siteopt import facility_location
    from siteopt.facility import facility_instance
    from siteopt.facility.run import solve_facility_location
    from siteopt.run.incumbent import Incumbent
    from siteopt.run.options import SolveOptions
    from siteopt.run.progress import Clock

    arrays = facility_location(
        case.capacity,
        case.fixed * USD_PER_UNIT,
        case.demand,
        case.cost * USD_PER_UNIT,
        case.splittable,
        case.nearest,
    )
    instance = facility_instance(arrays)

    def show(progress: Any) -> None:
        figures = progress.incumbent_usd, progress.bound_usd
        report(*(None if usd is None else usd / USD_PER_UNIT for usd in figures))

    solve_facility_location(
        instance, Incumbent(instance, Clock(float("inf")), COMPARED, show), SolveOptions()
    )


def run_highs(case: Case, report: Report, strong: bool) -> None:
    """HiGHS; the matrix goes straight from NumPy."""
    import highspy

    customer, facility, cost = arcs(case)
    n, m, k = len(case.demand), len(case.capacity), len(cost)
    share = m + np.arange(k)
    row = [customer, n + facility, n + np.arange(m)]
    column = [share, share, np.arange(m)]
    value = [np.ones(k), case.demand[customer], -case.capacity]
    if strong:
        row += [n + m + np.arange(k), n + m + np.arange(k)]
        column += [share, facility]
        value += [np.ones(k), -np.ones(k)]
    from scipy.sparse import csc_array

    rows = n + m + (k if strong else 0)
    matrix = csc_array(
        (np.concatenate(value), (np.concatenate(row), np.concatenate(column))), shape=(rows, m + k)
    )
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = m + k, rows
    lp.col_cost_ = np.concatenate([case.fixed, cost])
    lp.col_lower_, lp.col_upper_ = np.zeros(m + k), np.ones(m + k)
    lp.row_lower_ = np.concatenate([np.ones(n), np.full(rows - n, -highspy.kHighsInf)])
    lp.row_upper_ = np.concatenate([np.ones(n), np.zeros(rows - n)])
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.start_, lp.a_matrix_.index_ = matrix.indptr, matrix.indices
    lp.a_matrix_.value_ = matrix.data
    kinds = [highspy.HighsVarType.kInteger] * m
    kinds += [highspy.HighsVarType.kContinuous if case.splittable else highspy.HighsVarType.kInteger] * k
    lp.integrality_ = kinds
    highs = highspy.Highs()
    highs.setOptionValue("log_to_console", False)
    highs.setOptionValue("threads", 1)
    highs.setOptionValue("mip_rel_gap", COMPARED / 2.0)
    highs.setOptionValue("mip_min_logging_interval", 1.0)
    highs.passModel(lp)

    def seen(event: Any) -> None:
        report(event.data_out.mip_primal_bound, event.data_out.mip_dual_bound)

    highs.cbMipLogging += seen
    highs.cbMipImprovingSolution += seen
    highs.run()
    info = highs.getInfo()
    report(info.objective_function_value, info.mip_dual_bound)


def run_scip(case: Case, report: Report) -> None:
    """SCIP with strong linking."""
    from pyscipopt import SCIP_EVENTTYPE, Eventhdlr, Model, quicksum

    class Watch(Eventhdlr):  # type: ignore[misc]
        def eventinit(self) -> None:
            self.model.catchEvent(SCIP_EVENTTYPE.BESTSOLFOUND, self)
            self.model.catchEvent(SCIP_EVENTTYPE.LPSOLVED, self)
            self.model.catchEvent(SCIP_EVENTTYPE.NODESOLVED, self)

        def eventexec(self, event: Any) -> None:
            report(self.model.getPrimalbound(), self.model.getDualbound())

    customer, facility, cost = (part.tolist() for part in arcs(case))
    model = Model()
    model.hideOutput()
    is_open = [model.addVar(vtype="B", obj=usd) for usd in case.fixed.tolist()]
    kind = "C" if case.splittable else "B"
    share = [model.addVar(vtype=kind, lb=0.0, ub=1.0, obj=usd) for usd in cost]
    served: list[list[Any]] = [[] for _ in case.demand]
    load: list[list[Any]] = [[] for _ in case.capacity]
    for x, i, j in zip(share, customer, facility, strict=True):
        served[i].append(x)
        load[j].append(float(case.demand[i]) * x)
        model.addCons(x <= is_open[j])
    for terms in served:
        model.addCons(quicksum(terms) == 1.0)
    for j, terms in enumerate(load):
        model.addCons(quicksum(terms) <= float(case.capacity[j]) * is_open[j])
    model.setParam("limits/gap", COMPARED / 2.0)
    model.setParam("lp/threads", 1)
    watch = Watch()
    model.includeEventhdlr(watch, "watch", "passes progress on")
    model.optimize()
    report(model.getPrimalbound(), model.getDualbound())


def run_cp_sat(case: Case, report: Report) -> None:
    """CP-SAT over whole units of demand, which lose nothing where capacities and demands are whole numbers."""
    from ortools.sat.python import cp_model

    customer, facility, cost = (part.tolist() for part in arcs(case))
    demand, capacity = case.demand.astype(int).tolist(), case.capacity.astype(int).tolist()
    model = cp_model.CpModel()
    is_open = [model.new_bool_var("") for _ in capacity]
    most = demand if case.splittable else [1] * len(demand)
    size = [1] * len(demand) if case.splittable else demand
    flow = [model.new_int_var(0, most[i], "") for i in customer]
    served: list[list[Any]] = [[] for _ in demand]
    load: list[list[Any]] = [[] for _ in capacity]
    for x, i, j in zip(flow, customer, facility, strict=True):
        served[i].append(x)
        load[j].append(size[i] * x)
        model.add(x <= most[i] * is_open[j])
    for i, terms in enumerate(served):
        model.add(sum(terms) == most[i])
    for j, terms in enumerate(load):
        model.add(sum(terms) <= capacity[j] * is_open[j])
    unit = [round(usd / most[i] / CP_SAT_UNIT) for usd, i in zip(cost, customer, strict=True)]
    fixed = [round(usd / CP_SAT_UNIT) for usd in case.fixed.tolist()]
    model.minimize(
        cp_model.LinearExpr.weighted_sum(flow, unit) + cp_model.LinearExpr.weighted_sum(is_open, fixed)
    )
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.relative_gap_limit = COMPARED / 2.0

    class Watch(cp_model.CpSolverSolutionCallback):
        def on_solution_callback(self) -> None:
            report(self.objective_value * CP_SAT_UNIT, self.best_objective_bound * CP_SAT_UNIT)

    solver.best_bound_callback = lambda bound: report(None, bound * CP_SAT_UNIT)
    status = solver.solve(model, Watch())
    if status in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        report(solver.objective_value * CP_SAT_UNIT, solver.best_objective_bound * CP_SAT_UNIT)


def work(solver: str, case: Case) -> None:
    """What the process of a solver does."""
    report = Report()
    if solver == "siteopt":
        run_siteopt(case, report)
    elif solver == "scip":
        run_scip(case, report)
    elif solver == "cp-sat":
        run_cp_sat(case, report)
    else:
        run_highs(case, report, strong=solver == "highs")


def rival(name: str, solver: str, folder: Path, cpu_limit: int) -> dict[str, Any]:
    """Run one solver on one case."""
    command = [sys.executable, __file__, name, solver, "--data", str(folder), "--worker"]
    start = time.perf_counter()

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_CPU, (cpu_limit, cpu_limit))

    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, preexec_fn=limit) as process:
        assert process.stdout is not None
        progress = list(_lines(process.stdout))
        _, _, used = os.wait4(process.pid, 0)
        process.returncode = 0
    figures: dict[str, Any] = {"case": name, "solver": solver}
    figures |= {"cpu s": used.ru_utime + used.ru_stime, "wall s": time.perf_counter() - start}
    figures["RSS GB"] = used.ru_maxrss / 1e6
    for seconds, value, bound in progress:
        figures |= {"value": value, "bound": bound}
        if value is not None and bound is not None:
            gap = (value - bound) / value
            figures["gap %"] = 100.0 * gap
            if gap <= COMPARED:
                figures.setdefault("to 1 % s", seconds)
    return figures


def _lines(stream: Any) -> Iterator[tuple[float, float | None, float | None]]:
    for line in stream:
        if line.startswith("["):
            seconds, value, bound = json.loads(line)
            yield seconds, value, bound


def row(figures: dict[str, Any]) -> str:
    """One line of the table."""
    cells = []
    for column in COLUMNS:
        value = figures.get(column)
        cells.append("-" if value is None else f"{value:.3f}" if "%" in column else f"{value:.2f}")
    return f"{figures['case']:<24}{figures['solver']:<12}" + "".join(f"{cell:>13}" for cell in cells)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("case")
    parser.add_argument("solver", nargs="*", metavar="SOLVER", help=", ".join(SOLVERS))
    default = Path(__file__).resolve().parents[2] / "shared" / "data"
    parser.add_argument("--data", type=Path, default=default, help="folder of published instances")
    parser.add_argument("--cpu-limit", type=int, default=1800, help="processor seconds for each solver")
    parser.add_argument("--json", action="store_true", help="one JSON document per run")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    for solver in args.solver:
        if solver not in SOLVERS:
            parser.error(f"{solver} is none of {', '.join(SOLVERS)}")
    if args.worker:
        work(args.solver[0], load(args.case, facility_folder(args.data)))
        return
    if not args.json:
        print(f"{'case':<24}{'solver':<12}" + "".join(f"{column:>13}" for column in COLUMNS))
    for solver in args.solver or SOLVERS:
        figures = rival(args.case, solver, args.data, args.cpu_limit)
        print(json.dumps(figures) if args.json else row(figures), flush=True)


if __name__ == "__main__":
    main()
