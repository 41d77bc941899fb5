"""Rankings that a search starts from: the best option of each site, and the demands by how hard they are to place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from siteopt.tolerances import TINY

if TYPE_CHECKING:
    from siteopt.arrays import Indices
    from siteopt.instance import Instance


def best_options(instance: Instance) -> Indices:
    """Return the option of each site that is cheapest per MW when full, -1 if there is none, shape (n_site,)."""
    options, sites, designs = instance.options, instance.sites, instance.designs
    capacity = np.maximum(instance.option_capacity_mw, TINY)
    first = designs.capex_ptr[options.design]
    full = designs.capex_usd[first + options.max_modules] - designs.capex_usd[first + options.sunk_modules]
    capital = (options.fixed_usd + instance.life_factor * full) / capacity
    yearly = sites.energy_usd_per_mw + sites.carbon_usd_per_mw
    charges = sites.demand_usd_per_mw + sites.coincident_usd_per_mw
    price = capital + options.pue * (yearly + charges)[options.site]
    best = np.full(len(sites.id), -1, dtype=np.int32)
    for o in np.lexsort((np.arange(len(price)), -price)):  # the cheapest of a site is written last
        best[options.site[o]] = o
    return best


def hardest_first(instance: Instance) -> Indices:
    """Rank demands, hardest first: must-serve ones, then those with fewest arcs, single-source ones, largest ones."""
    demands = instance.demands
    choices = np.diff(demands.arc_ptr)
    may_wait = np.isfinite(demands.unserved_usd)
    return np.lexsort((-demands.peak_rps, demands.is_splittable, choices, may_wait)).astype(np.int32)
