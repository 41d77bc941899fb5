"""Rules of a facility location problem that is stated by arrays: its plan is checked against these and nothing else."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from math import fsum
from typing import TYPE_CHECKING

import numpy as np

from siteopt.scenario.facility_location import FACILITY, GOODS, UNIT
from siteopt.verify import figures, identity
from siteopt.verify.violation import ABSOLUTE_USD, SHARE, Violation, above

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from siteopt.plan import FlowPlan, Plan
    from siteopt.scenario.facility_location import FacilityLocation

#: Tables of a plan that stay empty, as arrays speak of nothing that they could be about.
EMPTY = ("pools", "unserved", "grid", "links", "tenants", "n_minus_1")


@dataclass(frozen=True, eq=False)
class PlanOfArrays:
    """A problem and a plan, joined by the names of sites and demands."""

    problem: FacilityLocation
    plan: Plan

    @cached_property
    def site(self) -> dict[str, int]:
        """Row of each site by its name."""
        return {name: j for j, name in enumerate(self.problem.site_ids)}

    @cached_property
    def demand(self) -> dict[str, int]:
        """Row of each demand by its name."""
        return {name: i for i, name in enumerate(self.problem.demand_ids)}

    @cached_property
    def flows(self) -> list[tuple[FlowPlan, int, int]]:
        """Flows whose names are known, with the rows of their demand and site."""
        known = [flow for flow in self.plan.flows if flow.region in self.demand and flow.site in self.site]
        return [(flow, self.demand[flow.region], self.site[flow.site]) for flow in known]

    def usd(self, i: int, j: int) -> float | None:
        """Return the cost of serving all of a demand from a site; None where it may not be."""
        arcs = slice(self.problem.arc_ptr[i], self.problem.arc_ptr[i + 1])
        at = np.flatnonzero(self.problem.arc_site[arcs] == j)
        return float(self.problem.arc_usd[arcs][at[0]]) if len(at) else None


def verify_facility_location(problem: FacilityLocation, plan: Plan) -> list[Violation]:
    """Check a plan against the arrays of its problem; empty if it holds."""
    broken = list(identity.numbers(plan))
    if broken:
        return broken
    facts = PlanOfArrays(problem, plan)
    return [violation for rule in RULES for violation in rule(facts)]


def _names(facts: PlanOfArrays) -> Iterator[Violation]:
    plan = facts.plan
    yield from identity.unknown(
        "site", [*(s.id for s in plan.sites), *(f.site for f in plan.flows)], facts.site
    )
    yield from identity.unknown("demand", (flow.region for flow in plan.flows), facts.demand)
    yield from identity.unknown("workload", (flow.workload for flow in plan.flows), {GOODS})
    yield from identity.unknown("accelerator", (flow.accelerator for flow in plan.flows), {UNIT})
    yield from identity.unknown("design", (site.design for site in plan.sites), {FACILITY})
    yield from identity.repeated("site", (site.id for site in plan.sites))
    yield from identity.repeated("flow", (f"{flow.region} -> {flow.site}" for flow in plan.flows))
    for table in EMPTY:
        rows = len(getattr(plan, table))
        if rows:
            yield Violation(
                "unknown_id", table, f"{rows} row(s), of which the arrays say nothing", float(rows)
            )


def _sites(facts: PlanOfArrays) -> Iterator[Violation]:
    for row in facts.plan.sites:
        if row.modules != 1:
            yield Violation("modules", row.id, f"{row.modules} modules; a facility is one")
        if row.id in facts.site:
            fixed_usd = float(facts.problem.fixed_usd[facts.site[row.id]])
            yield from figures.figure("capex_usd", row.id, row.capex_usd, fixed_usd, "USD", ABSOLUTE_USD)


def _flows(facts: PlanOfArrays) -> Iterator[Violation]:
    opened = {site.id for site in facts.plan.sites}
    for flow, i, j in facts.flows:
        subject = f"{flow.region} -> {flow.site}"
        if not 0.0 < flow.share <= 1.0 + SHARE:
            yield Violation("share", subject, f"share is {flow.share:g}; it should be above 0 and at most 1")
        if not facts.problem.is_splittable and abs(flow.share - 1.0) > SHARE:
            message = f"a share of {flow.share:.9g} of a demand that may not be split; it should be 1"
            yield Violation("splitting", subject, message, abs(flow.share - 1.0))
        if flow.site not in opened:
            yield Violation("linking", subject, f"share {flow.share:g} goes to a site that is not open")
        if facts.usd(i, j) is None:
            yield Violation(
                "admissible", subject, "the costs have no figure for this pair, or an infinite one"
            )


def _assignment(facts: PlanOfArrays) -> Iterator[Violation]:
    served = np.zeros(len(facts.demand))
    for flow, i, _ in facts.flows:
        served[i] += flow.share
    for i in np.flatnonzero(np.abs(served - 1.0) > SHARE).tolist():
        message = f"shares add up to {served[i]:.9g}, not 1"
        yield Violation("assignment", f"demand-{i}", message, float(abs(served[i] - 1.0)))


def _capacity(facts: PlanOfArrays) -> Iterator[Violation]:
    load: defaultdict[int, float] = defaultdict(float)
    for flow, i, j in facts.flows:
        load[j] += flow.share * float(facts.problem.demand[i])
    for j, amount in load.items():
        capacity = float(facts.problem.capacity[j])
        if above(amount, capacity):
            message = f"serves {amount:.9g}, but its capacity is {capacity:.9g}"
            yield Violation("capacity", f"site-{j}", message, amount - capacity)


def _cost(facts: PlanOfArrays) -> Iterator[Violation]:
    """Check every cost line: opening is ``facilities``, supplying is ``egress``, and the rest is nothing."""
    plan, problem = facts.plan, facts.problem
    opening = fsum(float(problem.fixed_usd[facts.site[s.id]]) for s in plan.sites if s.id in facts.site)
    supplying = fsum(flow.share * (facts.usd(i, j) or 0.0) for flow, i, j in facts.flows)
    actual = {"facilities": opening, "egress": supplying}
    for line in {**actual, **plan.cost_lines}:
        yield from figures.figure(
            "cost_lines", line, plan.cost_lines.get(line, 0.0), actual.get(line, 0.0), "USD", ABSOLUTE_USD
        )
    yield from figures.figure("cost_usd", "plan", plan.cost_usd, opening + supplying, "USD", ABSOLUTE_USD)


RULES: tuple[Callable[[PlanOfArrays], Iterator[Violation]], ...] = (
    *(_names, _sites, _flows, _assignment, _capacity, _cost),
    *(figures.bound, figures.gap, figures.status),
)
