"""Whether flows survive the loss of any one site: failures by enumeration, apart from the programme of the optimum.

For each site that is lost, destinations of whole flows are tried one by one; split flows are placed by linear
programming for every choice of how far each pool reaches afterwards.
"""

from __future__ import annotations

from itertools import product
from math import inf
from typing import TYPE_CHECKING

from support.reference.optimum.physics import Physics
from support.reference.optimum.shares import split
from support.reference.optimum.states import Pool

if TYPE_CHECKING:
    from siteopt.plan import Plan
    from siteopt.scenario import Scenario
    from siteopt.scenario.schema import Demand

#: Solvers meet a row within 1e-6 of its right-hand side.
RELATIVE = 1e-6


def fatal_failures(scenario: Scenario, plan: Plan) -> list[str]:
    """Open sites whose loss leaves protected flows without a place."""
    physics = Physics(scenario)
    return [
        row.id
        for row in plan.sites
        if not all(_survives(physics, k, plan, row.id) for k in _protected(scenario))
    ]


def _protected(scenario: Scenario) -> list[int]:
    return [k for k, workload in enumerate(scenario.workloads) if workload.protect is not None]


def _survives(physics: Physics, k: int, plan: Plan, failed: str) -> bool:
    workload = physics.scenario.workloads[k]
    demands = {d.region: d for d in physics.demands[k]}
    pools = {
        p.site: Pool(p.replicas, p.data) for p in plan.pools if p.workload == workload.id and p.site != failed
    }
    flows = [f for f in plan.flows if f.workload == workload.id and f.share > RELATIVE]
    lost = [(demands[f.region], f.share) for f in flows if f.site == failed]
    own = {s: [(demands[f.region], f.share) for f in flows if f.site == s] for s in pools}
    if not lost:
        return True
    if workload.splittable:
        return any(
            _fits_split(physics, k, lost, own, pools, dict(zip(pools, reach, strict=True)))
            for reach in product(*(_reaches(physics, s, pool, k) for s, pool in pools.items()))
        )
    for places in product(pools, repeat=len(lost)):
        after = {s: own[s] + [d for d, at in zip(lost, places, strict=True) if at == s] for s in pools}
        if all(_fits(physics, k, s, pools[s], after[s]) for s in pools):
            return True
    return False


def _rtt_ms(physics: Physics, demand: Demand, site: str, pool: Pool) -> float:
    arc = physics.arcs.get((demand.region, demand.workload, site, pool.data))
    return inf if arc is None else arc.rtt_ms


def _reaches(physics: Physics, site: str, pool: Pool, k: int) -> list[float]:
    found = {_rtt_ms(physics, d, site, pool) for d in physics.demands[k]} - {inf}
    return sorted(found) or [0.0]


def _load(physics: Physics, k: int, flows: list[tuple[Demand, float]]) -> float:
    return sum(share * physics.load(k, demand) for demand, share in flows)


def _fits(physics: Physics, k: int, site: str, pool: Pool, flows: list[tuple[Demand, float]]) -> bool:
    farthest = max((_rtt_ms(physics, demand, site, pool) for demand, _ in flows), default=0.0)
    if farthest == inf:
        return False
    return _load(physics, k, flows) <= physics.carries(k, pool.replicas, farthest, True) * (1.0 + RELATIVE)


def _fits_split(
    physics: Physics,
    k: int,
    lost: list[tuple[Demand, float]],
    own: dict[str, list[tuple[Demand, float]]],
    pools: dict[str, Pool],
    reach: dict[str, float],
) -> bool:
    """Whether the lost flows find room where each pool reaches so far and no farther."""
    room = []
    for site, pool in pools.items():
        if any(_rtt_ms(physics, demand, site, pool) > reach[site] for demand, _ in own[site]):
            return False
        carried = physics.carries(k, pool.replicas, reach[site], True)
        room.append(carried * (1.0 + RELATIVE) + RELATIVE - _load(physics, k, own[site]))
    if min(room, default=0.0) < 0.0:
        return False
    prices = [
        [0.0 if _rtt_ms(physics, demand, s, pool) <= reach[s] else inf for s, pool in pools.items()] + [inf]
        for demand, _ in lost
    ]
    return split(prices, [_load(physics, k, [flow]) for flow in lost], room)[0] < inf
