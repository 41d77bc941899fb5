"""Compilation of a Pyomo model to a matrix, row by row, without walking expression trees."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyomo.environ as pyo
from pyomo.core.expr.numeric_expr import LinearExpression, MonomialTermExpression

from siteopt.highs.programme import Matrix
from siteopt.milp.model import in_time

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from siteopt.arrays import Floats, Indices


def compile_matrix(model: pyo.ConcreteModel, keep_going: Callable[[], bool] = lambda: True) -> Matrix:
    """Compile a model whose rows were built by the helpers of :mod:`siteopt.milp.model`.

    Parameters
    ----------
    model : ConcreteModel
        With variables, rows that are relations over linear expressions, and one objective to be minimised.
    keep_going : callable
        Asked every so many rows.

    Raises
    ------
    OutOfTimeError
        If ``keep_going`` says no.

    Returns
    -------
    Matrix
        Columns in the order in which the variables were declared.
    """
    variables = list(model.component_data_objects(pyo.Var, descend_into=False))
    column = {id(v): i for i, v in enumerate(variables)}
    bounds = [(v.value, v.value) if v.fixed else v.bounds for v in variables]
    families = [(rows.name, rows) for rows in model.component_objects(pyo.Constraint, descend_into=False)]
    every = (row for _, rows in families for row in rows.values())
    parts = [row.to_bounded_expression() for row in in_time(every, keep_going)]
    row_ptr, index, value = _terms([body for _, body, _ in parts], column, keep_going)
    cost, offset = _objective(model, column)
    return Matrix(
        cost=cost,
        lower=_side(lo for lo, _ in bounds),
        upper=_side((up for _, up in bounds), missing=np.inf),
        integer=np.array([v.is_integer() for v in variables]),
        row_lower=_side(lo for lo, _, _ in parts),
        row_upper=_side((up for _, _, up in parts), missing=np.inf),
        row_ptr=row_ptr,
        index=index,
        value=value,
        offset=offset,
        row_names=tuple(f"{name}[{label}]" for name, rows in families for label in rows),
    )


def _terms(
    bodies: list[LinearExpression], column: dict[int, int], keep_going: Callable[[], bool]
) -> tuple[Indices, Indices, Floats]:
    """Return compressed rows; a variable may stand for itself where its coefficient is one."""
    rows = [body.args for body in in_time(bodies, keep_going)]
    pairs = [
        t.args if t.__class__ is MonomialTermExpression else (1.0, t)
        for row in in_time(rows, keep_going)
        for t in row
    ]
    coefficients, variables = zip(*pairs, strict=True) if pairs else ((), ())
    return (
        np.concatenate(([0], np.cumsum(list(map(len, rows))))).astype(np.int32),
        np.array(list(map(column.__getitem__, map(id, variables))), dtype=np.int32),
        np.array(coefficients, dtype=np.float64),
    )


def _objective(model: pyo.ConcreteModel, column: dict[int, int]) -> tuple[Floats, float]:
    """Return the costs and the constant of the objective.

    Pyomo's ``linear_vars`` is left alone: it would keep the whole model alive in a cache of its class.
    """
    cost, offset = np.zeros(len(column)), 0.0
    for term in next(model.component_data_objects(pyo.Objective, descend_into=False)).expr.args:
        if term.__class__ is MonomialTermExpression:
            coefficient, variable = term.args
            cost[column[id(variable)]] += coefficient
        else:
            offset += term
    return cost, offset


def _side(values: Iterable[float | None], missing: float = -np.inf) -> Floats:
    return np.array([missing if v is None else v for v in values], dtype=np.float64)
