"""The grid connection of a site: which class was taken, what it costs, and when it is energised."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from siteopt.verify.facility import site_pue, usable_mw
from siteopt.verify.violation import Violation, above, differ

if TYPE_CHECKING:
    from collections.abc import Iterator

    from siteopt.plan import SitePlan
    from siteopt.verify.facts import Facts

#: A connection that exceeds what stands by less than this, MW, counts as there already.
SUNK_MW = 1e-9


class Connection(NamedTuple):
    """Facility power that it carries, MW, the month in which it is energised, and its price, USD."""

    up_to_mw: float
    months: float
    usd: float


def classes(facts: Facts, name: str) -> list[Connection]:
    """List the connections that a site with steps may take: power for what stands there, and larger steps."""
    site = facts.sites[name]
    steps = [Connection(step.up_to_mw, step.months, step.usd) for step in site.connection_steps]
    if site.existing is None or not steps:
        return steps
    design = facts.designs[site.existing.design]
    standing_mw = usable_mw(design, site.existing.modules) * site_pue(site, design)
    larger = [step for step in steps if step.up_to_mw > standing_mw + SUNK_MW]
    return [Connection(standing_mw, 0.0, 0.0), *larger]


def chosen(facts: Facts, row: SitePlan) -> Connection | None:
    """Return the connection that the row names; None where it names none of them."""
    if row.connection_mw is None:
        return None
    return next((c for c in classes(facts, row.id) if not differ(row.connection_mw, c.up_to_mw)), None)


def connection_usd(facts: Facts, row: SitePlan) -> float:
    """Return the price of the connection of one open site, USD; what is there already is sunk."""
    site = facts.sites[row.id]
    if site.connection_steps:
        connection = chosen(facts, row)
        return 0.0 if connection is None else connection.usd
    return 0.0 if facts.is_existing(row.id) else site.connection_usd


def ready_months(facts: Facts, row: SitePlan) -> float:
    """Return when the site is energised and all that is new there is built, months from now."""
    connection = chosen(facts, row)
    energised = 0.0 if connection is None else connection.months
    is_built_on = row.modules > facts.sunk_modules(row.id)
    return max(facts.designs[row.design].build_months if is_built_on else 0.0, energised)


def connection_step(facts: Facts) -> Iterator[Violation]:
    """Check ``connection_step``: where the site has classes, the plan takes one that carries its facility power."""
    for name, row in facts.open.items():
        offered, facility_mw = classes(facts, name), facts.facility_mw[name]
        connection = chosen(facts, row)
        if connection is not None and above(facility_mw, connection.up_to_mw):
            carried = f"the {connection.up_to_mw:.6g} MW of the connection"
            message = f"{facility_mw:.6g} MW of facility power exceeds {carried}"
            yield Violation("connection_step", name, message, facility_mw - connection.up_to_mw)
        elif connection is None and offered:
            sizes = ", ".join(f"{other.up_to_mw:g}" for other in offered)
            message = (
                f"connection_mw is {row.connection_mw}; it should be one of the {len(offered)} steps: {sizes}"
            )
            yield Violation("connection_step", name, message)
        elif row.connection_mw is not None and not offered:
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
