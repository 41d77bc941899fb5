"""Sites, designs, and the options that they make, with all costs over the horizon."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from siteopt.compile.arrays import floats, indices
from siteopt.compile.connection import (
    Connection,
    connections,
    may_extend,
    pue_at,
    spare_modules,
    usable_module_mw,
)
from siteopt.instance import Designs, Options, Sites, pointer
from siteopt.scenario.facilities import least_modules, mode_tiers
from siteopt.tolerances import ROUNDING
from siteopt.units import HOURS_PER_YEAR, TONNES_PER_MWH_PER_G_PER_KWH, life_cycle

if TYPE_CHECKING:
    from siteopt.arrays import Indices
    from siteopt.compile.variants import Variant
    from siteopt.scenario.schema import Design, Scenario, Site


def build_sites(scenario: Scenario, option_site: Indices, pool_site: Indices, present_value: float) -> Sites:
    sites, policy, n = scenario.sites, scenario.policy, len(scenario.sites)
    hours = present_value * HOURS_PER_YEAR
    carbon = hours * TONNES_PER_MWH_PER_G_PER_KWH * policy.carbon_usd_per_t
    coincident = present_value * policy.coincidence
    return Sites(
        id=tuple(s.id for s in sites),
        headroom_mw=floats(s.headroom_mw for s in sites),
        energy_usd_per_mw=floats(hours * s.price_usd_per_mwh for s in sites),
        carbon_usd_per_mw=floats(carbon * s.carbon_g_per_kwh for s in sites),
        demand_usd_per_mw=floats(present_value * s.demand_charge_usd_per_mw_year for s in sites),
        coincident_usd_per_mw=floats(coincident * s.coincident_charge_usd_per_mw_year for s in sites),
        is_existing=np.array([s.status == "existing" for s in sites], dtype=np.uint8),
        is_forced=np.array([s.status == "forced" for s in sites], dtype=np.uint8),
        option_ptr=pointer(option_site, n),
        pool_ptr=pointer(pool_site, n),
    )


class _Row(NamedTuple):
    """One option before it is an array."""

    j: int
    site: Site
    d: int
    design: Design
    connection: Connection

    @property
    def is_new(self) -> bool:
        return self.site.existing is None

    @property
    def headroom_mw(self) -> float:
        return min(self.site.headroom_mw, self.connection.up_to_mw)


def build_options(scenario: Scenario, present_value: float) -> Options:
    """Build the options: designs that may be built, one row for each connection on which they are ready in time."""
    index = {design.id: d for d, design in enumerate(scenario.designs)}
    rows = [
        _Row(j, site, index[name], scenario.designs[index[name]], connection)
        for j, site in enumerate(scenario.sites)
        for name in _buildable(scenario, site)
        for connection in connections(scenario, site, scenario.designs[index[name]])
    ]
    land = floats(r.site.land_usd * r.is_new for r in rows)
    connection = floats(r.connection.usd for r in rows)
    facility = floats(r.design.fixed_usd * r.is_new for r in rows)
    staff = floats(present_value * r.design.staff_usd_per_year * r.is_new for r in rows)
    kept = floats(1.0 + refresh - salvage for refresh, salvage in (_life(scenario, r.design) for r in rows))
    return Options(
        site=indices(r.j for r in rows),
        design=indices(r.d for r in rows),
        connection_mw=floats(r.connection.up_to_mw for r in rows),
        headroom_mw=floats(r.headroom_mw for r in rows),
        energised_month=floats(r.connection.months for r in rows),
        built_month=floats(r.design.build_months for r in rows),
        land_usd=land,
        connection_usd=connection,
        facility_usd=facility,
        staff_usd=staff,
        fixed_usd=land + connection + facility * kept + staff,
        fixed_capex_usd=land + connection + facility,
        module_mw=floats(usable_module_mw(r.design) for r in rows),
        spare_modules=indices(spare_modules(r.design) for r in rows),
        pue=floats(pue_at(r.site, r.design) for r in rows),
        min_modules=indices(_least_modules(r) for r in rows),
        max_modules=indices(_useful_modules(scenario, r) for r in rows),
        sunk_modules=indices(0 if r.site.existing is None else r.site.existing.modules for r in rows),
    )


def build_designs(scenario: Scenario, options: Options, variants: tuple[Variant, ...]) -> Designs:
    """Build the designs: capital by number of modules, as far as any plan may go, and what each can house."""
    designs = scenario.designs
    most = np.array([d.max_modules for d in designs], dtype=np.int64)
    np.maximum.at(most, options.design, options.max_modules)
    tables = [
        design.usd_per_module * np.arange(n + 1.0) ** design.scale_exponent
        for design, n in zip(designs, most.tolist(), strict=True)
    ]
    life = [_life(scenario, design) for design in designs]
    return Designs(
        id=tuple(d.id for d in designs),
        capex_ptr=np.concatenate(([0], np.cumsum(most + 1))).astype(np.int32),
        capex_usd=np.concatenate(tables),
        refresh_share=floats(refresh for refresh, _ in life),
        salvage_share=floats(salvage for _, salvage in life),
        is_linear=np.array([d.scale_exponent == 1.0 for d in designs], dtype=np.uint8),
        admits=np.array([[_admits(d, v) for v in variants] for d in designs], dtype=np.uint8).reshape(
            len(designs), len(variants)
        ),
    )


def _buildable(scenario: Scenario, site: Site) -> tuple[str, ...]:
    if site.existing is not None:
        return (site.existing.design,)
    serves = site.tier in mode_tiers(scenario.policy.mode)
    may_stand = site.status == "forced" or (site.status != "forbidden" and serves)
    return site.designs if may_stand else ()


def _life(scenario: Scenario, design: Design) -> tuple[float, float]:
    """Return refresh and salvage of a design over its capital."""
    horizon = scenario.horizon
    life_years = design.life_years if scenario.policy.refresh else None
    return life_cycle(life_years, design.salvage_fraction, horizon.years, horizon.discount_rate)


def _admits(design: Design, variant: Variant) -> bool:
    """Whether the racks of a design can feed and cool a variant."""
    fed = design.rack_kw is None or variant.rack_kw <= design.rack_kw
    return fed and (variant.cooling == "air" or design.cooling == "liquid")


def _least_modules(row: _Row) -> int:
    return least_modules(row.design) if row.site.existing is None else row.site.existing.modules


def _useful_modules(scenario: Scenario, row: _Row) -> int:
    """Return the modules that the headroom can feed, and the spare ones; at least those that must stand.

    Where a tenant may take only a share of what stands, more modules than can be fed let it take more.
    """
    if not may_extend(scenario, row.design):
        return _least_modules(row)
    share = scenario.policy.tenant_share or 1.0
    fed_mw = row.headroom_mw / pue_at(row.site, row.design)
    modules = fed_mw / usable_module_mw(row.design) / share
    fed = int(np.ceil(modules * (1.0 - ROUNDING))) + spare_modules(row.design)
    return max(_least_modules(row), min(row.design.max_modules, fed))
