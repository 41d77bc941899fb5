"""The generalised assignment problem that remains once the sites are decided, passed from arrays to HiGHS."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from siteopt.highs.driver import BOUND_TOLERANCE, HighsDriver, Limits
from siteopt.highs.monitor import Until
from siteopt.highs.programme import Matrix
from siteopt.tolerances import TIGHT_SLACK

if TYPE_CHECKING:
    from collections.abc import Callable

    from siteopt.arrays import Floats, Indices
    from siteopt.facility import FacilityProblem

#: The objective is scaled to about this magnitude.
SIZE = 1e4


def solve_generalised_assignment(
    problem: FacilityProblem, cutoff_usd: float, seed: int, seconds: float, keep_going: Callable[[], bool]
) -> tuple[Indices | None, float, bool]:
    """Assign each demand to one of the sites, all of them open, at least cost.

    Parameters
    ----------
    problem : FacilityProblem
    cutoff_usd : float
        Only plans that cost less are of use.
    seed : int
    seconds : float
        Time limit; ``inf`` for none.
    keep_going : callable

    Returns
    -------
    site : ndarray of int32, shape (n_demand,), or None
        Site of each demand; None if no plan below the cutoff was found.
    bound_usd : float
        No plan costs less than this, or than the cutoff if that is less.
    is_final : bool
        False if the solve was stopped early.
    """
    unit = max(abs(cutoff_usd), 1e-9) / SIZE
    matrix = _matrix(problem, unit)
    limits = Limits(seconds=seconds, gap=1e-9, seed=seed, cutoff=cutoff_usd / unit)
    answer = HighsDriver(matrix).solve(limits, Until(keep_going))
    site = None if answer.values is None else _sites(problem, answer.values)
    if answer.outcome != "limit":
        # Nothing below the cutoff, or nothing better than the plan found.
        return site, min(cutoff_usd, answer.objective * unit) * (1.0 - BOUND_TOLERANCE), True
    bound = max(0.0, answer.bound) * unit
    return site, min(cutoff_usd, bound) * (1.0 - BOUND_TOLERANCE), False


def _matrix(problem: FacilityProblem, unit: float) -> Matrix:
    r"""Build ``min sum c x`` with ``sum_j x_ij = 1`` for each demand, ``sum_i d_i x_ij <= s_j`` for each site."""
    demand, n_arc = problem.arc_demand, len(problem.arc_site)
    n_demand, n_site = len(problem.demand), len(problem.capacity)
    by_site = np.argsort(problem.arc_site, kind="stable")
    amount = problem.demand[demand]
    per_site = np.bincount(problem.arc_site, minlength=n_site)
    names = [f"served[{i}]" for i in range(n_demand)] + [f"capacity[{j}]" for j in range(n_site)]
    return Matrix(
        cost=problem.arc_usd * amount / unit,
        lower=np.zeros(n_arc),
        upper=np.ones(n_arc),
        integer=np.ones(n_arc, dtype=np.bool_),
        row_lower=np.concatenate((np.ones(n_demand), np.full(n_site, -np.inf))),
        row_upper=np.concatenate((np.ones(n_demand), problem.capacity)),
        row_ptr=np.concatenate((problem.arc_ptr, n_arc + np.cumsum(per_site))).astype(np.int32),
        index=np.concatenate((np.arange(n_arc), by_site)).astype(np.int32),
        value=np.concatenate((np.ones(n_arc), amount[by_site])),
        offset=float(problem.fixed_usd.sum()) / unit,
        row_names=tuple(names),
    )


def _sites(problem: FacilityProblem, values: Floats) -> Indices | None:
    """Return the site of each demand in a solution, or None if the rounded solution breaks a row."""
    used = np.flatnonzero(values > 0.5)
    if not np.array_equal(problem.arc_demand[used], np.arange(len(problem.demand))):
        return None
    site = problem.arc_site[used]
    load = np.bincount(site, problem.demand, len(problem.capacity))
    return site if np.all(load <= problem.capacity * (1.0 + TIGHT_SLACK)) else None
