"""Random instances after Cornuejols, Sridharan and Thizy (1991)."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array
from scipy.spatial import cKDTree

from facility_cases.case import Case


def generated(m: int, n: int, ratio: float, seed: int = 1, nearest: int | None = None) -> Case:
    """``m`` facilities whose capacity is ``ratio`` times the demand of ``n`` customers, on the unit square.

    ``nearest`` leaves each customer its nearest facilities only; costs are then sparse.
    """
    rng = np.random.default_rng(seed)
    there, here = rng.random((m, 2)), rng.random((n, 2))
    demand = rng.integers(5, 36, n).astype(float)
    capacity = rng.integers(10, 161, m).astype(float)
    fixed = rng.uniform(0.0, 90.0, m) + rng.uniform(100.0, 110.0, m) * np.sqrt(capacity)
    capacity = np.floor(capacity * ratio * demand.sum() / capacity.sum())
    name = f"gen-{m}x{n}-r{ratio:g}" + (f"-k{nearest}" if nearest else "") + f"-s{seed}"
    if nearest is None:
        distance = np.sqrt(((here[:, None] - there[None]) ** 2).sum(axis=2))
        return Case(name, capacity, fixed, demand, 10.0 * distance * demand[:, None])
    distance, site = cKDTree(there).query(here, k=nearest)
    cost = 10.0 * distance * demand[:, None] + 1e-12
    ptr = np.arange(n + 1) * nearest
    return Case(name, capacity, fixed, demand, csr_array((cost.ravel(), site.ravel(), ptr), shape=(n, m)))
