"""The exact model's matrix straight from the instance, with NumPy alone: what the Pyomo route is measured against.

Written independently of ``siteopt.milp`` in another style, one set of rows at a time (:mod:`direct_rows`), so that the
comparison of both matrices in ``model_build.py`` also checks the model. Pools are not sized by tails here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from direct_rows import Rows, flow_rows, limit_rows, option_rows, pool_rows, site_rows, survival_rows
from scipy.sparse import csr_matrix

from siteopt.highs.programme import Matrix
from siteopt.milp.columns import places_of
from siteopt.milp.layout import layout_of

if TYPE_CHECKING:
    from siteopt.instance import Instance

INFINITY = float("inf")
#: Kinds of columns, in the order in which this file lists them.
COLUMNS = (
    "build",
    "modules",
    "it_mw",
    "mean_mw",
    "replicas",
    "share",
    "unserved",
    "pool",
    "module_count",
    "move",
    "own",
)


@dataclass(frozen=True)
class Extra:
    """Columns besides those of each option, pool, arc and demand, as arrays with one entry for each of them.

    Attributes
    ----------
    pool : pools with a binary
    count_option, count : options whose modules do not all cost the same, and each number of them
    demand, site, arc, of_arc : protected demand at a site, its arcs, and the place of each arc among these pairs
    move, backup : place among these pairs and backup of each move
    receiver : pools that moves lead to
    """

    pool: Any
    count_option: Any
    count: Any
    demand: Any
    site: Any
    arc: Any
    of_arc: Any
    move: Any
    backup: Any
    receiver: Any


def direct_matrix(instance: Instance) -> Matrix:
    """The matrix, each kind of columns where the families of the model put those of its name."""
    extra, place = _extra(instance), places_of(instance, layout_of(instance))
    columns = np.array([place[name].start for name in COLUMNS])
    rows = Rows()
    for add in (flow_rows, pool_rows, option_rows, site_rows, limit_rows, survival_rows):
        add(instance, columns, extra, rows)
    # What is put together below in the order of COLUMNS goes to its place.
    order = np.argsort(np.concatenate([np.arange(place[name].start, place[name].stop) for name in COLUMNS]))
    lower, upper, integer = (values[order] for values in _column_bounds(instance, extra))
    cost = _cost(instance, extra)[order]
    triplets = (np.concatenate(rows.value), (np.concatenate(rows.row), np.concatenate(rows.column)))
    a = csr_matrix(triplets, shape=(rows.count, len(cost)))
    return Matrix(
        cost=cost,
        lower=lower,
        upper=upper,
        integer=integer,
        row_lower=np.concatenate(rows.lower).astype(float),
        row_upper=np.concatenate(rows.upper).astype(float),
        row_ptr=a.indptr,
        index=a.indices,
        value=a.data,
        offset=0.0,
        row_names=(),
    )


def _extra(instance: Instance) -> Extra:
    options, pools, variants = instance.options, instance.pools, instance.variants
    group = pools.site.astype(np.int64) * len(instance.workload_ids) + variants.workload[pools.variant]
    rivals = np.bincount(group, minlength=1)[group] > 1
    refused = np.zeros((len(instance.sites.id), len(variants.workload)), dtype=bool)
    np.logical_or.at(refused, options.site, instance.designs.admits[options.design] == 0)
    copies = (pools.fixed_usd > 0.0) | ((pools.sync_gbps > 0.0) & (pools.home_route >= 0))
    protected = variants.is_protected[pools.variant] == 1
    gated = rivals | refused[pools.site, pools.variant] | copies | protected
    crooked = np.flatnonzero(instance.designs.is_linear[options.design] == 0)
    number = (options.max_modules - options.min_modules + 1)[crooked]
    return Extra(
        pool=np.flatnonzero(gated),
        count_option=np.repeat(crooked, number),
        count=_ranges(options.min_modules[crooked], number),
        **_survival(instance),
    )


def _ranges(first: Any, number: Any) -> Any:
    """``first, first + 1, ...``, so many of each, one after the other."""
    start = np.repeat(np.cumsum(number) - number, number)
    return np.arange(number.sum()) - start + np.repeat(first, number)


def _survival(instance: Instance) -> dict[str, Any]:
    arcs, pools, backups = instance.arcs, instance.pools, instance.backups
    arc = np.flatnonzero(instance.variants.is_protected[pools.variant[arcs.pool]] == 1)
    at = np.stack([arcs.demand[arc], pools.site[arcs.pool[arc]]])
    pairs, of_arc = np.unique(at, axis=1, return_inverse=True)
    first = instance.demands.backup_ptr[pairs[0]].astype(np.int64)
    number = instance.demands.backup_ptr[pairs[0] + 1] - first
    move, backup = np.repeat(np.arange(pairs.shape[1]), number), _ranges(first, number)
    elsewhere = pools.site[backups.pool[backup]] != pairs[1][move]
    move, backup = move[elsewhere], backup[elsewhere]
    receiver = np.unique(backups.pool[backup])
    names = ("demand", "site", "arc", "of_arc", "move", "backup", "receiver")
    return dict(zip(names, (*pairs, arc, of_arc.reshape(-1), move, backup, receiver), strict=True))


def _column_bounds(instance: Instance, extra: Extra) -> tuple[Any, Any, Any]:
    options, demands = instance.options, instance.demands
    n_option, n_pool, n_arc = len(options.site), len(instance.pools.site), len(instance.arcs.demand)
    single_source, must = demands.is_splittable == 0, np.isinf(demands.unserved_usd)
    capacity = instance.option_capacity_mw
    upper = [np.ones(n_option), options.max_modules, capacity, capacity, np.full(n_pool, INFINITY)]
    upper += [np.ones(n_arc), np.where(must, 0.0, 1.0), np.ones(len(extra.pool)), np.ones(len(extra.count))]
    upper += [np.ones(len(extra.move)), np.full(len(extra.receiver), INFINITY)]
    integer = [np.ones(2 * n_option, bool), np.zeros(2 * n_option, bool), np.ones(n_pool, bool)]
    integer += [single_source[instance.arcs.demand], single_source & ~must, np.ones(len(extra.pool), bool)]
    integer += [np.ones(len(extra.count), bool), single_source[extra.demand[extra.move]]]
    integer += [np.zeros(len(extra.receiver), bool)]
    above = np.concatenate(upper).astype(float)
    return np.zeros(len(above)), above, np.concatenate(integer)


def _cost(instance: Instance, extra: Extra) -> Any:
    options, sites, demands, designs = instance.options, instance.sites, instance.demands, instance.designs
    site, first = options.site, designs.capex_ptr[options.design]
    life = (1.0 + designs.refresh_share - designs.salvage_share)[options.design]
    each = np.where(designs.is_linear[options.design], designs.capex_usd[first + 1], 0.0)
    standing = designs.capex_usd[first + options.sunk_modules]
    o = extra.count_option
    cost = np.concatenate(
        [
            options.fixed_usd - life * each * options.sunk_modules,
            life * each,
            options.pue * (sites.demand_usd_per_mw + sites.coincident_usd_per_mw)[site],
            options.pue * (sites.energy_usd_per_mw + sites.carbon_usd_per_mw)[site],
            instance.variants.usd[instance.pools.variant],
            instance.arcs.usd,
            np.where(np.isinf(demands.unserved_usd), 0.0, demands.unserved_usd),
            instance.pools.fixed_usd[extra.pool],
            life[o] * (designs.capex_usd[first[o] + extra.count] - standing[o]),
            np.zeros(len(extra.move) + len(extra.receiver)),
        ]
    )
    return cost / 1e6
