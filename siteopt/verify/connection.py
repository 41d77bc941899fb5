"""The grid connection of a site: which class was taken, what it costs, and when it is energised."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siteopt.verify.facility import site_pue, usable_mw
from siteopt.verify.violation import Violation, above, differ

if TYPE_CHECKING:
    from collections.abc import Iterator

    from siteopt.plan import SitePlan
    from siteopt.scenario.schema import ConnectionStep
    from siteopt.verify.facts import Facts

#: A connection that exceeds what stands by less than this, MW, counts as there already.
SUNK_MW = 1e-9


def chosen_step(facts: Facts, row: SitePlan) -> ConnectionStep | None:
    """Return the step of the site that the row names; None where it names none of them."""
    if row.connection_mw is None:
        return None
    steps = facts.sites[row.id].connection_steps
    return next((step for step in steps if not differ(row.connection_mw, step.up_to_mw)), None)


def connection_usd(facts: Facts, row: SitePlan) -> float:
    """Return the price of the connection of one open site, USD; what is there already is sunk."""
    site = facts.sites[row.id]
    if site.connection_steps:
        step = chosen_step(facts, row)
        return 0.0 if step is None or _is_sunk(facts, row, step) else step.usd
    return 0.0 if facts.is_existing(row.id) else site.connection_usd


def ready_months(facts: Facts, row: SitePlan) -> float:
    """Return when the site is both built and energised, months from now."""
    step = chosen_step(facts, row)
    energised = 0.0 if step is None or _is_sunk(facts, row, step) else step.months
    built = 0.0 if facts.is_existing(row.id) else facts.designs[row.design].build_months
    return max(built, energised)


def connection_step(facts: Facts) -> Iterator[Violation]:
    """Check ``connection_step``: where the site has steps, the plan takes one that carries its facility power."""
    for name, row in facts.open.items():
        steps, facility_mw = facts.sites[name].connection_steps, facts.facility_mw[name]
        step = chosen_step(facts, row)
        if step is not None and above(facility_mw, step.up_to_mw):
            message = (
                f"{facility_mw:.6g} MW of facility power exceeds the {step.up_to_mw:.6g} MW of the connection"
            )
            yield Violation("connection_step", name, message, facility_mw - step.up_to_mw)
        elif step is None and steps:
            sizes = ", ".join(f"{other.up_to_mw:g}" for other in steps)
            message = (
                f"connection_mw is {row.connection_mw}; it should be one of the {len(steps)} steps: {sizes}"
            )
            yield Violation("connection_step", name, message)
        elif row.connection_mw is not None and not steps:
            message = f"connection_mw is {row.connection_mw:g}, but the site has 0 connection steps"
            yield Violation("connection_step", name, message)


def ready_by_month(facts: Facts) -> Iterator[Violation]:
    """Check ``ready_by_month``: what is new is built and energised by the policy's month."""
    limit = facts.scenario.policy.ready_by_month
    for name, row in facts.open.items():
        month = ready_months(facts, row)
        if limit is not None and above(month, limit):
            message = f"ready in month {month:g}; it should be by month {limit:g}"
            yield Violation("ready_by_month", name, message, month - limit)


def ready_month(facts: Facts) -> Iterator[Violation]:
    """Check ``ready_month``: the month that the plan reports for each open site is right."""
    for name, row in facts.open.items():
        month = ready_months(facts, row)
        if differ(row.ready_month, month):
            message = f"reported {row.ready_month:.9g}, but it is month {month:.9g}"
            yield Violation("ready_month", name, message, abs(row.ready_month - month))


def _is_sunk(facts: Facts, row: SitePlan, step: ConnectionStep) -> bool:
    """Whether the standing modules of an existing site draw as much as the step carries."""
    site = facts.sites[row.id]
    if site.existing is None:
        return False
    design = facts.designs[site.existing.design]
    standing_mw = usable_mw(design, site.existing.modules) * site_pue(site, design)
    return step.up_to_mw <= standing_mw + SUNK_MW
