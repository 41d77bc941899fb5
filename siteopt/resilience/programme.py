"""The linear programme of :mod:`siteopt.resilience.cover`, in fractions of replicas or in whole ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse import coo_matrix, csr_matrix, vstack

from siteopt.resilience.candidates import NO_POWER, Candidates
from siteopt.resilience.rooms import Rooms, rooms

if TYPE_CHECKING:
    from siteopt.arrays import Floats, Indices
    from siteopt.instance import Instance, Solution

#: Limit of tree nodes over whole replicas, and the most moves for which whole replicas are tried.
TREE_NODES, LARGEST_INTEGER = 200, 3_000
#: Most rounds of slope scaling.
SCALINGS = 4


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """The cheapest answer of the linear programme.

    Attributes
    ----------
    usd : float
    parts : ndarray of float64, shape (n_move + n_flow,)
        Shares that move, then shares that are given up, as the solver returns them.
    room_mw : ndarray of float64, shape (n_site,)
        IT power of the modules that the answer counts on at sites that may hold reserve, MW; ``inf`` elsewhere.
    price_usd : ndarray of float64, shape (n_flow,)
        Marginal cost of covering each flow, per unit of share; 0 over whole replicas, which have no such price.
    """

    usd: float
    parts: Floats
    room_mw: Floats
    price_usd: Floats


@dataclass(frozen=True, slots=True, eq=False)
class _Programme:
    """Columns: shares that move, shares given up, replicas of each pool and power of each site beyond what stands."""

    cost: Floats
    leaves: csr_matrix
    share: Floats
    limited: csr_matrix
    limit: Floats
    upper: Floats
    integer: Floats


def least_reserve(
    instance: Instance, solution: Solution, flows: Indices, found: Candidates, *, in_integers: bool
) -> Answer | None:
    """Spread the flows that a failure displaces so that reserve costs least; None where nothing fits.

    Demand that may stay unserved is given up at its penalty where covering it costs more. Modules are whole, which a
    linear programme does not see: it is solved a few times, each time at the price per MW that its last answer really
    pays (slope scaling, Kim and Pardalos 1999), and the cheapest answer is kept.
    """
    if in_integers and len(found.flow) > LARGEST_INTEGER:
        return None
    site = np.unique(instance.pools.site[found.pool])
    room = rooms(instance, solution, found.option, site, found.withheld.site_mw[site])
    p = _programme(instance, solution, flows, found, room)
    n, n_fixed = len(found.flow) + len(flows), len(p.cost)
    rate, best = room.rate_usd_per_mw, None
    for _ in range(SCALINGS):
        cost = np.concatenate([p.cost, rate])
        x, prices = _solved_in_integers(p, cost, len(flows)) if in_integers else _solved(p, cost)
        if x is None:
            return best
        more_mw = np.maximum(0.0, x[n_fixed:])
        room_usd = room.usd(more_mw)
        usd = float(p.cost @ x[:n_fixed] + room_usd.sum())
        if best is None or usd < best.usd:
            room_mw = np.full(len(found.option), np.inf)
            room_mw[room.site] = room.held_mw(more_mw)
            best = Answer(usd, x[:n], room_mw, prices)
        used = more_mw > NO_POWER
        paid = np.where(used, room_usd / np.where(used, more_mw, 1.0), rate)
        if np.allclose(paid, rate, rtol=1e-3):
            break
        rate = paid
    return best


def _solved(p: _Programme, cost: Floats) -> tuple[Floats | None, Floats]:
    box = np.stack([np.zeros(len(p.upper)), p.upper], axis=1)
    best = linprog(cost, A_ub=p.limited, b_ub=p.limit, A_eq=p.leaves, b_eq=p.share, bounds=box)
    if best.status != 0:
        return None, np.zeros(0)
    return best.x, np.maximum(0.0, best.eqlin.marginals)


def _solved_in_integers(p: _Programme, cost: Floats, n_flow: int) -> tuple[Floats | None, Floats]:
    rows = (LinearConstraint(p.leaves, p.share, p.share), LinearConstraint(p.limited, -np.inf, p.limit))
    options = {"node_limit": TREE_NODES, "mip_rel_gap": 1e-3}
    best = milp(cost, constraints=rows, integrality=p.integer, bounds=Bounds(0.0, p.upper), options=options)
    return best.x, np.zeros(n_flow)


def _programme(
    instance: Instance, solution: Solution, flows: Indices, found: Candidates, room: Rooms
) -> _Programme:
    n_flow, n_move, n_pool, n_room = len(flows), len(found.flow), len(found.pool), len(room.site)
    share, demand = solution.share[flows], instance.arcs.demand[flows]
    load = instance.demands.peak_rps[demand][found.flow]
    width = n_move + n_flow + n_pool + n_room
    flow = np.concatenate([found.flow, np.arange(n_flow)])
    leaves = coo_matrix((np.ones(len(flow)), (flow, np.arange(len(flow)))), shape=(n_flow, width))
    power, power_limit = found.power(instance, solution, n_move + n_flow, width)
    # Prefers the nearer of equal pools, by at most a millionth of the price of reserve.
    near = 1e-6 * (found.usd / found.usable_rps).mean() * load * found.rank if n_move else np.zeros(0)
    unserved_usd = instance.demands.unserved_usd[demand]
    optional = np.isfinite(unserved_usd)
    given_up_usd = np.where(optional, unserved_usd - instance.arcs.usd[flows], 0.0)
    single_source = instance.demands.is_splittable[demand][flow] == 0
    return _Programme(
        cost=np.concatenate([near, given_up_usd, found.usd]),
        leaves=leaves.tocsr(),
        share=share,
        limited=vstack(
            [_fits(found, load, n_move + n_flow, width), power, _in_rooms(instance, found, room, width)]
        ).tocsr(),
        limit=np.concatenate([found.idle_rps[found.failure_pool], power_limit, room.spare_mw]),
        upper=np.concatenate([share[found.flow], share * optional, np.full(n_pool + n_room, np.inf)]),
        integer=np.concatenate([single_source, np.ones(n_pool), np.zeros(n_room)]),
    )


def _in_rooms(instance: Instance, found: Candidates, room: Rooms, width: int) -> csr_matrix:
    """Build the rows by which replicas in reserve stand in modules that are there, or in additional ones."""
    n_pool, n_room = len(found.pool), len(room.site)
    at = np.searchsorted(room.site, instance.pools.site[found.pool])
    replica_mw = instance.variants.replica_mw[instance.pools.variant[found.pool]]
    entries = np.concatenate([replica_mw, -np.ones(n_room)])
    rows = np.concatenate([at, np.arange(n_room)])
    return coo_matrix(
        (entries, (rows, width - n_room - n_pool + np.arange(n_pool + n_room))), (n_room, width)
    )


def _fits(found: Candidates, load: Floats, first: int, width: int) -> csr_matrix:
    """Build the rows by which a failure moves no more to a pool than its replicas can take beyond their own load."""
    n_move, n_pair = len(found.flow), len(found.failure_pool)
    usable = found.usable_rps[found.failure_pool]
    entries = np.concatenate([load, -usable])
    at = np.concatenate([found.failure, np.arange(n_pair)])
    columns = np.concatenate([np.arange(n_move), first + found.failure_pool])
    return coo_matrix((entries, (at, columns)), shape=(n_pair, width)).tocsr()
