"""Types of the arrays that the package works with, and that its kernels take: one name for each."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

#: Amounts, in the unit that the array's name ends in.
Floats = NDArray[np.float64]
#: Amounts of which there are too many to keep in double precision.
Singles = NDArray[np.float32]
#: Rows of an instance, by which its arrays refer to each other; counts of modules and replicas.
Indices = NDArray[np.int32]
#: Yes or no, as kernels read it.
Flags = NDArray[np.uint8]
#: Yes or no, as NumPy compares and selects by it.
Masks = NDArray[np.bool_]
#: Rows of an instance in whatever width NumPy counts them.
Rows = NDArray[np.integer[Any]]
