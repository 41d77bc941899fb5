"""Scenario and plan joined by id, and what follows from the decisions alone: loads and power.

Rows that name something unknown are left out here (the rule ``unknown_id`` reports them). Where a site
is listed twice, its first row counts; of everything else, all rows count.
"""

from __future__ import annotations

from collections import defaultdict
from functools import partial
from math import inf
from typing import TYPE_CHECKING, Protocol

from siteopt.verify.data_modes import DataModes
from siteopt.verify.facility import site_pue, usable_mw
from siteopt.verify.geography import Geography
from siteopt.verify.replica import STATED, ModelReplica, stated_replica, unusable
from siteopt.verify.violation import above

if TYPE_CHECKING:
    from collections.abc import Callable

    from siteopt.plan import FlowPlan, Plan, PoolPlan, SitePlan
    from siteopt.scenario.schema import GridLimit, Region, Scenario, Site, Workload
    from siteopt.verify.queue import Tail
    from siteopt.verify.replica_facts import ReplicaFacts

#: Site, workload and accelerator.
Pool = tuple[str, str, str]


class Journey(Protocol):
    """A demand at a site: a flow, or where one moves after a failure."""

    @property
    def region(self) -> str:
        """Where it comes from."""

    @property
    def workload(self) -> str:
        """What it asks for."""

    @property
    def site(self) -> str:
        """Where it is served."""


