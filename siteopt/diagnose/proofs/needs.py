"""The least that obligatory demand needs, and the most that sites can give."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from siteopt.instance.reach import reached_sites
from siteopt.tolerances import TINY

if TYPE_CHECKING:
    from siteopt.arrays import Floats, Indices, Masks
    from siteopt.instance import Instance

#: A need must exceed what there is by this share before anything is called impossible: rules may be met to
#: within 1e-6 each, and a proof passes through several of them.
MARGIN = 1e-5


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """Demands that must be served, and that may be served by the same sites.

    Attributes
    ----------
    demands : tuple of int
        Rows of the demands.
    sites : ndarray of int32
        Rows of the sites, ascending.
    it_mw : float
        Least IT power that they need at peak, MW.
    """

    demands: tuple[int, ...]
    sites: Indices
    it_mw: float


@dataclass(frozen=True, slots=True, eq=False)
class Needs:
    """What demands that must be served need at least, and what sites can carry at most.

    Attributes
    ----------
    site_mw : ndarray of float64, shape (n_site,)
        Most IT power that each site can carry, by headroom, PUE and modules of its best design, MW.
    usable : ndarray of bool, shape (n_arc,)
        Arcs whose site has room for one replica.
    demand_mw, demand_usd : ndarray of float64, shape (n_demand,)
        Least IT power (MW) and accelerators (USD) with which the demand can be served, counting fractions of
        replicas; 0 where it need not or cannot be served.
    lost : tuple of int
        Rows of demands that must be served and have no usable arc.
    groups : tuple of Group
        All other demands that must be served.
    """

    site_mw: Floats
    usable: Masks
    demand_mw: Floats
    demand_usd: Floats
    lost: tuple[int, ...]
    groups: tuple[Group, ...]


def exceeds(need: float, most: float) -> bool:
    """Whether a need exceeds what there is by more than rounding can explain."""
    return need > most * (1.0 + MARGIN) + TINY


def gather_needs(instance: Instance) -> Needs:
    """Find the least that obligatory demand of an instance needs, and the most that its sites can carry."""
    site_mw = instance.site_capacity_mw
    arcs, variant = instance.arcs, instance.pools.variant[instance.arcs.pool]
    site = instance.pools.site[arcs.pool]
    usable = instance.variants.replica_mw[variant] <= site_mw[site] * (1.0 + MARGIN) + TINY
    must = np.isinf(instance.demands.unserved_usd)
    replicas = instance.demands.peak_rps[arcs.demand] / instance.variants.usable_rps[variant]
    chosen = usable & must[arcs.demand]
    mw = _least(replicas * instance.variants.replica_mw[variant], arcs.demand, chosen, len(must))
    usd = _least(replicas * instance.variants.capex_usd[variant], arcs.demand, chosen, len(must))
    served = np.zeros(len(must), dtype=bool)
    served[arcs.demand[chosen]] = True
    return Needs(
        site_mw=site_mw,
        usable=usable,
        demand_mw=mw,
        demand_usd=usd,
        lost=tuple(np.flatnonzero(must & ~served).tolist()),
        groups=_groups(instance, usable, served, mw),
    )


def _least(values: Floats, demand: Indices, chosen: Masks, n: int) -> Floats:
    """Find the least value among the chosen arcs of each demand; 0 where it has none."""
    result = np.full(n, np.inf)
    np.minimum.at(result, demand[chosen], values[chosen])
    return np.where(np.isfinite(result), result, 0.0)


def _groups(
    instance: Instance,
    usable: Masks,
    served: Masks,
    demand_mw: Floats,
) -> tuple[Group, ...]:
    members: dict[bytes, list[int]] = {}
    sets: dict[bytes, Indices] = {}
    for rows, reached in reached_sites(instance, usable):
        packed = np.packbits(reached, axis=1)
        for row in np.flatnonzero(served[rows]).tolist():
            key = packed[row].tobytes()
            if key not in sets:
                sets[key] = np.flatnonzero(reached[row]).astype(np.int32)
            members.setdefault(key, []).append(rows.start + row)
    return tuple(Group(tuple(rows), sets[key], float(demand_mw[rows].sum())) for key, rows in members.items())
