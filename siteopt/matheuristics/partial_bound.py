"""A bound above the Lagrangian one: part of the problem is solved exactly, the rest is at its price.

Demands with few places to go decide which sites open, and it is they that the Lagrangian relaxation splits between
sites. They are kept, with flows of their own; every other demand is worth its price wherever it is served, so that what
a site can gain from it is a concave function of the IT power given to it. Sites, designs and whole modules stay as they
are. This is a Lagrangian relaxation of fewer constraints, so that at the same prices its optimum lies between the
Lagrangian bound and the cost of every plan, and each of its dual bounds lies below the cost of every plan.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from siteopt.highs.monitor import Until
from siteopt.highs.process import solve_in_process
from siteopt.matheuristics.partial_model import FEW_TREE_NODES, SIZE, Part, PartialModel

if TYPE_CHECKING:
    from collections.abc import Callable

    from siteopt.arrays import Masks
    from siteopt.highs.driver import Limits
    from siteopt.instance import Instance, Prices, Solution

#: Most options of sites, and most columns that kept flows may take.
MOST_OPTIONS, MOST_FLOWS = 2_000, 10_000
#: Plans of the part are worth little: it is solved for its bound.
PROOF = FEW_TREE_NODES | dict.fromkeys(("mip_heuristic_run_rins", "mip_heuristic_run_rens"), False)
#: Share of a bound that is taken off for the solver's tolerances: 1e-7 on each of some 50,000 reduced costs.
TOLERANCE = 1e-6


def hardest_to_reach(instance: Instance, most: int) -> Masks:
    """Find the demands with the fewest places to go, with at most ``most`` flows by design, shape (n_demand,)."""
    arcs, pools, options = instance.arcs, instance.pools, instance.options
    facilities = np.unique(np.stack([options.site, options.design]), axis=1)[0]
    choices = np.bincount(facilities, minlength=len(instance.sites.id))[pools.site[arcs.pool]]
    per_demand = np.bincount(arcs.demand, weights=choices, minlength=len(instance.demands.region))
    order = np.argsort(per_demand, kind="stable")
    kept = np.zeros(len(per_demand), dtype=bool)
    kept[order[np.cumsum(per_demand[order]) <= most]] = True
    return kept


def can_solve_part(instance: Instance) -> bool:
    """Whether there are sites at all, and not so many that the first relaxation takes minutes."""
    return 0 < len(instance.options.site) <= MOST_OPTIONS


def prove_in_part(
    instance: Instance,
    prices: Prices,
    limits: Limits,
    proved: Callable[[float], None],
    keep_going: Callable[[], bool],
) -> Solution | None:
    """Prove bounds by solving the part of the problem that is hardest to reach; return its best solution.

    Parameters
    ----------
    instance : Instance
    prices : Prices
        The best prices of the Lagrangian bound.
    limits : Limits
    proved : callable
        Called with every bound, USD.
    keep_going : callable
    """
    kept = hardest_to_reach(instance, MOST_FLOWS)
    model = PartialModel(instance, prices, Part.of_demands(instance, kept))
    listener = _Listener(model.unit_usd, proved, keep_going)
    answer = solve_in_process(model.matrix(), PROOF, limits, listener)
    if answer.outcome != "infeasible":
        listener.on_bound(answer.bound)
    return None if answer.values is None else model.decided(answer.values)


class _Listener(Until):
    """Monitor that hands bounds on, and stops when it is told to."""

    def __init__(
        self, unit_usd: float, proved: Callable[[float], None], keep_going: Callable[[], bool]
    ) -> None:
        super().__init__(keep_going)
        self._unit_usd, self._proved = unit_usd, proved

    def on_bound(self, bound: float) -> None:
        """Hand on a bound in USD, less the solver's tolerance, once there is one."""
        if np.isfinite(bound):
            self._proved((bound - TOLERANCE * SIZE) * self._unit_usd)
