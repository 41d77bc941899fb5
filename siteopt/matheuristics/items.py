"""Items that may take the power of sites at given prices: flows, and reserve for the loss of other sites."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from siteopt.instance import ranges

if TYPE_CHECKING:
    from siteopt.arrays import Floats, Indices, Masks, Rows
    from siteopt.instance import Instance, Prices


@dataclass(frozen=True, slots=True, eq=False)
class Items:
    """Flows and reserve, whose replicas are divisible and carry as much as those of the pool ever do.

    Attributes
    ----------
    pool, arc, demand : ndarray, shape (n_item,)
        Rows; arc and demand are -1 for reserve.
    usd, mw : ndarray of float64, shape (n_item,)
        Cost and IT power of the whole item; the cost of the modules that house it is left out.
    """

    pool: Rows
    arc: Indices
    demand: Indices
    usd: Floats
    mw: Floats

    def where(self, chosen: Masks) -> Items:
        """Return the chosen items."""
        return Items(*(getattr(self, f.name)[chosen] for f in fields(self)))

    def and_also(self, other: Items) -> Items:
        """Return these items followed by others."""
        return Items(*(np.concatenate([getattr(self, f.name), getattr(other, f.name)]) for f in fields(self)))


class Listing:
    """Lists items at the prices of everything that sites share; prices of demands are not used.

    Parameters
    ----------
    instance : Instance
    prices : Prices
    """

    def __init__(self, instance: Instance, prices: Prices) -> None:
        self._instance, self._prices = instance, prices
        self._best_rps, self._most_replicas = instance.pool_best_rps, instance.most_replicas
        self._flow_usd, self._mw_usd = self._usd_of_arcs(), self._usd_per_mw()
        cover = np.zeros((len(instance.sites.id), len(instance.workload_ids)))
        cover[:, instance.variants.protected_workloads] = prices.cover_usd_per_rps
        self._cover_usd, self._cover_sum_usd = cover, cover.sum(axis=0)

    def pools_of(self, option: int) -> Rows:
        """Return the pools that may stand with an option."""
        sites, options, pools = self._instance.sites, self._instance.options, self._instance.pools
        j = options.site[option]
        pool = np.arange(sites.pool_ptr[j], sites.pool_ptr[j + 1])
        admits = self._instance.designs.admits[options.design[option]]
        admitted: Rows = pool[admits[pools.variant[pool]] == 1]
        return admitted

    def flows(self, pool: Rows, option: Indices) -> Items:
        """List the flows over all arcs of pools, each of which stands with its option; both have shape (n_pool,)."""
        arcs, pools = self._instance.arcs, self._instance.pools
        variants, demands = self._instance.variants, self._instance.demands
        n = pools.arc_ptr[pool + 1] - pools.arc_ptr[pool]
        arc = pools.arc[ranges(pools.arc_ptr[pool], pools.arc_ptr[pool + 1])]
        demand = arcs.demand[arc]
        peak_usd, mean_usd = self._usd_per_rps(pool, option)
        peak_rps = demands.peak_rps[demand]
        return Items(
            pool=np.repeat(pool, n),
            arc=arc,
            demand=demand,
            usd=self._flow_usd[arc]
            + np.repeat(peak_usd, n) * peak_rps
            + np.repeat(mean_usd, n) * demands.mean_rps[demand],
            mw=np.repeat(variants.replica_mw[pools.variant[pool]] / self._best_rps[pool], n) * peak_rps,
        )

    def reserve(self, pool: Rows, option: Indices) -> Items:
        """List, for each of the pools that is protected, as many replicas as any failure could call for."""
        variants = self._instance.variants
        v = self._instance.pools.variant[pool]
        kept = variants.is_protected[v] == 1
        pool, option, v = pool[kept], option[kept], v[kept]
        worth_usd = self._others_usd(pool) * variants.usable_rps[v]
        nobody = np.full(len(pool), -1, dtype=np.int32)
        most = self._most_replicas[v]
        usd = (self._replica_usd(pool, option) - worth_usd) * most
        return Items(pool, nobody, nobody, usd, variants.replica_mw[v] * most)

    def _usd_per_rps(self, pool: Rows, option: Indices) -> tuple[Floats, Floats]:
        """Return the cost of a call per second at peak and on average, USD."""
        sites, variants, pools = self._instance.sites, self._instance.variants, self._instance.pools
        j, v, best_rps = pools.site[pool], pools.variant[pool], self._best_rps[pool]
        # Replicas that stand idle at peak cover the loss of others; the load itself has to be covered.
        idle = variants.usable_rps[v] / best_rps - 1.0
        peak_usd = self._replica_usd(pool, option) / best_rps
        peak_usd += self._cover_usd[j, variants.workload[v]] - self._others_usd(pool) * idle
        mw = self._instance.options.pue[option] * variants.replica_mw[v]
        energy_usd = (sites.energy_usd_per_mw + sites.carbon_usd_per_mw)[j]
        mean_usd = energy_usd * mw * (1.0 - variants.idle_fraction[v]) / variants.rps[v]
        return peak_usd, mean_usd

    def _replica_usd(self, pool: Rows, option: Indices) -> Floats:
        """Return the cost of a replica and of the power that it draws without load, USD."""
        sites, variants, pools = self._instance.sites, self._instance.variants, self._instance.pools
        j, v = pools.site[pool], pools.variant[pool]
        mw = self._instance.options.pue[option] * variants.replica_mw[v]
        energy_usd = (sites.energy_usd_per_mw + sites.carbon_usd_per_mw)[j] * variants.idle_fraction[v]
        own_usd = variants.usd[v] + self._prices.capital * variants.capex_usd[v]
        usd: Floats = own_usd + mw * (self._mw_usd[j] + energy_usd)
        return usd

    def _others_usd(self, pool: Rows) -> Floats:
        """Return what a call per second of reserve is worth to all other sites, USD."""
        j = self._instance.pools.site[pool]
        workload = self._instance.variants.workload[self._instance.pools.variant[pool]]
        usd: Floats = self._cover_sum_usd[workload] - self._cover_usd[j, workload]
        return usd

    def _usd_of_arcs(self) -> Floats:
        """Return the cost of sending all of a demand over each arc, with links at their prices."""
        arcs, pools, links = self._instance.arcs, self._instance.pools, self._instance.links
        passed = np.concatenate([[0.0], np.cumsum(self._prices.link_usd_per_gbps[links.route_link])])
        # The last entry is for -1: no link on the way has a limit.
        route_usd = np.append(np.diff(passed[links.route_ptr]), 0.0)
        home_usd = route_usd[pools.home_route[arcs.pool]]
        usd: Floats = arcs.usd + arcs.gbps * route_usd[arcs.route] + arcs.home_gbps * home_usd
        return usd

    def _usd_per_mw(self) -> Floats:
        """Return the price of facility power at peak, charges and grid limits included, shape (n_site,)."""
        sites, grid = self._instance.sites, self._instance.grid
        at = np.repeat(np.arange(len(sites.id)), np.diff(grid.site_ptr))
        limits_usd = self._prices.limit_usd_per_mw[grid.site_limit] * grid.site_coefficient
        usd: Floats = sites.demand_usd_per_mw + sites.coincident_usd_per_mw
        return usd + np.bincount(at, weights=limits_usd, minlength=len(sites.id))
