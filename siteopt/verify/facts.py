"""Scenario and plan joined by id, and what follows from the decisions alone: loads and power.

Rows that name something unknown are left out here (the rule ``unknown_id`` reports them). Of a site that
stands twice the first row counts; of everything else all rows count.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from siteopt.verify.geography import Geography
from siteopt.verify.replica import STATED, ModelReplica, stated_replica, unusable

if TYPE_CHECKING:
    from siteopt.plan import FlowPlan, Plan, PoolPlan, SitePlan
    from siteopt.scenario.schema import GridLimit, Region, Scenario, Workload
    from siteopt.verify.queue import Tail
    from siteopt.verify.replica import ReplicaFacts

#: Site, workload and accelerator.
Pool = tuple[str, str, str]


class Facts:
    """Lookups and sums that the rules share.

    Attributes
    ----------
    open : dict
        Site id to its row of the plan, for known sites with a known design.
    replicas, peak_rps, peak_erlang, mean_erlang : dict
        Per pool (site, workload, accelerator): replicas, calls per second at peak, and replicas kept busy at peak and
        on average over the year.
    it_mw, mean_it_mw, facility_mw : dict
        Per open site: IT power at full load of all replicas, at mean load, and the first times PUE, MW.
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
        self.it_mw: dict[str, float] = dict.fromkeys(self.open, 0.0)
        self.mean_it_mw: dict[str, float] = dict.fromkeys(self.open, 0.0)
        self._add_power()
        self.facility_mw = {s: mw * self.designs[self.open[s].design].pue for s, mw in self.it_mw.items()}

    def allowed_jurisdictions(self, workload: Workload, region: Region) -> frozenset[str]:
        """Jurisdictions in which a workload of a region may be served."""
        rule = workload.jurisdictions
        if isinstance(rule, tuple):
            return frozenset(rule)
        if rule == "any":
            return self._every_jurisdiction
        return frozenset([region.jurisdiction]) if rule == "same" else frozenset(self._groups[rule])

    def route_jurisdictions(self, flow: FlowPlan) -> frozenset[str] | None:
        """Jurisdictions that the route of a flow must stay in; None where it may cross any."""
        workload = self.workloads[flow.workload]
        if not workload.sovereign_route:
            return None
        return self.allowed_jurisdictions(workload, self.regions[flow.region])

    def rtt_ms(self, flow: FlowPlan) -> float:
        """Round trip of a flow on the shortest route that it may take, ms; ``inf`` where it may take none."""
        region, site = self.regions[flow.region], self.sites[flow.site]
        return self.geography.rtt_ms(region, site, self.route_jurisdictions(flow))

    def is_existing(self, site: str) -> bool:
        """Whether the site stands already, so that opening it is sunk."""
        return self.sites[site].existing is not None

    def sunk_modules(self, site: str) -> int:
        """Modules that stand at the site already."""
        existing = self.sites[site].existing
        return existing.modules if existing is not None else 0

    def grid_mw(self, limit: GridLimit) -> float:
        """Facility power that counts against a grid limit, MW; a coefficient below zero credits nothing."""
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
        """The pool that a row belongs to; a workload that states its replica has one kind, whatever its name."""
        stated = self._stated.get(row.workload) is not None
        return row.site, row.workload, STATED if stated else row.accelerator

    def replica(self, pool: Pool) -> ReplicaFacts | None:
        """A replica of a pool; None where it runs a model and no row of the plan says how."""
        return self._stated.get(pool[1]) or self._replica.get(pool)

    def tail(self, pool: Pool) -> Tail | None:
        """Waiting time of a pool at its peak times the burst factor; None where nothing is sized for it."""
        if pool not in self._tail:
            workload, replica = self.workloads[pool[1]], self.replica(pool)
            waits = workload.sizing == "tail" and any(limit.metric != "tpot" for limit in workload.slo)
            rate_rps = self.peak_rps.get(pool, 0.0) * workload.burst_factor
            self._tail[pool] = (
                replica.tail(self.replicas.get(pool, 0), rate_rps) if waits and replica is not None else None
            )
        return self._tail[pool]

    def _add_pool(self, row: PoolPlan) -> None:
        if row.site not in self.sites or row.workload not in self.workloads:
            return
        pool, workload = self.pool(row), self.workloads[row.workload]
        self.replicas[pool] += row.replicas
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
