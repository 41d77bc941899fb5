"""What sites share: the grid, the network, and the tenants' rules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from siteopt.instance.arrays import Floats, Indices


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
