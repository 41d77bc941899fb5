"""Arithmetic of designs at sites that checks and remarks need: modules, power, connections, modes."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from siteopt.scenario.quantities import Tier

if TYPE_CHECKING:
    from siteopt.scenario.schema import ConnectionStep, Design, Mode, Scenario, Site

#: Tolerance on the power that a step carries, MW.
STEP_TOLERANCE_MW = 1e-9
#: Tiers whose sites may serve, where not all of them may.
MODE_TIERS: dict[Mode, tuple[Tier, ...]] = {
    "central": ("hyperscale",),
    "edge": ("micro", "enclosure", "device"),
}


def mode_tiers(mode: Mode) -> tuple[Tier, ...]:
    """Return the tiers whose sites may serve in a mode."""
    return MODE_TIERS.get(mode, get_args(Tier))


def least_modules(design: Design) -> int:
    """Return the fewest modules of an open site: one, and for ``N+1`` a second that stands by."""
    return 2 if design.redundancy == "N+1" else 1


def usable_modules(design: Design, modules: int) -> float:
    """Return the modules that are counted on: all, all but one, or half of them."""
    return {"N": modules, "N+1": modules - 1, "2N": modules / 2}[design.redundancy]


def facility_mw(site: Site, design: Design, modules: int) -> float:
    """Return the facility power of a number of modules in full use, MW."""
    it_mw = usable_modules(design, modules) * design.module_mw * design.usable_fraction
    return it_mw * site.pue.get(design.id, design.pue)


def standing_mw(site: Site, design: Design) -> float:
    """Facility power of what stands at a site in full use, MW; 0 where nothing does."""
    return 0.0 if site.existing is None else facility_mw(site, design, site.existing.modules)


def is_sunk(scenario: Scenario, site: Site, step: ConnectionStep) -> bool:
    """Whether what stands at a site already fills a connection, which must then have been paid for."""
    if site.existing is None:
        return False
    design = next((d for d in scenario.designs if d.id == site.existing.design), None)
    if design is None:
        return False
    return step.up_to_mw <= standing_mw(site, design) + STEP_TOLERANCE_MW
