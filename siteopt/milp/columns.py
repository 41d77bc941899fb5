"""Solutions to columns of the model and back. Columns stand in the order of :func:`siteopt.milp.model.new_model`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from siteopt.evaluate import evaluate_solution, mean_it_mw
from siteopt.tolerances import SMALLEST_SHARE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from siteopt.arrays import Floats, Indices
    from siteopt.instance import Instance, Moves, Solution
    from siteopt.milp.layout import Layout
    from siteopt.milp.segments import Segment


def columns_of(instance: Instance, solution: Solution, layout: Layout) -> Floats:
    """Values of all variables of the model for a solution, its moves after failures included, shape (n_col,)."""
    is_open = solution.replicas[layout.pools] > 0
    modules = [(int(solution.option[instance.options.site[o]]), m, o) for o, m in layout.counts]
    counted = [
        float(chosen == o and solution.modules[instance.options.site[o]] == m) for chosen, m, o in modules
    ]
    tail = _tightest(instance, instance.arcs.pool, instance.arcs.tier, solution.share)
    return np.concatenate(
        [
            *_options_of(instance, solution),
            *(solution.replicas, solution.share, solution.unserved, is_open),
            *_segments_of(layout.tail, tail, solution.replicas),
            counted,
            *_survival_of(instance, solution, layout),
        ]
    )


def _options_of(instance: Instance, solution: Solution) -> Floats:
    """Builds, modules, and IT power at peak and on average, shape (4, n_option)."""
    values = np.zeros((4, len(instance.options.site)))
    sites = np.flatnonzero(solution.option >= 0)
    chosen = solution.option[sites]
    values[0, chosen] = 1.0
    values[1, chosen] = solution.modules[sites]
    values[2, chosen] = evaluate_solution(instance, solution).it_mw[sites]
    values[3, chosen] = mean_it_mw(instance, solution)[sites]
    return values


def _survival_of(instance: Instance, solution: Solution, layout: Layout) -> tuple[Floats, ...]:
    """Moves, segments of the degraded tails and own loads, in the order in which ``resilience`` declares them."""
    arcs, backups, table = instance.arcs, instance.backups, layout.moves
    moved = table.shares(instance, solution.moves)
    tier = _tightest(instance, arcs.pool, arcs.degraded_tier, solution.share)
    if layout.bracket == "inner":
        arriving = _tightest(instance, backups.pool[table.backup], backups.tier[table.backup], moved)
        tier = np.minimum(tier, arriving)
    usable = instance.variants.usable_rps[instance.pools.variant]
    load = solution.share * instance.demands.peak_rps[arcs.demand] / usable[arcs.pool]
    own = np.zeros(len(usable))
    np.add.at(own, arcs.pool, load)
    return (moved, *_segments_of(layout.reserve, tier, solution.replicas), own[layout.receivers])


def _tightest(instance: Instance, pool: NDArray[Any], tier: Indices, share: Floats) -> Indices:
    """Tightest tier of each pool among the flows with a share; a very large one where there is none."""
    result = np.full(len(instance.pools.site), np.iinfo(np.int32).max, dtype=np.int32)
    flowing = share > 0.0
    np.minimum.at(result, pool[flowing], tier[flowing])
    return result


def _segments_of(
    rows: dict[int, list[Segment]], tightest: Indices, replicas: Indices
) -> tuple[Floats, Floats]:
    """Choice of segment and its replicas, pool by pool: the tier of the tightest flow, the segment of its n.

    A pool that stands by for others has no flow of its own; any tier will do, and the loosest one is taken.
    """
    chosen: list[float] = []
    counted: list[float] = []
    for p, segments in rows.items():
        n, tier = int(replicas[p]), min(int(tightest[p]), segments[-1].tier)
        here = [s.tier == tier and s.first <= n <= s.last for s in segments]
        chosen += [float(h) for h in here]
        counted += [float(n) if h else 0.0 for h in here]
    return np.array(chosen), np.array(counted)


def flows_of(
    instance: Instance, values: Floats, layout: Layout
) -> tuple[NDArray[np.int32], Floats, Floats, Moves]:
    """Sites, flows and moves of a solver's solution, its rounding taken off.

    Parameters
    ----------
    instance : Instance
    values : ndarray of float64, shape (n_col,)
    layout : Layout
        Of the model.

    Returns
    -------
    option : ndarray of int32, shape (n_site,)
    share : ndarray of float64, shape (n_arc,)
    unserved : ndarray of float64, shape (n_demand,)
        Shares of a demand and its unserved part sum to one exactly (to rounding).
    moves : Moves
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
    share, unserved = share / total[instance.arcs.demand], unserved / total
    segments = sum(len(rows) for rows in layout.tail.values())
    first += n_arc + n_demand + len(layout.pools) + 2 * segments + len(layout.counts)
    moves = layout.moves.moves(instance, values[first : first + len(layout.moves.group)], share)
    return option, share, unserved, moves


def _cleaned(values: Floats) -> Floats:
    return np.where(values < SMALLEST_SHARE, 0.0, np.minimum(values, 1.0))
