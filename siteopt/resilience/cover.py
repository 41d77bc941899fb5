"""Choose where protected flows go when the site that serves them fails, so that as little as possible is reserved.

For given flows this is a linear programme: every protected flow is spread over the pools that may take over, and a
pool reserves for the worst single failure, since two do not happen at once. Reserve in replicas that stand idle anyway
is free; more of it costs replicas, modules and power. Where a fractional answer, rounded up to whole replicas, does not
fit, the programme is solved over whole ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from siteopt.instance import Moves, no_moves
from siteopt.resilience.candidates import Candidates, Withheld, candidates
from siteopt.resilience.programme import Answer, least_reserve
from siteopt.tolerances import SMALLEST_SHARE

if TYPE_CHECKING:
    from siteopt.arrays import Floats, Indices
    from siteopt.instance import Instance, Solution


@dataclass(frozen=True, slots=True, eq=False)
class Cover:
    """Where every protected flow that is kept moves when its site fails, and what that takes.

    Attributes
    ----------
    moves : Moves
    option : ndarray of int32, shape (n_site,)
        As given, with the sites that were opened for nothing but reserve.
    share : ndarray of float64, shape (n_arc,)
        As given, less what is cheaper to leave unserved than to cover.
    unserved : ndarray of float64, shape (n_demand,)
    room_mw : ndarray of float64, shape (n_site,)
        IT power of the modules that the cover counts on, MW.
    price_usd : ndarray of float64, shape (n_arc,)
        Marginal cost of covering the whole demand of an arc; 0 where it is not known.
    """

    moves: Moves
    option: Indices
    share: Floats
    unserved: Floats
    room_mw: Floats
    price_usd: Floats


def cover(
    instance: Instance,
    solution: Solution,
    standby: Indices,
    withheld: Withheld,
    *,
    in_integers: bool = False,
) -> Cover | None:
    """Choose moves that cover the loss of every site at the least cost.

    Parameters
    ----------
    instance : Instance
    solution : Solution
        Flows, and the replicas that they need by themselves.
    standby : ndarray of int32, shape (n_site,)
        Option with which a closed site may be opened for reserve, -1 where it may not.
    withheld : Withheld
        Power that the cover may not count on.
    in_integers : bool
        Whether replicas are whole; only solved where there are few moves to choose from.

    Returns
    -------
    Cover or None
        None where the open sites and those in standby cannot take over what must be served at one of them.
    """
    protected = instance.variants.is_protected[instance.pools.variant[instance.arcs.pool]] == 1
    flows = np.flatnonzero((solution.share > 0.0) & protected).astype(np.int32)
    if not len(flows):
        any_mw, no_usd = np.full(len(solution.option), np.inf), np.zeros(len(solution.share))
        return Cover(no_moves(), solution.option, solution.share, solution.unserved, any_mw, no_usd)
    nothing = np.full(len(solution.option), -1, dtype=np.int32)
    best: tuple[float, Cover] | None = None
    for opening in (nothing, standby):
        found = candidates(instance, solution, flows, opening, withheld)
        answer = (
            None
            if found is None
            else least_reserve(instance, solution, flows, found, in_integers=in_integers)
        )
        if answer is not None and found is not None and (best is None or answer.usd < best[0]):
            best = answer.usd, _cover(instance, solution, flows, found, answer)
        # Opening sites for reserve is considered only where something would stay uncovered otherwise.
        if best is not None and np.array_equal(best[1].unserved, solution.unserved):
            break
    return None if best is None else best[1]


def _cover(
    instance: Instance, solution: Solution, flows: Indices, found: Candidates, answer: Answer
) -> Cover:
    """Read the moves from an answer, rid of the solver's rounding; single-source demands go where most of them went."""
    n_move, share, parts = len(found.flow), solution.share[flows], answer.parts
    flow = np.concatenate([found.flow, np.arange(len(flows))])
    order = np.lexsort((-parts, flow))
    first = order[np.unique(flow[order], return_index=True)[1]]
    is_first = np.zeros(len(parts), dtype=bool)
    is_first[first] = True
    kept = np.where(parts > SMALLEST_SHARE, parts, np.where(is_first, SMALLEST_SHARE, 0.0))
    single_source = instance.demands.is_splittable[instance.arcs.demand[flows]] == 0
    kept = np.where(single_source[flow], is_first, kept)
    kept = kept * (share / np.bincount(flow, weights=kept, minlength=len(flows)))[flow]
    used = np.flatnonzero(kept[:n_move] > 0.0)
    moves = Moves(flows[found.flow[used]], found.backup[used], kept[used])
    left, unserved = solution.share.copy(), solution.unserved.copy()
    left[flows] = np.bincount(found.flow, weights=kept[:n_move], minlength=len(flows))
    np.add.at(unserved, instance.arcs.demand[flows], kept[n_move:])
    option = found.options(instance, solution, left, moves)
    price_usd = _prices(instance, flows, answer.price_usd)
    return Cover(moves, option, left, unserved, answer.room_mw, price_usd)


def _prices(instance: Instance, flows: Indices, price_usd: Floats) -> Floats:
    """Return the price of covering each arc: by load, that of the dearest flow of its workload at its site."""
    arcs, pools, demands = instance.arcs, instance.pools, instance.demands
    group = (
        pools.site[arcs.pool].astype(np.int64) * len(instance.workload_ids) + demands.workload[arcs.demand]
    )
    rate = np.zeros(int(group.max(initial=0)) + 1)
    np.maximum.at(rate, group[flows], price_usd / demands.peak_rps[arcs.demand[flows]])
    prices: Floats = rate[group] * demands.peak_rps[arcs.demand]
    return prices
