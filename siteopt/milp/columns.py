"""Solutions to columns of the model and back. Columns stand in the order of :func:`siteopt.milp.model.new_model`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from siteopt.evaluate import evaluate_solution, mean_it_mw

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from siteopt.instance import Instance, Solution
    from siteopt.milp.segments import Segment

    Floats = NDArray[np.float64]

#: Shares below this are a solver's rounding.
SMALLEST_SHARE = 1e-7


def columns_of(instance: Instance, solution: Solution, rows: dict[int, list[Segment]]) -> Floats:
    """Values of all variables of the model for a solution, shape (n_col,); ``rows`` are the pools' segments."""
    n = len(instance.options.site)
    build, modules, it_mw, mean_mw = np.zeros((4, n))
    sites = np.flatnonzero(solution.option >= 0)
    chosen = solution.option[sites]
    build[chosen] = 1.0
    modules[chosen] = solution.modules[sites]
    it_mw[chosen] = evaluate_solution(instance, solution).it_mw[sites]
    mean_mw[chosen] = mean_it_mw(instance, solution)[sites]
    chosen_segment, segment_replicas = _segments_of(instance, solution, rows)
    return np.concatenate(
        [
            *(build, modules, it_mw, mean_mw, solution.replicas, solution.share, solution.unserved),
            *(chosen_segment, segment_replicas),
        ]
    )


def _segments_of(
    instance: Instance, solution: Solution, rows: dict[int, list[Segment]]
) -> tuple[Floats, Floats]:
    """Choice of segment and its replicas, pool by pool: the tier of the tightest flow, the segment of its n."""
    chosen: list[float] = []
    replicas: list[float] = []
    pools, tier = instance.pools, instance.arcs.tier
    for p, segments in rows.items():
        arcs = pools.arc[pools.arc_ptr[p] : pools.arc_ptr[p + 1]]
        active = tier[arcs[solution.share[arcs] > 0.0]]
        n = int(solution.replicas[p])
        tightest = int(active.min()) if len(active) else None
        here = [s.tier == tightest and s.first <= n <= s.last for s in segments]
        chosen += [float(h) for h in here]
        replicas += [float(n) if h else 0.0 for h in here]
    return np.array(chosen), np.array(replicas)


def flows_of(instance: Instance, values: Floats) -> tuple[NDArray[np.int32], Floats, Floats]:
    """Sites and flows of a solver's solution, its rounding taken off.

    Parameters
    ----------
    instance : Instance
    values : ndarray of float64, shape (n_col,)

    Returns
    -------
    option : ndarray of int32, shape (n_site,)
    share : ndarray of float64, shape (n_arc,)
    unserved : ndarray of float64, shape (n_demand,)
        Shares of a demand and its unserved part sum to one exactly (to rounding).
    """
    n_option, n_arc, n_demand = (
        len(instance.options.site),
        len(instance.arcs.demand),
        len(instance.demands.region),
    )
    option = np.full(len(instance.sites.id), -1, dtype=np.int32)
    built = np.flatnonzero(values[:n_option] > 0.5)
    option[instance.options.site[built]] = built
    first = 4 * n_option + len(instance.pools.site)
    share = _cleaned(values[first : first + n_arc])
    unserved = _cleaned(values[first + n_arc : first + n_arc + n_demand])
    whole = instance.demands.is_splittable == 0
    share[whole[instance.arcs.demand]] = np.round(share[whole[instance.arcs.demand]])
    unserved[whole] = np.round(unserved[whole])
    total = unserved + np.bincount(instance.arcs.demand, weights=share, minlength=n_demand)
    total[total <= 0.0] = 1.0
    return option, share / total[instance.arcs.demand], unserved / total


def _cleaned(values: Floats) -> Floats:
    return np.where(values < SMALLEST_SHARE, 0.0, np.minimum(values, 1.0))
