"""Facility power at peak stays within the firm headroom of a site and the class of connection that it takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from siteopt.formatting import mw
from siteopt.rules.rule import PlanCheck, Rule, Use, replaced

if TYPE_CHECKING:
    from collections.abc import Iterator

    from siteopt.plan import Plan
    from siteopt.rules.rule import Case, Eased
    from siteopt.scenario.schema import Scenario, Site


def replica_mw(plan: Plan, site: str, it_mw: float) -> float:
    """Return the mean IT power of a replica at a site, MW, since a plan has no power by pool."""
    replicas = sum(p.replicas for p in plan.pools if p.site == site)
    return it_mw / replicas if replicas else 0.0


def _headroom_ease(scenario: Scenario, to: Eased, ample_mw: float) -> Scenario:
    def edit(site: Site) -> dict[str, Any]:
        if site.id not in to:
            return {}
        value = to[site.id]
        return {"headroom_mw": ample_mw if value is None else value}

    return replaced(scenario, "sites", edit)


def _connection_ease(scenario: Scenario, to: Eased, ample_mw: float) -> Scenario:
    def edit(site: Site) -> dict[str, Any]:
        if site.id not in to:
            return {}
        *steps, last = site.connection_steps
        value = to[site.id]
        largest = last.model_copy(
            update={"up_to_mw": max(last.up_to_mw, ample_mw) if value is None else value}
        )
        return {"connection_steps": (*steps, largest)}

    return replaced(scenario, "sites", edit)


def _headroom_uses(scenario: Scenario, plan: Plan) -> Iterator[Use]:
    sites, designs = {s.id: s for s in scenario.sites}, {d.id: d for d in scenario.designs}
    for row in plan.sites:
        site = sites[row.id]
        step = replica_mw(plan, row.id, row.it_mw) * site.pue.get(row.design, designs[row.design].pue)
        yield Use("headroom", row.id, "MW", row.facility_mw, site.headroom_mw, step)


def _connection_uses(scenario: Scenario, plan: Plan) -> Iterator[Use]:
    sites, designs = {s.id: s for s in scenario.sites}, {d.id: d for d in scenario.designs}
    for row in plan.sites:
        site = sites[row.id]
        step = replica_mw(plan, row.id, row.it_mw) * site.pue.get(row.design, designs[row.design].pue)
        if row.connection_mw is not None and row.connection_mw < site.headroom_mw:
            yield Use("connection", row.id, "MW", row.facility_mw, row.connection_mw, step)


def _power(case: Case, site: str, limit: float | None, what: str) -> str:
    """Say what a site has, and how much of it is for IT.

    ``hub has a headroom of 2.00 MW, 1.60 MW of it for IT at PUE 1.25.``
    """
    power_mw, pue = float(limit or 0.0), float(case.least_pue[case.instance.sites.id.index(site)])
    of_it = f", {mw(power_mw / pue)} MW of it for IT at PUE {pue:g}" if np.isfinite(pue) else ""
    return f"{site} {what} {mw(power_mw)} MW{of_it}."


HEADROOM = Rule(
    "headroom",
    "MW",
    plan_checks=(PlanCheck("headroom", "facility power within the firm headroom"),),
    figures=("it_mw", "facility_mw"),
    limits=lambda scenario: {j.id: j.headroom_mw for j in scenario.sites if j.status != "forbidden"},
    ease=_headroom_ease,
    is_of_site=True,
    uses=_headroom_uses,
    tell=lambda case, site, limit: _power(case, site, limit, "has a headroom of"),
)
CONNECTION_STEP = Rule(
    "connection_step",
    "MW",
    plan_checks=(
        PlanCheck(
            "connection_step",
            "one class of connection that carries it",
            lambda s: any(j.connection_steps for j in s.sites),
        ),
    ),
    limits=lambda scenario: {
        j.id: j.connection_steps[-1].up_to_mw for j in scenario.sites if j.connection_steps
    },
    ease=_connection_ease,
    is_of_site=True,
    uses=_connection_uses,
    tell=lambda case, site, limit: _power(case, site, limit, "can be connected with"),
)
