"""The connections that a site may take: their power, date and price."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING

from siteopt.scenario.facilities import is_sunk

if TYPE_CHECKING:
    from siteopt.scenario.schema import Design, Scenario, Site


@dataclass(frozen=True, slots=True)
class Connection:
    """One way to connect a site: most facility power (MW), when it is energised, what it costs."""

    up_to_mw: float
    months: float
    usd: float


def usable_module_mw(design: Design) -> float:
    """Return the IT power that one counted module carries, MW; of 2N only every second module is counted."""
    return design.module_mw * design.usable_fraction * (0.5 if design.redundancy == "2N" else 1.0)


def spare_modules(design: Design) -> int:
    """Return the modules that stand by and are not counted."""
    return 1 if design.redundancy == "N+1" else 0


def pue_at(site: Site, design: Design) -> float:
    """Return the PUE of a design in the climate of a site."""
    return site.pue.get(design.id, design.pue)


def connections(scenario: Scenario, site: Site, design: Design) -> tuple[Connection, ...]:
    """Find the connections on which a design is ready in time at a site, smallest first.

    What already stands is connected: a step that carries no more than that costs nothing and is ready now.
    """
    built = 0.0 if site.existing is not None else design.build_months
    found = []
    for step in site.connection_steps:
        if is_sunk(scenario, site, step):
            found.append(Connection(step.up_to_mw, 0.0, 0.0))
        else:
            found.append(Connection(step.up_to_mw, max(built, step.months), step.usd))
    if not site.connection_steps:
        usd = 0.0 if site.existing is not None else site.connection_usd
        found.append(Connection(inf, built, usd))
    latest = scenario.policy.ready_by_month
    return tuple(c for c in found if latest is None or c.months <= latest)
