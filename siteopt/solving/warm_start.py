"""A known plan as the first state of a search, even if it was made for a slightly different scenario."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from siteopt.instance import row_of
from siteopt.search.options import best_options
from siteopt.tolerances import NEGLIGIBLE_SHARE

if TYPE_CHECKING:
    from collections.abc import Callable

    from siteopt.arrays import Floats, Indices
    from siteopt.instance import Instance
    from siteopt.plan import Plan
    from siteopt.scenario.schema import Scenario
    from siteopt.search.local_search import Search

    #: Option by site, share by arc, unserved part by demand.
    Decisions = tuple[Indices, Floats, Floats]

#: Rounds in which the search may repair what no longer fits.
REPAIRS = 4


def load_warm_start(
    search: Search, known: Decisions | None, keep_going: Callable[[], bool] = lambda: True
) -> None:
    """Put a search into a known state; construct one where there is none, or where it cannot be repaired.

    Parameters
    ----------
    search : Search
    known : Decisions or None
        From a plan of this problem, or of one with other limits, prices, statuses or demands.
    keep_going : callable
        Called now and then; once it returns False, the search is left as it is.
    """
    if known is not None:
        is_feasible = search.load(*known)
        for _ in range(REPAIRS):
            if is_feasible or search.solution(keep_going) is not None:
                return
            search.round(keep_going)
        if search.solution(keep_going) is not None:
            return
    search.construct(keep_going)


def decisions_of(scenario: Scenario, instance: Instance, plan: Plan) -> Decisions:
    """Return the decisions of a plan that still fit an instance.

    Sites that must be open are opened with their best option; flows that are no longer allowed are left unserved.
    """
    option = _options(instance, plan)
    share = _shares(scenario, instance, plan, option)
    return option, share, unserved_of(instance, share)


def unserved_of(instance: Instance, share: Floats) -> Floats:
    """Return the part of each demand that shares by arc leave unserved."""
    served = np.bincount(instance.arcs.demand, weights=share, minlength=len(instance.demands.region))
    rest = 1.0 - served
    return np.where(rest > NEGLIGIBLE_SHARE, rest, 0.0)


def _options(instance: Instance, plan: Plan) -> Indices:
    sites, options = instance.sites, instance.options
    must = (sites.is_existing | sites.is_forced) == 1
    option = np.where(must, best_options(instance), -1).astype(np.int32)
    row = {name: j for j, name in enumerate(sites.id)}
    for site in plan.sites:
        j = row.get(site.id, -1)
        rows = range(sites.option_ptr[j], sites.option_ptr[j + 1]) if j >= 0 else range(0)
        fits = [o for o in rows if instance.designs.id[options.design[o]] == site.design]
        wanted = np.inf if site.connection_mw is None else site.connection_mw
        if fits:
            option[j] = min(
                fits, key=lambda o: (options.connection_mw[o] != wanted, -options.connection_mw[o])
            )
    return option


def _shares(scenario: Scenario, instance: Instance, plan: Plan, option: Indices) -> Floats:
    arcs, pools, variants = instance.arcs, instance.pools, instance.variants
    data = {(p.site, p.workload, p.accelerator): p.data for p in plan.pools}
    pool = {
        (
            instance.sites.id[j],
            instance.workload_ids[variants.workload[v]],
            variants.accelerator[v],
            variants.data[v],
        ): p
        for p, (j, v) in enumerate(zip(pools.site.tolist(), pools.variant.tolist(), strict=True))
        if option[j] >= 0
    }
    demand = {(d.region, d.workload): i for i, d in enumerate(scenario.demand)}
    share = np.zeros(len(arcs.demand))
    for flow in plan.flows:
        key = (flow.site, flow.workload, flow.accelerator)
        p = pool.get((*key, data.get(key)), -1)
        a = row_of(instance.demands.arc_ptr, arcs.pool, demand.get((flow.region, flow.workload), -1), p)
        if a >= 0:
            share[a] += flow.share
    return share
