"""Rows of the exact model as triplets, for :mod:`direct_model`.

``columns`` are the first columns of build, modules, IT power, mean power, replicas, shares, unserved, open pools,
counts of modules, moves and own loads.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from direct_model import Extra

    from siteopt.instance import Instance

INFINITY = float("inf")


class Rows:
    """Sets of rows as triplets."""

    def __init__(self) -> None:
        self.count = 0
        self.row: list[Any] = []
        self.column: list[Any] = []
        self.value: list[Any] = []
        self.lower: list[Any] = []
        self.upper: list[Any] = []

    def add(self, n: int, lower: Any, upper: Any, *terms: tuple[Any, Any, Any]) -> None:
        """``n`` rows; each of ``terms`` is (row within the set, column, value), arrays or scalars."""
        for row, column, value in terms:
            row, column, value = np.broadcast_arrays(row, column, value)
            self.row.append(row + self.count)
            self.column.append(column)
            self.value.append(value)
        self.lower.append(np.broadcast_to(lower, n))
        self.upper.append(np.broadcast_to(upper, n))
        self.count += n

    def at_most(self, n: int, *terms: tuple[Any, Any, Any], upper: Any = 0.0) -> None:
        """``n`` rows whose terms sum to at most ``upper``."""
        self.add(n, -INFINITY, upper, *terms)


def _options_of(instance: Instance, site: Any) -> tuple[Any, Any]:
    """Place in ``site`` and option, for every option of each of the sites."""
    first, count = instance.sites.option_ptr[site], np.diff(instance.sites.option_ptr)[site]
    of = np.repeat(np.arange(len(site)), count)
    return of, np.arange(len(of)) - np.repeat(np.cumsum(count) - count, count) + first[of]


def _gate(instance: Instance, extra: Extra) -> Any:
    """Place of each pool among those with a binary, -1 for the others."""
    gate = np.full(len(instance.pools.site), -1)
    gate[extra.pool] = np.arange(len(extra.pool))
    return gate


def flow_rows(instance: Instance, columns: Any, extra: Extra, rows: Rows) -> None:
    """Assignment, strong linking to pools or sites (those with copies of data among them), sizing."""
    build, replicas, share, unserved, opened = columns[[0, 4, 5, 6, 7]]
    arcs, pools, demands = instance.arcs, instance.pools, instance.demands
    arc, site, gate = np.arange(len(arcs.demand)), pools.site[arcs.pool], _gate(instance, extra)[arcs.pool]
    demand = np.arange(len(demands.region))
    rows.add(len(demand), 1.0, 1.0, (arcs.demand, share + arc, 1.0), (demand, unserved + demand, 1.0))
    a = np.flatnonzero(gate >= 0)
    k = np.arange(len(a))
    rows.at_most(len(a), (k, share + a, 1.0), (k, opened + gate[a], -1.0))
    a = np.flatnonzero((gate < 0) & (instance.sites.is_existing[site] == 0))
    of, option = _options_of(instance, site[a])
    rows.at_most(len(a), (np.arange(len(a)), share + a, 1.0), (of, build + option, -1.0))
    usable = instance.variants.usable_rps[pools.variant][arcs.pool]
    reached, row = np.unique(arcs.pool, return_inverse=True)
    load = (row, share + arc, demands.peak_rps[arcs.demand] / usable)
    rows.at_most(len(reached), load, (np.arange(len(reached)), replicas + reached, -1.0))


def pool_rows(instance: Instance, columns: Any, extra: Extra, rows: Rows) -> None:
    """Open pools: replicas, an open site, one pool for a workload at a site, racks that admit it."""
    build, replicas, opened = columns[[0, 4, 7]]
    pools, options, variants = instance.pools, instance.options, instance.variants
    p, k = extra.pool, np.arange(len(extra.pool))
    site, variant = pools.site[p], pools.variant[p]
    powered = instance.site_capacity_mw[site] / variants.replica_mw[variant]
    asked = np.zeros((2, len(pools.site)))
    for n, flows in enumerate((instance.arcs, instance.backups)):  # without a failure, and after one
        np.add.at(asked[n], flows.pool, instance.demands.peak_rps[flows.demand])
    needed = np.ceil(asked.max(axis=0)[p] / variants.usable_rps[variant])
    most = np.maximum(1.0, np.minimum(needed, np.floor(powered * (1.0 + 1e-9) + 1e-9)))
    rows.at_most(len(p), (k, replicas + p, 1.0), (k, opened + k, -most))
    n = np.flatnonzero(instance.sites.is_existing[site] == 0)
    of, option = _options_of(instance, site[n])
    rows.at_most(len(n), (np.arange(len(n)), opened + n, 1.0), (of, build + option, -1.0))
    key = site.astype(np.int64) * len(instance.workload_ids) + variants.workload[variant]
    _, place, size = np.unique(key, return_inverse=True, return_counts=True)
    crowded = np.flatnonzero(size[place] > 1)
    group, row = np.unique(place[crowded], return_inverse=True)
    rows.at_most(len(group), (row, opened + crowded, 1.0), upper=1.0)
    of, option = _options_of(instance, site)
    admits = instance.designs.admits[options.design[option], variant[of]] == 1
    choosy = np.unique(of[~admits])
    kept = np.isin(of, choosy) & admits
    rows.at_most(
        len(choosy),
        (np.arange(len(choosy)), opened + choosy, 1.0),
        (np.searchsorted(choosy, of[kept]), build + option[kept], -1.0),
    )


def option_rows(instance: Instance, columns: Any, extra: Extra, rows: Rows) -> None:
    """One option a site, its modules and power; one binary for each number of modules where it has them."""
    build, modules, it_mw, mean_mw, count = columns[[0, 1, 2, 3, 8]]
    options = instance.options
    o = np.arange(len(options.site))
    hosts, row = np.unique(options.site, return_inverse=True)
    standing = (instance.sites.is_existing | instance.sites.is_forced)[hosts]
    rows.add(len(hosts), standing, 1.0, (row, build + o, 1.0))
    spare = np.flatnonzero(options.spare_modules > 0)
    rows.at_most(
        len(o),
        (o, it_mw + o, 1.0),
        (o, modules + o, -options.module_mw),
        (spare, build + spare, (options.module_mw * options.spare_modules)[spare]),
    )
    for first, second, coefficient in (
        (it_mw, build, -instance.option_capacity_mw),
        (modules, build, -options.max_modules),
        (mean_mw, it_mw, -1.0),
    ):
        rows.at_most(len(o), (o, first + o, 1.0), (o, second + o, coefficient))
    rows.at_most(len(o), (o, modules + o, -1.0), (o, build + o, options.min_modules))
    crooked, of = np.unique(extra.count_option, return_inverse=True)
    k, n = np.arange(len(crooked)), count + np.arange(len(of))
    rows.add(len(crooked), 0.0, 0.0, (of, n, 1.0), (k, build + crooked, -1.0))
    rows.add(len(crooked), 0.0, 0.0, (of, n, extra.count), (k, modules + crooked, -1.0))


def site_rows(instance: Instance, columns: Any, _extra: Extra, rows: Rows) -> None:
    """Power of the replicas against power of the design, at peak and on average; shares of tenants."""
    build, modules, it_mw, mean_mw, replicas, share = columns[:6]
    pools, variants, arcs, options = instance.pools, instance.variants, instance.arcs, instance.options
    used = np.unique(pools.site)
    row_of = np.full(len(instance.sites.id), -1)
    row_of[used] = np.arange(len(used))
    option = np.flatnonzero(row_of[options.site] >= 0)
    pool, arc = np.arange(len(pools.site)), np.arange(len(arcs.demand))
    mw, idle = variants.replica_mw[pools.variant], variants.idle_fraction[pools.variant]
    per_call = (mw * (1.0 - idle) / variants.rps[pools.variant])[arcs.pool]
    busy = per_call * instance.demands.mean_rps[arcs.demand]
    from_option, from_pool = row_of[options.site[option]], row_of[pools.site]
    peak = (from_option, it_mw + option, -1.0), (from_pool, replicas + pool, mw)
    rows.at_most(len(used), *peak)
    mean = (from_option, mean_mw + option, -1.0), (from_pool, replicas + pool, mw * idle)
    rows.at_most(len(used), *mean, (from_pool[arcs.pool], share + arc, busy))
    rented = np.flatnonzero(variants.tenant[pools.variant] >= 0)
    ends = np.stack([pools.site[rented], variants.tenant[pools.variant[rented]]])
    groups, row = np.unique(ends, axis=1, return_inverse=True)
    taken = (row.reshape(-1), replicas + rented, mw[rented])
    limit, n = instance.tenancy, groups.shape[1]
    if np.isfinite(limit.share):
        of, o = _options_of(instance, groups[0])
        spare = options.spare_modules[o] > 0
        whole = limit.share * options.module_mw[o]
        stands_by = (of[spare], build + o[spare], (whole * options.spare_modules[o])[spare])
        rows.at_most(n, taken, (of, modules + o, -whole), stands_by)
    if np.isfinite(limit.site_mw):
        rows.at_most(n, taken, upper=limit.site_mw)


def limit_rows(instance: Instance, columns: Any, extra: Extra, rows: Rows) -> None:
    """Grid limits, network, budget, number of sites."""
    build, it_mw = columns[[0, 2]]
    grid, options = instance.grid, instance.options
    entry_limit = np.repeat(np.arange(len(grid.id)), np.diff(grid.ptr))
    of, option = _options_of(instance, grid.site)
    used, row = np.unique(entry_limit[of], return_inverse=True)
    value = grid.coefficient[of] * options.pue[option]
    rows.at_most(len(used), (row, it_mw + option, value), upper=grid.limit_mw[used])
    _network_rows(instance, columns, extra, rows)
    if np.isfinite(instance.budget_usd):
        _budget_row(instance, columns, extra, rows)
    new = np.flatnonzero(instance.sites.is_existing[options.site] == 0)
    if instance.max_sites < len(np.unique(options.site[new])):
        rows.at_most(1, (0, build + new, 1.0), upper=instance.max_sites)


def _network_rows(instance: Instance, columns: Any, extra: Extra, rows: Rows) -> None:
    share, opened = columns[[5, 7]]
    links, pools, arcs, traffic = instance.links, instance.pools, instance.arcs, []
    for route, gbps, column in (
        (arcs.route, arcs.gbps, share + np.arange(len(arcs.pool))),
        (pools.home_route[arcs.pool], arcs.home_gbps, share + np.arange(len(arcs.pool))),
        (pools.home_route[extra.pool], pools.sync_gbps[extra.pool], opened + np.arange(len(extra.pool))),
    ):
        n = np.flatnonzero((route >= 0) & (gbps > 0.0))
        length = np.diff(links.route_ptr)[route[n]]
        of = np.repeat(np.arange(len(n)), length)
        place = np.arange(len(of)) - np.repeat(np.cumsum(length) - length, length)
        link = links.route_link[place + links.route_ptr[route[n]][of]]
        traffic.append((link, column[n[of]], gbps[n[of]]))
    busy = np.unique(np.concatenate([link for link, _, _ in traffic]))
    terms = ((np.searchsorted(busy, link), column, gbps) for link, column, gbps in traffic)
    rows.at_most(len(busy), *terms, upper=links.limit_gbps[busy])


def _rule_rows(instance: Instance, columns: Any, rows: Rows) -> None:
    rules, count = instance.linear_rules, instance.linear_rules.weights.tocoo()
    rows.add(len(rules), rules.lower, rules.upper, (count.row, columns[0] + count.col, count.data))


def _budget_row(instance: Instance, columns: Any, extra: Extra, rows: Rows) -> None:
    build, modules, replicas, count = columns[[0, 1, 4, 8]]
    options, designs, variants = instance.options, instance.designs, instance.variants
    first, o, c = designs.capex_ptr[options.design], np.arange(len(options.site)), extra.count_option
    each = np.where(designs.is_linear[options.design], designs.capex_usd[first + 1], 0.0)
    whole = designs.capex_usd[first[c] + extra.count]
    whole = whole - designs.capex_usd[first + options.sunk_modules][c]
    pool = np.arange(len(instance.pools.site))
    rows.at_most(
        1,
        (0, build + o, (options.fixed_capex_usd - each * options.sunk_modules) / 1e6),
        (0, modules + o, each / 1e6),
        (0, replicas + pool, variants.capex_usd[instance.pools.variant] / 1e6),
        (0, count + np.arange(len(c)), whole / 1e6),
        upper=instance.budget_usd / 1e6,
    )


def survival_rows(instance: Instance, columns: Any, extra: Extra, rows: Rows) -> None:
    """What is protected moves to open pools, whose replicas carry it beside their own load."""
    replicas, share, opened, first_move, own = columns[[4, 5, 7, 9, 10]]
    if not len(extra.arc):
        return
    arcs, pools, peak = instance.arcs, instance.pools, instance.demands.peak_rps
    usable = instance.variants.usable_rps[pools.variant]
    move, target = first_move + np.arange(len(extra.move)), instance.backups.pool[extra.backup]
    rows.add(len(extra.demand), 0.0, 0.0, (extra.move, move, 1.0), (extra.of_arc, share + extra.arc, -1.0))
    gate = _gate(instance, extra)
    key = arcs.demand.astype(np.int64) * len(pools.site) + arcs.pool
    by_key = np.argsort(key)
    used, row = np.unique(extra.backup, return_inverse=True)
    wanted = instance.backups.demand[used].astype(np.int64) * len(pools.site) + instance.backups.pool[used]
    at = np.minimum(np.searchsorted(key[by_key], wanted), len(key) - 1)
    has = np.flatnonzero(key[by_key][at] == wanted)
    rows.at_most(
        len(used),
        (row, move, 1.0),
        (has, share + by_key[at[has]], 1.0),
        (np.arange(len(used)), opened + gate[instance.backups.pool[used]], -1.0),
    )
    k = np.arange(len(extra.receiver))
    a = np.flatnonzero(np.isin(arcs.pool, extra.receiver))
    load = peak[arcs.demand[a]] / usable[arcs.pool[a]]
    of = np.searchsorted(extra.receiver, arcs.pool[a])
    rows.add(len(k), 0.0, 0.0, (of, share + a, load), (k, own + k, -1.0))
    pairs, row = np.unique(np.stack([extra.site[extra.move], target]), axis=1, return_inverse=True)
    n = np.arange(pairs.shape[1])
    moved = (row.reshape(-1), move, peak[extra.demand[extra.move]] / usable[target])
    standing = (n, replicas + pairs[1], -1.0)
    rows.at_most(len(n), moved, (n, own + np.searchsorted(extra.receiver, pairs[1]), 1.0), standing)
