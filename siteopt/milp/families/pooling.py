"""Pools are open or not: at most one serves a workload at a site, and only an open site has any."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyomo.environ as pyo

from siteopt.milp.model import linear, negative, total
from siteopt.milp.segments import most_replicas

if TYPE_CHECKING:
    from siteopt.arrays import Floats
    from siteopt.instance import Instance, Solution
    from siteopt.milp.layout import Layout
    from siteopt.milp.model import SitingModel


def add_pooling(model: SitingModel, instance: Instance) -> None:
    r"""Let a site serve a workload with one kind of accelerator only, and with its data in one place.

    .. math::
        n_p &\le N_p\, v_p \quad\text{(pool\_replicas)} \\
        v_p &\le \sum_{o \in O(j(p))} y_o \quad\text{(pool\_site)} \\
        \sum_{p \in P(j,k)} v_p &\le 1 \qquad \forall j,k \quad\text{(one\_pool)}

    Replicas in the first row, with :math:`N` the most that the site can power; pools in the others. A pool has the
    binary :math:`v` where something depends on it: a rival (another accelerator, or the data elsewhere), a tail, a
    copy of data, racks that not every design has, or a part in surviving the loss of a site. Pools with a tail
    count their replicas by segments instead of the first row. The dual of ``one_pool`` is what a second kind of pool
    at the site is worth, USD.
    """
    gated, layout = model.layout.pools, model.layout
    if not gated:
        return
    label, site = model.names["pool"], instance.pools.site.tolist()
    model.pyomo.pool = pyo.Var([label[p] for p in gated], domain=pyo.Binary)
    pool = model.pool = dict(zip(gated, model.pyomo.pool.values(), strict=True))
    most = most_replicas(instance).tolist()
    plain = [p for p in gated if p not in layout.tail and p not in layout.reserve]
    model.add_rows(
        "pool_replicas",
        [label[p] for p in plain],
        (linear([1.0, -float(most[p])], [model.replicas[p], pool[p]]) <= 0.0 for p in plain),
    )
    ptr, existing = instance.sites.option_ptr.tolist(), instance.sites.is_existing.tolist()
    closable = [p for p in gated if not existing[site[p]]]
    model.add_rows(
        "pool_site",
        [label[p] for p in closable],
        (total([pool[p], *negative(model.build[ptr[site[p]] : ptr[site[p] + 1]])]) <= 0.0 for p in closable),
    )
    _add_one_pool(model, instance)


def _add_one_pool(model: SitingModel, instance: Instance) -> None:
    first, last = instance.rivals
    starts = [p for p in model.layout.pools if first[p] == p and last[p] - p > 1]
    workload = instance.variants.workload[instance.pools.variant]
    names = [
        f"{instance.sites.id[instance.pools.site[p]]}/{instance.workload_ids[workload[p]]}" for p in starts
    ]
    groups = ([model.pool[q] for q in range(p, int(last[p]))] for p in starts)
    model.add_rows("one_pool", names, (total(v) <= 1.0 for v in groups))


def columns(_instance: Instance, layout: Layout) -> dict[str, int]:
    """Return how many columns the family declares, by name."""
    return {"pool": len(layout.pools)}


def warm_start(_instance: Instance, solution: Solution, layout: Layout) -> dict[str, Floats]:
    """Return the values of the family's columns in a solution: a pool is open where it has replicas."""
    return {"pool": (solution.replicas[layout.pools] > 0).astype(np.float64)}
