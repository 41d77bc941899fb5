"""Kernel search: a restricted master over the few sites and flows that an optimum is likely to use.

Sites are those of a known plan, those that relaxations open, and those that must be open; flows of each demand are the
cheapest ones at the Lagrangian prices, and the plan's own. What sites share is charged at its price, so that a solution
may take a little too much of it, and replicas are divisible. The solution says which sites to open and how large;
:func:`siteopt.matheuristics.flow_lp.flows_of_sites` finds the flows that they can carry.

Guastaroba and Speranza, Kernel search for the capacitated facility location problem, J. Heuristics 18, 2012.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from siteopt.highs.monitor import Until
from siteopt.highs.process import solve_in_process
from siteopt.matheuristics.items import Listing
from siteopt.matheuristics.partial_model import FEW_TREE_NODES, Part, PartialModel

if TYPE_CHECKING:
    from collections.abc import Callable

    from siteopt.arrays import Floats, Masks
    from siteopt.highs.driver import Limits
    from siteopt.instance import Instance, Prices, Solution

#: Flows kept for each demand, and most flows with which the first relaxation is solved in seconds.
FLOWS, MOST_FLOWS = 30, 100_000


def solve_restricted_master(
    instance: Instance,
    prices: Prices,
    restricted_master: Part,
    limits: Limits,
    found: Callable[[Solution, float], None],
    keep_going: Callable[[], bool],
) -> None:
    """Solve a restricted master, unless it is so large that its first relaxation would take minutes.

    Parameters
    ----------
    instance : Instance
    prices : Prices
    restricted_master : Part
    limits : Limits
        Its gap is that of the restricted master, not of the problem.
    found : callable
        Called with every better solution and its objective, USD.
    keep_going : callable
    """
    if restricted_master.arc.sum() > MOST_FLOWS:
        return
    model = PartialModel(instance, prices, restricted_master)
    solve_in_process(model.matrix(), FEW_TREE_NODES, limits, _Listener(model, found, keep_going))


class _Listener(Until):
    """Monitor that hands solutions on, and stops when it is told to."""

    def __init__(
        self,
        model: PartialModel,
        found: Callable[[Solution, float], None],
        keep_going: Callable[[], bool],
    ) -> None:
        super().__init__(keep_going)
        self._model, self._found = model, found

    def on_solution(self, values: Floats, objective: float) -> None:
        """Hand on the decisions of a solution, with its objective in USD."""
        self._found(self._model.decided(values), objective * self._model.unit_usd)


def choose_restricted_master(
    instance: Instance, prices: Prices, likely: Masks, known: Solution | None
) -> Part:
    """Choose the sites and flows of the restricted master.

    Parameters
    ----------
    instance : Instance
    prices : Prices
    likely : ndarray of bool, shape (n_site,)
        Sites that relaxations open.
    known : Solution, optional
        All of its sites and flows are included.
    """
    sites, demand = instance.sites, instance.arcs.demand
    site = likely | ((sites.is_existing | sites.is_forced) == 1)
    if known is not None:
        site = site | (known.option >= 0)
    usd = _least_usd(instance, prices, site)
    order = np.lexsort((usd, demand))
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order)) - instance.demands.arc_ptr[demand[order]]
    arc = (rank < FLOWS) & np.isfinite(usd)
    if known is not None:
        arc |= known.share > 0.0
    return Part(np.ones(len(instance.demands.region), dtype=bool), site, arc)


def _least_usd(instance: Instance, prices: Prices, site: Masks) -> Floats:
    """Return the cost of a whole demand over each arc, at the cheapest option, with modules; ``inf`` at other sites."""
    options, listing = instance.options, Listing(instance, prices)
    capital_usd = (instance.life_factor + prices.capital) * instance.module_capex_usd
    usd = np.full(len(instance.arcs.demand), np.inf)
    for o in np.flatnonzero(site[options.site]).tolist():
        pool = listing.pools_of(o)
        flows = listing.flows(pool, np.full(len(pool), o))
        full_usd = flows.usd + capital_usd[o] / options.module_mw[o] * flows.mw
        usd[flows.arc] = np.minimum(usd[flows.arc], full_usd)
    return usd
