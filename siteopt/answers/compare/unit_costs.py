"""Unit costs of each workload on each side by formula, as if replicas were divisible and every site were full.

Every demand is priced at the cheapest site of a side that admits it. A replica counts at the best rate that a pool
reaches at its site, with as many replicas as the site can power, so that small sites pay for the pooling that they
lose. The cost of opening a site is spread over all that it can carry. It is also given separately, because it decides
at which demand the verdict turns.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from siteopt.answers.compare.sides import side_of
from siteopt.search.options import best_options
from siteopt.tolerances import TINY

if TYPE_CHECKING:
    from siteopt.answers.compare.sides import Side
    from siteopt.arrays import Floats, Indices, Masks, Rows
    from siteopt.instance import Instance
    from siteopt.scenario.schema import Scenario

#: The parts that a unit cost is made of.
PARTS = ("accelerators", "facilities", "power", "network")


@dataclass(frozen=True, slots=True, eq=False)
class SideCost:
    """What serving the demands of one workload from one side costs.

    Attributes
    ----------
    reach : ndarray of bool, shape (n_demand_of_workload,)
        Demands that some site of the side admits.
    parts_usd : dict of str to ndarray, shape (n_demand_of_workload,)
        Net present cost by part at the cheapest site; 0 out of reach.
    opening_usd : float
        Cost of opening each of the cheapest sites once.
    opening_spread_usd : ndarray, shape (n_demand_of_workload,)
        The part of ``facilities`` that is the cost of opening, spread.
    energy_usd : ndarray
        The part of ``power`` that is proportional to the price of electricity.
    price_usd_per_mwh, pue : float
        Means over the cheapest sites, by demand.
    site : ndarray of int, shape (n_demand_of_workload,)
        Cheapest site, -1 out of reach.
    """

    reach: Masks
    parts_usd: dict[str, Floats]
    opening_usd: float
    opening_spread_usd: Floats
    energy_usd: Floats
    price_usd_per_mwh: float
    pue: float
    site: Rows

    @property
    def usd(self) -> Floats:
        """The sum of all parts, for each demand of the workload."""
        return sum((self.parts_usd[part] for part in PARTS), np.zeros(len(self.reach)))


def unit_costs(scenario: Scenario, instance: Instance, workload: int) -> dict[Side, SideCost]:
    """Return the costs of all sides for the demands of one workload, in the order of the scenario."""
    sides: tuple[Side, ...] = ("central", "regional", "edge")
    rows = np.flatnonzero(instance.demands.workload == workload)
    arcs = np.flatnonzero(np.isin(instance.arcs.demand, rows))
    priced = _Arcs(scenario, instance, arcs)
    return {side: priced.side(side, rows) for side in sides}


class _Arcs:
    """The arcs of one workload, with their cost by part."""

    def __init__(self, scenario: Scenario, instance: Instance, arcs: Rows) -> None:
        self._scenario, self._instance = scenario, instance
        pools, variants, demands, options = (
            instance.pools,
            instance.variants,
            instance.demands,
            instance.options,
        )
        option = best_options(instance)
        site = pools.site[instance.arcs.pool[arcs]]
        can = option[site] >= 0
        arcs, site = arcs[can], site[can]
        pool, o = instance.arcs.pool[arcs], option[site]
        variant, demand = pools.variant[pool], instance.arcs.demand[arcs]
        replicas = demands.peak_rps[demand] / instance.pool_best_rps[pool]
        busy = demands.mean_rps[demand] / variants.rps[variant]
        idle = variants.idle_fraction[variant]
        it_mw = variants.replica_mw[variant] * replicas
        mean_mw = variants.replica_mw[variant] * (idle * replicas + (1.0 - idle) * busy)
        capacity = np.maximum(instance.option_capacity_mw[o], TINY)
        modules_usd = self._modules_usd(o) / capacity
        opening = it_mw * options.fixed_usd[o] / capacity
        energy = options.pue[o] * mean_mw * instance.sites.energy_usd_per_mw[site]
        charges = instance.sites.demand_usd_per_mw + instance.sites.coincident_usd_per_mw
        carbon = options.pue[o] * mean_mw * instance.sites.carbon_usd_per_mw[site]
        self.demand, self.site = demand, site
        self.opening, self.energy = opening, energy
        self.opening_site_usd, self.pue = options.fixed_usd[o], options.pue[o]
        self.parts = {
            "accelerators": replicas * variants.usd[variant],
            "facilities": it_mw * modules_usd + opening,
            "power": energy + carbon + options.pue[o] * it_mw * charges[site],
            "network": instance.arcs.egress_usd[arcs] + instance.arcs.transit_usd[arcs],
        }
        self.total = sum(self.parts.values(), np.zeros(len(arcs)))
        tiers = np.array([side_of(s.tier) for s in scenario.sites])
        self.side_of_arc = tiers[site]

    def _modules_usd(self, option: Indices) -> Floats:
        """Return the net present capital of all new modules that each option can hold."""
        options, designs = self._instance.options, self._instance.designs
        first = designs.capex_ptr[options.design]
        full = (
            designs.capex_usd[first + options.max_modules] - designs.capex_usd[first + options.sunk_modules]
        )
        return np.asarray((self._instance.life_factor * full)[option])

    def side(self, side: Side, rows: Rows) -> SideCost:
        """Return the costs on one side, where each demand takes its cheapest arc."""
        best = np.full(len(self._instance.demands.region), -1, dtype=np.int64)
        mine = np.flatnonzero(self.side_of_arc == side)
        for a in mine[np.argsort(-self.total[mine], kind="stable")].tolist():
            best[self.demand[a]] = a  # the cheapest is written last
        chosen = best[rows]
        reach = chosen >= 0
        arc = np.maximum(chosen, 0)

        def at(values: Floats) -> Floats:
            return np.where(reach, values[arc], 0.0) if len(values) else np.zeros(len(rows))

        site = np.where(reach, self.site[arc], -1) if len(self.site) else np.full(len(rows), -1)
        distinct = {int(self.site[a]): float(self.opening_site_usd[a]) for a in arc[reach].tolist()}
        prices = np.array([s.price_usd_per_mwh for s in self._scenario.sites])
        return SideCost(
            reach=reach,
            parts_usd={part: at(values) for part, values in self.parts.items()},
            opening_usd=sum(distinct.values()),
            opening_spread_usd=at(self.opening),
            energy_usd=at(self.energy),
            price_usd_per_mwh=float(prices[site[reach]].mean()) if reach.any() else 0.0,
            pue=float(self.pue[arc[reach]].mean()) if reach.any() else 0.0,
            site=np.asarray(site, dtype=np.int64),
        )
