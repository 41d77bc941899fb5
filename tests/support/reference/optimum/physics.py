"""What a site may serve, how much a pool carries and what that costs: the oracle's formulas, from the scenario alone.

Loads are in replicas kept busy at peak. Replicas must be stated; tails are Erlang-C with the Allen-Cunneen factor.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import inf
from typing import TYPE_CHECKING

from scipy.stats import gamma

from support.reference.optimum.network import Allowed, Backbone
from support.reference.queueing import max_load

if TYPE_CHECKING:
    from siteopt.plan import Data
    from siteopt.scenario import Scenario
    from siteopt.scenario.schema import Demand, Replica, Service, Site, Workload

HOURS, SECONDS = 8760.0, 31_536_000.0
#: By the design, carried loads are lowered by this share against the tolerance of a solver.
SHRINK = 1e-6
SERVING_TIERS = {
    "hybrid": ("device", "enclosure", "micro", "regional", "hyperscale"),
    "central": ("hyperscale",),
    "edge": ("device", "enclosure", "micro"),
}


@dataclass(frozen=True, slots=True)
class Arc:
    """All of a demand at a site in a data mode.

    Attributes
    ----------
    rtt_ms : float
        Round trip of a call, those to the data included.
    usd, busy_mw : float
        Net present cost of traffic less revenue; mean IT power that the load adds to idle replicas.
    route : tuple of str
        Backbone nodes from region to site.
    lines_gbps : dict
        Traffic at peak by name of line.
    is_normal : bool
        Whether the usual SLOs admit it; degraded ones always do.
    """

    rtt_ms: float
    usd: float
    busy_mw: float
    route: tuple[str, ...]
    lines_gbps: dict[str, float]
    is_normal: bool


class Physics:
    """Arcs and capacities of a scenario.

    Attributes
    ----------
    demands : list of list of Demand
        By workload; ``left_out`` has those that must be served and that only sites outside the mode admit.
    arcs : dict
        By region, workload, site and data mode.
    """

    def __init__(self, scenario: Scenario) -> None:
        if any(workload.replica is None for workload in scenario.workloads):
            raise ValueError("models on accelerators are not enumerated here")
        self.scenario, self.backbone = scenario, Backbone(scenario)
        self.regions = {region.id: region for region in scenario.regions}
        years, rate = scenario.horizon.years, scenario.horizon.discount_rate
        self.value = years if rate == 0.0 else (1.0 - (1.0 + rate) ** -years) / rate
        self.carries = cache(self._carries)
        self.arcs: dict[tuple[str, str, str, Data | None], Arc] = {}
        self.demands: list[list[Demand]] = []
        self.left_out: list[Demand] = []
        for workload in scenario.workloads:
            served = []
            for demand in scenario.demand:
                if demand.workload == workload.id:
                    (served if self._add_arcs(demand, workload) else self.left_out).append(demand)
            self.demands.append(served)

    def load(self, k: int, demand: Demand) -> float:
        """Replicas that all of a demand keeps busy at peak."""
        workload = self.scenario.workloads[k]
        return demand.peak_rps * workload.calls_per_request / stated(workload)[0].rps

    def unserved_usd(self, k: int, demand: Demand) -> float:
        """Cost of leaving all of a demand out; ``inf`` where it must be served."""
        penalty = self.scenario.workloads[k].unserved_usd_per_1k
        return inf if penalty is None else self.value * SECONDS / 1000.0 * demand.mean_rps * penalty

    def modes(self, workload: Workload, site: Site) -> list[Data | None]:
        """Where a pool may find its data."""
        if workload.home is None:
            return [None]
        is_copied = workload.replica_gb is not None and self.copy_route(workload, site) is not None
        return ["home", "replica"] if is_copied else ["home"]

    def copy_route(self, workload: Workload, site: Site) -> tuple[str, ...] | None:
        """The way that keeps a copy at a site up to date."""
        assert workload.home is not None
        allowed = self._allowed(workload, site.jurisdiction) if workload.sovereign_route else None
        if self._home_rtt_ms(workload, site, allowed) == inf:
            return None
        return self.backbone.home_route(site, workload.home.node, allowed)

    def _home_rtt_ms(self, workload: Workload, site: Site, allowed: Allowed) -> float:
        assert workload.home is not None
        ways = (self.backbone.home_rtt_ms(site, workload.home.node, a) for a in (allowed, None))
        return _admitted(workload, *ways)

    def has_tail(self, k: int) -> bool:
        """Whether how far a pool reaches decides what it carries."""
        workload = self.scenario.workloads[k]
        return workload.sizing == "tail" and bool(workload.slo)

    def is_dense_enough(self, k: int, design: str) -> bool:
        """Whether the racks of a design feed and cool a replica."""
        replica = stated(self.scenario.workloads[k])[0]
        where = next(d for d in self.scenario.designs if d.id == design)
        is_cooled = replica.cooling == "air" or where.cooling == "liquid"
        return (replica.rack_kw or 0.0) <= (where.rack_kw or inf) and is_cooled

    def _carries(self, k: int, replicas: int, rtt_ms: float, is_degraded: bool) -> float:
        """Load that so many replicas carry when their farthest flow is ``rtt_ms`` away."""
        workload = self.scenario.workloads[k]
        replica, service = stated(workload)
        if workload.sizing == "linear":
            return float(replicas)
        capped = replicas * self.scenario.policy.utilisation_cap
        if not self.has_tail(k) or replicas == 0:
            return capped
        slots = service.slots or max(1, round(replica.rps * service.ms / 1000.0))
        holding_ms = 1000.0 * slots / replica.rps
        tails = [
            max_load(replicas * slots, max(0.0, slack - rtt_ms), holding_ms, service.scv, p) / slots
            for slack, p in slacks(workload, is_degraded)
        ]
        return min(capped, min(tails) * (1.0 - SHRINK) / workload.burst_factor)

    def _add_arcs(self, demand: Demand, workload: Workload) -> bool:
        """Whether the demand stays: it has a normal arc, has a penalty, or would have no normal arc in mode hybrid."""
        for site in self.scenario.sites:
            for data in self.modes(workload, site):
                arc = self._arc(demand, workload, site, data, SERVING_TIERS[self.scenario.policy.mode])
                if arc is not None:
                    self.arcs[demand.region, workload.id, site.id, data] = arc
        mine = [arc for key, arc in self.arcs.items() if key[:2] == (demand.region, workload.id)]
        if workload.unserved_usd_per_1k is not None or any(arc.is_normal for arc in mine):
            return True
        in_hybrid = (
            self._arc(demand, workload, site, data, SERVING_TIERS["hybrid"])
            for site in self.scenario.sites
            for data in self.modes(workload, site)
        )
        return not any(arc is not None and arc.is_normal for arc in in_hybrid)

    def _arc(
        self, demand: Demand, workload: Workload, site: Site, data: Data | None, tiers: tuple[str, ...]
    ) -> Arc | None:
        region = self.regions[demand.region]
        allowed = self._allowed(workload, region.jurisdiction)
        on_route: Allowed = allowed if workload.sovereign_route else None
        if site.status == "forbidden" or site.tier not in workload.tiers or site.tier not in tiers:
            return None
        if site.jurisdiction not in allowed:
            return None
        k = self.scenario.workloads.index(workload)
        if not any(self.is_dense_enough(k, design) for design in self._designs(site)):
            return None
        rtt = _admitted(workload, *(self.backbone.user_rtt_ms(region, site, a) for a in (on_route, None)))
        if workload.home is not None and data == "home":
            home_rtt = self._home_rtt_ms(workload, site, on_route)
            rtt += workload.home.trips_per_call * home_rtt if home_rtt < inf else inf
        if rtt == inf or any(rtt > slack for slack, _ in slacks(workload, is_degraded=True)):
            return None
        replica, _ = stated(workload)
        calls = workload.calls_per_request
        busy_mw = demand.mean_rps * calls / replica.rps * replica.kw / 1000.0 * (1.0 - replica.idle_fraction)
        is_normal = all(rtt <= slack for slack, _ in slacks(workload, is_degraded=False))
        route = self.backbone.user_route(region, site, on_route)
        assert route is not None
        usd, lines = self._traffic(demand, workload, site, data, route, on_route)
        return Arc(rtt, usd, busy_mw, route, lines, is_normal)

    def _traffic(
        self,
        demand: Demand,
        workload: Workload,
        site: Site,
        data: Data | None,
        route: tuple[str, ...],
        allowed: Allowed,
    ) -> tuple[float, dict[str, float]]:
        """Cost of traffic less revenue, USD, and Gbit/s at peak by line."""
        policy = self.scenario.policy
        egress = policy.egress_usd_per_gb if site.egress_usd_per_gb is None else site.egress_usd_per_gb
        both_ways_gb = workload.gb_in + workload.gb_out
        per_request = workload.gb_out * egress - workload.revenue_usd_per_1k / 1000.0
        per_request += 0.0 if len(route) == 1 else both_ways_gb * policy.transit_usd_per_gb
        lines = dict.fromkeys(self.backbone.lines(site, route), demand.peak_rps * both_ways_gb * 8.0)
        if workload.home is not None and data == "home":
            to_home = self.backbone.home_route(site, workload.home.node, allowed)
            assert to_home is not None
            gb = workload.calls_per_request * workload.home.gb_per_call
            per_gb = policy.egress_usd_per_gb + policy.transit_usd_per_gb
            per_request += 0.0 if len(to_home) == 1 else gb * per_gb
            for line in self.backbone.lines(site, to_home):
                lines[line] = lines.get(line, 0.0) + demand.peak_rps * gb * 8.0
        return self.value * SECONDS * demand.mean_rps * per_request, lines

    def _designs(self, site: Site) -> list[str]:
        """Designs that stand at a site or can be ready there in time."""
        if site.existing is not None:
            return [site.existing.design]
        by = self.scenario.policy.ready_by_month
        energised = min((step.months for step in site.connection_steps), default=0.0)
        in_time = (d for d in self.scenario.designs if by is None or max(d.build_months, energised) <= by)
        return [design.id for design in in_time if design.id in site.designs]

    def _allowed(self, workload: Workload, home: str) -> frozenset[str]:
        rule = workload.jurisdictions
        if isinstance(rule, tuple):
            return frozenset(rule)
        if rule == "same":
            return frozenset([home])
        return frozenset(j.id for j in self.scenario.jurisdictions if rule == "any" or rule in j.groups)


def _admitted(workload: Workload, inside_ms: float, any_ms: float) -> float:
    """Round trip of a route, ``inf`` where it must be the fastest of all and one that leaves is faster."""
    is_beaten = workload.sovereign_route == "fastest" and any_ms * (1.0 + 1e-9) < inside_ms
    return inf if is_beaten else inside_ms


def stated(workload: Workload) -> tuple[Replica, Service]:
    """Replica and service of a workload, which states both."""
    assert workload.replica is not None
    assert workload.service is not None
    return workload.replica, workload.service


@cache
def slacks(workload: Workload, is_degraded: bool) -> list[tuple[float, float]]:
    """What each SLO leaves to one round trip and one wait, ms, and its percentile."""
    _, service = stated(workload)
    result = []
    for n, slo in enumerate(workload.slo):
        calls = workload.calls_per_request if slo.metric == "e2e" else 1.0
        mean, scv = calls * service.ms, service.scv / calls
        quantile = mean if scv == 0.0 else float(gamma.ppf(slo.percentile, 1.0 / scv, scale=mean * scv))
        is_eased = is_degraded and n == 0 and workload.protect is not None
        ms = workload.protect.slo_ms if is_eased and workload.protect is not None else slo.ms
        result.append(((ms - quantile) / calls, slo.percentile))
    return result
