"""Columns of the exact model read and checked one by one, apart from the code that the product does it with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyomo.environ as pyo
import pytest

from siteopt.instance import Moves, Solution

if TYPE_CHECKING:
    from siteopt.highs.programme import Matrix
    from siteopt.instance import Instance
    from siteopt.milp.model import SitingModel

#: Shares below this are a solver's rounding.
ROUNDING = 1e-7


def product(matrix: Matrix, x: np.ndarray) -> np.ndarray:
    """A x, row by row."""
    ends = zip(matrix.row_ptr, matrix.row_ptr[1:], strict=False)
    return np.array([matrix.value[a:b] @ x[matrix.index[a:b]] for a, b in ends])


def assert_feasible(matrix: Matrix, x: np.ndarray) -> None:
    """Every row and every bound holds, and integers are."""
    rows = product(matrix, x)
    for row, name in enumerate(matrix.row_names):
        slack = 1e-6 * max(1.0, abs(rows[row]), abs(np.nan_to_num(matrix.row_upper[row], posinf=0.0)))
        assert matrix.row_lower[row] - slack <= rows[row] <= matrix.row_upper[row] + slack, name
    assert np.all(matrix.lower - 1e-9 <= x)
    assert np.all(x <= matrix.upper + 1e-6)
    assert x[matrix.integer] == pytest.approx(np.round(x[matrix.integer]), abs=1e-9)


def solution_of(instance: Instance, model: SitingModel, values: np.ndarray) -> Solution:
    """All decisions of a solver's solution, by the names of its variables."""
    variables = list(model.pyomo.component_data_objects(pyo.Var))
    column = {id(v): value for v, value in zip(variables, values.tolist(), strict=True)}

    def read(rows: list[pyo.Var]) -> np.ndarray:
        found = np.array([column[id(v)] for v in rows])
        return np.where(found < ROUNDING, 0.0, found)

    option = np.full(len(instance.sites.id), -1, dtype=np.int32)
    modules = np.zeros(len(option), dtype=np.int32)
    for o in np.flatnonzero(read(model.build) > 0.5).tolist():
        option[instance.options.site[o]] = o
        modules[instance.options.site[o]] = round(column[id(model.modules[o])])
    return Solution(
        option=option,
        modules=modules,
        replicas=np.round(read(model.replicas)).astype(np.int32),
        share=read(model.share),
        unserved=read(model.unserved),
        moves=_moves(instance, model, column),
    )


def _moves(instance: Instance, model: SitingModel, column: dict[int, float]) -> Moves:
    """Moves of arcs from moves of what a demand has at a site: one pool at most serves it there."""
    rows = []
    if not hasattr(model.pyomo, "move"):
        return Moves(np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros(0))
    arcs, table = instance.arcs, model.layout.moves
    site = instance.pools.site[arcs.pool]
    for m, variable in enumerate(model.pyomo.move.values()):
        if column[id(variable)] > ROUNDING:
            i, j = table.demand[table.group[m]], table.site[table.group[m]]
            (a,) = (
                a
                for a in np.flatnonzero((arcs.demand == i) & (site == j)).tolist()
                if column[id(model.share[a])] > ROUNDING
            )
            rows.append((a, int(table.backup[m]), column[id(variable)]))
    arc, backup, share = zip(*rows, strict=True) if rows else ((), (), ())
    return Moves(np.array(arc, np.int32), np.array(backup, np.int32), np.array(share, float))
