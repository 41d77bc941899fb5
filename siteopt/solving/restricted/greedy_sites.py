"""A few sites that together are near all demands that need one nearby: greedy uncapacitated facility location."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from siteopt.bounds.implicit_flows import average_usd_per_mw

if TYPE_CHECKING:
    from siteopt.arrays import Floats, Indices
    from siteopt.compile.implicit_flows import ImplicitFlows

#: Disjoint sets of sites, so that a search has a choice.
SETS = 3
#: Worth of a demand that must be served, as a multiple of its price.
MUST = 2.0


def greedy_sites(implicit: ImplicitFlows, demand_usd: Floats) -> Indices:
    """Find the sites of several disjoint sets that serve the listed flows, best first.

    A set takes in the site that saves most, compared with staying unserved or going elsewhere, until none is worth
    opening (Cornuejols, Fisher and Nemhauser 1977).

    Parameters
    ----------
    implicit : ImplicitFlows
    demand_usd : ndarray of float64, shape (n_demand,)
        Prices of the demands.
    """
    site, demand, usd = _listed_costs(implicit)
    options, n_site = implicit.instance.options, implicit.rtt_ms.shape[1]
    opening = np.full(n_site, np.inf)
    np.minimum.at(opening, options.site, options.fixed_usd)
    worth = np.minimum(implicit.instance.demands.unserved_usd, MUST * np.maximum(demand_usd, 0.0))
    found: list[int] = []
    for _ in range(SETS):
        left = worth.copy()
        while len(site):
            saved = np.maximum(0.0, left[demand] - usd)
            net = np.bincount(site, saved, minlength=n_site) - opening
            best = int(np.argmax(net))
            if net[best] <= 0.0:
                break
            found.append(best)
            own = site == best
            np.minimum.at(left, demand[own], usd[own])
            opening[best] = np.inf
    return np.array(found, dtype=np.int32)


def _listed_costs(implicit: ImplicitFlows) -> tuple[Indices, Indices, Floats]:
    """Return the site, demand and cost of every listed flow, at the option of the site that is cheapest when full."""
    instance, n_site = implicit.instance, implicit.rtt_ms.shape[1]
    sites, options, demands, v = instance.sites, instance.options, instance.demands, instance.variants
    charges = sites.demand_usd_per_mw + sites.coincident_usd_per_mw
    power = sites.energy_usd_per_mw + sites.carbon_usd_per_mw
    average = average_usd_per_mw(instance)
    full = average + options.pue * (charges + power)[options.site]
    cheapest = np.zeros(n_site, dtype=np.intp)
    for o in np.argsort(-full, kind="stable"):  # the cheapest of a site is written last
        cheapest[options.site[o]] = o
    parts = []
    for row in np.flatnonzero(implicit.is_listed):
        ptr = implicit.listed_ptr[row]
        site = np.repeat(np.arange(n_site, dtype=np.int32), np.diff(ptr))
        demand, o = implicit.listed[ptr[0] : ptr[-1]], cheapest[site]
        pue, mw, idle = options.pue[o], v.replica_mw[row], v.idle_fraction[row]
        rate = average[o] + pue * (charges[site] + power[site] * idle)
        per_peak = (v.usd[row] + mw * rate) / implicit.best_rps[row, site]
        per_mean = implicit.flow_usd_per_rps[row, site] + pue * power[site] * mw * (1.0 - idle) / v.rps[row]
        usd = demands.peak_rps[demand] * per_peak + demands.mean_rps[demand] * per_mean
        parts.append((site, demand, usd - demands.revenue_usd[demand]))
    if not parts:
        return np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros(0)
    sites_, demands_, usds = (np.concatenate(column) for column in zip(*parts, strict=True))
    return sites_, demands_, usds
