"""The one place that talks to HiGHS: warm start, callbacks, interruption, solution injection."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import highspy
import numpy as np

from siteopt.errors import SolverError

if TYPE_CHECKING:
    from siteopt.arrays import Floats
    from siteopt.highs.monitor import Monitor
    from siteopt.highs.programme import Matrix

#: Every outcome that a solve can have; anything else is a failure of the solver.
Outcome = Literal["optimal", "infeasible", "limit"]
_STATUS = highspy.HighsModelStatus
_OUTCOME: dict[Any, Outcome] = {
    _STATUS.kOptimal: "optimal",
    _STATUS.kInfeasible: "infeasible",
    _STATUS.kUnboundedOrInfeasible: "infeasible",
    _STATUS.kObjectiveBound: "infeasible",
    _STATUS.kTimeLimit: "limit",
    _STATUS.kIterationLimit: "limit",
    _STATUS.kSolutionLimit: "limit",
    _STATUS.kInterrupt: "limit",
}
_POLL_SECONDS = 0.05
#: HiGHS proves its bound within its own tolerances; this share is taken off so that the bound holds without them.
BOUND_TOLERANCE = 1e-7


@dataclass(frozen=True, slots=True)
class Limits:
    """When to stop: seconds, tree nodes, relative gap by the solver's own measure; and the random seed.

    Solutions that are not below ``cutoff``, in units of the objective, are not sought: where there are no others, the
    outcome is "infeasible", or one of them is returned.
    """

    seconds: float = float("inf")
    tree_nodes: int | None = None
    gap: float = 1e-4
    seed: int = 0
    cutoff: float = float("inf")


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """What HiGHS returned.

    Attributes
    ----------
    outcome : {"optimal", "infeasible", "limit"}
        ``optimal`` means within the requested gap.
    values : ndarray or None, shape (n_col,)
    objective, bound : float
        In units of the objective; ``inf`` and ``-inf`` where there is none.
    tree_nodes : int
    """

    outcome: Outcome
    values: Floats | None
    objective: float
    bound: float
    tree_nodes: int


@dataclass(slots=True)
class HighsDriver:
    """A matrix loaded into HiGHS, to be solved.

    Parameters
    ----------
    matrix : Matrix
    options : dict of str to bool
        Options of HiGHS by name.
    """

    matrix: Matrix
    options: dict[str, bool] = field(default_factory=dict)
    _highs: Any = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._highs = _silent_highs()
        for name, value in self.options.items():
            self._highs.setOptionValue(name, value)
        # Some versions go on without the model that they refuse, and solve nothing.
        if self._highs.passModel(_highs_lp(self.matrix)) == highspy.HighsStatus.kError:
            raise SolverError("HiGHS refused the model")

    def solve(self, limits: Limits, monitor: Monitor, warm_start: Floats | None = None) -> Answer:
        """Solve the programme, from a warm start where one is given.

        Parameters
        ----------
        limits : Limits
        monitor : Monitor
        warm_start : ndarray of float64, shape (n_col,), optional
            A full solution; HiGHS checks it and drops it silently where it is not feasible.

        Returns
        -------
        Answer

        Raises
        ------
        SolverError
            If HiGHS fails.
        """
        highs = self._highs
        highs.setOptionValue("time_limit", min(limits.seconds, 1e9))
        highs.setOptionValue("mip_rel_gap", limits.gap)
        highs.setOptionValue("random_seed", limits.seed % (2**31))
        highs.setOptionValue("objective_bound", limits.cutoff)
        if limits.tree_nodes is not None:
            highs.setOptionValue("mip_max_nodes", limits.tree_nodes)
        if warm_start is not None:
            solution = highspy.HighsSolution()
            solution.col_value = warm_start.tolist()
            highs.setSolution(solution)
        _subscribe(highs, monitor)
        began = time.perf_counter()
        self._run()
        if warm_start is not None and self._lost_its_solution():
            highs.clearSolver()
            highs.setOptionValue(
                "time_limit", max(0.0, min(limits.seconds, 1e9) - time.perf_counter() + began)
            )
            self._run()
        return self._answer()

    def _run(self) -> None:
        # HiGHS runs in a thread of its own: the main thread stays free to receive Ctrl-C. Not in the one that highspy
        # (1.16) would start: its locks belong to the class, so that only one solver could run at a time.
        thread = threading.Thread(target=self._run_here, daemon=True)
        try:
            thread.start()
        except (
            RuntimeError
        ):  # a limit on threads is reached: better a late answer to Ctrl-C than none to the question
            self._run_here()
            return
        while thread.is_alive():
            thread.join(_POLL_SECONDS)

    def _run_here(self) -> None:
        self._highs.run()
        # Frees what the solver keeps for this thread; before 1.16 it could only be freed for all threads at once.
        reset = getattr(self._highs, "resetThreadScheduler", None)
        if reset is not None:
            reset(False)

    def _lost_its_solution(self) -> bool:
        """Whether HiGHS reports an optimum, yet hands out a solution that costs more than the objective it reports.

        Presolve may map a warm start to a better solution of the smaller problem. Where nothing beats that one, HiGHS
        (1.16) returns the warm start as it was given, with the objective of the better one. Without a warm start this
        does not happen.
        """
        info = self._highs.getInfo()
        if self._highs.getModelStatus() != _STATUS.kOptimal or info.primal_solution_status != 2:
            return False
        off = self._objective() - info.objective_function_value
        return bool(off > 1e-6 * max(1.0, abs(info.objective_function_value)))

    def _objective(self) -> float:
        """Compute the objective of the solution that HiGHS hands out."""
        values = np.array(self._highs.getSolution().col_value)
        return float(self.matrix.cost @ values) + self.matrix.offset

    def _answer(self) -> Answer:
        status, info = self._highs.getModelStatus(), self._highs.getInfo()
        if status not in _OUTCOME:
            raise SolverError(f"HiGHS ended with {self._highs.modelStatusToString(status)!r}")
        solved = info.primal_solution_status == 2 and _OUTCOME[status] != "infeasible"
        bound = info.mip_dual_bound
        if not self.matrix.integer.any():  # a linear programme: HiGHS leaves its MIP figures at zero
            bound = info.objective_function_value if status == _STATUS.kOptimal else -np.inf
        return Answer(
            outcome=_OUTCOME[status],
            values=np.array(self._highs.getSolution().col_value) if solved else None,
            objective=self._objective() if solved else np.inf,
            bound=bound,
            tree_nodes=info.mip_node_count,
        )


def _silent_highs() -> Any:
    highs: Any = _Quiet()  # type: ignore[no-untyped-call]
    highs.setOptionValue("log_to_console", False)
    highs.setOptionValue("threads", 1)
    return highs


class _Quiet(highspy.Highs):
    """HiGHS without the line that it prints from 1.16 on while it is set up: plans go to standard output as JSON.

    The line comes with the first call that does not set an option, which highspy makes in here.
    """

    def enableCallbacks(self) -> None:  # noqa: N802
        self.setOptionValue("log_to_console", False)
        super().enableCallbacks()  # type: ignore[no-untyped-call]


def _subscribe(highs: Any, monitor: Monitor) -> None:
    """Connect a monitor; exceptions inside callbacks would be lost, so the callbacks only hand over values."""

    def improving(event: Any) -> None:
        monitor.on_solution(np.array(event.data_out.mip_solution), event.data_out.objective_function_value)

    def interrupt(event: Any) -> None:
        monitor.on_bound(event.data_out.mip_dual_bound)
        if monitor.should_stop():
            event.interrupt()

    def simplex(event: Any) -> None:
        if monitor.should_stop():
            event.interrupt()

    def offer(event: Any) -> None:
        values = monitor.offer()
        if values is not None:
            event.data_in.setSolution(values)

    highs.cbMipImprovingSolution += improving
    highs.cbMipInterrupt += interrupt
    highs.cbSimplexInterrupt += simplex
    highs.cbIpmInterrupt += simplex
    highs.cbMipUserSolution += offer


def _highs_lp(matrix: Matrix) -> Any:
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = len(matrix.cost), len(matrix.row_lower)
    lp.col_cost_, lp.col_lower_, lp.col_upper_ = matrix.cost, matrix.lower, matrix.upper
    lp.row_lower_, lp.row_upper_ = matrix.row_lower, matrix.row_upper
    lp.offset_ = matrix.offset
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_, lp.a_matrix_.index_, lp.a_matrix_.value_ = matrix.row_ptr, matrix.index, matrix.value
    kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
    lp.integrality_ = [kinds[i] for i in matrix.integer.tolist()]
    return lp
