"""The exact model's matrix straight from the instance, with NumPy alone: what the Pyomo route is measured against.

Written apart from ``siteopt.milp`` and in another style, one block of rows at a time, so that the comparison of both
matrices in ``model_build.py`` also checks the model.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import csr_matrix

from siteopt.milp.matrix import Matrix

if TYPE_CHECKING:
    from siteopt.instance import Instance

INFINITY = float("inf")


class Rows:
    """Blocks of rows as triplets."""

    def __init__(self) -> None:
        self.count = 0
        self.row: list[Any] = []
        self.column: list[Any] = []
        self.value: list[Any] = []
        self.lower: list[Any] = []
        self.upper: list[Any] = []

    def add(self, n: int, lower: Any, upper: Any, *terms: tuple[Any, Any, Any]) -> None:
        """``n`` rows; each of ``terms`` is (row within the block, column, value), arrays or scalars."""
        for row, column, value in terms:
            row, column, value = np.broadcast_arrays(row, column, value)
            self.row.append(row + self.count)
            self.column.append(column)
            self.value.append(value)
        self.lower.append(np.broadcast_to(lower, n))
        self.upper.append(np.broadcast_to(upper, n))
        self.count += n


def direct_matrix(instance: Instance) -> Matrix:
    """The matrix, columns in the order of ``siteopt.milp.model.new_model``."""
    columns = np.cumsum(
        [0, *[len(instance.options.site)] * 4, len(instance.pools.site), len(instance.arcs.demand)]
    )
    rows = Rows()
    _flow_rows(instance, columns, rows)
    _option_rows(instance, columns, rows)
    _site_rows(instance, columns, rows)
    _limit_rows(instance, columns, rows)
    lower, upper, integer = _column_bounds(instance)
    cost, offset = _cost(instance)
    triplets = (np.concatenate(rows.value), (np.concatenate(rows.row), np.concatenate(rows.column)))
    a = csr_matrix(triplets, shape=(rows.count, len(cost)))
    return Matrix(
        cost=cost,
        lower=lower,
        upper=upper,
        integer=integer,
        row_lower=np.concatenate(rows.lower).astype(float),
        row_upper=np.concatenate(rows.upper).astype(float),
        start=a.indptr,
        index=a.indices,
        value=a.data,
        offset=offset,
        row_names=(),
    )


def _flow_rows(instance: Instance, columns: Any, rows: Rows) -> None:
    """Assignment, strong linking, sizing."""
    build, _, _, _, replicas, share, unserved = columns
    arcs, pools, demands, options = instance.arcs, instance.pools, instance.demands, instance.options
    arc, site = np.arange(len(arcs.demand)), pools.site[arcs.pool]
    demand, pool = np.arange(len(demands.region)), np.arange(len(pools.site))
    rows.add(len(demand), 1.0, 1.0, (arcs.demand, share + arc, 1.0), (demand, unserved + demand, 1.0))
    linked = np.flatnonzero(instance.sites.is_existing[site] == 0)
    first, count = instance.sites.option_ptr[site[linked]], np.diff(instance.sites.option_ptr)[site[linked]]
    of = np.repeat(np.arange(len(linked)), count)
    option = np.arange(len(of)) - np.repeat(np.cumsum(count) - count, count) + first[of]
    rows.add(
        len(linked), -INFINITY, 0.0, (np.arange(len(linked)), share + linked, 1.0), (of, build + option, -1.0)
    )
    usable = instance.variants.usable_rps[pools.variant][arcs.pool]
    rows.add(
        len(pool),
        -INFINITY,
        0.0,
        (arcs.pool, share + arc, demands.peak_rps[arcs.demand] / usable),
        (pool, replicas + pool, -1.0),
    )
    hosts, row = np.unique(options.site, return_inverse=True)
    standing = (instance.sites.is_existing | instance.sites.is_forced)[hosts]
    rows.add(len(hosts), standing, 1.0, (row, build + np.arange(len(row)), 1.0))


def _option_rows(instance: Instance, columns: Any, rows: Rows) -> None:
    """Modules and power of each design at each site."""
    build, modules, it_mw, mean_mw = columns[:4]
    options = instance.options
    o = np.arange(len(options.site))
    for first, second, coefficient in (
        (it_mw, modules, -options.module_mw),
        (it_mw, build, -instance.option_capacity_mw),
        (modules, build, -options.max_modules),
        (mean_mw, it_mw, -1.0),
    ):
        rows.add(len(o), -INFINITY, 0.0, (o, first + o, 1.0), (o, second + o, coefficient))
    rows.add(len(o), -INFINITY, 0.0, (o, modules + o, -1.0), (o, build + o, options.min_modules))


def _site_rows(instance: Instance, columns: Any, rows: Rows) -> None:
    """Power of the replicas against power of the design, at peak and on average."""
    _, _, it_mw, mean_mw, replicas, share, _ = columns
    pools, variants, arcs, options = instance.pools, instance.variants, instance.arcs, instance.options
    used = np.unique(pools.site)
    row_of = np.full(len(instance.sites.id), -1)
    row_of[used] = np.arange(len(used))
    option = np.flatnonzero(row_of[options.site] >= 0)
    pool, arc = np.arange(len(pools.site)), np.arange(len(arcs.demand))
    mw, idle = variants.replica_mw[pools.variant], variants.idle_fraction[pools.variant]
    busy = (mw * (1.0 - idle) / variants.rps[pools.variant])[arcs.pool] * instance.demands.mean_rps[
        arcs.demand
    ]
    from_option, from_pool = row_of[options.site[option]], row_of[pools.site]
    rows.add(len(used), -INFINITY, 0.0, (from_option, it_mw + option, -1.0), (from_pool, replicas + pool, mw))
    rows.add(
        len(used),
        -INFINITY,
        0.0,
        (from_option, mean_mw + option, -1.0),
        (from_pool, replicas + pool, mw * idle),
        (from_pool[arcs.pool], share + arc, busy),
    )


def _limit_rows(instance: Instance, columns: Any, rows: Rows) -> None:
    """Grid limits, budget, number of sites."""
    build, modules, it_mw, _, replicas = columns[:5]
    grid, options = instance.grid, instance.options
    entry_limit = np.repeat(np.arange(len(grid.id)), np.diff(grid.ptr))
    entry, option = np.nonzero(grid.site[:, None] == options.site[None, :])
    used, row = np.unique(entry_limit[entry], return_inverse=True)
    value = grid.coefficient[entry] * options.pue[option]
    rows.add(len(used), -INFINITY, grid.limit_mw[used], (row, it_mw + option, value))
    o, pool = np.arange(len(options.site)), np.arange(len(instance.pools.site))
    if np.isfinite(instance.budget_usd):
        rows.add(
            1,
            -INFINITY,
            (instance.budget_usd + options.module_usd @ options.sunk_modules) / 1e6,
            (0, build + o, options.fixed_capex_usd / 1e6),
            (0, modules + o, options.module_usd / 1e6),
            (0, replicas + pool, instance.variants.usd[instance.pools.variant] / 1e6),
        )
    new = np.flatnonzero(instance.sites.is_existing[options.site] == 0)
    if instance.max_sites < len(np.unique(options.site[new])):
        rows.add(1, -INFINITY, instance.max_sites, (0, build + new, 1.0))


def _column_bounds(instance: Instance) -> tuple[Any, Any, Any]:
    options, demands = instance.options, instance.demands
    n_option, n_pool, n_arc = len(options.site), len(instance.pools.site), len(instance.arcs.demand)
    whole, must = demands.is_splittable == 0, np.isinf(demands.unserved_usd)
    capacity = instance.option_capacity_mw
    upper = [np.ones(n_option), options.max_modules, capacity, capacity, np.full(n_pool, INFINITY)]
    upper += [np.ones(n_arc), np.where(must, 0.0, 1.0)]
    integer = [np.ones(2 * n_option, bool), np.zeros(2 * n_option, bool), np.ones(n_pool, bool)]
    integer += [whole[instance.arcs.demand], whole & ~must]
    above = np.concatenate(upper).astype(float)
    return np.zeros(len(above)), above, np.concatenate(integer)


def _cost(instance: Instance) -> tuple[Any, float]:
    options, sites, demands = instance.options, instance.sites, instance.demands
    site = options.site
    cost = np.concatenate(
        [
            options.fixed_usd,
            options.module_usd,
            options.pue * sites.demand_usd_per_mw[site],
            options.pue * (sites.energy_usd_per_mw + sites.carbon_usd_per_mw)[site],
            instance.variants.usd[instance.pools.variant],
            instance.arcs.usd,
            np.where(np.isinf(demands.unserved_usd), 0.0, demands.unserved_usd),
        ]
    )
    return cost / 1e6, -float(options.module_usd @ options.sunk_modules) / 1e6
