"""Sites, and what may be built there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from siteopt.arrays import Flags, Floats, Indices


@dataclass(frozen=True, slots=True, eq=False)
class Sites:
    """Places that may host; one row a site, in the order of the scenario.

    Attributes
    ----------
    id : tuple of str
    headroom_mw : firm facility power, MW
    energy_usd_per_mw, carbon_usd_per_mw : cost of 1 MW of *mean* facility power over the horizon
    demand_usd_per_mw, coincident_usd_per_mw : charges of 1 MW of *peak* facility power over the horizon
    is_existing, is_forced : flags; existing sites are open and sunk, forced ones must be built
    option_ptr, pool_ptr : rows of :class:`Options` and ``Pools`` of each site
    """

    id: tuple[str, ...]
    headroom_mw: Floats
    energy_usd_per_mw: Floats
    carbon_usd_per_mw: Floats
    demand_usd_per_mw: Floats
    coincident_usd_per_mw: Floats
    is_existing: Flags
    is_forced: Flags
    option_ptr: Indices
    pool_ptr: Indices


@dataclass(frozen=True, slots=True, eq=False)
class Designs:
    """Kinds of facility, in the order of the scenario.

    Attributes
    ----------
    id : tuple of str
    capex_ptr : entries of each design in ``capex_usd``
    capex_usd : capital of n = 0, 1, ... modules; rises, and may flatten with size
    refresh_share, salvage_share : of its capital, present values: bought again in the horizon, worth at its end
    is_linear : flags; whether every module costs the same
    admits : flags, shape (n_design, n_variant); whether its racks can feed and cool the variant
    """

    id: tuple[str, ...]
    capex_ptr: Indices
    capex_usd: Floats
    refresh_share: Floats
    salvage_share: Floats
    is_linear: Flags
    admits: Flags


@dataclass(frozen=True, slots=True, eq=False)
class Options:
    """Designs that may stand at a site, on a connection; one row a (site, design, connection), sites in order.

    Attributes
    ----------
    site, design : rows
    connection_mw : facility power that the connection carries, MW; ``inf`` where the site has one connection only
    headroom_mw : the lesser of that and the site's headroom, MW
    energised_month, built_month : when the connection, and modules beyond those that stand, can be ready
    land_usd, connection_usd, facility_usd, staff_usd : what opening costs (zero where sunk)
    fixed_usd : net present cost of opening: their sum, refresh and salvage included
    fixed_capex_usd : the part that is capital at the start
    module_mw : IT power that one counted module can carry (nameplate x usable fraction; half of it for 2N), MW
    spare_modules : modules that stand by and are not counted (N+1)
    pue : facility power over IT power
    min_modules, max_modules, sunk_modules : counts; more modules than the headroom can feed are never needed
    """

    site: Indices
    design: Indices
    connection_mw: Floats
    headroom_mw: Floats
    energised_month: Floats
    built_month: Floats
    land_usd: Floats
    connection_usd: Floats
    facility_usd: Floats
    staff_usd: Floats
    fixed_usd: Floats
    fixed_capex_usd: Floats
    module_mw: Floats
    spare_modules: Indices
    pue: Floats
    min_modules: Indices
    max_modules: Indices
    sunk_modules: Indices
