"""The cheapest way to place the demands of one workload on pools of given size.

``prices[d][p]`` is the cost of all of demand ``d`` at place ``p``, USD, ``inf`` where it may not go;
``loads[d]`` its peak load and ``room[p]`` what the pool carries, both in replicas. The last place, beyond
``room``, is unserved.
"""

from __future__ import annotations

from itertools import product
from math import inf

import numpy as np
from scipy.optimize import linprog

#: Cost and, per demand, its share at each place; ``inf`` and nothing where they do not fit.
Placement = tuple[float, tuple[tuple[float, ...], ...]]
SLACK = 1e-9


def split(prices: list[list[float]], loads: list[float], room: list[float]) -> Placement:
    """Cheapest shares of demands that may be split, by linear programming."""
    cost, load = np.array(prices), np.array(loads)
    demands, places = cost.shape
    bounds = [(0.0, 1.0 if usd < inf else 0.0) for usd in cost.ravel()]
    each = np.kron(np.eye(demands), np.ones(places))
    carried = np.hstack([np.eye(places)[:-1] * load[d] for d in range(demands)])
    scale = max(1.0, np.abs(cost[cost < inf]).max(initial=0.0))
    result = linprog(
        np.where(cost < inf, cost, 0.0).ravel() / scale,
        A_ub=carried,
        b_ub=np.array(room),
        A_eq=each,
        b_eq=np.ones(demands),
        bounds=bounds,
        method="highs",
    )
    if result.status == 2:
        return inf, ()
    if result.status != 0:
        raise RuntimeError(f"linprog: {result.message}")
    shares = result.x.reshape(demands, places)
    return float(result.fun * scale), tuple(tuple(map(float, row)) for row in shares)


def whole(prices: list[list[float]], loads: list[float], room: list[float]) -> Placement:
    """Cheapest places of demands that may not be split, by enumeration."""
    best, best_places = inf, None
    choices = [[p for p, usd in enumerate(row) if usd < inf] for row in prices]
    for places in product(*choices):
        used = [0.0] * (len(room) + 1)
        for d, p in enumerate(places):
            used[p] += loads[d]
        fits = all(u <= r * (1 + SLACK) + SLACK for u, r in zip(used, room, strict=False))
        cost = sum(prices[d][p] for d, p in enumerate(places))
        if fits and cost < best:
            best, best_places = cost, places
    if best_places is None:
        return inf, ()
    return best, tuple(tuple(float(p == chosen) for p in range(len(room) + 1)) for chosen in best_places)
