"""Classic capacitated facility location as an instance of ours.

Money is scaled by ``USD_PER_UNIT``, for the solver works to a dollar.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from siteopt.facility import facility_instance
from siteopt.scenario.facility_location import facility_location

if TYPE_CHECKING:
    from pathlib import Path

    from siteopt.instance import Instance

USD_PER_UNIT = 1000.0


@dataclass(frozen=True)
class Classic:
    """``usd[i, j]`` is the cost of supplying all of customer ``i`` from warehouse ``j``."""

    capacity: np.ndarray
    fixed: np.ndarray
    demand: np.ndarray
    cost: np.ndarray


#: Frontline Solvers' plant example, known through Gurobi's ``facility.py``: five plants, four warehouses, 210,500.
PLANTS = Classic(
    capacity=np.array([20.0, 22.0, 17.0, 19.0, 18.0]),
    fixed=np.array([12_000.0, 15_000.0, 17_000.0, 13_000.0, 16_000.0]),
    demand=np.array([15.0, 18.0, 14.0, 20.0]),
    cost=np.array([15.0, 18.0, 14.0, 20.0])[:, None]
    * np.array(
        [
            [4000.0, 2000.0, 3000.0, 2500.0, 4500.0],
            [2500.0, 2600.0, 3400.0, 3000.0, 4000.0],
            [1200.0, 1800.0, 2600.0, 4100.0, 3000.0],
            [2200.0, 2600.0, 3100.0, 3700.0, 3200.0],
        ]
    ),
)
PLANTS_OPTIMUM = 210_500.0


def read_orlib(path: Path) -> Classic:
    """A file of OR-Library's ``cap`` series (Beasley 1988)."""
    words = path.read_text(encoding="ascii").split()
    m, n = int(words[0]), int(words[1])
    sites = np.array(words[2 : 2 + 2 * m], dtype=float).reshape(m, 2)
    rows = np.array(words[2 + 2 * m : 2 + 2 * m + n * (m + 1)], dtype=float).reshape(n, m + 1)
    return Classic(sites[:, 0], sites[:, 1], rows[:, 0], rows[:, 1:])


def random_classic(warehouses: int, customers: int, seed: int) -> Classic:
    """Random places in a square, capacity for four times the demand, dear enough to choose with care."""
    rng = np.random.default_rng(seed)
    here, there = rng.random((customers, 2)), rng.random((warehouses, 2))
    demand = rng.integers(5, 36, customers).astype(float)
    capacity = np.ceil(rng.uniform(0.5, 1.5, warehouses) * 4.0 * demand.sum() / warehouses)
    distance = np.linalg.norm(here[:, None] - there[None], axis=2)
    return Classic(capacity, 20.0 * capacity**0.5, demand, 10.0 * demand[:, None] * distance)


def arrays_instance(*arrays: Any, **options: Any) -> Instance:
    """The instance of the problem that :func:`siteopt.facility_location` makes of arrays."""
    return facility_instance(facility_location(*arrays, **options))


def classic_instance(classic: Classic) -> Instance:
    """The classic problem, its demands splittable."""
    return arrays_instance(
        classic.capacity, USD_PER_UNIT * classic.fixed, classic.demand, USD_PER_UNIT * classic.cost
    )
