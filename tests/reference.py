"""Plain Python twins of the kernels: the evaluator and the Lagrangian pricing of sites. Slow and obvious.

Everything here is written from the rules of the scenario, row by row, and shares no code with the package but the
arrays of :class:`siteopt.instance.Instance`.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from math import ceil, inf
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from siteopt.instance import Instance, Solution

LINES = (
    *("land", "connection", "facilities", "accelerators", "energy", "demand_charges"),
    *("staff", "carbon", "egress", "transit", "unserved", "revenue"),
)
#: Half of the verifier's tolerance, relative; and what counts as nothing, MW.
SLACK, TINY = 5e-7, 1e-9


@dataclass
class Figures:
    """Figures of a solution: lists by site, pool and grid limit."""

    lines: dict[str, float]
    it_mw: list[float]
    facility_mw: list[float]
    capex_usd: list[float]
    load_erlang: list[float]
    used_mw: list[float]
    mean_mw: list[float]

    @property
    def cost_usd(self) -> float:
        return sum(self.lines.values())


def evaluate(instance: Instance, solution: Solution) -> Figures:
    """Every figure of a solution with its own replicas and modules."""
    sites, pools, demands, arcs = instance.sites, instance.pools, instance.demands, instance.arcs
    variants, grid = instance.variants, instance.grid
    n_site, n_pool = len(sites.id), len(pools.site)
    found = Figures(dict.fromkeys(LINES, 0.0), *([0.0] * n for n in (n_site, n_site, n_site, n_pool)), [], [])
    found.mean_mw, busy = [0.0] * n_site, [0.0] * n_pool
    for a, share in enumerate(solution.share):
        i, p = arcs.demand[a], arcs.pool[a]
        rps = variants.rps[pools.variant[p]]
        found.load_erlang[p] += share * demands.peak_rps[i] / rps
        busy[p] += share * demands.mean_rps[i] / rps
        found.lines["egress"] += share * arcs.egress_usd[a]
        found.lines["transit"] += share * arcs.transit_usd[a]
        found.lines["revenue"] -= share * demands.revenue_usd[i]
    for i, share in enumerate(solution.unserved):
        if share:
            found.lines["unserved"] += share * demands.unserved_usd[i]
    for p, n in enumerate(solution.replicas):
        j, v = pools.site[p], pools.variant[p]
        idle = variants.idle_fraction[v]
        found.it_mw[j] += n * variants.replica_mw[v]
        found.mean_mw[j] += variants.replica_mw[v] * (idle * n + (1 - idle) * busy[p])
        found.capex_usd[j] += n * variants.usd[v]
        found.lines["accelerators"] += n * variants.usd[v]
    for j, o in enumerate(solution.option):
        if o >= 0:
            _add_site(instance, found, j, int(o), int(solution.modules[j]))
    for g in range(len(grid.id)):
        rows = range(grid.ptr[g], grid.ptr[g + 1])
        found.used_mw.append(sum(grid.coefficient[e] * found.facility_mw[grid.site[e]] for e in rows))
    return found


def _add_site(instance: Instance, found: Figures, j: int, o: int, modules: int) -> None:
    sites, options = instance.sites, instance.options
    new_modules_usd = (modules - options.sunk_modules[o]) * options.module_usd[o]
    found.facility_mw[j] = found.it_mw[j] * options.pue[o]
    found.capex_usd[j] += options.land_usd[o] + options.connection_usd[o] + options.facility_usd[o]
    found.capex_usd[j] += new_modules_usd
    found.lines["land"] += options.land_usd[o]
    found.lines["connection"] += options.connection_usd[o]
    found.lines["facilities"] += options.facility_usd[o] + new_modules_usd
    found.lines["staff"] += options.staff_usd[o]
    found.lines["energy"] += sites.energy_usd_per_mw[j] * options.pue[o] * found.mean_mw[j]
    found.lines["carbon"] += sites.carbon_usd_per_mw[j] * options.pue[o] * found.mean_mw[j]
    found.lines["demand_charges"] += sites.demand_usd_per_mw[j] * found.facility_mw[j]


def fewest(instance: Instance, option: np.ndarray, share: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Fewest replicas of each pool and modules of each site that carry the shares."""
    pools, variants, options = instance.pools, instance.variants, instance.options
    replicas = np.zeros(len(pools.site), dtype=np.int32)
    it_mw = [0.0] * len(option)
    for p, v in enumerate(pools.variant):
        arcs = instance.arcs.demand[instance.arcs.pool == p]
        shares = share[instance.arcs.pool == p]
        peak = float(sum(s * instance.demands.peak_rps[i] for s, i in zip(shares, arcs, strict=True)))
        if any(shares > 0.0):
            tiers = instance.arcs.tier[instance.arcs.pool == p][shares > 0.0]
            replicas[p] = _replicas_for(instance, int(v), int(tiers.min()), peak)
        it_mw[pools.site[p]] += replicas[p] * variants.replica_mw[v]
    modules = np.zeros(len(option), dtype=np.int32)
    for j, o in enumerate(option):
        if o >= 0:
            needed = ceil(it_mw[j] / options.module_mw[o] * (1 - SLACK) - TINY)
            modules[j] = max(options.min_modules[o], needed)
    return replicas, modules


