"""Types of the arrays that an instance is made of, and the one way in which rows are compressed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Indices = NDArray[np.int32]
    Flags = NDArray[np.uint8]


def pointer(owner: NDArray[Any], n: int) -> Indices:
    """Start of each owner's rows, shape (n + 1,), for rows sorted by owner."""
    return np.concatenate(([0], np.cumsum(np.bincount(owner, minlength=n)))).astype(np.int32)
