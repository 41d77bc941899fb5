"""Choose where protected flows go when the site that serves them fails, so that as little as possible is reserved.

For given flows this is a linear programme: every protected flow is spread over the pools that may take over, and a
pool reserves for the worst single failure, since two do not happen at once. Reserve in replicas that stand idle anyway
is free; more of it costs replicas, modules and power. Where the whole replicas that a fractional answer rounds up to do
not fit, the programme is solved over whole ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_matrix, csr_matrix

from siteopt.instance import Moves, no_moves
from siteopt.resilience.candidates import Candidates, candidates

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from siteopt.instance import Instance, Solution

    Floats = NDArray[np.float64]

#: Shares of a demand below this are a solver's rounding.
SMALLEST_SHARE = 1e-7


#: Nodes for whole replicas, and the moves up to which they are tried.
NODES, LARGEST_WHOLE = 200, 3_000


@dataclass(frozen=True, slots=True, eq=False)
class Cover:
    """Moves for every protected flow that is kept.

    Attributes
    ----------
    moves : Moves
    option : ndarray of int32, shape (n_site,)
        As given, with the sites that were opened for nothing but reserve.
    share : ndarray of float64, shape (n_arc,)
        As given, less what is better left unserved than covered.
    unserved : ndarray of float64, shape (n_demand,)
    """

    moves: Moves
    option: NDArray[np.int32]
    share: Floats
    unserved: Floats


def cover(
    instance: Instance,
    solution: Solution,
    standby: NDArray[np.int32],
    *,
    margin: int = 0,
    whole: bool = False,
) -> Cover | None:
    """Cover the failure of every site.

    Parameters
    ----------
    instance : Instance
    solution : Solution
        Flows, and the replicas that they need by themselves.
    standby : ndarray of int32, shape (n_site,)
        Option with which a closed site may be opened for reserve, -1 where it may not.
    margin : int
        Replicas of room that each pool leaves at its site, for counts are rounded up afterwards.
    whole : bool
        Count replicas in whole ones, as long as there are few moves to choose from.

    Returns
    -------
    Cover or None
        None where the open sites and those in standby cannot take over what must be served at one of them.
    """
    protected = instance.variants.is_protected[instance.pools.variant[instance.arcs.pool]] == 1
    flows = np.flatnonzero((solution.share > 0.0) & protected).astype(np.int32)
    if not len(flows):
        return Cover(no_moves(), solution.option, solution.share, solution.unserved)
    nothing = np.full(len(solution.option), -1, dtype=np.int32)
    best: tuple[float, Cover] | None = None
    for opening in (nothing, standby):
        found = candidates(instance, solution, flows, opening, margin)
        answer = None if found is None else _solve(instance, solution, flows, found, whole=whole)
        if answer is not None and (best is None or answer[0] < best[0]):
            best = answer
        # Opening sites for reserve is looked at only where something would stay uncovered otherwise.
        if best is not None and np.array_equal(best[1].share, solution.share):
            break
    return None if best is None else best[1]


def _solve(
    instance: Instance, solution: Solution, flows: NDArray[np.int32], found: Candidates, *, whole: bool
) -> tuple[float, Cover] | None:
    """Columns: shares that move, shares that are given up, replicas of each pool beyond those that stand."""
    n_flow, n_move, n_pool = len(flows), len(found.flow), len(found.pool)
    if whole and n_move > LARGEST_WHOLE:
        return None
    share, demand = solution.share[flows], instance.arcs.demand[flows]
    load = instance.demands.peak_rps[demand][found.flow]
    width = n_move + n_flow + n_pool
    flow = np.concatenate([found.flow, np.arange(n_flow)])
    leaves = coo_matrix((np.ones(len(flow)), (flow, np.arange(len(flow)))), shape=(n_flow, width))
    rows, limits = found.power(instance, solution, n_move + n_flow)
    # Among equals the nearer pool: a millionth of the price of reserve at most.
    near = 1e-6 * (found.usd / found.usable_rps).mean() * load * found.rank if n_move else np.zeros(0)
    unserved_usd = instance.demands.unserved_usd[demand]
    optional = np.isfinite(unserved_usd)
    given_up_usd = np.where(optional, unserved_usd - instance.arcs.usd[flows], 0.0)
    kinds = np.concatenate([instance.demands.is_splittable[demand][flow] == 0, np.ones(n_pool)])
    upper = np.concatenate([share[found.flow], share * optional, np.full(n_pool, np.inf)])
    result = milp(
        np.concatenate([near, given_up_usd, found.usd]),
        constraints=(
            LinearConstraint(leaves.tocsr(), share, share),
            LinearConstraint(_fits(found, load, width), -np.inf, found.idle_rps[found.failure_pool]),
            LinearConstraint(rows, -np.inf, limits),
        ),
        integrality=kinds if whole else np.zeros(width),
        bounds=Bounds(0.0, upper),
        options={"node_limit": NODES, "mip_rel_gap": 1e-3} if whole else {},
    )
    if result.x is None:
        return None
    return float(result.fun), _cover(instance, solution, flows, found, result.x[: n_move + n_flow])


def _fits(found: Candidates, load: Floats, width: int) -> csr_matrix:
    """What a failure moves to a pool is at most what its replicas can take beyond its own load."""
    n_move, n_pair, n_pool = len(found.flow), len(found.failure_pool), len(found.pool)
    usable = found.usable_rps[found.failure_pool]
    entries = np.concatenate([load, -usable])
    at = np.concatenate([found.failure, np.arange(n_pair)])
    columns = np.concatenate([np.arange(n_move), width - n_pool + found.failure_pool])
    return coo_matrix((entries, (at, columns)), shape=(n_pair, width)).tocsr()


def _cover(
    instance: Instance, solution: Solution, flows: NDArray[np.int32], found: Candidates, parts: Floats
) -> Cover:
    """Shares without the solver's rounding; what may not be split goes where most of it went."""
    n_move, share = len(found.flow), solution.share[flows]
    flow = np.concatenate([found.flow, np.arange(len(flows))])
    kept = np.where(parts > SMALLEST_SHARE, parts, 0.0)
    order = np.lexsort((-parts, flow))
    first = order[np.unique(flow[order], return_index=True)[1]]
    is_first = np.zeros(len(parts), dtype=bool)
    is_first[first] = True
    whole = instance.demands.is_splittable[instance.arcs.demand[flows]] == 0
    kept = np.where(whole[flow], is_first, kept)
    kept = kept * (share / np.bincount(flow, weights=kept, minlength=len(flows)))[flow]
    used = np.flatnonzero(kept[:n_move] > 0.0)
    moves = Moves(flows[found.flow[used]], found.backup[used], kept[used])
    left, unserved = solution.share.copy(), solution.unserved.copy()
    left[flows] = np.bincount(found.flow, weights=kept[:n_move], minlength=len(flows))
    np.add.at(unserved, instance.arcs.demand[flows], kept[n_move:])
    return Cover(moves, found.options(instance, solution, left, moves), left, unserved)