class Facts:
    """Lookups and sums that the rules share.

    Attributes
    ----------
    open : dict
        Site id to its row of the plan, for known sites with a known design.
    replicas, peak_rps, peak_erlang, mean_erlang : dict
        Per pool (site, workload, accelerator): replicas, calls per second at peak, and replicas kept busy at peak and
        on average over the year.
    standing : dict
        Site and workload to the pool that stands there: the first with replicas, at an open site.
    pue, usable_mw, it_mw, mean_it_mw, facility_mw : dict
        Per open site: facility over IT power; IT power that the modules carry, that of all replicas at full load, the
        same at mean load, and facility power at full load, MW.
    served : dict
        Per demand (region, workload): sum of the shares served.
    """

    def __init__(self, scenario: Scenario, plan: Plan) -> None:
        self.scenario, self.plan = scenario, plan
        self.geography = Geography(scenario)
        self.sites = {site.id: site for site in scenario.sites}
        self.designs = {design.id: design for design in scenario.designs}
        self.workloads = {workload.id: workload for workload in scenario.workloads}
        self.regions = {region.id: region for region in scenario.regions}
        self.demand = {(demand.region, demand.workload): demand for demand in scenario.demand}
        self.data = DataModes(self.workloads, plan)
        self._groups: dict[str, set[str]] = defaultdict(set)
        for jurisdiction in scenario.jurisdictions:
            for group in jurisdiction.groups:
                self._groups[group].add(jurisdiction.id)
        self._every_jurisdiction = frozenset(jurisdiction.id for jurisdiction in scenario.jurisdictions)

        self.open: dict[str, SitePlan] = {}
        for built in plan.sites:
            if built.id in self.sites and built.design in self.designs:
                self.open.setdefault(built.id, built)
        self.flows = [f for f in plan.flows if (f.region, f.workload) in self.demand and f.site in self.sites]
        self.unserved = [u for u in plan.unserved if (u.region, u.workload) in self.demand]
        self.replicas: dict[Pool, int] = defaultdict(int)
        self.standing: dict[tuple[str, str], Pool] = {}
        self._replica: dict[Pool, ReplicaFacts] = {}
        self._tail: dict[Pool, Tail | None] = {}
        self._stated = {workload.id: stated_replica(workload) for workload in scenario.workloads}
        for row in plan.pools:
            self._add_pool(row)
        self.peak_rps: dict[Pool, float] = defaultdict(float)
        self.peak_erlang: dict[Pool, float] = defaultdict(float)
        self.mean_erlang: dict[Pool, float] = defaultdict(float)
        self.served: dict[tuple[str, str], float] = defaultdict(float)
        for flow in self.flows:
            self._add_load(flow)
        built_as = {name: self.designs[row.design] for name, row in self.open.items()}
        self.pue = {name: site_pue(self.sites[name], design) for name, design in built_as.items()}
        self.usable_mw = {name: usable_mw(d, self.open[name].modules) for name, d in built_as.items()}
        self.it_mw: dict[str, float] = dict.fromkeys(self.open, 0.0)
        self.mean_it_mw: dict[str, float] = dict.fromkeys(self.open, 0.0)
        self._add_power()
        self.facility_mw = {name: mw * self.pue[name] for name, mw in self.it_mw.items()}

    def allowed_jurisdictions(self, workload: Workload, place: Region | Site) -> frozenset[str]:
        """Return the jurisdictions in which a workload may be served when requests come from a place."""
        rule = workload.jurisdictions
        if isinstance(rule, tuple):
            return frozenset(rule)
        if rule == "any":
            return self._every_jurisdiction
        return frozenset([place.jurisdiction]) if rule == "same" else frozenset(self._groups[rule])

    def route_jurisdictions(self, flow: Journey) -> frozenset[str] | None:
        """Return the jurisdictions that the routes of a flow must stay in; None where they may cross any."""
        workload = self.workloads[flow.workload]
        if not workload.sovereign_route:
            return None
        return self.allowed_jurisdictions(workload, self.regions[flow.region])

    def home_jurisdictions(self, site: str, name: str) -> frozenset[str] | None:
        """Return the jurisdictions that the route between a site and a workload's data must stay in; None for any.

        Where a flow may be served at all, they are those of its own route: the rule "same" then says the same.
        """
        workload = self.workloads[name]
        return self.allowed_jurisdictions(workload, self.sites[site]) if workload.sovereign_route else None

    def home_rtt_ms(self, site: str, name: str) -> float:
        """Return the round trip between a site and the data of a workload, ms; ``inf`` where no route is allowed."""
        home, allowed = self.workloads[name].home, self.home_jurisdictions(site, name)
        if home is None:
            return inf
        return self._admitted_ms(
            name, allowed, partial(self.geography.home_rtt_ms, self.sites[site], home.node)
        )

    def user_rtt_ms(self, flow: Journey) -> float:
        """Return the round trip from region to site on the shortest allowed route, ms; ``inf`` where there is none."""
        region, site = self.regions[flow.region], self.sites[flow.site]
        allowed = self.route_jurisdictions(flow)
        return self._admitted_ms(flow.workload, allowed, partial(self.geography.rtt_ms, region, site))

    def _admitted_ms(
        self, name: str, allowed: frozenset[str] | None, rtt_ms: Callable[[frozenset[str] | None], float]
    ) -> float:
        """Return a round trip inside; ``inf`` where it must be the fastest of all and one that leaves is faster."""
        inside_ms = rtt_ms(allowed)
        is_strict = self.workloads[name].sovereign_route == "fastest"
        return inf if is_strict and above(inside_ms, rtt_ms(None)) else inside_ms

    def home_trips_ms(self, flow: Journey, mode: str | None) -> float:
        """Return the time that one call spends between the site and its data, ms; 0 where they are at hand."""
        home = self.workloads[flow.workload].home
        if home is None or mode != "home":
            return 0.0
        trip_ms = self.home_rtt_ms(flow.site, flow.workload)
        return home.trips_per_call * trip_ms if trip_ms < inf else inf

    def rtt_ms(self, flow: Journey) -> float:
        """Return the round trips of one call, those to its data included, ms; ``inf`` where a route is missing."""
        return self.user_rtt_ms(flow) + self.home_trips_ms(flow, self.data.mode(flow.site, flow.workload))

    def calls_rps(self, flow: Journey, share: float) -> float:
        """Return the calls per second at peak of a share of a demand."""
        calls = share * self.workloads[flow.workload].calls_per_request
        return calls * self.demand[flow.region, flow.workload].peak_rps

    def usable(self, pool: Pool) -> float:
        """Return the replicas of a pool that may be busy at peak."""
        linear = self.workloads[pool[1]].sizing == "linear"
        return self.replicas.get(pool, 0) * (1.0 if linear else self.scenario.policy.utilisation_cap)

    def is_existing(self, site: str) -> bool:
        """Whether the site stands already, so that opening it is sunk."""
        return self.sites[site].existing is not None

    def sunk_modules(self, site: str) -> int:
        """Return the modules that stand at the site already."""
        existing = self.sites[site].existing
        return existing.modules if existing is not None else 0

    def grid_mw(self, limit: GridLimit) -> float:
        """Return the facility power that counts against a grid limit, MW; a coefficient below zero credits nothing."""
        if limit.coefficients is not None:
            return sum(
                max(0.0, x) * self.facility_mw.get(site, 0.0) for site, x in limit.coefficients.items()
            )
        return sum(
            mw
            for site, mw in self.facility_mw.items()
            if (self.sites[site].zone if limit.zone is not None else self.sites[site].jurisdiction)
            == (limit.zone if limit.zone is not None else limit.jurisdiction)
        )

    def pool(self, row: PoolPlan | FlowPlan) -> Pool:
        """Return the pool that a row belongs to; a workload that states its replica has one kind, whatever its name."""
        stated = self._stated.get(row.workload) is not None
        return row.site, row.workload, STATED if stated else row.accelerator

    def replica(self, pool: Pool) -> ReplicaFacts | None:
        """Return a replica of a pool; None where it runs a model and no row of the plan says how."""
        return self._stated.get(pool[1]) or self._replica.get(pool)

    def waits(self, pool: Pool, rate_rps: float) -> Tail | None:
        """Return the waiting time of a pool at a peak rate x the burst factor; None where its tail does not size it."""
        workload, replica = self.workloads[pool[1]], self.replica(pool)
        counts = workload.sizing == "tail" and any(limit.metric != "tpot" for limit in workload.slo)
        if not counts or replica is None:
            return None
        return replica.tail(self.replicas.get(pool, 0), rate_rps * workload.burst_factor)

    def tail(self, pool: Pool) -> Tail | None:
        """Return the waiting time of a pool at its own peak; None where its tail does not size it."""
        if pool not in self._tail:
            self._tail[pool] = self.waits(pool, self.peak_rps.get(pool, 0.0))
        return self._tail[pool]

    def _add_pool(self, row: PoolPlan) -> None:
        if row.site not in self.sites or row.workload not in self.workloads:
            return
        pool, workload = self.pool(row), self.workloads[row.workload]
        self.replicas[pool] += row.replicas
        if row.replicas > 0 and row.site in self.open:
            self.standing.setdefault((row.site, row.workload), pool)
        if pool not in self._replica and row.accelerator in workload.accelerators and unusable(row) is None:
            self._replica[pool] = ModelReplica(self.scenario, workload, row)

    def _add_load(self, flow: FlowPlan) -> None:
        demand, workload = self.demand[flow.region, flow.workload], self.workloads[flow.workload]
        self.served[flow.region, flow.workload] += flow.share
        pool = self.pool(flow)
        replica, calls = self.replica(pool), flow.share * workload.calls_per_request
        if replica is not None:
            self.peak_rps[pool] += calls * demand.peak_rps
            self.peak_erlang[pool] += calls * demand.peak_rps / replica.rps
            self.mean_erlang[pool] += calls * demand.mean_rps / replica.rps

    def _add_power(self) -> None:
        for pool, replicas in self.replicas.items():
            site, replica = pool[0], self.replica(pool)
            if site not in self.open or replica is None:
                continue
            busy = self.mean_erlang.get(pool, 0.0)
            self.it_mw[site] += replicas * replica.kw / 1000.0
            idle_kw = replica.kw * replica.idle_fraction
            self.mean_it_mw[site] += (idle_kw * replicas + (replica.kw - idle_kw) * busy) / 1000.0
