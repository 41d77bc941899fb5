"""A site has one of its designs, with a whole number of modules that carry its replicas."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, Any

from siteopt.formatting import mw
from siteopt.rules.headroom import replica_mw
from siteopt.rules.rule import PlanCheck, Rule, Use, replaced
from siteopt.scenario.facilities import usable_modules

if TYPE_CHECKING:
    from collections.abc import Iterator

    from siteopt.plan import Plan
    from siteopt.rules.rule import Case, Eased
    from siteopt.scenario.schema import Design, Scenario


def _ease(scenario: Scenario, to: Eased, ample_mw: float) -> Scenario:
    def edit(design: Design) -> dict[str, Any]:
        if design.id not in to:
            return {}
        value = to[design.id]
        enough = ceil(2.0 * ample_mw / (design.module_mw * design.usable_fraction)) + 2
        return {"max_modules": max(design.max_modules, enough) if value is None else int(value)}

    return replaced(scenario, "designs", edit)


def _uses(scenario: Scenario, plan: Plan) -> Iterator[Use]:
    designs = {d.id: d for d in scenario.designs}
    for row in plan.sites:
        design = designs[row.design]
        usable = usable_modules(design, row.modules) * design.module_mw * design.usable_fraction
        step = replica_mw(plan, row.id, row.it_mw)
        yield Use("standing modules", row.id, "MW of IT", row.it_mw, usable, step)
        yield Use("modules", row.id, "modules", float(row.modules), float(design.max_modules), 1.0)


def _tell(case: Case, name: str, _limit: float | None) -> str:
    design = next(d for d in case.scenario.designs if d.id == name)
    size = mw(design.module_mw * design.usable_fraction)
    return f"{name} has at most {design.max_modules} modules of {size} usable MW ({design.redundancy})."


MODULES = Rule(
    "modules",
    "modules",
    plan_checks=(
        PlanCheck("design", "one of the site's designs, the standing one where it exists"),
        PlanCheck("modules", "modules within the design's range"),
        PlanCheck("integer", "modules and replicas are whole numbers"),
        PlanCheck("power", "IT power within the usable modules"),
    ),
    limits=lambda scenario: {d.id: float(d.max_modules) for d in scenario.designs},
    ease=_ease,
    is_count=True,
    uses=_uses,
    tell=_tell,
)
