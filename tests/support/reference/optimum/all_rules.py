"""The true optimum of a tiny scenario with every family of rules at work, by enumeration.

Every site takes each of its states: closed, or a design with its connection, a pool or none per workload with its
data mode and replicas, and the fewest modules. For each combination that meets grid, budget and number of sites,
what remains is the placement of flows, a small programme of its own. Workloads meet only on lines of limited
capacity, so each is placed by itself first. Combinations are taken in the order of a lower bound.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from math import inf
from typing import TYPE_CHECKING

import numpy as np

from siteopt.plan import FailurePlan, FlowPlan, MovePlan, Plan, PoolPlan, SitePlan, UnservedPlan
from support.reference.optimum.physics import Physics
from support.reference.optimum.placement import Placement, place
from support.reference.optimum.states import SLACK, State, pool_choices, site_states

if TYPE_CHECKING:
    from collections.abc import Iterable

    from siteopt.scenario import Scenario
    from siteopt.scenario.schema import Demand, LinearRule

#: More combinations than this are not waited for.
MOST_COMBINATIONS = 200_000
NEGLIGIBLE = 1e-7


class TooManyError(Exception):
    """The scenario is too large to enumerate."""


@dataclass(frozen=True, slots=True)
class Decisions:
    """States by site, and flows."""

    states: tuple[State, ...]
    placement: Placement


def optimum(scenario: Scenario) -> tuple[float, Decisions] | None:
    """Least net present cost and decisions that have it, or None where nothing meets every rule.

    Raises
    ------
    TooManyError
        If there are more combinations than one waits for.
    """
    search = _Search(scenario)
    if not all(search.states):
        return None
    fixed = search.total([[s.usd for s in states] for states in search.states])
    lower = np.where(search.allowed(), fixed + search.least_usd(), inf).ravel()
    best, decisions = inf, None
    for index in np.argsort(lower, kind="stable"):
        if lower[index] >= best - 1e-12 * abs(best) or lower[index] == inf:
            break
        where = np.unravel_index(index, fixed.shape)
        states = tuple(search.states[j][i] for j, i in enumerate(where))
        placement = search.placement(states, best - fixed[where])
        if placement is not None and fixed[where] + placement.usd < best:
            best, decisions = float(fixed[where] + placement.usd), Decisions(states, placement)
    return None if decisions is None else (best, decisions)


class _Search:
    """The scenario laid out for enumeration; placements are remembered by what they depend on."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario, self.physics = scenario, Physics(scenario)
        self.ks = range(len(scenario.workloads))
        choices = [[pool_choices(self.physics, k, site) for k in self.ks] for site in scenario.sites]
        counts = [
            len(site.designs) * np.prod([len(c) + 0.0 for c in of_site]) + 1.0
            for site, of_site in zip(scenario.sites, choices, strict=True)
        ]
        if np.prod(counts) > MOST_COMBINATIONS:
            raise TooManyError(f"{np.prod(counts):.0f} combinations")
        self.states = [
            site_states(self.physics, site, c) for site, c in zip(scenario.sites, choices, strict=True)
        ]
        self._placed: dict[object, Placement | None] = {}

    def allowed(self) -> np.ndarray:
        """Which combinations meet the budget, the number of sites and the grid limits."""
        policy, sites = self.scenario.policy, self.scenario.sites
        budget = inf if policy.budget_usd is None else policy.budget_usd
        result = self.total([[s.capex_usd for s in states] for states in self.states]) <= budget * (1 + SLACK)
        if policy.max_sites is not None:
            new = self.total([[float(s.is_new) for s in states] for states in self.states])
            result &= new <= policy.max_sites
        for limit in self.scenario.grid_limits:
            if limit.coefficients is not None:
                weights = [max(0.0, limit.coefficients.get(site.id, 0.0)) for site in sites]
            elif limit.zone is not None:
                weights = [float(site.zone == limit.zone) for site in sites]
            else:
                weights = [float(site.jurisdiction == limit.jurisdiction) for site in sites]
            pairs = zip(weights, self.states, strict=True)
            used = self.total([[weight * s.facility_mw for s in states] for weight, states in pairs])
            result &= used <= limit.limit_mw * (1.0 + SLACK) + SLACK
        for rule in self.scenario.rules:
            result &= self._keeps(rule)
        return result

    def _keeps(self, rule: LinearRule) -> np.ndarray:
        """Which combinations keep a rule of the planner's own."""
        rows = []
        for site, states in zip(self.scenario.sites, self.states, strict=True):
            has = {"zone": site.zone, "tier": site.tier, "jurisdiction": site.jurisdiction}
            weights = []
            for state in states:
                weight = 0.0
                for term in rule.terms:
                    named = site.id in (term.sites or ())
                    selected = any(
                        getattr(term, key) == value for key, value in has.items() if value is not None
                    )
                    if state.design is not None and (named or selected or term.design == state.design):
                        weight += term.coefficient
                weights.append(weight)
            rows.append(weights)
        total = self.total(rows)
        return {
            "<=": total <= rule.value + SLACK,
            ">=": total >= rule.value - SLACK,
            "==": np.abs(total - rule.value) <= SLACK,
        }[rule.sense]

    def least_usd(self) -> np.ndarray:
        """A bound on the cost of flows: the cheapest pool for each demand, and what finds no room is left out."""
        result = np.zeros([len(states) for states in self.states])
        for k in self.ks:
            demands = self.physics.demands[k]
            if not demands:
                continue
            regret = np.full(result.shape, inf)
            for demand in demands:
                served, rest = self._cheapest(k, demand), self.physics.unserved_usd(k, demand)
                result += np.minimum(served, rest)
                if rest < inf:
                    here = np.maximum(0.0, rest - np.minimum(served, 1e300)) / self.physics.load(k, demand)
                    regret = np.minimum(regret, here)
            short = sum(self.physics.load(k, d) for d in demands) - self._room(k)
            result += np.where(short > NEGLIGIBLE, short, 0.0) * np.minimum(regret, 1e300)
        return result

    def placement(self, states: tuple[State, ...], most_usd: float) -> Placement | None:
        """Cheapest flows; None where they do not fit, or cost ``most_usd`` or more before lines are looked at."""
        whole = Placement(0.0)
        for k in self.ks:
            key = (k, tuple((s.pools[k], s.power_usd_per_mw) if s.pools[k] else None for s in states))
            if key not in self._placed:
                self._placed[key] = place(self.physics, [k], states)
            placed = self._placed[key]
            if placed is None:
                return None
            whole += placed
        fixed_gbps = summed(s.lines_gbps for s in states)
        if whole.usd >= most_usd or not self._is_overloaded(states, whole, fixed_gbps):
            return whole
        return place(self.physics, self.ks, states, fixed_gbps)

    def total(self, terms: list[list[float]]) -> np.ndarray:
        """Sum of one entry of each list, for every combination."""
        return np.asarray(reduce(np.add.outer, map(np.array, terms)))

    def _cheapest(self, k: int, demand: Demand) -> np.ndarray:
        """Cost of all of a demand in its cheapest pool, for every combination; ``inf`` without one."""
        prices = []
        for site, states in zip(self.scenario.sites, self.states, strict=True):
            row = []
            for state in states:
                pool = state.pools[k]
                key = (demand.region, demand.workload, site.id, pool.data if pool else None)
                arc = self.physics.arcs.get(key) if pool else None
                is_open = arc is not None and arc.is_normal
                row.append(arc.usd + arc.busy_mw * state.power_usd_per_mw if is_open else inf)
            prices.append(np.array(row))
        return np.asarray(reduce(np.minimum.outer, prices))

    def _room(self, k: int) -> np.ndarray:
        """The most that can be served: what all pools carry, and without any one of them where protected."""
        is_safe = self.scenario.workloads[k].protect is not None
        rooms = [
            np.array(
                [
                    self.physics.carries(k, s.pools[k].replicas, 0.0, is_safe) if s.pools[k] else 0.0
                    for s in states
                ]
            )
            for states in self.states
        ]
        total = self.total(rooms)
        return total - np.asarray(reduce(np.maximum.outer, rooms)) if is_safe else total

    def _is_overloaded(
        self, states: tuple[State, ...], placement: Placement, fixed_gbps: dict[str, float]
    ) -> bool:
        used = used_gbps(self.physics, states, placement.served, fixed_gbps)
        limits = self.physics.backbone.limit_gbps
        return any(used.get(line, 0.0) > limit * (1.0 + SLACK) + SLACK for line, limit in limits.items())


