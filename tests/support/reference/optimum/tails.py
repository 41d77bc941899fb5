"""The true optimum of a tiny scenario whose pools are sized by their tail, by enumeration.

Every site takes each of its states: closed, or a design with replicas per pool and the fewest modules that carry
them. What pools carry comes from :mod:`support.reference.pool_sizing`; how far each of them reaches is enumerated
too, since a pool that serves nobody far away carries more. Prices and power are rows of the instance, which other
tests hold against the scenario.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from itertools import product
from math import ceil, inf
from typing import TYPE_CHECKING

import numpy as np

from siteopt.instance import Solution
from support.reference import evaluator as reference
from support.reference.optimum.shares import split
from support.reference.pool_sizing import Physics

if TYPE_CHECKING:
    from collections.abc import Sequence

    from siteopt.instance import Instance
    from siteopt.scenario import Scenario

#: More combinations than this are not waited for.
MOST_COMBINATIONS = 300_000
SLACK = 1e-9
#: Cost, shares by arc, unserved shares by demand.
Placement = tuple[float, dict[int, float], dict[int, float]]
NOTHING_FITS: Placement = (inf, {}, {})


class TooManyError(Exception):
    """The scenario is too large to enumerate."""


@dataclass(frozen=True, slots=True)
class State:
    """What one site may be: an option (-1: closed), modules, replicas of its pools, and what follows."""

    option: int
    modules: int
    replicas: dict[int, int]
    usd: float
    capex_usd: float
    facility_mw: float
    is_new: bool


@dataclass(frozen=True, slots=True)
class Place:
    """A pool in use: its row, the option around it, its replicas."""

    pool: int
    option: int
    replicas: int


def total(terms: list[list[float]]) -> np.ndarray:
    """Sum of one entry of each list, for every combination."""
    return np.asarray(reduce(np.add.outer, map(np.array, terms)))


def optimum(scenario: Scenario, instance: Instance) -> tuple[float, Solution] | None:
    """Least net present cost and a solution that has it, or None where nothing meets every rule.

    Raises
    ------
    TooManyError
        If there are more combinations than one waits for.
    """
    search = _Search(scenario, instance)
    if not all(search.states):
        return None
    fixed, allowed = search.fixed_usd(), search.allowed()
    lower = np.where(allowed, fixed + search.cheapest_usd(), inf).ravel()
    best, best_states = inf, None
    for index in np.argsort(lower, kind="stable"):
        if lower[index] >= best - 1e-12 * abs(best) or lower[index] == inf:
            break
        where = np.unravel_index(index, fixed.shape)
        states = tuple(search.states[j][i] for j, i in enumerate(where))
        usd = fixed[where] + sum(search.placement(k, states)[0] for k in search.workloads)
        if usd < best:
            best, best_states = float(usd), states
    return None if best_states is None else (best, search.solution(best_states))


class _Search:
    """The instance laid out for enumeration; placements are remembered by what they depend on."""

    def __init__(self, scenario: Scenario, instance: Instance) -> None:
        self.instance, self.physics = instance, Physics(scenario, instance)
        arcs = zip(instance.arcs.demand.tolist(), instance.arcs.pool.tolist(), strict=True)
        self.arc = {pair: a for a, pair in enumerate(arcs)}
        self.workloads = range(len(instance.workload_ids))
        self.demands = [np.flatnonzero(instance.demands.workload == k).tolist() for k in self.workloads]
        # The number of combinations is known before any of them is made.
        vectors = [self._vectors(j) for j in range(len(instance.sites.id))]
        options = np.diff(instance.sites.option_ptr)
        counts = [len(v) * max(1, int(o)) + 1.0 for v, o in zip(vectors, options, strict=True)]
        if np.prod(counts) > MOST_COMBINATIONS:
            raise TooManyError
        self.states = [list(self._states(j, vectors[j])) for j in range(len(vectors))]
        self._placed: dict[tuple[int, tuple[Place, ...]], Placement] = {}

    def fixed_usd(self) -> np.ndarray:
        """Cost of each combination before any demand is placed, USD."""
        return total([[s.usd for s in states] for states in self.states])

    def allowed(self) -> np.ndarray:
        """Which combinations meet the budget, the number of sites and the grid limits."""
        instance, grid = self.instance, self.instance.grid
        capex = total([[s.capex_usd for s in states] for states in self.states])
        new = total([[float(s.is_new) for s in states] for states in self.states])
        result = (capex <= instance.budget_usd * (1.0 + SLACK)) & (new <= instance.max_sites)
        for g in range(len(grid.id)):
            weight = dict.fromkeys(range(len(self.states)), 0.0)
            for e in range(grid.ptr[g], grid.ptr[g + 1]):
                weight[int(grid.site[e])] = float(grid.coefficient[e])
            used = [[weight[j] * s.facility_mw for s in states] for j, states in enumerate(self.states)]
            result &= total(used) <= grid.limit_mw[g] * (1.0 + SLACK) + SLACK
        return result

    def cheapest_usd(self) -> np.ndarray:
        """Cost of giving every demand its cheapest pool, however full, USD."""
        result = np.zeros(())
        for i, rest in enumerate(self.instance.demands.unserved_usd.tolist()):
            prices = [
                [min((self._usd(i, p) for p in self._places(s)), default=inf) for s in states]
                for states in self.states
            ]
            result = result + np.minimum(reduce(np.minimum.outer, map(np.array, prices)), rest)
        return result

    def placement(self, k: int, states: tuple[State, ...]) -> Placement:
        """Least cost of placing workload ``k``; shares by arc, and unserved shares by demand."""
        of_workload = self.instance.variants.workload[self.instance.pools.variant]
        places = tuple(p for s in states for p in self._places(s) if of_workload[p.pool] == k)
        if (k, places) not in self._placed:
            single_source = any(self.instance.demands.is_splittable[i] == 0 for i in self.demands[k])
            self._placed[k, places] = (self._single_source if single_source else self._split)(k, places)
        return self._placed[k, places]

    def solution(self, states: tuple[State, ...]) -> Solution:
        """The decisions of a combination of states."""
        instance = self.instance
        replicas = np.zeros(len(instance.pools.site), dtype=np.int32)
        share, unserved = np.zeros(len(instance.arcs.demand)), np.zeros(len(instance.demands.region))
        for state in states:
            for p, n in state.replicas.items():
                replicas[p] = n
        for k in self.workloads:
            _, shares, rests = self.placement(k, states)
            share[list(shares)], unserved[list(rests)] = list(shares.values()), list(rests.values())
        option = np.array([s.option for s in states], dtype=np.int32)
        modules = np.array([s.modules for s in states], dtype=np.int32)
        return Solution(option, modules, replicas, share, unserved)

    def _split(self, k: int, places: tuple[Place, ...]) -> Placement:
        """Try every choice of how far each pool reaches; shares follow by linear programming."""
        demands, best = self.demands[k], NOTHING_FITS
        if not demands:
            return 0.0, {}, {}
        load = self.instance.demands.peak_rps[demands]
        for reach in product(*(self._reaches(k, place) for place in places)):
            room = [self._carries(place, rtt) / load.max() for place, rtt in zip(places, reach, strict=True)]
            pairs = list(zip(places, reach, strict=True))
            prices = [
                [self._usd(i, place) if self._rtt(i, place) <= rtt else inf for place, rtt in pairs]
                + [float(self.instance.demands.unserved_usd[i])]
                for i in demands
            ]
            usd, rows = split(prices, (load / load.max()).tolist(), room)
            if usd < best[0]:
                best = (usd, *self._named(demands, places, rows))
        return best

    def _single_source(self, k: int, places: tuple[Place, ...]) -> Placement:
        """Try every place of every demand."""
        demands, peak = self.demands[k], self.instance.demands.peak_rps
        unserved = self.instance.demands.unserved_usd
        best = NOTHING_FITS
        for choice in product(range(len(places) + 1), repeat=len(demands)):
            pairs = list(zip(demands, choice, strict=True))
            usd = sum(float(unserved[i]) if c == len(places) else self._usd(i, places[c]) for i, c in pairs)
            if usd >= best[0]:
                continue
            if all(
                sum(peak[i] for i, c in pairs if c == n)
                <= self._carries(place, max((self._rtt(i, place) for i, c in pairs if c == n), default=0.0))
                * (1.0 + SLACK)
                for n, place in enumerate(places)
            ):
                rows = [[float(c == n) for n in range(len(places) + 1)] for c in choice]
                best = (usd, *self._named(demands, places, rows))
        return best

    def _named(
        self, demands: list[int], places: tuple[Place, ...], rows: Sequence[Sequence[float]]
    ) -> tuple[dict[int, float], dict[int, float]]:
        shares, rests = {}, {}
        for i, row in zip(demands, rows, strict=True):
            for place, share in zip(places, row, strict=False):
                if share > SLACK:
                    shares[self.arc[i, place.pool]] = share
            if row[-1] > SLACK:
                rests[i] = row[-1]
        return shares, rests

    def _reaches(self, k: int, place: Place) -> list[float]:
        """Round trips of the demands that a pool can serve; only the longest where its replicas have no tail."""
        found = {self._rtt(i, place) for i in self.demands[k] if (i, place.pool) in self.arc}
        return sorted(found) if self.physics.has_tail(self._variant(place)) else [max(found)]

    def _carries(self, place: Place, rtt_ms: float) -> float:
        return self.physics.carries(self._variant(place), place.replicas, rtt_ms)

    def _variant(self, place: Place) -> int:
        return int(self.instance.pools.variant[place.pool])

    def _rtt(self, i: int, place: Place) -> float:
        a = self.arc.get((i, place.pool))
        return inf if a is None else float(self.instance.arcs.rtt_ms[a])

    def _usd(self, i: int, place: Place) -> float:
        """Cost of serving all of a demand in a pool, its idle power excepted, USD."""
        a, v, instance = self.arc.get((i, place.pool)), self._variant(place), self.instance
        if a is None:
            return inf
        sites, variants, j = instance.sites, instance.variants, instance.pools.site[place.pool]
        busy = instance.demands.mean_rps[i] / variants.rps[v]
        busy_mw = busy * variants.replica_mw[v] * (1 - variants.idle_fraction[v])
        power_usd = sites.energy_usd_per_mw[j] + sites.carbon_usd_per_mw[j]
        return float(instance.arcs.usd[a] + busy_mw * instance.options.pue[place.option] * power_usd)

    def _vectors(self, j: int) -> list[dict[int, int]]:
        """Numbers of replicas of the site's pools; never two accelerators for one workload."""
        instance = self.instance
        pools = range(instance.sites.pool_ptr[j], instance.sites.pool_ptr[j + 1])
        workload = instance.variants.workload[instance.pools.variant]
        most = [self._most_replicas(p) for p in pools]
        if np.prod([n + 1.0 for n in most]) > MOST_COMBINATIONS:
            raise TooManyError
        vectors = []
        for counts in product(*(range(n + 1) for n in most)):
            used = {p: n for p, n in zip(pools, counts, strict=True) if n}
            if len({int(workload[p]) for p in used}) == len(used):
                vectors.append(used)
        return vectors

    def _states(self, j: int, vectors: list[dict[int, int]]) -> list[State]:
        sites = self.instance.sites
        must = bool(sites.is_existing[j] or sites.is_forced[j])
        states = [] if must else [State(-1, 0, {}, 0.0, 0.0, 0.0, is_new=False)]
        for o in range(sites.option_ptr[j], sites.option_ptr[j + 1]):
            for used in vectors:
                state = self._state(j, o, used) if used or must else None
                states += [] if state is None else [state]
        return states

    def _state(self, j: int, o: int, used: dict[int, int]) -> State | None:
        sites, options, variants = self.instance.sites, self.instance.options, self.instance.variants
        rows = [(n, int(self.instance.pools.variant[p])) for p, n in used.items()]
        it_mw = sum(n * float(variants.replica_mw[v]) for n, v in rows)
        modules = max(int(options.min_modules[o]), ceil(it_mw / options.module_mw[o] * (1 - SLACK) - SLACK))
        facility_mw = it_mw * float(options.pue[o])
        if modules > options.max_modules[o] or facility_mw > sites.headroom_mw[j] * (1 + SLACK) + SLACK:
            return None
        bought = reference.module_capex(self.instance, o, modules)
        bought += sum(n * float(variants.usd[v]) for n, v in rows)
        idle_mw = sum(n * float(variants.replica_mw[v] * variants.idle_fraction[v]) for n, v in rows)
        power_usd = (sites.energy_usd_per_mw[j] + sites.carbon_usd_per_mw[j]) * options.pue[o] * idle_mw
        usd = options.fixed_usd[o] + bought + power_usd + sites.demand_usd_per_mw[j] * facility_mw
        capex = float(options.fixed_capex_usd[o]) + bought
        return State(o, modules, used, float(usd), capex, facility_mw, not sites.is_existing[j])

    def _most_replicas(self, p: int) -> int:
        """Replicas that carry all that may come to a pool from as far as it may come, or all that have power."""
        instance, j, v = self.instance, int(self.instance.pools.site[p]), int(self.instance.pools.variant[p])
        arcs = instance.pools.arc[instance.pools.arc_ptr[p] : instance.pools.arc_ptr[p + 1]]
        load = float(instance.demands.peak_rps[instance.arcs.demand[arcs]].sum())
        farthest = float(instance.arcs.rtt_ms[arcs].max())
        options = slice(instance.sites.option_ptr[j], instance.sites.option_ptr[j + 1])
        powered_mw = float(instance.option_capacity_mw[options].max(initial=0.0))
        powered = int(powered_mw / instance.variants.replica_mw[v] * (1 + SLACK) + SLACK)
        n = 0
        while n < powered and self.physics.carries(v, n, farthest) < load:
            n += 1
        return n

    def _places(self, state: State) -> list[Place]:
        return [Place(p, state.option, n) for p, n in state.replicas.items()]
