"""A case: the figures of a facility location problem, and a checker of plans that knows nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

#: Figures are scaled to USD by this, for parts of the solver work to a cent.
USD_PER_UNIT = 1000.0


@dataclass(frozen=True)
class Case:
    """``cost[i, j]`` is the cost of supplying all of customer ``i`` from facility ``j``; dense, or sparse."""

    name: str
    capacity: np.ndarray
    fixed: np.ndarray
    demand: np.ndarray
    cost: Any
    splittable: bool = True
    nearest: int | None = None
    optimum: float | None = None
    kind: str = ""


def checked_cost(
    case: Case, is_open: np.ndarray, demand: np.ndarray, site: np.ndarray, share: np.ndarray
) -> float:
    """Cost of a plan in the case's own figures, given its flows; raises AssertionError where it breaks a rule."""
    assert np.all(share >= -1e-9)
    served = np.bincount(demand, weights=share, minlength=len(case.demand))
    assert np.allclose(served, 1.0, atol=1e-6), "a customer is not served in full"
    load = np.bincount(site, weights=share * case.demand[demand], minlength=len(case.capacity))
    assert np.all(load <= case.capacity * is_open * (1 + 1e-6) + 1e-6), "a facility carries more than it can"
    if not case.splittable:
        assert np.all((share < 1e-9) | (share > 1 - 1e-9)), "a customer is split"
    used = share > 1e-12
    supply = np.asarray(case.cost[demand[used], site[used]]).ravel()
    assert np.all(np.isfinite(supply)), "a flow that is not allowed"
    return float(case.fixed[is_open].sum() + (supply * share[used]).sum())
