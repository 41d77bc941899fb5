"""The capacitated facility location problem as arrays, by demand and by site."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from siteopt._core.stopping import StopCheck
from siteopt.instance import pointer, ranges

if TYPE_CHECKING:
    from siteopt.arrays import Floats, Indices


@dataclass(frozen=True, slots=True, eq=False)
class FacilityProblem:
    """Capacitated facility location with fixed costs and costs per unit.

    ``min sum fixed_j y_j + sum unit_ij x_ij``, ``sum_j x_ij = demand_i``, ``sum_i x_ij <= capacity_j y_j``.

    Attributes
    ----------
    capacity, fixed_usd : ndarray, shape (n_site,)
    demand : ndarray, shape (n_demand,)
    arc_ptr : ndarray of int32, shape (n_demand + 1,)
    arc_site : ndarray of int32, shape (n_arc,)
    arc_usd : ndarray, shape (n_arc,)
        Cost of one unit of demand, USD.
    site_ptr : ndarray of int32, shape (n_site + 1,)
    site_demand : ndarray of int32, shape (n_arc,)
        Demands that each site can serve, the cheapest per unit first.
    site_usd : ndarray, shape (n_arc,)
        Cost of one unit of demand, USD, in the order of ``site_demand``.
    is_splittable : bool
        Whether several sites may share a demand.
    stop : StopCheck
        Asked by all kernels that work on the problem, or on a part of it.
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
    stop: StopCheck = field(default_factory=StopCheck)

    @property
    def arc_demand(self) -> Indices:
        """Row of the demand of each arc, shape (n_arc,)."""
        return np.repeat(np.arange(len(self.demand), dtype=np.int32), np.diff(self.arc_ptr))

    def restricted(
        self, sites: Indices, demands: Indices, amount: Floats, capacity: Floats | None = None
    ) -> FacilityProblem:
        """Return the problem over some of its sites and demands, with new amounts for the latter.

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
        part = facility_problem(
            self.capacity[sites] if capacity is None else capacity,
            self.fixed_usd[sites],
            amount,
            owner,
            new_site[self.arc_site[rows]],
            self.arc_usd[rows],
            self.is_splittable,
        )
        return replace(part, stop=self.stop)


def facility_problem(
    capacity: Floats,
    fixed_usd: Floats,
    demand: Floats,
    arc_demand: Indices,
    arc_site: Indices,
    arc_usd: Floats,
    is_splittable: bool = True,
) -> FacilityProblem:
    """Build a problem from arcs that are given by demand, and index them by site as well."""
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
