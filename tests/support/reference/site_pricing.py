"""Plain Python twin of the Lagrangian pricing of sites: a linear programme for each design and number of modules."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from math import inf
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import linprog

from support.reference import evaluator as reference

if TYPE_CHECKING:
    from siteopt.instance import Instance


@dataclass
class Prices:
    """A point of the dual: by demand, grid limit and link, for capital, and by site and protected workload."""

    demand: np.ndarray
    limit: np.ndarray
    capital: float
    link: np.ndarray
    cover: np.ndarray


@dataclass
class SitePricing:
    """What each site is worth at given prices, and the best choice of sites."""

    total_usd: float
    site_usd: list[float]


@dataclass
class Item:
    """Something that gains ``usd`` and takes ``it_mw`` if all of it is taken; of a tenant (-1: of none)."""

    usd: float
    it_mw: float
    tenant: int


def price_sites(instance: Instance, prices: Prices) -> SitePricing:
    """Least value of every site by trying each design with each number of modules, then every choice of sites."""
    sites, options = instance.sites, instance.options
    values = []
    for j in range(len(sites.id)):
        rows = range(sites.option_ptr[j], sites.option_ptr[j + 1])
        tries = [
            _option_usd(instance, j, o, n, prices)
            for o in rows
            for n in range(options.min_modules[o], options.max_modules[o] + 1)
        ]
        values.append(min(tries, default=inf))
    standing = [j for j in range(len(sites.id)) if sites.is_existing[j] or sites.is_forced[j]]
    free = [j for j in range(len(sites.id)) if j not in standing and values[j] < inf]
    places = max(0, instance.max_sites - int(np.count_nonzero(sites.is_forced)))
    best = min(
        sum(values[j] for j in chosen)
        for n in range(min(places, len(free)) + 1)
        for chosen in combinations(free, n)
    )
    return SitePricing(sum(values[j] for j in standing) + best, values)


def _option_usd(instance: Instance, j: int, o: int, n: int, prices: Prices) -> float:
    """Value of a site with ``n`` modules of a design: fractions of demands and reserve fill its power as gains most."""
    options, tenancy = instance.options, instance.tenancy
    items = _flows(instance, j, o, prices) + _reserves(instance, j, o, prices)
    standing_mw = (n - options.spare_modules[o]) * options.module_mw[o]
    rows, limits = [[item.it_mw for item in items]], [min(standing_mw, instance.option_capacity_mw[o])]
    most = min(tenancy.share * standing_mw, tenancy.site_mw)
    for t in range(len(tenancy.id)):
        if most < inf:
            rows.append([item.it_mw if item.tenant == t else 0.0 for item in items])
            limits.append(most)
    gain = 0.0
    if items:
        scale = max(abs(item.usd) for item in items) + 1.0
        size = max(item.it_mw for item in items)
        answer = linprog(
            [-item.usd / scale for item in items],
            A_ub=np.array(rows) / size,
            b_ub=np.array(limits) / size,
            bounds=(0.0, 1.0),
        )
        gain = -answer.fun * scale
    modules_usd = (instance.life_factor[o] + prices.capital) * reference.module_capex(instance, o, n)
    return float(options.fixed_usd[o] + prices.capital * options.fixed_capex_usd[o] + modules_usd - gain)


def _peak_mw_usd(instance: Instance, j: int, prices: Prices) -> float:
    """Price of 1 MW of facility power at peak."""
    sites, grid = instance.sites, instance.grid
    rows = range(grid.site_ptr[j], grid.site_ptr[j + 1])
    of_grid = sum(grid.site_coefficient[e] * prices.limit[grid.site_limit[e]] for e in rows)
    return float(sites.demand_usd_per_mw[j] + sites.coincident_usd_per_mw[j] + of_grid)


def _flows(instance: Instance, j: int, o: int, prices: Prices) -> list[Item]:
    """All demand of each arc at the site, replicas in fractions at the best rate that the pool can have."""
    sites, variants, demands, arcs = instance.sites, instance.variants, instance.demands, instance.arcs
    mean_usd, peak_usd = (
        sites.energy_usd_per_mw[j] + sites.carbon_usd_per_mw[j],
        _peak_mw_usd(instance, j, prices),
    )
    items = []
    for a, p in enumerate(arcs.pool):
        v, i = instance.pools.variant[p], arcs.demand[a]
        if instance.pools.site[p] != j or not instance.designs.admits[instance.options.design[o], v]:
            continue
        rate, idle = instance.pool_best_rps[p], variants.idle_fraction[v]
        replicas, busy = demands.peak_rps[i] / rate, demands.mean_rps[i] / variants.rps[v]
        it_mw = replicas * variants.replica_mw[v]
        mean_mw = variants.replica_mw[v] * (idle * replicas + (1 - idle) * busy)
        usd = arcs.usd[a] + replicas * (variants.usd[v] + prices.capital * variants.capex_usd[v])
        usd += instance.options.pue[o] * (peak_usd * it_mw + mean_usd * mean_mw)
        usd += arcs.gbps[a] * _route_usd(instance, arcs.route[a], prices)
        usd += arcs.home_gbps[a] * _route_usd(instance, instance.pools.home_route[p], prices)
        w = _protected(instance, int(v))
        if w >= 0:
            others = prices.cover[:, w].sum() - prices.cover[j, w]
            idle_rps = demands.peak_rps[i] * (variants.usable_rps[v] / rate - 1.0)
            usd += prices.cover[j, w] * demands.peak_rps[i] - others * idle_rps
        items.append(Item(float(prices.demand[i] - usd), float(it_mw), int(variants.tenant[v])))
    return items


def _reserves(instance: Instance, j: int, o: int, prices: Prices) -> list[Item]:
    """Replicas in reserve, as many as carry all demand of the workload."""
    sites, variants = instance.sites, instance.variants
    mean_usd, peak_usd = (
        sites.energy_usd_per_mw[j] + sites.carbon_usd_per_mw[j],
        _peak_mw_usd(instance, j, prices),
    )
    items = []
    for p in range(sites.pool_ptr[j], sites.pool_ptr[j + 1]):
        v = int(instance.pools.variant[p])
        w = _protected(instance, v)
        if w < 0 or not instance.designs.admits[instance.options.design[o], v]:
            continue
        worth = (prices.cover[:, w].sum() - prices.cover[j, w]) * variants.usable_rps[v]
        usd = variants.usd[v] + prices.capital * variants.capex_usd[v]
        usd += (
            instance.options.pue[o]
            * variants.replica_mw[v]
            * (peak_usd + mean_usd * variants.idle_fraction[v])
        )
        most = instance.most_replicas[v]
        items.append(Item(most * (worth - usd), most * variants.replica_mw[v], int(variants.tenant[v])))
    return items


def _route_usd(instance: Instance, route: int, prices: Prices) -> float:
    links = instance.links
    if route < 0:
        return 0.0
    return float(
        sum(prices.link[n] for n in links.route_link[links.route_ptr[route] : links.route_ptr[route + 1]])
    )


def _protected(instance: Instance, variant: int) -> int:
    """Place of a variant's workload among the protected ones, -1 where it is not."""
    variants = instance.variants
    protected = sorted(set(variants.workload[variants.is_protected == 1].tolist()))
    workload = int(variants.workload[variant])
    return protected.index(workload) if workload in protected else -1