def _replicas_for(instance: Instance, variant: int, tier: int, peak: float) -> int:
    """Fewest replicas, one at least, that carry ``peak`` within the cap and, where there is a tail, its table."""
    n = max(1, ceil(peak / instance.variants.usable_rps[variant] * (1 - SLACK)))
    if tier >= 0:
        carried = instance.tiers.table(tier, optimistic=False)
        while n < len(carried) - 1 and carried[n] < peak * (1 - SLACK):
            n += 1
    return n


def broken_rules(instance: Instance, solution: Solution) -> set[str]:
    """Names of the rules that a solution breaks."""
    sites, options, found = instance.sites, instance.options, evaluate(instance, solution)
    broken = set()
    for j, o in enumerate(solution.option):
        if o < 0:
            broken |= {"closed"} if found.it_mw[j] > TINY else set()
            broken |= {"must be open"} if sites.is_existing[j] or sites.is_forced[j] else set()
            continue
        if solution.modules[j] > options.max_modules[o]:
            broken.add("modules")
        if found.facility_mw[j] > sites.headroom_mw[j] * (1 + SLACK) + TINY:
            broken.add("headroom")
    if any(u > m * (1 + SLACK) + TINY for u, m in zip(found.used_mw, instance.grid.limit_mw, strict=True)):
        broken.add("grid")
    if sum(found.capex_usd) > instance.budget_usd * (1 + SLACK):
        broken.add("budget")
    if np.count_nonzero(sites.is_existing[solution.option >= 0] == 0) > instance.max_sites:
        broken.add("count")
    if any(solution.unserved[np.isinf(instance.demands.unserved_usd)] > 0.0):
        broken.add("unserved")
    return broken


@dataclass
class SitePricing:
    """What each site is worth at given prices, and the best choice of sites."""

    total_usd: float
    site_usd: list[float]


def price_sites(instance: Instance, demand: np.ndarray, limit: np.ndarray, capital: float) -> SitePricing:
    """Least value of every site by trying each design with each number of modules, then every choice of sites."""
    sites, options = instance.sites, instance.options
    values = []
    for j in range(len(sites.id)):
        rows = range(sites.option_ptr[j], sites.option_ptr[j + 1])
        tries = [
            _option_usd(instance, j, o, n, demand, limit, capital)
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


def _option_usd(
    instance: Instance, j: int, o: int, n: int, demand: np.ndarray, limit: np.ndarray, capital: float
) -> float:
    """Value of a site with ``n`` modules of a design: fractions of demands fill its power, best gain per MW first."""
    sites, options, grid = instance.sites, instance.options, instance.grid
    rows = range(grid.site_ptr[j], grid.site_ptr[j + 1])
    mw_usd = sites.demand_usd_per_mw[j] + sum(
        grid.site_coefficient[e] * limit[grid.site_limit[e]] for e in rows
    )
    mean_usd = sites.energy_usd_per_mw[j] + sites.carbon_usd_per_mw[j]
    items = []
    for a, p in enumerate(instance.arcs.pool):
        if instance.pools.site[p] != j:
            continue
        v, i = instance.pools.variant[p], instance.arcs.demand[a]
        variants, demands = instance.variants, instance.demands
        replicas, idle = demands.peak_rps[i] / instance.pool_best_rps[p], variants.idle_fraction[v]
        it_mw = replicas * variants.replica_mw[v]
        busy = demands.mean_rps[i] / variants.rps[v]
        mean_mw = variants.replica_mw[v] * (idle * replicas + (1 - idle) * busy)
        usd = instance.arcs.usd[a] + (1 + capital) * replicas * variants.usd[v]
        usd += options.pue[o] * (mw_usd * it_mw + mean_usd * mean_mw)
        items.append((demand[i] - usd, it_mw))
    room = min(n * options.module_mw[o], sites.headroom_mw[j] / options.pue[o])
    gain = 0.0
    for worth, it_mw in sorted(items, key=lambda item: -item[0] / item[1]):
        take = min(1.0, room / it_mw)
        if worth > 0.0:
            gain, room = gain + take * worth, room - take * it_mw
    modules_usd = (n - options.sunk_modules[o]) * options.module_usd[o]
    return float(
        options.fixed_usd[o] + capital * options.fixed_capex_usd[o] + (1 + capital) * modules_usd - gain
    )
