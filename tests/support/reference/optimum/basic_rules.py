"""The true optimum of a tiny scenario under the basic rules, by enumeration.

Every site takes each of its states: closed, or a design with a vector of replicas per workload and the fewest
modules that carry them (more never pay: all prices are at least zero). For each combination of states that
meets power, grid, budget and site limits, what remains is to place the demands of each workload: a linear
programme where they may be split, an enumeration where not. Combinations are taken in the order of a lower
bound that gives every demand its cheapest pool, so that most are never priced.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from math import ceil, inf
from typing import TYPE_CHECKING

import numpy as np

from siteopt.plan import FlowPlan, Plan, PoolPlan, SitePlan, UnservedPlan
from siteopt.verify.costs import present_value
from siteopt.verify.facts import Facts
from siteopt.verify.replica import stated_replica
from siteopt.verify.service import latency_ms
from support.reference.optimum.shares import Placement, split, whole
from support.reference.plan_figures import priced

if TYPE_CHECKING:
    from siteopt.scenario import Scenario
    from siteopt.scenario.schema import Demand, Site, Workload

#: More combinations than this are a mistake of the strategy, not a case to wait for.
MOST_COMBINATIONS = 400_000
SLACK = 1e-9


@dataclass(frozen=True, slots=True)
class State:
    """What one site may be: closed (``design`` is None), or open with so many replicas of each workload."""

    design: str | None
    modules: int
    replicas: tuple[int, ...]
    fixed_usd: float
    capex_usd: float
    facility_mw: float
    is_new: bool


def optimum(scenario: Scenario) -> tuple[float, Plan] | None:
    """Least net present cost of a scenario and a plan that has it, or None where no plan meets every rule."""
    search = _Search(scenario)
    shape = tuple(len(states) for states in search.states)
    if int(np.prod(shape)) > MOST_COMBINATIONS:
        raise ValueError(f"{int(np.prod(shape))} combinations are too many to enumerate")
    if 0 in shape:
        return None
    fixed, allowed = search.fixed_costs(shape), search.allowed(shape)
    lower = np.where(allowed, fixed + search.cheapest_shares(shape), inf).ravel()
    best, best_states = inf, None
    for index in np.argsort(lower, kind="stable"):
        if lower[index] >= best - 1e-12 * abs(best) or lower[index] == inf:
            break
        where = np.unravel_index(index, shape)
        states = tuple(search.states[j][i] for j, i in enumerate(where))
        cost = fixed[where] + sum(search.shares(k, states)[0] for k in range(len(search.workloads)))
        if cost < best:
            best, best_states = float(cost), states
    return None if best_states is None else (best, priced(scenario, search.plan(best_states)))


class _Search:
    """The scenario laid out for enumeration; shares of a workload are remembered by what they depend on."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario, self.facts = scenario, Facts(scenario, Plan())
        self.value = present_value(self.facts)
        self.workloads = scenario.workloads
        self.demands = [[d for d in scenario.demand if d.workload == w.id] for w in self.workloads]
        self.admissible = {
            (d.region, d.workload, s.id): self._admissible(d, s)
            for d in scenario.demand
            for s in scenario.sites
        }
        self.states = [list(self._states(site)) for site in scenario.sites]
        self._placed: dict[tuple[int, tuple[object, ...]], Placement] = {}

    def fixed_costs(self, shape: tuple[int, ...]) -> np.ndarray:
        """Cost of each combination before any demand is placed, USD."""
        return self._sum([[state.fixed_usd for state in states] for states in self.states], shape)

    def allowed(self, shape: tuple[int, ...]) -> np.ndarray:
        """Which combinations meet the budget, the number of sites and the grid limits."""
        policy, sites = self.scenario.policy, self.scenario.sites
        result = np.ones(shape, dtype=bool)
        if policy.budget_usd is not None:
            capex = self._sum([[state.capex_usd for state in states] for states in self.states], shape)
            result &= capex <= policy.budget_usd * (1 + SLACK) + SLACK
        if policy.max_sites is not None:
            new = self._sum([[float(state.is_new) for state in states] for states in self.states], shape)
            result &= new <= policy.max_sites
        for limit in self.scenario.grid_limits:
            if limit.coefficients is not None:
                weights = [max(0.0, limit.coefficients.get(site.id, 0.0)) for site in sites]
            elif limit.zone is not None:
                weights = [float(site.zone == limit.zone) for site in sites]
            else:
                weights = [float(site.jurisdiction == limit.jurisdiction) for site in sites]
            terms = [
                [x * s.facility_mw for s in states] for x, states in zip(weights, self.states, strict=True)
            ]
            result &= self._sum(terms, shape) <= limit.limit_mw * (1 + SLACK) + SLACK
        return result

    def cheapest_shares(self, shape: tuple[int, ...]) -> np.ndarray:
        """Cost of giving every demand its cheapest pool, however full, USD; ``inf`` without one."""
        total = np.zeros(shape)
        for k, demands in enumerate(self.demands):
            for demand in demands:
                least = np.full(shape, self._unserved_usd(k, demand))
                for j, (site, states) in enumerate(zip(self.scenario.sites, self.states, strict=True)):
                    prices = [self._share_usd(k, demand, site, state) for state in states]
                    least = np.minimum(least, self._along(prices, j, shape))
                total += least
        return total

    def shares(self, k: int, states: tuple[State, ...]) -> Placement:
        """Least cost of placing workload ``k``, and the shares: one row per demand, unserved last."""
        key = (k, tuple((s.design, s.replicas[k]) if s.replicas[k] else None for s in states))
        if key not in self._placed:
            prices = [
                [self._share_usd(k, d, site, s) for site, s in zip(self.scenario.sites, states, strict=True)]
                + [self._unserved_usd(k, d)]
                for d in self.demands[k]
            ]
            loads = [self._load(k, d) for d in self.demands[k]]
            room = [self._cap(k) * s.replicas[k] for s in states]
            place = split if self.workloads[k].splittable else whole
            self._placed[key] = place(prices, loads, room) if prices else (0.0, ())
        return self._placed[key]

    def plan(self, states: tuple[State, ...]) -> Plan:
        """The decisions of one combination of states as a plan without figures."""
        pairs = list(zip(self.scenario.sites, states, strict=True))
        opened = [(site, state) for site, state in pairs if state.design is not None]
        flows, unserved = [], []
        for k, workload in enumerate(self.workloads):
            for demand, row in zip(self.demands[k], self.shares(k, states)[1], strict=True):
                for (site, _), share in zip(pairs, row, strict=False):
                    if share > 1e-9:
                        flows.append(FlowPlan(demand.region, workload.id, site.id, "replica", share))
                if row[-1] > 1e-9:
                    unserved.append(UnservedPlan(demand.region, workload.id, row[-1]))
        return Plan(
            sites=tuple(SitePlan(site.id, str(state.design), state.modules) for site, state in opened),
            pools=tuple(
                PoolPlan(site.id, workload.id, "replica", state.replicas[k])
                for site, state in opened
                for k, workload in enumerate(self.workloads)
                if state.replicas[k]
            ),
            flows=tuple(flows),
            unserved=tuple(unserved),
        )

    def _states(self, site: Site) -> list[State]:
        states = []
        must = site.status in ("existing", "forced")
        if not must:
            states.append(State(None, 0, (0,) * len(self.workloads), 0.0, 0.0, 0.0, is_new=False))
        if site.status == "forbidden":
            return states
        most = [self._most_replicas(k, site) for k in range(len(self.workloads))]
        names = [site.existing.design] if site.existing else site.designs
        for name, replicas in product(names, product(*(range(n + 1) for n in most))):
            if must or any(replicas):
                state = self._state(site, name, replicas)
                states += [state] if state is not None else []
        return states

    def _state(self, site: Site, name: str, replicas: tuple[int, ...]) -> State | None:
        design = self.facts.designs[name]
        pairs = list(zip(replicas, self.workloads, strict=True))
        it_mw = sum(n * w.replica.kw for n, w in pairs) / 1000.0
        sunk = site.existing.modules if site.existing else 0
        usable = design.module_mw * design.usable_fraction
        modules = max(1, sunk, ceil(it_mw / usable * (1 - SLACK) - SLACK))
        facility_mw = it_mw * design.pue
        if modules > design.max_modules or facility_mw > site.headroom_mw * (1 + SLACK) + SLACK:
            return None
        capex = design.usd_per_module * (modules - sunk) + sum(n * w.replica.usd for n, w in pairs)
        staff = 0.0
        if site.existing is None:
            capex += site.land_usd + site.connection_usd + design.fixed_usd
            staff = design.staff_usd_per_year
        idle_mw = sum(n * w.replica.kw * w.replica.idle_fraction for n, w in pairs) / 1000.0
        yearly = staff + idle_mw * self._usd_per_it_mw_year(site, name)
        yearly += site.demand_charge_usd_per_mw_year * facility_mw
        return State(
            name, modules, replicas, capex + self.value * yearly, capex, facility_mw, site.existing is None
        )

    def _usd_per_it_mw_year(self, site: Site, design: str) -> float:
        carbon = site.carbon_g_per_kwh * 1e-3 * self.scenario.policy.carbon_usd_per_t
        return 8760.0 * self.facts.designs[design].pue * (site.price_usd_per_mwh + carbon)

    def _share_usd(self, k: int, demand: Demand, site: Site, state: State) -> float:
        """Cost of serving all of a demand at a site in that state, idle power excepted, USD."""
        workload, policy = self.workloads[k], self.scenario.policy
        if (
            state.design is None
            or not state.replicas[k]
            or not self.admissible[demand.region, demand.workload, site.id]
        ):
            return inf
        replica = workload.replica
        busy_mw = demand.mean_rps * workload.calls_per_request / replica.rps * replica.kw / 1000.0
        energy = busy_mw * (1.0 - replica.idle_fraction) * self._usd_per_it_mw_year(site, state.design)
        egress = policy.egress_usd_per_gb if site.egress_usd_per_gb is None else site.egress_usd_per_gb
        per_request = workload.gb_out * egress - workload.revenue_usd_per_1k / 1000.0
        here = self.facts.geography.access(self.facts.regions[demand.region])[0]
        if here is None or here != self.facts.geography.access(site)[0]:
            per_request += (workload.gb_in + workload.gb_out) * policy.transit_usd_per_gb
        return self.value * (energy + per_request * demand.mean_rps * 31_536_000.0)

    def _unserved_usd(self, k: int, demand: Demand) -> float:
        penalty = self.workloads[k].unserved_usd_per_1k
        return inf if penalty is None else self.value * demand.mean_rps * 31_536.0 * penalty

    def _admissible(self, demand: Demand, site: Site) -> bool:
        flow = FlowPlan(demand.region, demand.workload, site.id, "replica", 1.0)
        workload = self.facts.workloads[demand.workload]
        allowed = self.facts.allowed_jurisdictions(workload, self.facts.regions[demand.region])
        rtt, replica = self.facts.rtt_ms(flow), stated_replica(workload)
        assert replica is not None
        return (
            site.status != "forbidden"
            and site.tier in workload.tiers
            and site.jurisdiction in allowed
            and rtt < inf
            and all(latency_ms(replica, slo.metric, rtt, slo.percentile) <= slo.ms for slo in workload.slo)
        )

    def _most_replicas(self, k: int, site: Site) -> int:
        """Replicas that carry every demand of the workload that may come here."""
        here = [d for d in self.demands[k] if self.admissible[d.region, d.workload, site.id]]
        return ceil(sum(self._load(k, d) for d in here) / self._cap(k) * (1 - SLACK))

    def _load(self, k: int, demand: Demand) -> float:
        workload: Workload = self.workloads[k]
        return demand.peak_rps * workload.calls_per_request / workload.replica.rps

    def _cap(self, k: int) -> float:
        return self.scenario.policy.utilisation_cap if self.workloads[k].sizing == "utilisation" else 1.0

    def _sum(self, terms: list[list[float]], shape: tuple[int, ...]) -> np.ndarray:
        total = np.zeros(shape)
        for j, values in enumerate(terms):
            total += self._along(values, j, shape)
        return total

    @staticmethod
    def _along(values: list[float], axis: int, shape: tuple[int, ...]) -> np.ndarray:
        return np.asarray(values, dtype=float).reshape([-1 if j == axis else 1 for j in range(len(shape))])
