"""What a solve needs to know of a problem beside its instance: how it says that there is no plan, and what a plan is.

The stages of a solve work on rows of an instance, wherever that comes from; these are the two places.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from siteopt.diagnose.conflict import reasons_of
from siteopt.diagnose.proofs import impossibilities
from siteopt.evaluate import evaluate_solution, plan_of
from siteopt.plan import FlowPlan, Plan, SitePlan
from siteopt.scenario.facility_location import FACILITY, GOODS, UNIT
from siteopt.solving.warm_start import decisions_of, unserved_of
from siteopt.verify import verify

if TYPE_CHECKING:
    from collections.abc import Sequence

    from siteopt.instance import Instance, Solution
    from siteopt.scenario.facility_location import FacilityLocation
    from siteopt.scenario.schema import Scenario
    from siteopt.solving.warm_start import Decisions
    from siteopt.verify import Violation


class SolvableProblem(Protocol):
    """A problem with its instance."""

    @property
    def instance(self) -> Instance:
        """The same as arrays."""

    def impossibilities(self) -> Sequence[str]:
        """Return simple proofs that no plan exists, if any hold."""

    def reasons(self, seconds: float) -> Sequence[str]:
        """Say within some seconds why no plan exists, once that is proven."""

    def decisions(self, plan: Plan) -> Decisions:
        """Return the decisions of a known plan that fit the instance."""

    def plan(self, solution: Solution) -> Plan:
        """Return a solution in the planner's words, with all figures."""

    def violations(self, plan: Plan) -> list[Violation]:
        """Check a plan independently of everything that found it."""


@dataclass(frozen=True, slots=True, eq=False)
class ScenarioProblem:
    """A scenario, or that part of it whose flows are listed in the instance."""

    scenario: Scenario
    part: Scenario
    instance: Instance

    def impossibilities(self) -> Sequence[str]:
        """Return simple proofs that no plan exists, if any hold."""
        return impossibilities(self.scenario, self.instance)

    def reasons(self, seconds: float) -> Sequence[str]:
        """Name the fewest rules that cannot hold together."""
        return reasons_of(self.scenario, seconds)

    def decisions(self, plan: Plan) -> Decisions:
        """Return the decisions of a known plan that fit the instance."""
        return decisions_of(self.part, self.instance, plan)

    def plan(self, solution: Solution) -> Plan:
        """Return a solution in the planner's words, with all figures."""
        return plan_of(self.part, self.instance, solution)

    def violations(self, plan: Plan) -> list[Violation]:
        """Check a plan against the whole scenario."""
        return verify(self.scenario, plan)


@dataclass(frozen=True, slots=True, eq=False)
class ArraysProblem:
    """A facility location problem that is stated by arrays."""

    arrays: FacilityLocation
    instance: Instance

    def impossibilities(self) -> Sequence[str]:
        """Return simple proofs that no plan exists: too little capacity in all, or for one demand."""
        arrays, found = self.arrays, []
        needed, capacity = float(arrays.demand.sum()), float(arrays.capacity.sum())
        if needed > capacity * (1.0 + 1e-9):
            found.append(f"all demands together are {needed:.9g}, all capacities together {capacity:.9g}")
        for i, amount in enumerate(arrays.demand.tolist()):
            sites = arrays.arc_site[arrays.arc_ptr[i] : arrays.arc_ptr[i + 1]]
            room = arrays.capacity[sites]
            most = float(room.sum() if arrays.is_splittable else room.max(initial=0.0))
            if not len(sites):
                found.append(f"no site may serve demand-{i}: none of its costs is finite")
            elif amount > most * (1.0 + 1e-9):
                which = (
                    "all sites that may serve it have"
                    if arrays.is_splittable
                    else "no such site has more than"
                )
                found.append(f"demand-{i} is {amount:.9g}; {which} {most:.9g}")
        return found

    def reasons(self, _seconds: float) -> Sequence[str]:
        """Say what the exact model has proven."""
        return ("the capacities of the sites that may serve them are too small for the demands",)

    def decisions(self, plan: Plan) -> Decisions:
        """Return the decisions of a known plan that fit the instance; other rows of it are passed over."""
        arrays = self.arrays
        site = {name: j for j, name in enumerate(arrays.site_ids)}
        demand = {name: i for i, name in enumerate(arrays.demand_ids)}
        is_open = {site[row.id] for row in plan.sites if row.id in site}
        option = np.array([j if j in is_open else -1 for j in range(len(site))], dtype=np.int32)
        share = np.zeros(len(arrays.arc_usd))
        for flow in plan.flows:
            i, j = demand.get(flow.region, -1), site.get(flow.site, -1)
            if i >= 0 and j >= 0:
                first = int(arrays.arc_ptr[i])
                share[first + np.flatnonzero(arrays.arc_site[first : arrays.arc_ptr[i + 1]] == j)] += (
                    flow.share
                )
        return option, share, unserved_of(self.instance, share)

    def plan(self, solution: Solution) -> Plan:
        """Return the open sites and the flows; arrays speak of no megawatts and no replicas."""
        arrays, figures = self.arrays, evaluate_solution(self.instance, solution)
        site, demand = arrays.site_ids, arrays.demand_ids
        owner = self.instance.arcs.demand
        return Plan(
            cost_usd=figures.cost_usd,
            cost_lines=figures.cost_lines,
            sites=tuple(
                SitePlan(site[j], FACILITY, 1, capex_usd=float(arrays.fixed_usd[j]))
                for j in np.flatnonzero(solution.option >= 0).tolist()
            ),
            flows=tuple(
                FlowPlan(demand[owner[a]], GOODS, site[arrays.arc_site[a]], UNIT, float(solution.share[a]))
                for a in np.flatnonzero(solution.share > 0.0).tolist()
            ),
        )

    def violations(self, plan: Plan) -> list[Violation]:
        """Check a plan against the arrays."""
        return verify(self.arrays, plan)
