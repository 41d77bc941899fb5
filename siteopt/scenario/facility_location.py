"""Capacitated facility location, stated by arrays: the textbook problem, for which no scenario is needed."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from siteopt.arrays import Floats, Indices

#: The one workload, design and accelerator in plans of such a problem, whose rows need a name for each.
GOODS, FACILITY, UNIT = "goods", "facility", "unit"


@dataclass(frozen=True, slots=True, eq=False)
class FacilityLocation:
    """A capacitated facility location problem; :func:`siteopt.facility_location` builds and checks it.

    Attributes
    ----------
    capacity, fixed_usd : ndarray of float64, shape (n_site,)
    demand : ndarray of float64, shape (n_demand,)
        In the unit of the capacities.
    arc_ptr : ndarray of int32, shape (n_demand + 1,)
        Where the arcs of each demand begin and end; the cheapest of a demand is the first.
    arc_site : ndarray of int32, shape (n_arc,)
        A site that may serve the demand.
    arc_usd : ndarray of float64, shape (n_arc,)
        Cost of serving all of the demand from there.
    is_splittable : bool
        Whether several sites may share a demand.
    """

    capacity: Floats
    fixed_usd: Floats
    demand: Floats
    arc_ptr: Indices
    arc_site: Indices
    arc_usd: Floats
    is_splittable: bool = True

    def __post_init__(self) -> None:
        for column in fields(self):
            value = getattr(self, column.name)
            if isinstance(value, np.ndarray):
                value.setflags(write=False)

    @property
    def site_ids(self) -> tuple[str, ...]:
        """Names of the sites in plans: ``site-0`` and so on."""
        return tuple(f"site-{j}" for j in range(len(self.capacity)))

    @property
    def demand_ids(self) -> tuple[str, ...]:
        """Names of the demands in plans, where they are the regions: ``demand-0`` and so on."""
        return tuple(f"demand-{i}" for i in range(len(self.demand)))


def facility_location(
    capacity: ArrayLike,
    fixed_usd: ArrayLike,
    demand: ArrayLike,
    cost_usd: Any,
    splittable: bool = True,
    nearest: int | None = None,
) -> FacilityLocation:
    """State a capacitated facility location problem, for :func:`siteopt.solve` and :func:`siteopt.verify`.

    Parameters
    ----------
    capacity, fixed_usd : array_like, shape (n_site,)
        Money is exact to a tenth of a dollar where the exact model is used, so scale figures that are small.
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
    FacilityLocation
        Its plans name the sites ``site-0``, ``site-1`` and so on, and the demands ``demand-0`` and so on.

    Raises
    ------
    ValueError
        If shapes disagree, or figures are negative or not finite.
    """
    capacities, fixed, demands = (
        np.array(values, dtype=np.float64, order="C") for values in (capacity, fixed_usd, demand)
    )
    costs = cost_usd.tocsr() if hasattr(cost_usd, "tocsr") else np.asarray(cost_usd)
    _check(capacities, fixed, demands, costs)
    if nearest is not None and nearest < 1:
        raise ValueError(f"nearest must be at least 1, or None for all sites; it is {nearest!r}")
    arc_ptr, arc_site, arc_usd = _admissible(costs, nearest)
    return FacilityLocation(capacities, fixed, demands, arc_ptr, arc_site, arc_usd, bool(splittable))


def _check(capacity: Floats, fixed_usd: Floats, demand: Floats, cost_usd: Any) -> None:
    """Raise a ValueError if figures or shapes are wrong."""
    for name, values in (("capacity", capacity), ("fixed_usd", fixed_usd), ("demand", demand)):
        if values.ndim != 1 or not np.all(np.isfinite(values)) or np.any(values < 0.0):
            raise ValueError(f"{name} must be one row of finite figures, none negative")
    if fixed_usd.shape != capacity.shape or np.any(demand == 0.0):
        raise ValueError("capacity and fixed_usd must have one entry per site, and no demand may be zero")
    if not len(capacity) or not len(demand):
        raise ValueError("there must be at least one site and one demand")
    if cost_usd.shape != (len(demand), len(capacity)):
        raise ValueError(f"cost_usd has shape {cost_usd.shape}, not {(len(demand), len(capacity))}")
    costs = cost_usd.data if hasattr(cost_usd, "indptr") else cost_usd
    if not np.all(costs >= 0.0):  # nan is not, either
        raise ValueError(
            "cost_usd must have no negative figure and no nan; inf says that a site may not serve"
        )


def _admissible(cost_usd: Any, nearest: int | None) -> tuple[Indices, Indices, Floats]:
    """Return arcs as pointers, sites and costs, the cheapest of a demand first; built by rows to save memory."""
    is_sparse = hasattr(cost_usd, "indptr")
    sites, costs = [], []
    for i in range(cost_usd.shape[0]):
        if is_sparse:
            part = slice(cost_usd.indptr[i], cost_usd.indptr[i + 1])
            site, usd = cost_usd.indices[part], cost_usd.data[part]
        else:
            site, usd = np.arange(cost_usd.shape[1]), cost_usd[i]
        usd = usd.astype(np.float64)
        finite = np.isfinite(usd)
        site, usd = site[finite], usd[finite]
        if nearest is not None and nearest < len(site):
            kept = np.argpartition(usd, nearest - 1)[:nearest]
            site, usd = site[kept], usd[kept]
        order = np.argsort(usd, kind="stable")
        sites.append(site[order].astype(np.int32))
        costs.append(usd[order])
    ends = np.cumsum([0, *map(len, sites)]).astype(np.int32)
    return ends, np.concatenate(sites), np.concatenate(costs)
