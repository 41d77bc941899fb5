"""What sites share: the grid, the network, the tenants' rules, and linear rules over what stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from siteopt.instance.rows import ranges

if TYPE_CHECKING:
    from numpy.typing import ArrayLike
    from scipy.sparse import csr_matrix

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
        """Return what 1 MW of IT at each site takes of each limit, shape (n_limit, n_site), for a PUE of each site."""
        limit = np.repeat(np.arange(len(self.id)), np.diff(self.ptr))
        return _rows(self.coefficient * pue[self.site], limit, self.site, shape=(len(self.id), len(pue)))


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
        """Return the traffic of each owner on all links of its route (-1 for none), shape (n_link, n_owner)."""
        owner = np.flatnonzero((route >= 0) & (gbps > 0.0))
        first, last = self.route_ptr[route[owner]], self.route_ptr[route[owner] + 1]
        used = np.repeat(owner, last - first)
        link = self.route_link[ranges(first, last)]
        return _rows(gbps[used], link, used, shape=(len(self.id), len(route)))


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


@dataclass(frozen=True, slots=True, eq=False)
class LinearRules:
    """Rows ``lower <= sum of coefficient x (option stands) <= upper``, by option.

    Every engine reads them: evaluator and search, the bound (priced), the partial and the exact model.

    Attributes
    ----------
    id : tuple of str
    lower, upper : ndarray of float64, shape (n_rule,)
        Without a limit ``-inf`` and ``inf``.
    option_ptr : ndarray of int32, shape (n_option + 1,)
    rule : ndarray of int32, shape (n_entry,)
        Rows of the rules in which each option counts.
    coefficient : ndarray of float64, shape (n_entry,)
    """

    id: tuple[str, ...]
    lower: Floats
    upper: Floats
    option_ptr: Indices
    rule: Indices
    coefficient: Floats

    def __len__(self) -> int:
        return len(self.id)

    @classmethod
    def none(cls, n_option: int) -> LinearRules:
        """Return the table of an instance that has no such rule."""
        nothing, no_row = np.zeros(0), np.zeros(0, dtype=np.int32)
        return cls((), nothing, nothing, np.zeros(n_option + 1, dtype=np.int32), no_row, nothing)

    @property
    def weights(self) -> csr_matrix:
        """What each option adds to each rule, shape (n_rule, n_option)."""
        option = np.repeat(np.arange(len(self.option_ptr) - 1), np.diff(self.option_ptr))
        shape = (len(self.id), len(self.option_ptr) - 1)
        return _rows(self.coefficient, self.rule, option, shape=shape)


def _rows(values: Floats, row: ArrayLike, column: ArrayLike, shape: tuple[int, int]) -> csr_matrix:
    """Compress entries by row; SciPy is imported here because compiling an instance does without it."""
    from scipy.sparse import coo_matrix

    return coo_matrix((values, (row, column)), shape=shape).tocsr()
