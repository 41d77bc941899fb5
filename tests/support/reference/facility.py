"""Slow, obvious twins of the facility location kernels."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_array

if TYPE_CHECKING:
    from siteopt.facility import FacilityProblem


def transport_cost(problem: FacilityProblem, is_open: np.ndarray) -> float:
    """Fixed costs and cheapest flows of a set of open sites; ``inf`` where they cannot carry the demand."""
    usable = np.flatnonzero(is_open[problem.arc_site] > 0)
    n, m, count = len(problem.demand), len(problem.capacity), len(usable)
    served = csr_array((np.ones(count), (problem.arc_demand[usable], np.arange(count))), shape=(n, count))
    carried = csr_array((np.ones(count), (problem.arc_site[usable], np.arange(count))), shape=(m, count))
    if count == 0:
        return float("inf")
    found = linprog(problem.arc_usd[usable], carried, problem.capacity, served, problem.demand)
    return float(found.fun + problem.fixed_usd @ is_open) if found.status == 0 else float("inf")


def best_cost(problem: FacilityProblem) -> float:
    """Optimum, from every set of sites."""
    return min(
        transport_cost(problem, np.array(is_open, dtype=float))
        for is_open in product((0, 1), repeat=len(problem.capacity))
    )


def strong_lp(problem: FacilityProblem) -> float:
    """Value of the relaxation with ``x_ij <= demand_i y_j``."""
    n, m, count = len(problem.demand), len(problem.capacity), len(problem.arc_usd)
    arc = np.arange(count)
    cost = np.concatenate([problem.arc_usd, problem.fixed_usd])
    served = csr_array((np.ones(count), (problem.arc_demand, arc)), shape=(n, count + m))
    capacity = csr_array(
        (
            np.concatenate([np.ones(count), -problem.capacity]),
            (np.concatenate([problem.arc_site, np.arange(m)]), np.arange(count + m)),
        ),
        shape=(m, count + m),
    )
    strong = csr_array(
        (
            np.concatenate([np.ones(count), -problem.demand[problem.arc_demand]]),
            (np.concatenate([arc, arc]), np.concatenate([arc, count + problem.arc_site])),
        ),
        shape=(count, count + m),
    )
    from scipy.sparse import vstack

    bounds = [(0.0, None)] * count + [(0.0, 1.0)] * m
    upper = np.concatenate([np.zeros(m), np.zeros(count)])
    found = linprog(cost, vstack([capacity, strong]), upper, served, problem.demand, bounds=bounds)
    return float(found.fun) if found.status == 0 else float("inf")


def dual_value(problem: FacilityProblem, price: np.ndarray, status: np.ndarray, active: np.ndarray) -> float:
    """The Lagrangian dual at given prices: a continuous knapsack per site, one more over the sites."""
    value = {}
    for j in active.tolist():
        rows = slice(problem.site_ptr[j], problem.site_ptr[j + 1])
        rate = price[problem.site_demand[rows]] - problem.site_usd[rows]
        left, gain = problem.capacity[j], 0.0
        for k in np.argsort(-rate, kind="stable"):
            if rate[k] <= 0.0 or left <= 0.0:
                break
            take = min(left, problem.demand[problem.site_demand[rows][k]])
            gain, left = gain + take * rate[k], left - take
        value[j] = problem.fixed_usd[j] - gain
    total, short = float(price @ problem.demand), float(problem.demand.sum())
    rest = []
    for j, v in value.items():
        if status[j] > 0 or v < 0.0:
            total, short = total + v, short - problem.capacity[j]
        elif problem.capacity[j] > 0.0:
            rest.append((v / problem.capacity[j], problem.capacity[j]))
    for rate, capacity in sorted(rest):
        if short <= 0.0:
            break
        total, short = total + rate * min(capacity, short), short - min(capacity, short)
    return total if short <= 1e-9 else float("inf")
