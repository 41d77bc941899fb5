"""Prices of what demands and sites share: the multipliers at which a Lagrangian bound was reached."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from siteopt.arrays import Floats
    from siteopt.instance.instance import Instance


@dataclass(frozen=True, slots=True, eq=False)
class Prices:
    """A point of the Lagrangian dual: what is relaxed, and at which multiplier.

    Attributes
    ----------
    demand_usd : ndarray, shape (n_demand,)
        Worth of serving all of a demand; at most its penalty where it may stay unserved.
    limit_usd_per_mw : ndarray, shape (n_limit,)
    link_usd_per_gbps : ndarray, shape (n_link,)
    cover_usd_per_rps : ndarray, shape (n_site, n_cover)
        Load of a protected workload that fails with a site, calls per second.
    capital : float
        USD per USD of capital beyond its cost.
    rule_usd : ndarray, shape (n_rule,)
        Per unit of what a linear rule counts; above 0 where there is too much of it, below where too little.
    """

    demand_usd: Floats
    limit_usd_per_mw: Floats
    link_usd_per_gbps: Floats
    cover_usd_per_rps: Floats
    capital: float
    rule_usd: Floats

    @classmethod
    def nothing(cls, instance: Instance) -> Prices:
        """Return prices of zero for all that demands and sites share."""
        n_site, n_cover = len(instance.sites.id), len(instance.variants.protected_workloads)
        return cls(
            demand_usd=np.zeros(len(instance.demands.region)),
            limit_usd_per_mw=np.zeros(len(instance.grid.id)),
            link_usd_per_gbps=np.zeros(len(instance.links.id)),
            cover_usd_per_rps=np.zeros((n_site, n_cover)),
            capital=0.0,
            rule_usd=np.zeros(len(instance.linear_rules)),
        )
