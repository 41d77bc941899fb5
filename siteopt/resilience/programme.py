"""The linear programme of :mod:`siteopt.resilience.cover`, in fractions of replicas or in whole ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse import coo_matrix, csr_matrix, vstack

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from siteopt.instance import Instance, Solution
    from siteopt.resilience.candidates import Candidates

    Floats = NDArray[np.float64]
    Indices = NDArray[np.int32]

#: Nodes for whole replicas, and the moves up to which they are tried.
NODES, LARGEST_WHOLE = 200, 3_000


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """An optimum.

    Attributes
    ----------
    usd : float
    parts : ndarray of float64, shape (n_move + n_flow,)
        Shares that move, then shares that are given up, as the solver leaves them.
    price_usd : ndarray of float64, shape (n_flow,)
        What one more share of each flow costs at the margin; 0 over whole replicas, which have no such price.
    """

    usd: float
    parts: Floats
    price_usd: Floats


@dataclass(frozen=True, slots=True, eq=False)
class _Programme:
    """Columns: shares that move, shares that are given up, replicas of each pool beyond those that stand."""

    cost: Floats
    leaves: csr_matrix
    share: Floats
    limited: csr_matrix
    limit: Floats
    upper: Floats
    whole: Floats


def least_reserve(
    instance: Instance, solution: Solution, flows: Indices, found: Candidates, *, whole: bool
) -> Answer | None:
    """Spread the flows that a failure displaces so that reserve costs least; None where nothing fits.

    What may stay unserved may be given up at its penalty, where covering it costs more.
    """
    if whole and len(found.flow) > LARGEST_WHOLE:
        return None
    p = _programme(instance, solution, flows, found)
    n = len(found.flow) + len(flows)
    if whole:
        rows = (LinearConstraint(p.leaves, p.share, p.share), LinearConstraint(p.limited, -np.inf, p.limit))
        options = {"node_limit": NODES, "mip_rel_gap": 1e-3}
        bounds = Bounds(0.0, p.upper)
        best = milp(p.cost, constraints=rows, integrality=p.whole, bounds=bounds, options=options)
        return None if best.x is None else Answer(float(best.fun), best.x[:n], np.zeros(len(flows)))
    box = np.stack([np.zeros(len(p.upper)), p.upper], axis=1)
    best = linprog(p.cost, A_ub=p.limited, b_ub=p.limit, A_eq=p.leaves, b_eq=p.share, bounds=box)
    if best.status != 0:
        return None
    return Answer(float(best.fun), best.x[:n], np.maximum(0.0, best.eqlin.marginals))


def _programme(instance: Instance, solution: Solution, flows: Indices, found: Candidates) -> _Programme:
    n_flow, n_move, n_pool = len(flows), len(found.flow), len(found.pool)
    share, demand = solution.share[flows], instance.arcs.demand[flows]
    load = instance.demands.peak_rps[demand][found.flow]
    width = n_move + n_flow + n_pool
    flow = np.concatenate([found.flow, np.arange(n_flow)])
    leaves = coo_matrix((np.ones(len(flow)), (flow, np.arange(len(flow)))), shape=(n_flow, width))
    power, power_limit = found.power(instance, solution, n_move + n_flow)
    # Among equals the nearer pool: a millionth of the price of reserve at most.
    near = 1e-6 * (found.usd / found.usable_rps).mean() * load * found.rank if n_move else np.zeros(0)
    unserved_usd = instance.demands.unserved_usd[demand]
    optional = np.isfinite(unserved_usd)
    given_up_usd = np.where(optional, unserved_usd - instance.arcs.usd[flows], 0.0)
    whole = instance.demands.is_splittable[demand][flow] == 0
    return _Programme(
        cost=np.concatenate([near, given_up_usd, found.usd]),
        leaves=leaves.tocsr(),
        share=share,
        limited=vstack([_fits(found, load, width), power]).tocsr(),
        limit=np.concatenate([found.idle_rps[found.failure_pool], power_limit]),
        upper=np.concatenate([share[found.flow], share * optional, np.full(n_pool, np.inf)]),
        whole=np.concatenate([whole, np.ones(n_pool)]),
    )


def _fits(found: Candidates, load: Floats, width: int) -> csr_matrix:
    """What a failure moves to a pool is at most what its replicas can take beyond its own load."""
    n_move, n_pair, n_pool = len(found.flow), len(found.failure_pool), len(found.pool)
    usable = found.usable_rps[found.failure_pool]
    entries = np.concatenate([load, -usable])
    at = np.concatenate([found.failure, np.arange(n_pair)])
    columns = np.concatenate([np.arange(n_move), width - n_pool + found.failure_pool])
    return coo_matrix((entries, (at, columns)), shape=(n_pair, width)).tocsr()
