"""What binds in a plan: every limit with what is used of it and what is left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from siteopt.scenario.facilities import usable_modules

if TYPE_CHECKING:
    from collections.abc import Iterator

    from siteopt.plan import Plan
    from siteopt.scenario.schema import Scenario

#: A limit without a natural smallest step binds from this share on.
FULL = 0.999


@dataclass(frozen=True, slots=True)
class Binding:
    """Use of one limit.

    Attributes
    ----------
    kind, subject, unit : str
    used, limit : float
    step : float
        The least that could be added: power of one replica there, capital of a module, one site.
    """

    kind: str
    subject: str
    unit: str
    used: float
    limit: float
    step: float

    @property
    def slack(self) -> float:
        """What is left; rules are met to within rounding."""
        return max(0.0, self.limit - self.used)

    @property
    def binds(self) -> bool:
        """Whether not even the least would still fit."""
        if self.step > 0.0:
            return self.slack < self.step * (1.0 - 1e-9)
        return self.used >= FULL * self.limit


def what_binds(scenario: Scenario, plan: Plan) -> tuple[Binding, ...]:
    """All limits of a scenario in a plan with its figures, the ones that bind first, then by use."""
    rows = [
        *_policy(scenario, plan),
        *_sites(scenario, plan),
        *_shared(scenario, plan),
        *_tenants(scenario, plan),
    ]
    return tuple(sorted(rows, key=lambda r: (not r.binds, -r.used / r.limit if r.limit > 0.0 else 0.0)))


def _policy(scenario: Scenario, plan: Plan) -> Iterator[Binding]:
    policy, status = scenario.policy, {s.id: s.status for s in scenario.sites}
    if policy.budget_usd is not None:
        least = min((d.usd_per_module for d in scenario.designs), default=0.0)
        yield Binding(
            "budget",
            "policy.budget_usd",
            "USD",
            sum(s.capex_usd for s in plan.sites),
            policy.budget_usd,
            least,
        )
    if policy.max_sites is not None:
        new = sum(status[s.id] != "existing" for s in plan.sites)
        yield Binding("sites", "policy.max_sites", "sites", float(new), float(policy.max_sites), 1.0)


def _sites(scenario: Scenario, plan: Plan) -> Iterator[Binding]:
    sites, designs = {s.id: s for s in scenario.sites}, {d.id: d for d in scenario.designs}
    for row in plan.sites:
        site, design = sites[row.id], designs[row.design]
        replica_mw = _replica_mw(plan, row.id, row.it_mw)
        pue = site.pue.get(design.id, design.pue)
        yield Binding("headroom", row.id, "MW", row.facility_mw, site.headroom_mw, replica_mw * pue)
        if row.connection_mw is not None and row.connection_mw < site.headroom_mw:
            yield Binding("connection", row.id, "MW", row.facility_mw, row.connection_mw, replica_mw * pue)
        usable = usable_modules(design, row.modules) * design.module_mw * design.usable_fraction
        yield Binding("standing modules", row.id, "MW of IT", row.it_mw, usable, replica_mw)
        yield Binding("modules", row.id, "modules", float(row.modules), float(design.max_modules), 1.0)


def _replica_mw(plan: Plan, site: str, it_mw: float) -> float:
    """Mean IT power of a replica at a site: the plan has no power by pool."""
    replicas = sum(p.replicas for p in plan.pools if p.site == site)
    return it_mw / replicas if replicas else 0.0


def _shared(scenario: Scenario, plan: Plan) -> Iterator[Binding]:
    del scenario
    for row in plan.grid:
        yield Binding("grid limit", row.id, "MW", row.used_mw, row.limit_mw, 0.0)
    for link in plan.links:
        if link.limit_gbps is not None:
            yield Binding("link", link.id, "Gbit/s", link.used_gbps, link.limit_gbps, 0.0)


def _tenants(scenario: Scenario, plan: Plan) -> Iterator[Binding]:
    policy = scenario.policy
    for row in plan.tenants:
        subject = f"{row.tenant} at {row.site}"
        if policy.tenant_share is not None:
            yield Binding("tenant", subject, "of the site", row.share_of_site, policy.tenant_share, 0.0)
        if policy.tenant_site_mw is not None:
            yield Binding("tenant", subject, "MW", row.it_mw, policy.tenant_site_mw, 0.0)
