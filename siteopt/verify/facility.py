"""What the modules of a facility carry and draw."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from siteopt.scenario.schema import Design, Site


def least_modules(design: Design) -> int:
    """Return the fewest modules of an open site: one that stands by needs one beside it."""
    return 2 if design.redundancy == "N+1" else 1


def usable_mw(design: Design, modules: float) -> float:
    """Return the IT power that a number of modules carry, those that stand by not counted, MW."""
    standby = {"N": 0.0, "N+1": 1.0, "2N": modules / 2.0}[design.redundancy]
    return max(0.0, modules - standby) * design.module_mw * design.usable_fraction


def site_pue(site: Site, design: Design) -> float:
    """Return the facility power over IT power of a design in the climate of a site."""
    return site.pue.get(design.id, design.pue)


def modules_usd(design: Design, modules: float) -> float:
    """Return the capital of a number of modules, USD; each further one may be cheaper."""
    return design.usd_per_module * float(max(0.0, modules) ** design.scale_exponent)
