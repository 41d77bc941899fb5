"""A mixed-integer programme as arrays, whoever wrote it: all that the solver's driver needs to know."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import coo_matrix

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from siteopt.arrays import Floats, Indices, Masks


@dataclass(frozen=True, slots=True, eq=False)
class Matrix:
    r"""``min c x + offset`` subject to ``row_lower <= A x <= row_upper``, ``lower <= x <= upper``, some of x integer.

    Attributes
    ----------
    cost, lower, upper, integer : ndarray, shape (n_col,)
    row_lower, row_upper : ndarray, shape (n_row,)
    row_ptr, index, value : A in compressed rows
    offset : float
    row_names : tuple of str
        ``family[row]``.
    """

    cost: Floats
    lower: Floats
    upper: Floats
    integer: Masks
    row_lower: Floats
    row_upper: Floats
    row_ptr: Indices
    index: Indices
    value: Floats
    offset: float
    row_names: tuple[str, ...]


class Draft:
    """A programme in the making: columns and rows are added many at a time, as arrays."""

    def __init__(self) -> None:
        self._columns: list[tuple[Floats, Floats, Floats, Floats]] = []
        self._sides: list[tuple[Floats, Floats]] = []
        self._entries: list[tuple[Indices, Indices, Floats]] = []
        self._n_column = self._n_row = 0

    def columns(
        self, cost: ArrayLike, upper: ArrayLike, *, lower: ArrayLike = 0.0, integer: bool = False
    ) -> Indices:
        """Add columns with these costs and bounds, which are broadcast to each other; return their numbers."""
        columns = np.broadcast_arrays(np.atleast_1d(cost), lower, upper, np.float64(integer))
        first, self._n_column = self._n_column, self._n_column + len(columns[0])
        self._columns.append((columns[0], columns[1], columns[2], columns[3]))
        return np.arange(first, self._n_column, dtype=np.int32)

    def rows(
        self,
        lower: ArrayLike,
        upper: ArrayLike,
        *entries: tuple[ArrayLike, ArrayLike, ArrayLike],
        count: int = 1,
    ) -> None:
        """Add ``count`` rows; ``entries`` are rows counted from 0, columns and values, broadcast to each other."""
        low, up = np.broadcast_to(lower, (count,)), np.broadcast_to(upper, (count,))
        self._sides.append((low, up))
        for entry in entries:
            row, column, value = np.broadcast_arrays(*entry)
            self._entries.append((row.ravel() + self._n_row, column.ravel(), value.ravel()))
        self._n_row += count

    def matrix(self, unit: float, offset: float) -> Matrix:
        """Return the whole programme, with costs and offset divided by ``unit``."""
        cost, lower, upper, integer = (np.concatenate(c) for c in zip(*self._columns, strict=True))
        row, column, value = (np.concatenate(c) for c in zip(*self._entries, strict=True))
        low, up = (np.concatenate(s) for s in zip(*self._sides, strict=True))
        # Entries of one row and column add up.
        rows = coo_matrix((value, (row, column)), shape=(self._n_row, self._n_column)).tocsr()
        return Matrix(
            cost=cost / unit,
            lower=lower,
            upper=upper,
            integer=integer > 0.0,
            row_lower=low,
            row_upper=up,
            row_ptr=rows.indptr.astype(np.int32),
            index=rows.indices.astype(np.int32),
            value=rows.data.astype(np.float64),
            offset=offset / unit,
            row_names=(),
        )
