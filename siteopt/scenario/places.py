"""Where things are: jurisdictions, the backbone, sites with their power, regions with their people."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, Strict, model_validator

from siteopt.scenario.quantities import (
    Cooling,
    Count,
    Fraction,
    Id,
    Latitude,
    Longitude,
    Ms,
    Mw,
    Positive,
    SchemaModel,
    Share,
    Status,
    Text,
    Tier,
    Usd,
    UsdPerUnit,
    Years,
)


class Jurisdiction(SchemaModel):
    """A legal territory, and the groups that it belongs to."""

    id: Id
    groups: tuple[Id, ...] = ()
    """Groups such as "EU" that a workload may name instead of listing ids."""


class NetworkNode(SchemaModel):
    """A point of presence of the backbone."""

    id: Id
    lat: Latitude
    lon: Longitude
    jurisdiction: Id


class NetworkLink(SchemaModel):
    """An undirected link of the backbone. Give ``km`` or ``latency_ms``, not both."""

    from_node: Id = Field(alias="from")
    to_node: Id = Field(alias="to")
    km: Annotated[float, Strict(), Field(ge=0, le=50_000)] | None = None
    """Length, km; multiplied by the route factor and the propagation time."""
    latency_ms: Ms | None = None
    """One-way latency, ms, where it was measured."""
    capacity_gbps: Annotated[float, Strict(), Field(ge=0, le=1e9)] | None = None
    """Gbit/s that the flows of the plan may put on the link, both directions together; unlimited where absent."""

    @model_validator(mode="after")
    def _one_of(self) -> NetworkLink:
        if (self.km is None) == (self.latency_ms is None):
            raise ValueError('give exactly one of "km" and "latency_ms"')
        return self


class Latency(SchemaModel):
    """How distance becomes round-trip time.

    ``rtt_ms = access_ms + 2 x km x route_factor x us_per_km / 1000 + 2 x per_hop_ms x hops``. The defaults
    reproduce the round trips between cloud regions in Europe (19.55 us per great-circle km, 4.3 ms).
    """

    us_per_km: Annotated[float, Strict(), Field(ge=0, le=1000)] = 4.9
    """One-way propagation in fibre, microseconds per km (4.9 is light at a refractive index of 1.468)."""
    route_factor: Annotated[float, Strict(), Field(ge=1, le=20)] = 2.0
    """Length of the fibre over the length given (Bozkurt et al. 2018: 1.3 best conduit, 2.1 observed)."""
    per_hop_ms: Ms = 0.0
    """One-way delay added by each backbone link that is crossed, ms."""
    access_ms: Ms = 4.3
    """Round trip of the last mile and the site's own network, ms, added to every flow."""


class Network(SchemaModel):
    """The backbone. Without nodes, distance is the great circle between region and site."""

    nodes: tuple[NetworkNode, ...] = ()
    links: tuple[NetworkLink, ...] = ()
    latency: Latency = Latency()


class Existing(SchemaModel):
    """What stands at an existing site already; its cost is sunk."""

    design: Id
    modules: Count


class ConnectionStep(SchemaModel):
    """A class of grid connection: power up to a limit, after a number of months, at a price."""

    up_to_mw: Annotated[float, Strict(), Field(ge=1e-6, le=1e6)]
    """Facility power that the connection carries, MW."""
    months: Annotated[float, Strict(), Field(ge=0, le=600)]
    """Months until it is energised."""
    usd: Usd


