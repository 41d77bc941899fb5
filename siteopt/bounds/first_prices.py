"""Prices that the Lagrangian bound begins with, and the pace at which each of them moves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from siteopt.arrays import Floats
    from siteopt.instance import Instance


def scale(instance: Instance, first_usd: Floats, budget: list[float], n_cover: int) -> Floats:
    """Return the unit of each multiplier, so that demands worth dollars and ones worth millions both move sensibly.

    For demands, the geometric mean of a demand's own cost and the mean cost converged fastest of the powers tried on
    real scenarios. Rows of one kind get the price that would spread a tenth of the total cost over them, the cover of
    a site a tenth of what a call per second costs in replicas, and a linear rule the cost of an average site.
    """
    size = np.maximum(np.abs(first_usd), 1e-6 * max(1e-9, float(np.abs(first_usd).max(initial=0.0))))
    total = float(size.sum())
    coupling = np.concatenate([instance.grid.limit_mw, budget])
    n_limit = len(instance.grid.id)
    rows = np.full(len(coupling), 0.1 * total / max(1e-9, float(np.abs(coupling).sum())))
    links = np.full(len(instance.links.id), 0.1 * total / max(1e-9, float(instance.links.limit_gbps.sum())))
    per_rps = cover_usd(instance)
    cover = np.tile(0.1 * per_rps, n_cover // max(1, len(per_rps)))
    rules = np.full(len(instance.linear_rules), total / max(1, len(instance.sites.id)))
    return np.concatenate([np.sqrt(size * size.mean()), rows[:n_limit], links, rows[n_limit:], cover, rules])


def cover_usd(instance: Instance) -> Floats:
    """Return the least cost of replicas for one call per second of each protected workload, USD."""
    variants = instance.variants
    usd = variants.usd / variants.usable_rps
    protected = variants.protected_workloads
    return np.array([float(usd[variants.workload == k].min()) for k in protected])


def cheapest_usd(instance: Instance) -> Floats:
    """Return the cost of each demand at its cheapest site if that were free to open and everything there divisible."""
    arcs, pools, variants, demands = instance.arcs, instance.pools, instance.variants, instance.demands
    sites, options = instance.sites, instance.options
    variant = pools.variant[arcs.pool]
    site = pools.site[arcs.pool]
    replicas = demands.peak_rps[arcs.demand] / variants.usable_rps[variant]
    busy = demands.mean_rps[arcs.demand] / variants.rps[variant]
    idle = variants.idle_fraction[variant]
    mean_mw = variants.replica_mw[variant] * (idle * replicas + (1.0 - idle) * busy)
    it_mw = variants.replica_mw[variant] * replicas
    lowest_pue, lowest_module = np.full(len(sites.id), np.inf), np.full(len(sites.id), np.inf)
    np.minimum.at(lowest_pue, options.site, options.pue)
    rate = instance.life_factor * instance.module_capex_usd / options.module_mw
    np.minimum.at(lowest_module, options.site, rate)
    power = sites.energy_usd_per_mw + sites.carbon_usd_per_mw
    charges = sites.demand_usd_per_mw + sites.coincident_usd_per_mw
    usd = (
        arcs.usd
        + replicas * variants.usd[variant]
        + it_mw * lowest_module[site]
        + lowest_pue[site] * (charges[site] * it_mw + power[site] * mean_mw)
    )
    cheapest = np.full(len(demands.region), np.inf)
    np.minimum.at(cheapest, arcs.demand, usd)
    # A demand that no site may serve costs its penalty.
    cheapest = np.where(np.isfinite(cheapest), cheapest, demands.unserved_usd)
    return np.where(np.isfinite(cheapest), cheapest, 0.0)
