"""Build an instance from the arrays of a capacitated facility location problem."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from siteopt.facility.tables import (
    FIRST,
    NO_ROW,
    NOTHING,
    arcs_of,
    demands_of,
    no_slack_tiers,
    one_design,
    one_variant,
    options_of,
    pools_of,
    sites_of,
    unit_of,
)
from siteopt.instance import Backups, GridLimits, Instance, LinearRules, Links, Tenancy, pointer

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from siteopt.arrays import Floats, Indices


def facility_location(
    capacity: ArrayLike,
    fixed_usd: ArrayLike,
    demand: ArrayLike,
    cost_usd: Any,
    splittable: bool = True,
    nearest: int | None = None,
) -> Instance:
    """Build the instance of a capacitated facility location problem.

    Parameters
    ----------
    capacity, fixed_usd : array_like, shape (n_site,)
    demand : array_like, shape (n_demand,)
        Positive, in the unit of the capacities.
    cost_usd : array_like or scipy.sparse array, shape (n_demand, n_site)
        Cost of serving *all* of a demand from a site; ``inf`` (or absent from a sparse array) where not admissible.
    splittable : bool
        Whether several sites may share a demand.
    nearest : int, optional
        Keep only this many sites per demand, the cheapest ones.

    Returns
    -------
    Instance

    Raises
    ------
    ValueError
        If shapes disagree, or figures are negative or not finite.
    """
    capacity, fixed, demand = _checked(capacity, fixed_usd, demand, cost_usd)
    arc_demand, arc_site, arc_usd = _admissible(cost_usd, nearest)
    arc_pool, pools, pool_ptr = pools_of(arc_site, len(capacity))
    return Instance(
        sites=sites_of(capacity, pool_ptr),
        designs=one_design(),
        options=options_of(capacity, fixed),
        variants=one_variant(unit_of(capacity)),
        slack_tiers=no_slack_tiers(),
        degraded_slack_tiers=no_slack_tiers(),
        pools=pools,
        demands=demands_of(demand, splittable, pointer(arc_demand, len(demand))),
        arcs=arcs_of(arc_demand, arc_pool, arc_usd),
        backups=Backups(NO_ROW, NO_ROW, NOTHING, NO_ROW),
        grid=GridLimits(
            (), NOTHING, FIRST, NO_ROW, NOTHING, np.zeros(len(capacity) + 1, dtype=np.int32), NO_ROW, NOTHING
        ),
        links=Links((), NOTHING, FIRST, NO_ROW),
        tenancy=Tenancy((), np.inf, np.inf),
        workload_ids=("goods",),
        budget_usd=np.inf,
        max_sites=len(capacity),
        linear_rules=LinearRules.none(len(capacity)),
    )


def _checked(
    capacity: ArrayLike, fixed_usd: ArrayLike, demand: ArrayLike, cost_usd: Any
) -> tuple[Floats, Floats, Floats]:
    """Return capacities, fixed costs and demands as arrays; raise ValueError if figures or shapes are wrong."""
    capacities, fixed, demands = (
        np.ascontiguousarray(a, dtype=np.float64) for a in (capacity, fixed_usd, demand)
    )
    for name, values in (("capacity", capacities), ("fixed_usd", fixed), ("demand", demands)):
        if values.ndim != 1 or not np.all(np.isfinite(values)) or np.any(values < 0.0):
            raise ValueError(f"{name} must be one row of finite figures, none negative")
    if fixed.shape != capacities.shape or np.any(demands == 0.0):
        raise ValueError("capacity and fixed_usd must have one entry per site, and no demand may be zero")
    if cost_usd.shape != (len(demands), len(capacities)):
        raise ValueError(f"cost_usd has shape {cost_usd.shape}, not {(len(demands), len(capacities))}")
    return capacities, fixed, demands


def _admissible(cost_usd: Any, nearest: int | None) -> tuple[Indices, Indices, Floats]:
    """Return demand, site and cost of each admissible pair, the cheapest of a demand first; by rows to save memory."""
    rows = []
    is_sparse = hasattr(cost_usd, "tocsr")
    csr = cost_usd.tocsr() if is_sparse else None
    for i in range(cost_usd.shape[0]):
        if csr is not None:
            part = slice(csr.indptr[i], csr.indptr[i + 1])
            site, usd = csr.indices[part], csr.data[part]
        else:
            usd = np.asarray(cost_usd[i], dtype=np.float64)
            site = np.flatnonzero(np.isfinite(usd))
            usd = usd[site]
        if nearest is not None and nearest < len(site):
            kept = np.argpartition(usd, nearest - 1)[:nearest]
            site, usd = site[kept], usd[kept]
        order = np.argsort(usd, kind="stable")
        rows.append((site[order].astype(np.int32), usd[order].astype(np.float64)))
    counts = np.array([len(site) for site, _ in rows])
    return (
        np.repeat(np.arange(len(rows), dtype=np.int32), counts),
        np.concatenate([site for site, _ in rows]),
        np.concatenate([usd for _, usd in rows]),
    )
