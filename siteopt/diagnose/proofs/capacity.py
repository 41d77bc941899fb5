"""The most IT power that a set of sites can carry together under grid limits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from siteopt.arrays import Floats, Indices
    from siteopt.diagnose.proofs.needs import Needs
    from siteopt.instance import Instance


def share_limits(instance: Instance, needs: Needs) -> Indices:
    """Give each site to at most one grid limit, the limits that take the most away first.

    Counting every limit at every site would need a linear program; with one each, capacities add up. The limits that
    are left out could only make the capacity smaller, so a proof stays a proof.

    Returns
    -------
    ndarray of int32, shape (n_site,)
        Row of each site's limit, -1 for none.
    """
    grid, owner = instance.grid, np.full(len(instance.sites.id), -1, dtype=np.int32)
    pue = least_pue(instance)
    saving = []
    for i in range(len(grid.id)):
        rows = slice(int(grid.ptr[i]), int(grid.ptr[i + 1]))
        own = float(needs.site_mw[grid.site[rows]].sum())
        saving.append(own - _within_limit(instance, needs, pue, i, grid.site[rows]))
    for i in np.argsort(-np.array(saving), kind="stable").tolist():
        if saving[i] > 0:
            members = grid.site[grid.ptr[i] : grid.ptr[i + 1]]
            owner[members[owner[members] < 0]] = i
    return owner


def most_it_mw(instance: Instance, needs: Needs, limits: Indices, sites: Indices) -> float:
    """Return an upper bound on the IT power of a set of sites, MW, by their own capacity and the limits they share."""
    pue = least_pue(instance)
    total = float(needs.site_mw[sites[limits[sites] < 0]].sum())
    for i in np.unique(limits[sites]).tolist():
        if i >= 0:
            total += _within_limit(instance, needs, pue, i, sites[limits[sites] == i])
    return total


def least_pue(instance: Instance) -> Floats:
    """Return the best PUE that each site can have; ``inf`` where nothing may be built."""
    pue = np.full(len(instance.sites.id), np.inf)
    np.minimum.at(pue, instance.options.site, instance.options.pue)
    return pue


def _within_limit(instance: Instance, needs: Needs, pue: Floats, limit: int, sites: Indices) -> float:
    """Return the most IT power of sites under one limit, MW: those whose IT uses the least of it are filled first."""
    grid = instance.grid
    rows = slice(int(grid.ptr[limit]), int(grid.ptr[limit + 1]))
    coefficient = dict(zip(grid.site[rows].tolist(), grid.coefficient[rows].tolist(), strict=True))
    takes = np.array([coefficient[j] for j in sites.tolist()]) * pue[sites]
    left, total = float(grid.limit_mw[limit]), 0.0
    for k in np.argsort(takes, kind="stable").tolist():
        own = float(needs.site_mw[sites[k]])
        if own <= 0.0:
            continue
        used = min(own, left / float(takes[k]))
        total += used
        left -= used * float(takes[k])
    return total
