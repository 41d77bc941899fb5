"""Racks carry and cool the hardware that stands in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siteopt.rules.rule import DemandCheck, Rule, flag_ease, flag_limits

if TYPE_CHECKING:
    from siteopt.rules.rule import Case


def _tell(case: Case, name: str, _limit: float | None) -> str:
    design = next(d for d in case.scenario.designs if d.id == name)
    rack = "" if design.rack_kw is None else f" racks of {design.rack_kw:g} kW"
    return f"{name} has {design.cooling} cooling{' and' if rack else ''}{rack} only."


RACKS = Rule(
    "racks",
    demand_checks=(
        DemandCheck("density", "racks carry its hardware"),
        DemandCheck("cooling", "its hardware can be cooled"),
    ),
    limits=flag_limits("designs", lambda d: d.rack_kw is not None or d.cooling == "air"),
    ease=flag_ease("designs", {"rack_kw": None, "cooling": "liquid"}),
    tell=_tell,
)
