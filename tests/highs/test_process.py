"""A solver in a process of its own: the same answer, the same news, and an end at once."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING
from unittest import mock

import numpy as np
import pytest

from siteopt.errors import SolverError
from siteopt.highs import process
from siteopt.highs.driver import HighsDriver, Limits
from siteopt.highs.monitor import Silent
from siteopt.highs.programme import Draft

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from siteopt.highs.programme import Matrix


@pytest.fixture(autouse=True)
def _however_small() -> Iterator[None]:
    with mock.patch.object(process, "FEW_ENTRIES", 0):
        yield


class Listener(Silent):
    """Keeps what it hears; stops as soon as ``stop`` says so."""

    def __init__(self, stop: Callable[[Listener], bool] = lambda _: False) -> None:
        self.solutions: list[tuple[NDArray[np.float64], float]] = []
        self.bounds: list[float] = []
        self._stop = stop

    def on_solution(self, values: NDArray[np.float64], objective: float) -> None:
        self.solutions.append((values, objective))

    def on_bound(self, bound: float) -> None:
        self.bounds.append(bound)

    def should_stop(self) -> bool:
        return self._stop(self)


def market_split(items: int, rows: int) -> Matrix:
    """Market split: equations whose slack costs, hard for branch and bound already at this size."""
    rng = np.random.default_rng(7)
    weights = rng.integers(1, 100, size=(rows, items)).astype(np.float64)
    draft = Draft()
    chosen = draft.columns(np.zeros(items), 1.0, integer=True)
    short, over = draft.columns(np.ones(rows), np.inf), draft.columns(np.ones(rows), np.inf)
    r, each = np.arange(rows), np.arange(rows)[:, None]
    half = weights.sum(axis=1) // 2
    draft.rows(half, half, (each, chosen[None, :], weights), (r, short, 1.0), (r, over, -1.0), count=rows)
    return draft.matrix(1.0, 0.0)


def test_the_answer_is_that_of_the_driver() -> None:
    matrix, limits = market_split(12, 2), Limits(gap=0.0, seed=3)
    heard = Listener()
    answer = process.solve_in_process(matrix, {}, limits, heard)
    expected = HighsDriver(matrix).solve(limits, Silent())
    assert answer.outcome == expected.outcome == "optimal"
    assert answer.objective == pytest.approx(expected.objective)
    assert answer.bound == pytest.approx(expected.bound)
    assert answer.values is not None
    assert matrix.cost @ answer.values == pytest.approx(answer.objective)
    assert heard.solutions[-1][1] == pytest.approx(answer.objective)
    assert heard.bounds == sorted(heard.bounds)
    assert all(bound <= answer.objective + 1e-9 for bound in heard.bounds)


def test_what_has_no_solution_is_said_to_have_none() -> None:
    draft = Draft()
    column = draft.columns(1.0, 1.0)
    draft.rows(2.0, np.inf, (0, column, 1.0))
    assert process.solve_in_process(draft.matrix(1.0, 0.0), {}, Limits(), Silent()).outcome == "infeasible"


def test_it_ends_at_once_with_what_it_has() -> None:
    """As soon as anything is known about a programme that takes minutes."""
    heard = Listener(lambda it: bool(it.solutions and it.bounds))
    answer = process.solve_in_process(market_split(50, 5), {}, Limits(gap=0.0), heard)
    assert answer.outcome == "limit"
    assert answer.values is not None
    assert answer.objective == heard.solutions[-1][1]
    assert answer.bound == heard.bounds[-1] < answer.objective


def test_a_lost_process_leaves_what_it_found() -> None:
    """The system may end it for want of memory; a concurrent search goes on."""
    worker = process.launch_worker()

    class Killer(Listener):
        def on_solution(self, values: NDArray[np.float64], objective: float) -> None:
            super().on_solution(values, objective)
            worker.kill()

    heard = Killer()
    with mock.patch.object(process, "launch_worker", return_value=worker):
        answer = process.solve_in_process(market_split(50, 5), {}, Limits(gap=0.0), heard)
    assert answer.outcome == "limit"
    assert answer.objective == heard.solutions[-1][1]


def test_ended_while_it_is_written_to_it_is_only_at_its_limit() -> None:
    """A large programme fills the pipe: closing it raised BrokenPipeError, and the plan of the solve was lost."""
    heard = Listener(lambda _: True)
    answer = process.solve_in_process(market_split(20_000, 5), {}, Limits(gap=0.0), heard)
    assert (answer.outcome, answer.values) == ("limit", None)


def test_a_process_that_dies_while_it_is_written_to_leaves_the_answer_at_its_limit() -> None:
    """The system may end it for want of memory before it has read what it was to solve."""
    worker = process.launch_worker()
    worker.kill()
    worker.wait()
    with mock.patch.object(process, "launch_worker", return_value=worker):
        answer = process.solve_in_process(market_split(20_000, 5), {}, Limits(gap=0.0), Silent())
    assert (answer.outcome, answer.values) == ("limit", None)


def test_a_system_without_room_for_a_process_leaves_the_answer_at_its_limit() -> None:
    """What the search has found is worth more than what this would have added."""
    no_room = mock.patch.object(process, "launch_worker", side_effect=OSError(11, "Try again"))
    with no_room:
        answer = process.solve_in_process(market_split(12, 2), {}, Limits(), Silent())
    assert (answer.outcome, answer.values, answer.bound) == ("limit", None, -np.inf)


def test_a_failure_of_the_solver_is_one_here() -> None:
    matrix = market_split(4, 1)
    matrix.index[0] = 1000  # there is no such column
    with pytest.raises(SolverError, match="HiGHS"):
        process.solve_in_process(matrix, {}, Limits(), Silent())


def test_it_ends_once_nobody_listens_any_more() -> None:
    """However the process that launched it came to its end: nothing goes on computing for nobody."""
    worker = process.launch_worker()
    with worker:
        assert worker.stdin is not None
        assert worker.stdout is not None
        pickle.dump((market_split(50, 5), {}, Limits(gap=0.0)), worker.stdin)
        worker.stdin.flush()
        assert pickle.load(worker.stdout)[0] in ("solution", "bound")
        worker.stdin.close()
        try:
            assert worker.wait(60) != 0
        finally:
            worker.kill()