class Site(SchemaModel):
    """A place that may host inference: a substation, a campus or a hub."""

    id: Id
    name: Text = ""
    lat: Latitude
    lon: Longitude
    tier: Tier
    jurisdiction: Id
    zone: Id | None = None
    """Grid zone, for grid limits per zone."""
    node: Id | None = None
    """Backbone node to which the site is attached; the nearest one where absent."""
    status: Status = "candidate"
    """``existing`` sites are open, their modules sunk; ``forced`` ones must be built; ``forbidden`` ones may not."""
    existing: Existing | None = None
    headroom_mw: Mw
    """Firm power at the connection that the load of this plan may draw, cooling and losses included, MW."""
    designs: tuple[Id, ...] = Field(min_length=1)
    """Designs that may be built here."""
    pue: dict[Id, Annotated[float, Strict(), Field(ge=1, le=5)]] = Field(default_factory=dict)
    """Power usage effectiveness of a design in this site's climate, by design id; the design's own where absent."""
    uplink_gbps: Annotated[float, Strict(), Field(ge=0, le=1e9)] | None = None
    """Gbit/s between the site and the backbone, both directions together; unlimited where absent."""
    price_usd_per_mwh: Annotated[float, Strict(), Field(ge=0, le=1e5)]
    demand_charge_usd_per_mw_year: UsdPerUnit = 0.0
    """Yearly charge per MW of peak facility power."""
    coincident_charge_usd_per_mw_year: UsdPerUnit = 0.0
    """Yearly charge per MW of facility power in the grid's own peak hours (a capacity market's)."""
    carbon_g_per_kwh: Annotated[float, Strict(), Field(ge=0, le=5000)] = 0.0
    connection_usd: Usd = 0.0
    connection_steps: tuple[ConnectionStep, ...] = ()
    """Classes of connection, smallest first, one of which is taken; instead of ``connection_usd``. What stands at an
    existing site needs none for its power; what is built beside it takes a class that carries both."""
    land_usd: Usd = 0.0
    egress_usd_per_gb: UsdPerUnit | None = None
    """Price per GB that leaves the site towards users; the policy's price where absent."""


class GridLimit(SchemaModel):
    """Sum over sites of coefficient x facility power may not exceed ``limit_mw``.

    The sites are those of one zone, those of one jurisdiction, or those named with a coefficient (a row of a PTDF).
    """

    id: Id
    limit_mw: Mw
    zone: Id | None = None
    jurisdiction: Id | None = None
    coefficients: dict[Id, Annotated[float, Strict(), Field(ge=-1e3, le=1e3)]] | None = None
    """Coefficient by site id; one below zero counts as zero, because relief may not be credited."""

    @model_validator(mode="after")
    def _one_of(self) -> GridLimit:
        if sum(v is not None for v in (self.zone, self.jurisdiction, self.coefficients)) != 1:
            raise ValueError('give exactly one of "zone", "jurisdiction" and "coefficients"')
        return self


class Design(SchemaModel):
    """A kind of facility, built in modules."""

    id: Id
    tiers: tuple[Tier, ...] = Field(min_length=1)
    """Tiers of the sites where it may stand."""
    module_mw: Annotated[float, Strict(), Field(ge=1e-6, le=1e4)]
    """Nameplate IT power of one module, MW."""
    max_modules: Count
    pue: Annotated[float, Strict(), Field(ge=1, le=5)]
    """Power usage effectiveness (ISO/IEC 30134-2): facility power over IT power."""
    redundancy: Literal["N", "N+1", "2N"] = "N"
    """``N+1``: one module stands by, so that an open site has two or more; ``2N``: half of their power does, of an odd
    number too. What stands by is not counted on for IT power."""
    usable_fraction: Fraction = 1.0
    """Share of a counted module's nameplate that IT may draw; UPS and cooling margins taken off."""
    rack_kw: Positive | None = None
    """Power per rack that can be fed and cooled, kW; any where absent."""
    cooling: Cooling = "air"
    fixed_usd: Usd
    usd_per_module: Usd
    scale_exponent: Fraction = 1.0
    """Capital of n modules is ``usd_per_module x n ** scale_exponent``: less than 1 where size makes them cheaper."""
    build_months: Annotated[float, Strict(), Field(ge=0, le=600)] = 0.0
    """Months until it, or more of it at an existing site, is built, connection apart."""
    life_years: Years | None = None
    """Years until fixed part and modules are bought again (with ``policy.refresh``); never where absent."""
    salvage_fraction: Share = 0.0
    """Share of their price that they are worth at the end of their life."""
    staff_usd_per_year: Usd = 0.0
    """Charged where it is newly built; sites that stand are staffed already, USD per year."""


class Region(SchemaModel):
    """Where requests come from."""

    id: Id
    name: Text = ""
    lat: Latitude
    lon: Longitude
    jurisdiction: Id
    node: Id | None = None
    """Backbone node to which the region is attached; where absent the nearest one of its jurisdiction, which the access
    line then does not leave, or of all if there is none."""
    population: Annotated[int, Strict(), Field(ge=0, le=10_000_000_000)] | None = None
