"""The whole problem as arrays, and decisions on it."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING

import numpy as np

from siteopt.tolerances import COUNT_SLACK

if TYPE_CHECKING:
    from siteopt.arrays import Floats, Indices
    from siteopt.instance.flows import Arcs, Backups, Demands
    from siteopt.instance.limits import GridLimits, LinearRules, Links, Tenancy
    from siteopt.instance.places import Designs, Options, Sites
    from siteopt.instance.serving import Pools, SlackTiers, Variants

TABLES = (
    *("sites", "designs", "options", "variants", "slack_tiers", "degraded_slack_tiers"),
    *("pools", "demands", "arcs", "backups", "grid", "links", "linear_rules"),
)


@dataclass(frozen=True, slots=True, eq=False)
class Instance:
    """The whole problem. ``budget_usd`` is ``inf`` and ``max_sites`` the number of sites where they are unlimited.

    ``degraded_slack_tiers`` are the slack tiers of protected variants after a failure; ``slack_tiers`` the usual ones.
    """

    sites: Sites
    designs: Designs
    options: Options
    variants: Variants
    slack_tiers: SlackTiers
    degraded_slack_tiers: SlackTiers
    pools: Pools
    demands: Demands
    arcs: Arcs
    backups: Backups
    grid: GridLimits
    links: Links
    tenancy: Tenancy
    workload_ids: tuple[str, ...]
    budget_usd: float
    max_sites: int
    linear_rules: LinearRules

    def __post_init__(self) -> None:
        for name in TABLES:
            table = getattr(self, name)
            for column in fields(table):
                value = getattr(table, column.name)
                if isinstance(value, np.ndarray):
                    if not value.flags.c_contiguous:
                        raise ValueError(f"{type(table).__name__}.{column.name} is not C-contiguous")
                    value.setflags(write=False)

    @property
    def option_capacity_mw(self) -> Floats:
        """Most IT power that each option can ever carry: counted modules and headroom, MW, shape (n_option,)."""
        options = self.options
        counted = options.max_modules - options.spare_modules
        return np.minimum(counted * options.module_mw, options.headroom_mw / options.pue)

    @property
    def site_capacity_mw(self) -> Floats:
        """Most IT power that each site can ever carry with its best option, MW, shape (n_site,)."""
        capacity = np.zeros(len(self.sites.id))
        np.maximum.at(capacity, self.options.site, self.option_capacity_mw)
        return capacity

    def capex_of_modules(self, option: int, modules: int) -> float:
        """Return the capital that takes a site with an option from what stands there to a number of modules, USD."""
        design = self.options.design[option]
        first = self.designs.capex_ptr[design]
        sunk = self.options.sunk_modules[option]
        return float(self.designs.capex_usd[first + modules] - self.designs.capex_usd[first + sunk])

    @property
    def module_capex_usd(self) -> Floats:
        """Least capital of one module more at each option: that of its last one, USD, shape (n_option,)."""
        options, designs = self.options, self.designs
        last = designs.capex_ptr[options.design] + options.max_modules
        step: Floats = designs.capex_usd[last] - designs.capex_usd[last - 1]
        return step

    @property
    def life_factor(self) -> Floats:
        """Net present cost of an option's facility over its capital, shape (n_option,)."""
        designs = self.designs
        factor: Floats = (1.0 + designs.refresh_share - designs.salvage_share)[self.options.design]
        return factor

    @property
    def rivals(self) -> tuple[Indices, Indices]:
        """For each pool, the first and one past the last of the adjacent pools of its workload at its site."""
        key = (
            self.pools.site.astype(np.int64) * len(self.workload_ids)
            + self.variants.workload[self.pools.variant]
        )
        first = np.searchsorted(key, key, side="left").astype(np.int32)
        return first, np.searchsorted(key, key, side="right").astype(np.int32)

    @property
    def pool_best_rps(self) -> Floats:
        """Highest rate per replica that each pool can ever reach, calls per second, shape (n_pool,).

        The utilisation cap, and the pooling of the most replicas that its site can power, at the shortest round
        trip: carried load per replica rises with their number, so that no smaller pool does better.
        """
        pools, variants = self.pools, self.variants
        most_mw = self.site_capacity_mw
        most = np.maximum(
            1, np.floor(most_mw[pools.site] / variants.replica_mw[pools.variant] + COUNT_SLACK)
        ).astype(int)
        best = variants.usable_rps[pools.variant].copy()
        for v in np.flatnonzero(np.diff(variants.slack_tier_ptr)):
            table = self.slack_tiers.table(int(variants.slack_tier_ptr[v + 1]) - 1, optimistic=True)
            rate = np.maximum.accumulate(table[1:] / np.arange(1, len(table)))
            rows = np.flatnonzero((pools.variant == v) & (most < len(table)))
            best[rows] = np.minimum(best[rows], np.maximum(rate[most[rows] - 1], 1e-9 * best[rows]))
        return best

    @property
    def most_replicas(self) -> Floats:
        """Replicas with which a pool of each variant carries all demand of its workload, before and after a failure.

        Counted at the tightest slack tier; no pool ever needs more of them. Shape (n_variant,).
        """
        variants, demands = self.variants, self.demands
        load = np.bincount(demands.workload, weights=demands.peak_rps, minlength=len(self.workload_ids))
        most = np.zeros(len(variants.rps))
        for v in range(len(most)):
            rps = float(load[variants.workload[v]])
            most[v] = np.ceil(rps / variants.usable_rps[v] + COUNT_SLACK)
            for slack_tiers, ptr in (
                (self.slack_tiers, variants.slack_tier_ptr),
                (self.degraded_slack_tiers, variants.degraded_slack_tier_ptr),
            ):
                if ptr[v] < ptr[v + 1]:
                    table = slack_tiers.table(int(ptr[v]), optimistic=False)
                    step = max(float(table[-1] - table[-2]), 1e-300)
                    beyond = np.ceil(max(0.0, rps - float(table[-1])) / step)
                    most[v] = max(most[v], float(np.searchsorted(table, rps)) + beyond)
        return most

    @property
    def size(self) -> dict[str, int]:
        """Numbers of rows, for people to read."""
        return {
            "sites": len(self.sites.id),
            "options": len(self.options.site),
            "pools": len(self.pools.site),
            "demands": len(self.demands.region),
            "arcs": len(self.arcs.demand),
            "grid limits": len(self.grid.id),
            "links": len(self.links.id),
        }


