"""What sites share: the grid, the network, and the tenants' rules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import coo_matrix, csr_matrix

from siteopt.instance.rows import ranges

if TYPE_CHECKING:
    from siteopt.arrays import Floats, Indices


@dataclass(frozen=True, slots=True, eq=False)
class GridLimits:
    """Rows ``sum of coefficient x facility power <= limit_mw``, by limit (``ptr``) and by site (``site_ptr``)."""

    id: tuple[str, ...]
    limit_mw: Floats
    ptr: Indices
    site: Indices
    coefficient: Floats
    site_ptr: Indices
    site_limit: Indices
    site_coefficient: Floats

    def weights(self, pue: Floats) -> csr_matrix:
        """What 1 MW of IT at each site takes of each limit, shape (n_limit, n_site), for a PUE of each site."""
        limit = np.repeat(np.arange(len(self.id)), np.diff(self.ptr))
        entries = self.coefficient * pue[self.site], (limit, self.site)
        return coo_matrix(entries, shape=(len(self.id), len(pue))).tocsr()


@dataclass(frozen=True, slots=True, eq=False)
class Links:
    """Uplinks and backbone links with a capacity, and which of them each route uses.

    Many arcs share a route: it is given by the two ends and by the jurisdictions that it must stay in.

    Attributes
    ----------
    id : tuple of str
        ``uplink:SITE`` or ``link:A--B``.
    limit_gbps : capacity
    route_ptr, route_link : rows of this table on each route
    """

    id: tuple[str, ...]
    limit_gbps: Floats
    route_ptr: Indices
    route_link: Indices

    def traffic(self, route: Indices, gbps: Floats) -> csr_matrix:
        """Traffic of owners on links, shape (n_link, n_owner): of each on all links of its route, -1 for none."""
        owner = np.flatnonzero((route >= 0) & (gbps > 0.0))
        first, last = self.route_ptr[route[owner]], self.route_ptr[route[owner] + 1]
        used = np.repeat(owner, last - first)
        entries = gbps[used], (self.route_link[ranges(first, last)], used)
        return coo_matrix(entries, shape=(len(self.id), len(route))).tocsr()


@dataclass(frozen=True, slots=True, eq=False)
class Tenancy:
    """Limits per tenant and site; ``inf`` where there is none.

    Attributes
    ----------
    id : tuple of str
        Tenants.
    share : most of a site's usable IT power that one tenant may take
    site_mw : most IT power of one tenant at one site, MW
    """

    id: tuple[str, ...]
    share: float
    site_mw: float