def summed(tables: Iterable[dict[str, float]]) -> dict[str, float]:
    """Entry by entry."""
    result: dict[str, float] = {}
    for table in tables:
        for key, value in table.items():
            result[key] = result.get(key, 0.0) + value
    return result


def used_gbps(
    physics: Physics,
    states: tuple[State, ...],
    served: dict[tuple[str, str, str], float],
    fixed_gbps: dict[str, float],
) -> dict[str, float]:
    """Traffic at peak by line."""
    ids = {workload.id: k for k, workload in enumerate(physics.scenario.workloads)}
    at = {site.id: state for site, state in zip(physics.scenario.sites, states, strict=True)}
    used = dict(fixed_gbps)
    for (region, workload, site), share in served.items():
        arc = physics.arcs[region, workload, site, at[site].pools[ids[workload]].data]
        for line, gbps in arc.lines_gbps.items():
            used[line] = used.get(line, 0.0) + share * gbps
    return used


def plan_of(scenario: Scenario, decisions: Decisions) -> Plan:
    """Decisions as a plan without figures."""
    physics, placement = Physics(scenario), decisions.placement
    pairs = [(s, state) for s, state in zip(scenario.sites, decisions.states, strict=True) if state.design]
    pools = [
        PoolPlan(site.id, workload.id, "replica", pool.replicas, data=pool.data)
        for site, state in pairs
        for workload, pool in zip(scenario.workloads, state.pools, strict=True)
        if pool is not None
    ]
    data = {(pool.workload, pool.site): pool.data for pool in pools}
    left_out = [UnservedPlan(d.region, d.workload, 1.0, "mode") for d in physics.left_out]
    moves: dict[str, list[MovePlan]] = {site.id: [] for site, _ in pairs}
    for (failed, *names), share in placement.moved.items():
        moves[failed].append(MovePlan(*names, share))
    is_protected = any(workload.protect for workload in scenario.workloads)
    return Plan(
        sites=tuple(
            SitePlan(site.id, str(s.design), s.modules, connection_mw=s.connection_mw) for site, s in pairs
        ),
        pools=tuple(pools),
        flows=tuple(
            FlowPlan(*names, "replica", share, route=physics.arcs[*names, data[names[1:]]].route)
            for names, share in placement.served.items()
        ),
        unserved=(*(UnservedPlan(*names, share) for names, share in placement.unserved.items()), *left_out),
        n_minus_1=tuple(FailurePlan(site, tuple(rows)) for site, rows in moves.items() if is_protected),
    )
