"""The connections that a site may take: their power, date and price."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING

from siteopt.scenario.facilities import is_sunk, standing_mw

if TYPE_CHECKING:
    from siteopt.scenario.schema import ConnectionStep, Design, Scenario, Site


@dataclass(frozen=True, slots=True)
class Connection:
    """One way to connect a site: most facility power (MW), when it is energised (month), what it costs."""

    up_to_mw: float
    months: float
    usd: float


def usable_module_mw(design: Design) -> float:
    """Return the IT power that one counted module carries, MW; of 2N half of each is."""
    return design.module_mw * design.usable_fraction * (0.5 if design.redundancy == "2N" else 1.0)


def spare_modules(design: Design) -> int:
    """Return the modules that stand by and are not counted."""
    return 1 if design.redundancy == "N+1" else 0


def pue_at(site: Site, design: Design) -> float:
    """Return the PUE of a design in the climate of a site."""
    return site.pue.get(design.id, design.pue)


def connections(scenario: Scenario, site: Site, design: Design) -> tuple[Connection, ...]:
    """Find the connections on which a design is ready in time at a site, smallest first.

    What already stands is connected: power up to what it draws needs no class, costs nothing and is there. Larger
    classes are of use to what is built there beside it.
    """
    steps = site.connection_steps or (None,)
    found = [_connection(site, step) for step in steps if step is None or not is_sunk(scenario, site, step)]
    if site.existing is not None and site.connection_steps:
        sunk_mw = (step.up_to_mw for step in site.connection_steps if is_sunk(scenario, site, step))
        stands = Connection(max(standing_mw(site, design), *sunk_mw, 0.0), 0.0, 0.0)
        found = [stands, *(c for c in found if may_extend(scenario, design))]
    latest = scenario.policy.ready_by_month
    months = design.build_months if site.existing is None else 0.0
    return tuple(c for c in found if latest is None or max(months, c.months) <= latest)


def may_extend(scenario: Scenario, design: Design) -> bool:
    """Tell whether modules can be built in time, beside those that stand or anew."""
    latest = scenario.policy.ready_by_month
    return latest is None or design.build_months <= latest


def _connection(site: Site, step: ConnectionStep | None) -> Connection:
    if step is not None:
        return Connection(step.up_to_mw, step.months, step.usd)
    return Connection(inf, 0.0, 0.0 if site.existing is not None else site.connection_usd)