@dataclass(frozen=True, slots=True, eq=False)
class Moves:
    """Where protected flows go when the site that serves them fails.

    Attributes
    ----------
    arc : ndarray of int32, shape (n_move,)
        The flow; its site is the one that fails.
    backup : ndarray of int32, shape (n_move,)
        Row of the backups that takes over.
    share : ndarray of float64, shape (n_move,)
        Of the demand.
    """

    arc: Indices
    backup: Indices
    share: Floats


def no_moves() -> Moves:
    """Return a table of moves without rows."""
    return Moves(np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.int32), np.zeros(0))


@dataclass(frozen=True, slots=True, eq=False)
class Solution:
    """Decisions on an instance, as arrays.

    Attributes
    ----------
    option : ndarray of int32, shape (n_site,)
        Row of the option that stands at each site, -1 where closed.
    modules : ndarray of int32, shape (n_site,)
        Modules at each site, those of existing sites included; 0 where closed.
    replicas : ndarray of int32, shape (n_pool,)
    share : ndarray of float64, shape (n_arc,)
    unserved : ndarray of float64, shape (n_demand,)
    moves : Moves
        Empty where nothing is protected.
    """

    option: Indices
    modules: Indices
    replicas: Indices
    share: Floats
    unserved: Floats
    moves: Moves = field(default_factory=no_moves)
