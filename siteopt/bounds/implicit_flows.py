"""The Lagrangian bound of a scenario whose flows are left implicit, over all of its sites.

Prices start at a level at which no site pays: the cost of each demand at its cheapest site when that is full.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from siteopt._core.dual.implicit_flows import ImplicitPricer
from siteopt.bounds.lagrangian import LagrangianAscent

if TYPE_CHECKING:
    from siteopt.arrays import Floats
    from siteopt.compile.implicit_flows import ImplicitFlows
    from siteopt.instance import Instance


class ImplicitAscent(LagrangianAscent):
    """Dual ascent over all sites of a problem whose flows are implicit.

    Parameters
    ----------
    implicit : ImplicitFlows

    Attributes
    ----------
    cheapest_site : ndarray of int32, shape (n_demand,)
        Site that serves each demand at least cost when full; -1 if none may serve it.
    """

    def __init__(self, implicit: ImplicitFlows) -> None:
        pricer = ImplicitPricer(implicit)
        cheapest, self.cheapest_site = pricer.cheapest(average_usd_per_mw(implicit.instance))
        first_usd = np.minimum(cheapest, implicit.instance.demands.unserved_usd)
        super().__init__(implicit.instance, pricer, np.where(np.isfinite(first_usd), first_usd, 0.0))


def average_usd_per_mw(instance: Instance) -> Floats:
    """Return the least cost of each option per MW of IT power that it carries, over all numbers of modules.

    Shape (n_option,); ``inf`` for an option that carries nothing.
    """
    options, designs = instance.options, instance.designs
    first, factor = designs.capex_ptr[options.design], instance.life_factor
    sunk, capacity = designs.capex_usd[first + options.sunk_modules], instance.option_capacity_mw
    least = np.full(len(options.site), np.inf)
    for modules in range(1, int(options.max_modules.max(initial=0)) + 1):
        room = np.minimum((modules - options.spare_modules) * options.module_mw, capacity)
        may = (modules >= options.min_modules) & (modules <= options.max_modules) & (room > 0.0)
        usd = designs.capex_usd[first + np.minimum(modules, options.max_modules)] - sunk
        average = (options.fixed_usd + factor * usd) / np.where(may, room, 1.0)
        least = np.where(may, np.minimum(least, average), least)
    return least
