"""Facility power of groups of sites stays within every grid limit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from siteopt.formatting import listed, mw
from siteopt.rules.rule import MOST_NAMES, PlanCheck, Rule, Use

if TYPE_CHECKING:
    from collections.abc import Iterator

    from siteopt.plan import Plan
    from siteopt.rules.rule import Case, Eased
    from siteopt.scenario.schema import Scenario


def _ease(scenario: Scenario, to: Eased, _ample_mw: float) -> Scenario:
    rows = []
    for limit in scenario.grid_limits:
        value = to.get(limit.id, limit.limit_mw)
        if value is not None:
            rows.append(limit.model_copy(update={"limit_mw": value}))
    return scenario.model_copy(update={"grid_limits": tuple(rows)})


def _uses(_scenario: Scenario, plan: Plan) -> Iterator[Use]:
    for row in plan.grid:
        yield Use("grid limit", row.id, "MW", row.used_mw, row.limit_mw)


def _tell(case: Case, name: str, _limit: float | None) -> str:
    """Say what a grid limit leaves to its sites, and what is needed there if only they may serve the demand.

    ``Grid limit west leaves 3.2 MW to a, b; at least 4.1 MW is needed there.``
    """
    instance = case.instance
    g = instance.grid.id.index(name)
    entries = slice(instance.grid.ptr[g], instance.grid.ptr[g + 1])
    members, limit_mw = instance.grid.site[entries], float(instance.grid.limit_mw[g])
    names = listed([instance.sites.id[j] for j in members.tolist()], MOST_NAMES)
    text = f"Grid limit {name} leaves {mw(limit_mw)} MW to {names}"
    arcs = np.isin(instance.arcs.demand, case.rows)
    sites = np.unique(instance.pools.site[instance.arcs.pool[arcs]])
    if len(sites) and np.isin(sites, members).all():
        takes = dict(zip(members.tolist(), instance.grid.coefficient[entries].tolist(), strict=True))
        least = min(takes[j] * float(case.least_pue[j]) for j in sites.tolist())
        needed = float(case.demand_mw[case.rows].sum()) * least
        if needed > limit_mw:
            text += f"; at least {mw(needed)} MW is needed there"
    return f"{text}."


GRID = Rule(
    "grid",
    "MW",
    plan_checks=(PlanCheck("grid", "within every grid limit", lambda s: bool(s.grid_limits)),),
    figures=("grid_use",),
    limits=lambda scenario: {g.id: g.limit_mw for g in scenario.grid_limits},
    ease=_ease,
    uses=_uses,
    table="Grid limits",
    tell=_tell,
)
