"""Sites and the designs that may stand there, with all costs over the horizon."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from siteopt.compile.arrays import floats, indices
from siteopt.instance import Options, Sites, pointer
from siteopt.units import HOURS_PER_YEAR, TONNES_PER_MWH_PER_G_PER_KWH

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from siteopt.scenario.schema import Design, Scenario, Site


def build_sites(
    scenario: Scenario, option_site: NDArray[np.int32], pool_site: NDArray[np.int32], present_value: float
) -> Sites:
    sites, n = scenario.sites, len(scenario.sites)
    hours = present_value * HOURS_PER_YEAR
    carbon = hours * TONNES_PER_MWH_PER_G_PER_KWH * scenario.policy.carbon_usd_per_t
    return Sites(
        id=tuple(s.id for s in sites),
        headroom_mw=floats(s.headroom_mw for s in sites),
        energy_usd_per_mw=floats(hours * s.price_usd_per_mwh for s in sites),
        carbon_usd_per_mw=floats(carbon * s.carbon_g_per_kwh for s in sites),
        demand_usd_per_mw=floats(present_value * s.demand_charge_usd_per_mw_year for s in sites),
        is_existing=np.array([s.status == "existing" for s in sites], dtype=np.uint8),
        is_forced=np.array([s.status == "forced" for s in sites], dtype=np.uint8),
        option_ptr=pointer(option_site, n),
        pool_ptr=pointer(pool_site, n),
    )


def build_options(scenario: Scenario, present_value: float) -> Options:
    designs = {d.id: d for d in scenario.designs}
    rows = [(j, site, designs[name]) for j, site in enumerate(scenario.sites) for name in _buildable(site)]
    new = [site.existing is None for _, site, _ in rows]
    land = floats(s.land_usd * n for (_, s, _), n in zip(rows, new, strict=True))
    connection = floats(s.connection_usd * n for (_, s, _), n in zip(rows, new, strict=True))
    facility = floats(d.fixed_usd * n for (_, _, d), n in zip(rows, new, strict=True))
    staff = floats(present_value * d.staff_usd_per_year * n for (_, _, d), n in zip(rows, new, strict=True))
    return Options(
        site=indices(j for j, _, _ in rows),
        design=tuple(d.id for _, _, d in rows),
        land_usd=land,
        connection_usd=connection,
        facility_usd=facility,
        staff_usd=staff,
        fixed_usd=land + connection + facility + staff,
        fixed_capex_usd=land + connection + facility,
        module_usd=floats(d.usd_per_module for _, _, d in rows),
        module_mw=floats(d.module_mw * d.usable_fraction for _, _, d in rows),
        pue=floats(d.pue for _, _, d in rows),
        min_modules=indices(1 if s.existing is None else s.existing.modules for _, s, _ in rows),
        max_modules=indices(_useful_modules(s, d) for _, s, d in rows),
        sunk_modules=indices(0 if s.existing is None else s.existing.modules for _, s, _ in rows),
    )


def _buildable(site: Site) -> tuple[str, ...]:
    if site.status == "forbidden":
        return ()
    return site.designs if site.existing is None else (site.existing.design,)


def _useful_modules(site: Site, design: Design) -> int:
    """Modules that the headroom can feed, at least those that stand there and at least one."""
    fed = int(np.ceil(site.headroom_mw / (design.pue * design.module_mw * design.usable_fraction)))
    standing = 1 if site.existing is None else site.existing.modules
    return max(standing, min(design.max_modules, fed))
