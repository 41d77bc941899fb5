"""Figures of a solution, in the rows of its instance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from siteopt._core.evaluate.full_evaluation import FullEvaluation
from siteopt.plan import COST_LINES

if TYPE_CHECKING:
    from siteopt.arrays import Floats
    from siteopt.instance import Instance, Solution


#: A search leaves no demand out that must be served for less than this, USD.
LEAST_PENALTY_USD = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Figures:
    """Figures of a solution, in the rows of its instance.

    Attributes
    ----------
    cost_lines : dict of str to float
        USD.
    it_mw, facility_mw, capex_usd : ndarray of float64, shape (n_site,)
    load_erlang : ndarray of float64, shape (n_pool,)
        Replicas that the pool keeps busy at peak.
    used_mw : ndarray of float64, shape (n_limit,)
    used_gbps : ndarray of float64, shape (n_link,)
    tenant_mw : ndarray of float64, shape (n_site, n_tenant)
        IT power at peak.
    """

    cost_lines: dict[str, float]
    it_mw: Floats
    facility_mw: Floats
    capex_usd: Floats
    load_erlang: Floats
    used_mw: Floats
    used_gbps: Floats
    tenant_mw: Floats

    @property
    def cost_usd(self) -> float:
        """Net present cost, USD."""
        return sum(self.cost_lines.values())


def evaluate_solution(instance: Instance, solution: Solution) -> Figures:
    """Compute the exact figures of a solution with the replicas and modules that it names."""
    lines, *figures = FullEvaluation(instance).evaluate(
        solution.option, solution.modules, solution.replicas, solution.share, solution.unserved
    )
    return Figures(dict(zip(COST_LINES, lines.tolist(), strict=True)), *figures)


def mean_it_mw(instance: Instance, solution: Solution) -> Floats:
    """Return the IT power of each site averaged over the year, MW, shape (n_site,)."""
    arcs, pools = instance.arcs, instance.pools
    variant = pools.variant
    busy = np.bincount(
        arcs.pool, weights=solution.share * instance.demands.mean_rps[arcs.demand], minlength=len(variant)
    )
    variants = instance.variants
    idle = variants.idle_fraction[variant]
    mean_mw = variants.replica_mw[variant] * (
        idle * solution.replicas + (1.0 - idle) * busy / variants.rps[variant]
    )
    by_site: Floats = np.bincount(pools.site, weights=mean_mw, minlength=len(instance.sites.id)).astype(
        np.float64
    )
    return by_site


def unserved_penalty_usd(instance: Instance) -> float:
    """Return the price of must-serve demand that a search leaves unserved: more than any plan can cost per demand."""
    options, variants, sites = instance.options, instance.variants, instance.sites
    replicas = instance.demands.peak_rps.max(initial=0.0) / variants.usable_rps.min(initial=np.inf) + 1.0
    power_mw = replicas * variants.replica_mw.max(initial=0.0)
    modules = power_mw / options.module_mw.min(initial=np.inf) / min(1.0, instance.tenancy.share) + 2.0
    designs = instance.designs
    first_module = designs.capex_usd[designs.capex_ptr[options.design] + 1].max(initial=0.0)
    per_mw = (
        sites.energy_usd_per_mw
        + sites.carbon_usd_per_mw
        + sites.demand_usd_per_mw
        + sites.coincident_usd_per_mw
    ).max(initial=0.0)
    most = replicas * variants.usd.max(initial=0.0) + power_mw * options.pue.max(initial=1.0) * per_mw
    most += modules * first_module * instance.life_factor.max(initial=1.0)
    most += instance.pools.fixed_usd.max(initial=0.0)
    most += np.abs(instance.arcs.usd).max(initial=0.0) + options.fixed_usd.max(initial=0.0)
    # Where all is free, too, it must be dearer to leave a demand out than to serve it.
    return max(float(most), LEAST_PENALTY_USD)
