"""The price of more power for reserve at each site: additional modules, and opening the site where it is closed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from siteopt.tolerances import TINY

if TYPE_CHECKING:
    from siteopt.arrays import Floats, Indices
    from siteopt.instance import Instance, Solution


@dataclass(frozen=True, slots=True, eq=False)
class Rooms:
    """Sites that may hold reserve, the power that their modules leave, and the price of more.

    Attributes
    ----------
    site : ndarray, shape (n_room,)
    standing_mw, spare_mw : ndarray of float64, shape (n_room,)
        IT power that the standing modules carry in all, and that they have left, MW.
    module_mw, module_usd : ndarray of float64, shape (n_room,)
        One more module, MW and USD.
    opening_usd : ndarray of float64, shape (n_room,)
        Opening a site that serves nothing else, USD; 0 where one has replicas already.
    rate_usd_per_mw : ndarray of float64, shape (n_room,)
        Cost of a MW where the site is filled, USD.
    """

    site: Indices
    standing_mw: Floats
    spare_mw: Floats
    module_mw: Floats
    module_usd: Floats
    opening_usd: Floats
    rate_usd_per_mw: Floats

    def usd(self, more_mw: Floats) -> Floats:
        """Return the cost of this much power beyond what stands, in whole modules, USD."""
        return np.where(more_mw > 0.0, self.opening_usd + self._modules(more_mw) * self.module_usd, 0.0)

    def held_mw(self, more_mw: Floats) -> Floats:
        """Return the IT power of all modules once they supply this much beyond what stands, MW."""
        return self.standing_mw + self._modules(more_mw) * self.module_mw

    def _modules(self, more_mw: Floats) -> Floats:
        modules: Floats = np.ceil(np.round(more_mw / self.module_mw, 6))
        return modules


def rooms(
    instance: Instance, solution: Solution, option: Indices, site: Indices, withheld_mw: Floats
) -> Rooms:
    """Find the room for reserve at the given sites, and its price.

    Parameters
    ----------
    instance : Instance
    solution : Solution
        Its replicas and modules.
    option : ndarray of int32, shape (n_site,)
        Option of each site, open or in standby.
    site : ndarray of int32, shape (n_room,)
    withheld_mw : ndarray of float64, shape (n_room,)
        IT power that may not be counted on, MW.
    """
    pools, variants, options, designs = instance.pools, instance.variants, instance.options, instance.designs
    o = option[site]
    it_mw = np.bincount(
        pools.site,
        weights=solution.replicas * variants.replica_mw[pools.variant],
        minlength=len(option),
    )[site]
    modules = np.where(solution.option[site] >= 0, solution.modules[site], options.spare_modules[o])
    first = designs.capex_ptr[options.design[o]]
    most = options.max_modules[o]
    usd = instance.life_factor[o] * (
        designs.capex_usd[first + np.minimum(modules + 1, most)]
        - designs.capex_usd[first + np.minimum(modules, most - 1)]
    )
    capacity = np.maximum(instance.option_capacity_mw[o], TINY)
    opening = np.where(it_mw > 0.0, 0.0, options.fixed_usd[o])
    standing_mw = (modules - options.spare_modules[o]) * options.module_mw[o]
    return Rooms(
        site=site,
        standing_mw=standing_mw,
        spare_mw=np.maximum(0.0, standing_mw - it_mw - withheld_mw),
        module_mw=options.module_mw[o],
        module_usd=usd,
        opening_usd=opening,
        rate_usd_per_mw=usd / options.module_mw[o] + opening / capacity,
    )
