"""A mixed-integer programme as arrays, whoever wrote it: all that the solver's driver knows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
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
        ``family[row]``.
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
