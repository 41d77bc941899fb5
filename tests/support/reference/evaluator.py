"""Plain Python twin of the evaluator. Slow and obvious.

Everything here is written from the rules of the scenario, row by row, and shares no code with the package but the
arrays of :class:`siteopt.instance.Instance`.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from siteopt.instance import Instance, SlackTiers, Solution

LINES = (
    *("land", "connection", "facilities", "accelerators", "refresh", "energy", "demand_charges"),
    *(
        "coincident_peak",
        "staff",
        "carbon",
        "egress",
        "transit",
        "data_replicas",
        "unserved",
        "revenue",
        "salvage",
    ),
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
    used_gbps: list[float]
    tenant_mw: list[list[float]]

    @property
    def cost_usd(self) -> float:
        return sum(self.lines.values())


def evaluate(instance: Instance, solution: Solution) -> Figures:
    """Every figure of a solution with its own replicas and modules."""
    sites, pools, demands, arcs = instance.sites, instance.pools, instance.demands, instance.arcs
    variants, grid = instance.variants, instance.grid
    n_site, n_pool = len(sites.id), len(pools.site)
    found = Figures(
        dict.fromkeys(LINES, 0.0), *([0.0] * n for n in (n_site, n_site, n_site, n_pool)), [], [], [], []
    )
    found.mean_mw, busy = [0.0] * n_site, [0.0] * n_pool
    found.used_gbps = link_gbps(instance, solution)
    found.tenant_mw = [[0.0] * len(instance.tenancy.id) for _ in sites.id]
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
        found.capex_usd[j] += n * variants.capex_usd[v]
        found.lines["accelerators"] += n * variants.capex_usd[v]
        found.lines["refresh"] += n * variants.refresh_usd[v]
        found.lines["salvage"] -= n * variants.salvage_usd[v]
        found.lines["data_replicas"] += pools.fixed_usd[p] if n else 0.0
        if variants.tenant[v] >= 0:
            found.tenant_mw[j][variants.tenant[v]] += n * variants.replica_mw[v]
    for j, o in enumerate(solution.option):
        if o >= 0:
            _add_site(instance, found, j, int(o), int(solution.modules[j]))
    for g in range(len(grid.id)):
        rows = range(grid.ptr[g], grid.ptr[g + 1])
        found.used_mw.append(sum(grid.coefficient[e] * found.facility_mw[grid.site[e]] for e in rows))
    return found


def link_gbps(instance: Instance, solution: Solution) -> list[float]:
    """Traffic on every limited link: users' flows, calls to the data, and what keeps copies up to date."""
    arcs, pools, links = instance.arcs, instance.pools, instance.links
    used = [0.0] * len(links.id)

    def add(route: int, gbps: float) -> None:
        if route >= 0:
            for n in links.route_link[links.route_ptr[route] : links.route_ptr[route + 1]]:
                used[n] += gbps

    for a, share in enumerate(solution.share):
        add(arcs.route[a], share * arcs.gbps[a])
        add(pools.home_route[arcs.pool[a]], share * arcs.home_gbps[a])
    for p, n in enumerate(solution.replicas):
        if n:
            add(pools.home_route[p], pools.sync_gbps[p])
    return used


def module_capex(instance: Instance, o: int, modules: int) -> float:
    """Capital of an option's modules beyond those that stand; past the table's end, each as the last one."""
    options, designs = instance.options, instance.designs
    table = designs.capex_usd[slice(*designs.capex_ptr[options.design[o] : options.design[o] + 2])].tolist()
    most = len(table) - 1
    beyond = max(0, modules - most) * (table[-1] - table[-2])
    return table[min(modules, most)] + beyond - table[options.sunk_modules[o]]


def _add_site(instance: Instance, found: Figures, j: int, o: int, modules: int) -> None:
    sites, options, designs = instance.sites, instance.options, instance.designs
    new_modules_usd = module_capex(instance, o, modules)
    facility_usd = options.facility_usd[o] + new_modules_usd
    found.facility_mw[j] = found.it_mw[j] * options.pue[o]
    found.capex_usd[j] += options.land_usd[o] + options.connection_usd[o] + facility_usd
    found.lines["land"] += options.land_usd[o]
    found.lines["connection"] += options.connection_usd[o]
    found.lines["facilities"] += facility_usd
    found.lines["refresh"] += facility_usd * designs.refresh_share[options.design[o]]
    found.lines["salvage"] -= facility_usd * designs.salvage_share[options.design[o]]
    found.lines["staff"] += options.staff_usd[o]
    found.lines["energy"] += sites.energy_usd_per_mw[j] * options.pue[o] * found.mean_mw[j]
    found.lines["carbon"] += sites.carbon_usd_per_mw[j] * options.pue[o] * found.mean_mw[j]
    found.lines["demand_charges"] += sites.demand_usd_per_mw[j] * found.facility_mw[j]
    found.lines["coincident_peak"] += sites.coincident_usd_per_mw[j] * found.facility_mw[j]


#: Load that a failure would move to each pool, and the degraded slack tier that the pool then has to meet.
Reserve = tuple[np.ndarray, np.ndarray]


