"""The subject of a page: a scenario, a plan, and what the verifier finds."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from siteopt.formatting import mw
from siteopt.report.page.results import Comparison
from siteopt.verify.facts import Facts

if TYPE_CHECKING:
    from siteopt.plan import Plan
    from siteopt.report.page.results import Sensitivity
    from siteopt.scenario.schema import Scenario
    from siteopt.verify import Violation

#: Most letters of a name in a sentence.
LONGEST_NAME = 28
#: Tiers from the centre outwards.
TIERS = ("hyperscale", "regional", "micro", "enclosure", "device")


@dataclass(frozen=True)
class Subject:
    """Everything that the sections of a page are made from.

    Attributes
    ----------
    scenario : Scenario
    plan : Plan
        With its figures.
    violations : tuple of Violation
        Every rule that the plan breaks, and every figure that is wrong.
    scenario_name, plan_name : str
        The files, for the commands that reproduce the page.
    remarks : tuple of str
        What else a reader must know, such as a scenario that has changed since.
    comparison : Comparison
        The same scenario solved in other modes; empty where that was not asked for.
    sensitivity : Sensitivity or None
    """

    scenario: Scenario
    plan: Plan
    violations: tuple[Violation, ...] = ()
    scenario_name: str = "scenario.json"
    plan_name: str = "plan.json"
    remarks: tuple[str, ...] = ()
    comparison: Comparison = Comparison()
    sensitivity: Sensitivity | None = None

    @cached_property
    def facts(self) -> Facts:
        """The verifier's view of scenario and plan."""
        return Facts(self.scenario, self.plan)

    @cached_property
    def tier(self) -> dict[str, str]:
        """Tier of each site, by id."""
        return {site.id: site.tier for site in self.scenario.sites}

    @cached_property
    def pool_mw(self) -> dict[tuple[str, str], float]:
        """IT power at peak of each workload at each site, MW; keys are site and workload."""
        power: dict[tuple[str, str], float] = {}
        for pool, replicas in self.facts.replicas.items():
            replica = self.facts.replica(pool)
            if replica is not None and replicas > 0:
                power[pool[0], pool[1]] = power.get(pool[:2], 0.0) + replicas * replica.kw / 1000.0
        return power

    @cached_property
    def flow_mw(self) -> list[float]:
        """IT power of each flow of the plan, MW: its share of its pool's power, by requests."""
        peak = {(d.region, d.workload): d.peak_rps for d in self.scenario.demand}
        requests = [flow.share * peak.get((flow.region, flow.workload), 0.0) for flow in self.plan.flows]
        total: dict[tuple[str, str], float] = {}
        for flow, rps in zip(self.plan.flows, requests, strict=True):
            total[flow.site, flow.workload] = total.get((flow.site, flow.workload), 0.0) + rps
        return [
            self.pool_mw.get((flow.site, flow.workload), 0.0) * rps / total[flow.site, flow.workload]
            if rps > 0
            else 0.0
            for flow, rps in zip(self.plan.flows, requests, strict=True)
        ]

    def label(self, site: str) -> str:
        """Return the name of a site, or its id where it has no name that fits into a list."""
        name = self._labels.get(site, "")
        return site if not name or "," in name or len(name) > LONGEST_NAME else name

    @cached_property
    def _labels(self) -> dict[str, str]:
        return {site.id: site.name for site in self.scenario.sites}


def power(value_mw: float) -> str:
    """Write power with its unit: ``303.7 MW``, ``4.09 kW``."""
    return f"{mw(value_mw)} MW" if value_mw >= 0.1 or value_mw <= 0.0 else f"{mw(1000.0 * value_mw)} kW"
