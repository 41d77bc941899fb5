"""Arrays from generators, in the two types that an instance is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from siteopt.arrays import Floats, Indices


def floats(values: Iterable[float]) -> Floats:
    """Return one float64 for each value."""
    return np.fromiter(values, dtype=np.float64)


def indices(values: Iterable[int]) -> Indices:
    """Return one int32 for each value."""
    return np.fromiter(values, dtype=np.int32)
