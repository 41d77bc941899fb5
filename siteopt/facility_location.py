"""Capacitated facility location: as an instance of ours, and found again inside an instance.

A facility is a site with one module as large as its capacity, a customer is a demand, and nothing costs anything but
opening and supplying. An instance with this structure, wherever it comes from, has bounds and searches of its own,
which are far stronger than those for everything that a scenario can say.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from siteopt.instance import (
    Arcs,
    Demands,
    GridLimits,
    Instance,
    Options,
    Pools,
    Sites,
    Solution,
    Tiers,
    Variants,
    pointer,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]
    Indices = NDArray[np.int32]

#: Replicas are counted in 32 bits, so the finest unit of demand is this share of the largest capacity.
FINEST = 1e-8


@dataclass(frozen=True, slots=True, eq=False)
class FacilityProblem:
    """``min sum fixed_j y_j + sum unit_ij x_ij``, ``sum_j x_ij = demand_i``, ``sum_i x_ij <= capacity_j y_j``.

    Attributes
    ----------
    capacity, fixed_usd : ndarray, shape (n_site,)
    demand : ndarray, shape (n_demand,)
    arc_ptr : ndarray of int32, shape (n_demand + 1,)
    arc_site : ndarray of int32, shape (n_arc,)
    arc_usd : ndarray, shape (n_arc,)
        Of one unit of demand.
    site_ptr : ndarray of int32, shape (n_site + 1,)
    site_demand : ndarray of int32, shape (n_arc,)
        Demands that each site can serve, cheapest unit first.
    site_usd : ndarray, shape (n_arc,)
        Of one unit of demand, in the order of ``site_demand``.
    is_splittable : bool
        Whether several sites may share a demand.
    """

    capacity: Floats
    fixed_usd: Floats
    demand: Floats
    arc_ptr: Indices
    arc_site: Indices
    arc_usd: Floats
    site_ptr: Indices
    site_demand: Indices
    site_usd: Floats
    is_splittable: bool = True

    @property
    def arc_demand(self) -> Indices:
        """Row of the demand of each arc, shape (n_arc,)."""
        return np.repeat(np.arange(len(self.demand), dtype=np.int32), np.diff(self.arc_ptr))

    def restricted(
        self, sites: Indices, demands: Indices, amount: Floats, capacity: Floats | None = None
    ) -> FacilityProblem:
        """The same problem over some sites and some demands, the latter with amounts of their own.

        Parameters
        ----------
        sites, demands : ndarray of int32
            Rows, ascending.
        amount : ndarray, shape (n_demand,)
            Demand of each row of ``demands``.
        capacity : ndarray, optional
            Capacity of each row of ``sites``.
        """
        new_site = np.full(len(self.capacity), -1, dtype=np.int32)
        new_site[sites] = np.arange(len(sites), dtype=np.int32)
        first, last = self.arc_ptr[demands], self.arc_ptr[demands + 1]
        rows = ranges(first, last)
        owner = np.repeat(np.arange(len(demands), dtype=np.int32), last - first)
        keep = new_site[self.arc_site[rows]] >= 0
        rows, owner = rows[keep], owner[keep]
        return facility_problem(
            self.capacity[sites] if capacity is None else capacity,
            self.fixed_usd[sites],
            amount,
            owner,
            new_site[self.arc_site[rows]],
            self.arc_usd[rows],
            self.is_splittable,
        )


def ranges(first: NDArray[Any], last: NDArray[Any]) -> NDArray[np.int64]:
    """``first[0], ..., last[0] - 1, first[1], ...``."""
    length = (last - first).astype(np.int64)
    start = np.repeat(first - np.concatenate(([0], np.cumsum(length)[:-1])), length)
    return np.asarray(start + np.arange(int(length.sum())), dtype=np.int64)


def facility_problem(
    capacity: Floats,
    fixed_usd: Floats,
    demand: Floats,
    arc_demand: Indices,
    arc_site: Indices,
    arc_usd: Floats,
    is_splittable: bool = True,
) -> FacilityProblem:
    """Index arcs, given demand by demand, by site as well."""
    site_ptr = pointer(arc_site, len(capacity))
    order = np.lexsort((arc_usd, arc_site)).astype(np.int32)
    return FacilityProblem(
        capacity=np.ascontiguousarray(capacity, dtype=np.float64),
        fixed_usd=np.ascontiguousarray(fixed_usd, dtype=np.float64),
        demand=np.ascontiguousarray(demand, dtype=np.float64),
        arc_ptr=pointer(arc_demand, len(demand)),
        arc_site=np.ascontiguousarray(arc_site, dtype=np.int32),
        arc_usd=np.ascontiguousarray(arc_usd, dtype=np.float64),
        site_ptr=site_ptr,
        site_demand=np.ascontiguousarray(arc_demand[order], dtype=np.int32),
        site_usd=np.ascontiguousarray(arc_usd[order]),
        is_splittable=is_splittable,
    )


def recognised(instance: Instance) -> FacilityProblem | None:
    """The capacitated facility location problem that an instance is, or None where it is more than that.

    It is one if every site has one design with one module and at most one pool, all demands may be split or none may,
    all must be served, replicas cost nothing and all have one size (whatever they carry, a whole number of them fits
    into a site), power is free of steps, and no tail, grid limit, budget or number of sites is in the way.
    """
    sites, options, pools, variants = instance.sites, instance.options, instance.pools, instance.variants
    demands, arcs = instance.demands, instance.arcs
    n = len(sites.id)
    is_plain = (
        len(options.site) == n
        and bool(np.all(np.diff(sites.option_ptr) == 1))
        and bool(np.all(np.diff(sites.pool_ptr) <= 1))
        and not np.any(sites.is_existing)
        and not np.any(sites.is_forced)
        and not np.any(sites.demand_usd_per_mw)
        and bool(np.all((options.max_modules == 1) & (options.sunk_modules == 0)))
        and not np.any(variants.usd)
        and not np.any(variants.idle_fraction)
        and len(variants.workload) == 1
        and not len(instance.tiers.variant)
        and len(np.unique(demands.is_splittable)) <= 1
        and not np.any(np.isfinite(demands.unserved_usd))
        and not len(instance.grid.id)
        and np.isinf(instance.budget_usd)
        and instance.max_sites >= n
    )
    if not is_plain:
        return None
    replicas = np.floor(instance.option_capacity_mw / variants.replica_mw[0] * (1.0 + 1e-9) + 1e-9)
    site = pools.site[arcs.pool]
    power = options.pue * (sites.energy_usd_per_mw + sites.carbon_usd_per_mw)
    busy_mw = variants.replica_mw[0] * demands.mean_rps / variants.rps[0]
    usd = (arcs.usd + power[site] * busy_mw[arcs.demand]) / demands.peak_rps[arcs.demand]
    return facility_problem(
        replicas * variants.usable_rps[0],
        options.fixed_usd + options.module_usd,
        demands.peak_rps,
        arcs.demand,
        site.astype(np.int32),
        usd,
        bool(np.all(demands.is_splittable == 1)),
    )


def solution_of(instance: Instance, problem: FacilityProblem, amount: Floats, is_open: Any) -> Solution:
    """Decisions on the instance that a problem was recognised in.

    Parameters
    ----------
    instance : Instance
    problem : FacilityProblem
    amount : ndarray, shape (n_arc,)
        Units of demand on each arc.
    is_open : ndarray of bool, shape (n_site,)
    """
    share = amount / problem.demand[instance.arcs.demand]
    load = np.bincount(instance.arcs.pool, weights=amount, minlength=len(instance.pools.site))
    option = np.where(is_open, np.arange(len(problem.capacity)), -1).astype(np.int32)
    return Solution(
        option=option,
        modules=(option >= 0).astype(np.int32),
        replicas=np.ceil(load / instance.variants.usable_rps[0] * (1.0 - 5e-7)).astype(np.int32),
        share=share,
        unserved=np.zeros(len(problem.demand)),
    )


def facility_location(
    capacity: ArrayLike,
    fixed_usd: ArrayLike,
    demand: ArrayLike,
    cost_usd: Any,
    splittable: bool = True,
    nearest: int | None = None,
) -> Instance:
    """Capacitated facility location as an instance.

    Parameters
    ----------
    capacity, fixed_usd : array_like, shape (n_site,)
    demand : array_like, shape (n_demand,)
        Positive, in the unit of the capacities.
    cost_usd : array_like or scipy.sparse array, shape (n_demand, n_site)
        Of serving *all* of a demand from a site; ``inf`` (or absence from a sparse array) where it may not.
    splittable : bool
        Whether several sites may share a demand.
    nearest : int, optional
        Keep this many cheapest sites per demand only.

    Returns
    -------
    Instance

    Raises
    ------
    ValueError
        If shapes disagree, or figures are negative or not finite.
    """
    capacity, fixed, demand = (
        np.ascontiguousarray(a, dtype=np.float64) for a in (capacity, fixed_usd, demand)
    )
    for name, values in (("capacity", capacity), ("fixed_usd", fixed), ("demand", demand)):
        if values.ndim != 1 or not np.all(np.isfinite(values)) or np.any(values < 0.0):
            raise ValueError(f"{name} must be one row of finite figures, none negative")
    if fixed.shape != capacity.shape or np.any(demand == 0.0):
        raise ValueError("capacity and fixed_usd must have one entry per site, and no demand may be zero")
    if cost_usd.shape != (len(demand), len(capacity)):
        raise ValueError(f"cost_usd has shape {cost_usd.shape}, not {(len(demand), len(capacity))}")
    arc_demand, arc_site, arc_usd = _arcs(cost_usd, nearest)
    return _instance(capacity, fixed, demand, (arc_demand, arc_site, arc_usd), splittable)


def _arcs(cost_usd: Any, nearest: int | None) -> tuple[Indices, Indices, Floats]:
    """Admissible (demand, site) pairs, cheapest first within a demand, made row by row to spare memory."""
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


def _unit(capacity: Floats) -> float:
    """Largest power of ten, at most 1, of which all capacities are multiples; no finer than replicas can count."""
    finest = FINEST * float(capacity.max(initial=1.0))
    unit = 1.0
    while unit / 10.0 >= finest and np.any(np.abs(capacity / unit - np.round(capacity / unit)) > 1e-9):
        unit /= 10.0
    return unit


def _instance(
    capacity: Floats,
    fixed: Floats,
    demand: Floats,
    arcs: tuple[Indices, Indices, Floats],
    splittable: bool,
) -> Instance:
    n_site, n_demand = len(capacity), len(demand)
    arc_demand, arc_site, arc_usd = arcs
    # One replica carries one unit of demand; a unit draws a MW, so that MW are units of demand.
    unit = _unit(capacity)
    used, arc_pool = np.unique(arc_site, return_inverse=True)
    arc_pool = arc_pool.reshape(len(arc_site)).astype(np.int32)
    no_money, each = np.zeros(n_site), np.arange(n_site + 1, dtype=np.int32)
    nothing, no_index = np.zeros(0), np.zeros(0, dtype=np.int32)
    none = np.zeros(len(arc_usd))
    flags = np.zeros(n_site, dtype=np.uint8)
    return Instance(
        sites=Sites(
            id=tuple(f"site-{j}" for j in range(n_site)),
            headroom_mw=capacity,
            energy_usd_per_mw=no_money,
            carbon_usd_per_mw=no_money,
            demand_usd_per_mw=no_money,
            is_existing=flags,
            is_forced=flags,
            option_ptr=each,
            pool_ptr=np.searchsorted(used, each).astype(np.int32),
        ),
        options=Options(
            site=each[:-1],
            design=("facility",) * n_site,
            land_usd=no_money,
            connection_usd=no_money,
            facility_usd=fixed,
            staff_usd=no_money,
            fixed_usd=fixed,
            fixed_capex_usd=fixed,
            module_usd=no_money,
            module_mw=np.maximum(capacity, 1e-9),
            pue=np.ones(n_site),
            min_modules=np.zeros(n_site, dtype=np.int32),
            max_modules=np.ones(n_site, dtype=np.int32),
            sunk_modules=np.zeros(n_site, dtype=np.int32),
        ),
        variants=Variants(
            workload=np.zeros(1, dtype=np.int32),
            accelerator=("unit",),
            rps=np.array([unit]),
            usable_rps=np.array([unit]),
            replica_mw=np.array([unit]),
            idle_fraction=np.zeros(1),
            usd=np.zeros(1),
            tier_ptr=np.zeros(2, dtype=np.int32),
            queue=(None,),
            rooms=((),),
            burst_factor=np.ones(1),
        ),
        tiers=Tiers(no_index, nothing, nothing, np.zeros(1, dtype=np.int32), nothing, nothing),
        pools=Pools(
            site=used.astype(np.int32),
            variant=np.zeros(len(used), dtype=np.int32),
            arc_ptr=pointer(arc_pool, len(used)),
            arc=np.argsort(arc_pool, kind="stable").astype(np.int32),
        ),
        demands=Demands(
            region=np.arange(n_demand, dtype=np.int32),
            workload=np.zeros(n_demand, dtype=np.int32),
            name=tuple(f"demand-{i}" for i in range(n_demand)),
            peak_rps=demand,
            mean_rps=demand,
            revenue_usd=np.zeros(n_demand),
            unserved_usd=np.full(n_demand, np.inf),
            is_splittable=np.full(n_demand, splittable, dtype=np.uint8),
            arc_ptr=pointer(arc_demand, n_demand),
        ),
        arcs=Arcs(
            demand=arc_demand,
            pool=arc_pool,
            egress_usd=arc_usd,
            transit_usd=none,
            usd=arc_usd,
            rtt_ms=none,
            tier=np.full(len(arc_usd), -1, dtype=np.int32),
        ),
        grid=GridLimits((), nothing, np.zeros(1, dtype=np.int32), no_index, nothing,
                        np.zeros(n_site + 1, dtype=np.int32), no_index, nothing),
        workload_ids=("goods",),
        budget_usd=float("inf"),
        max_sites=n_site,
    )
