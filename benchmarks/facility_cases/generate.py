"""Random instances after Cornuejols, Sridharan and Thizy (1991), spread evenly or clustered in towns."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array
from scipy.spatial import cKDTree

from facility_cases.case import Case

#: Places to a town, and how far they are from its centre (standard deviation).
PER_TOWN, SPREAD = 200, 0.005


def generated(
    m: int, n: int, ratio: float, seed: int = 1, nearest: int | None = None, *, in_towns: bool = False
) -> Case:
    """``m`` facilities whose capacity is ``ratio`` times the demand of ``n`` customers, on the unit square.

    ``nearest`` leaves each customer its nearest facilities only; costs are then sparse. In towns, which differ in size
    as cities do, most customers have their nearest facilities at almost the same cost.
    """
    rng = np.random.default_rng(seed)
    there, here = _places(m, n, rng) if in_towns else (rng.random((m, 2)), rng.random((n, 2)))
    demand = rng.integers(5, 36, n).astype(float)
    capacity = rng.integers(10, 161, m).astype(float)
    fixed = rng.uniform(0.0, 90.0, m) + rng.uniform(100.0, 110.0, m) * np.sqrt(capacity)
    capacity = np.floor(capacity * ratio * demand.sum() / capacity.sum())
    kind = "towns" if in_towns else "gen"
    name = f"{kind}-{m}x{n}-r{ratio:g}" + (f"-k{nearest}" if nearest else "") + f"-s{seed}"
    if nearest is None:
        distance = np.sqrt(((here[:, None] - there[None]) ** 2).sum(axis=2))
        return Case(name, capacity, fixed, demand, 10.0 * distance * demand[:, None])
    distance, site = cKDTree(there).query(here, k=nearest)
    cost = 10.0 * distance * demand[:, None] + 1e-12
    ptr = np.arange(n + 1) * nearest
    return Case(name, capacity, fixed, demand, csr_array((cost.ravel(), site.ravel(), ptr), shape=(n, m)))


def _places(m: int, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Facilities and customers in towns, whose sizes follow Zipf's law."""
    count = max(1, (m + n) // PER_TOWN)
    centre, size = rng.random((count, 2)), 1.0 / np.arange(1.0, count + 1.0)
    town = rng.choice(count, m + n, p=size / size.sum())
    place = centre[town] + rng.normal(0.0, SPREAD, (m + n, 2)) * np.sqrt(size[town] / size.mean())[:, None]
    return place[:m], place[m:]
