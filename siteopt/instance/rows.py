"""Lists of rows, compressed: where each owner's rows begin, and which they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from siteopt.arrays import Indices, Rows


def pointer(owner: NDArray[Any], n: int) -> Indices:
    """Return the start of each owner's rows, shape (n + 1,), for rows sorted by owner."""
    return np.concatenate(([0], np.cumsum(np.bincount(owner, minlength=n)))).astype(np.int32)


def ranges(first: NDArray[Any], last: NDArray[Any]) -> Rows:
    """Return all rows of several ranges, one after the other: ``first[0], ..., last[0] - 1, first[1], ...``."""
    length = (last - first).astype(np.int64)
    start = np.repeat(first - np.concatenate(([0], np.cumsum(length)[:-1])), length)
    return np.asarray(start + np.arange(int(length.sum())), dtype=np.int64)


def row_of(ptr: Indices, column: Indices, owner: int, value: int) -> int:
    """Find the row of an owner that holds ``value`` in a column; -1 where there is none or the owner is -1."""
    if owner < 0 or value < 0:
        return -1
    first = int(ptr[owner])
    found = np.flatnonzero(column[first : ptr[owner + 1]] == value)
    return first + int(found[0]) if len(found) else -1
