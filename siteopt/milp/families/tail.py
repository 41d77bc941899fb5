"""A pool's replicas carry its load within the wait that the SLO leaves, and a site uses one accelerator a workload."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyomo.environ as pyo

from siteopt.milp.model import linear, negative, total
from siteopt.milp.segments import Segment, pool_segments

if TYPE_CHECKING:
    from siteopt.instance import Instance
    from siteopt.milp.model import SitingModel


def add_tail(model: SitingModel, instance: Instance) -> None:
    r"""Load of a pool lies below :math:`A_t(n)`, the load that n replicas carry within slack tier t.

    :math:`A` is convex in n: the economy of pooling. It is replaced on segments of n by straight lines, above it
    (outer) or below it (inner); a pool chooses one segment s of one tier t, by a binary :math:`z`.

    .. math::
        \sum_{ts} z_{pts} &\le 1, \qquad n_p = \sum_{ts} n_{pts}, \qquad
            \underline n_{ts} z_{pts} \le n_{pts} \le \overline n_{ts} z_{pts} \\
        \sum_{a \in A(p)} \lambda_{i(a)} x_a &\le \sum_{ts} (\alpha_{ts} n_{pts} + \beta_{ts} z_{pts}) \\
        x_a &\le \sum_{t \le t(a)} \sum_s z_{pts} \qquad \forall a \in A(p)

    Loads are divided by what one replica may carry, so that both sides count replicas. An arc is open only to tiers
    at least as tight as its own. Where a workload may run on several accelerators, :math:`\sum z` over the pools of
    one site and workload is at most 1 (a pool without tail has one segment). The dual of the load row is the cost of
    one replica's worth of load more, USD.
    """
    rows = model.tail = pool_segments(instance, model.bracket, model.segments)
    pools = list(rows)
    if not pools:
        return
    names = [f"{model.names['pool'][p]}/{n}" for p in pools for n in range(len(rows[p]))]
    m = model.pyomo
    m.segment = pyo.Var(names, domain=pyo.Binary)
    m.segment_replicas = pyo.Var(names, domain=pyo.NonNegativeReals)
    chosen, count = iter(m.segment.values()), iter(m.segment_replicas.values())
    z = {p: [next(chosen) for _ in rows[p]] for p in pools}
    n = {p: [next(count) for _ in rows[p]] for p in pools}
    label = [model.names["pool"][p] for p in pools]
    model.add_rows(
        "tail_replicas", label, (total([model.replicas[p], *negative(n[p])]) == 0.0 for p in pools)
    )
    _add_ranges(model, names, [(s, a, b) for p in pools for s, a, b in zip(rows[p], z[p], n[p], strict=True)])
    _add_loads(model, instance, rows, z, n)
    _add_access(model, instance, rows, z)
    _add_choice(model, instance, z)


def _add_ranges(model: SitingModel, names: list[str], segments: list[tuple[Segment, Any, Any]]) -> None:
    model.add_rows(
        "tail_least", names, (linear([float(s.first), -1.0], [z, n]) <= 0.0 for s, z, n in segments)
    )
    model.add_rows("tail_most", names, (linear([-float(s.last), 1.0], [z, n]) <= 0.0 for s, z, n in segments))


def _add_loads(
    model: SitingModel,
    instance: Instance,
    rows: dict[int, list[Segment]],
    z: dict[int, list[Any]],
    n: dict[int, list[Any]],
) -> None:
    arcs, pools = instance.arcs, instance.pools
    usable = instance.variants.usable_rps[pools.variant]
    load = (instance.demands.peak_rps[arcs.demand] / usable[arcs.pool]).tolist()
    tailed = [p for p in rows if rows[p][0].tier >= 0]

    def row(p: int) -> Any:
        used = pools.arc[pools.arc_ptr[p] : pools.arc_ptr[p + 1]].tolist()
        per_replica = float(usable[p])
        coefficients = [
            *(load[a] for a in used),
            *(-s.slope / per_replica for s in rows[p]),
            *(-s.intercept / per_replica for s in rows[p]),
        ]
        return linear(coefficients, [*(model.share[a] for a in used), *n[p], *z[p]]) <= 0.0

    model.add_rows("tail_load", [model.names["pool"][p] for p in tailed], map(row, tailed))


def _add_access(
    model: SitingModel, instance: Instance, rows: dict[int, list[Segment]], z: dict[int, list[Any]]
) -> None:
    arcs = instance.arcs
    reached = np.flatnonzero(np.isin(arcs.pool, list(rows))).tolist()
    pool, tier = arcs.pool.tolist(), arcs.tier.tolist()

    def row(a: int) -> Any:
        p = pool[a]
        admits = [
            variable for segment, variable in zip(rows[p], z[p], strict=True) if segment.tier <= tier[a]
        ]
        return total([model.share[a], *negative(admits)]) <= 0.0

    model.add_rows("tail_access", [model.names["arc"][a] for a in reached], map(row, reached))


def _add_choice(model: SitingModel, instance: Instance, z: dict[int, list[Any]]) -> None:
    """One segment a pool, and one pool for each site and workload."""
    workload = instance.variants.workload[instance.pools.variant]
    groups: dict[tuple[int, int], list[int]] = {}
    for p in z:
        groups.setdefault((int(instance.pools.site[p]), int(workload[p])), []).append(p)
    names = [f"{instance.sites.id[j]}/{instance.workload_ids[k]}" for j, k in groups]
    choices = ([variable for p in members for variable in z[p]] for members in groups.values())
    model.add_rows("tail_choice", names, (total(v) <= 1.0 for v in choices))