def fewest(
    instance: Instance, option: np.ndarray, share: np.ndarray, reserve: Reserve | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Fewest replicas of each pool and modules of each site that carry the shares, and the reserve on top of them."""
    pools, variants, options = instance.pools, instance.variants, instance.options
    replicas = np.zeros(len(pools.site), dtype=np.int32)
    it_mw = [0.0] * len(option)
    tenant_mw = [[0.0] * len(instance.tenancy.id) for _ in option]
    for p, v in enumerate(pools.variant):
        arcs = instance.arcs.demand[instance.arcs.pool == p]
        shares = share[instance.arcs.pool == p]
        peak = float(sum(s * instance.demands.peak_rps[i] for s, i in zip(shares, arcs, strict=True)))
        if any(shares > 0.0):
            slack_tiers = instance.arcs.slack_tier[instance.arcs.pool == p][shares > 0.0]
            replicas[p] = _replicas_for(instance, int(v), int(slack_tiers.min()), peak, instance.slack_tiers)
        if reserve is not None and reserve[0][p] > 0.0:
            both = peak + float(reserve[0][p])
            held = _replicas_for(instance, int(v), int(reserve[1][p]), both, instance.degraded_slack_tiers)
            replicas[p] = max(replicas[p], held)
        it_mw[pools.site[p]] += replicas[p] * variants.replica_mw[v]
        if variants.tenant[v] >= 0:
            tenant_mw[pools.site[p]][variants.tenant[v]] += replicas[p] * variants.replica_mw[v]
    modules = np.zeros(len(option), dtype=np.int32)
    for j, o in enumerate(option):
        if o >= 0:
            load = max([it_mw[j], *(mw / instance.tenancy.share for mw in tenant_mw[j])])
            needed = ceil(load / options.module_mw[o] * (1 - SLACK) - TINY) + options.spare_modules[o]
            modules[j] = max(options.min_modules[o], needed)
    return replicas, modules


def _replicas_for(
    instance: Instance, variant: int, slack_tier: int, peak: float, slack_tiers: SlackTiers
) -> int:
    """Fewest replicas, one at least, that carry ``peak`` within the cap and, where there is a tail, its table."""
    n = max(1, ceil(peak / instance.variants.usable_rps[variant] * (1 - SLACK)))
    if slack_tier >= 0:
        carried = slack_tiers.table(slack_tier, optimistic=False).tolist()
        step = carried[-1] - carried[-2]  # beyond the table its last step is carried on
        while n < len(carried) and carried[n] < peak * (1 - SLACK):
            n += 1
        while n >= len(carried) and carried[-1] + (n - len(carried) + 1) * step < peak * (1 - SLACK):
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
        if found.facility_mw[j] > options.headroom_mw[o] * (1 + SLACK) + TINY:
            broken.add("headroom")
        if any(mw > instance.tenancy.site_mw * (1 + SLACK) + TINY for mw in found.tenant_mw[j]):
            broken.add("tenant")
        here = np.flatnonzero((instance.pools.site == j) & (solution.replicas > 0))
        if not instance.designs.admits[options.design[o], instance.pools.variant[here]].all():
            broken.add("racks")
    if any(u > m * (1 + SLACK) + TINY for u, m in zip(found.used_mw, instance.grid.limit_mw, strict=True)):
        broken.add("grid")
    used = np.flatnonzero(solution.replicas > 0)
    pairs = list(zip(instance.pools.site[used], workload_of(instance)[used], strict=True))
    if len(set(pairs)) < len(pairs):
        broken.add("rivals")
    limits = zip(found.used_gbps, instance.links.limit_gbps, strict=True)
    if any(used > limit * (1 + SLACK) + TINY for used, limit in limits):
        broken.add("links")
    if sum(found.capex_usd) > instance.budget_usd * (1 + SLACK):
        broken.add("budget")
    if np.count_nonzero(sites.is_existing[solution.option >= 0] == 0) > instance.max_sites:
        broken.add("count")
    if any(solution.unserved[np.isinf(instance.demands.unserved_usd)] > 0.0):
        broken.add("unserved")
    if any(rule_excesses(instance, solution)):
        broken.add("linear rule")
    return broken


def rule_excesses(instance: Instance, solution: Solution) -> list[float]:
    """By how much the use of each of the planner's own rules lies outside its limits, 0 within rounding."""
    rules, excesses = instance.linear_rules, []
    use = [0.0] * len(rules.id)
    for o in solution.option:
        if o >= 0:
            for e in range(rules.option_ptr[o], rules.option_ptr[o + 1]):
                use[rules.rule[e]] += rules.coefficient[e]
    for amount, lower, upper in zip(use, rules.lower, rules.upper, strict=True):
        over, under = amount - upper, lower - amount
        if over > SLACK * abs(upper) + TINY:
            excesses.append(float(over))
        elif under > SLACK * abs(lower) + TINY:
            excesses.append(float(under))
        else:
            excesses.append(0.0)
    return excesses


def workload_of(instance: Instance) -> np.ndarray:
    """Workload of each pool."""
    return instance.variants.workload[instance.pools.variant]
