"""Pyomo model -> matrix, row by row, without walking expression trees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyomo.environ as pyo

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Matrix:
    r"""``min c x + offset`` subject to ``row_lower <= A x <= row_upper``, ``lower <= x <= upper``, some of x integer.

    Attributes
    ----------
    cost, lower, upper, integer : ndarray, shape (n_col,)
    row_lower, row_upper : ndarray, shape (n_row,)
    start, index, value : A in compressed rows
    offset : float
    row_names : tuple of str
        ``family[row]``, as Pyomo names them.
    """

    cost: Floats
    lower: Floats
    upper: Floats
    integer: NDArray[np.bool_]
    row_lower: Floats
    row_upper: Floats
    start: NDArray[np.int32]
    index: NDArray[np.int32]
    value: Floats
    offset: float
    row_names: tuple[str, ...]


def compile_matrix(model: pyo.ConcreteModel) -> Matrix:
    """Read a model whose rows are all :func:`siteopt.milp.model.linear` expressions.

    Parameters
    ----------
    model : ConcreteModel
        Variables, rows as ``(lower, LinearExpression, upper)``, one objective to be minimised.

    Returns
    -------
    Matrix
        Columns in the order in which the variables were declared.
    """
    variables = list(model.component_data_objects(pyo.Var, descend_into=False))
    column = {id(v): i for i, v in enumerate(variables)}
    bounds = [(v.value, v.value) if v.fixed else v.bounds for v in variables]
    cost = np.zeros(len(variables))
    objective = next(model.component_data_objects(pyo.Objective, descend_into=False)).expr
    np.add.at(cost, [column[id(v)] for v in objective.linear_vars], objective.linear_coefs)
    rows = list(model.component_data_objects(pyo.Constraint, descend_into=False))
    parts = [row.to_bounded_expression() for row in rows]
    bodies = [body for _, body, _ in parts]
    return Matrix(
        cost=cost,
        lower=np.array([-np.inf if lo is None else lo for lo, _ in bounds]),
        upper=np.array([np.inf if up is None else up for _, up in bounds]),
        integer=np.array([v.is_integer() for v in variables]),
        row_lower=_side(lo for lo, _, _ in parts),
        row_upper=_side((up for _, _, up in parts), missing=np.inf),
        start=np.concatenate(([0], np.cumsum([len(b.linear_vars) for b in bodies]))).astype(np.int32),
        index=np.array([column[id(v)] for b in bodies for v in b.linear_vars], dtype=np.int32),
        value=np.array([c for b in bodies for c in b.linear_coefs], dtype=np.float64),
        offset=float(objective.constant),
        row_names=tuple(row.name for row in rows),
    )


def _side(values: Any, missing: float = -np.inf) -> Floats:
    return np.array([missing if v is None else v for v in values], dtype=np.float64)
