"""The scenario file as typed objects: what a planner may say, in which units, within which ranges.

Everything is frozen; keys that are not named here are errors. Rules that span several objects (unknown ids, duplicate
ids, keys that act on nothing) are in :mod:`siteopt.scenario.checks`. This package is the only place where pydantic is
used.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, PrivateAttr, Strict

from siteopt.scenario.places import (
    ConnectionStep,
    Design,
    Existing,
    GridLimit,
    Jurisdiction,
    Latency,
    Network,
    NetworkLink,
    NetworkNode,
    Region,
    Site,
)
from siteopt.scenario.quantities import (
    Cooling,
    Flag,
    Fraction,
    Metric,
    Mode,
    Mw,
    Precision,
    SchemaModel,
    Share,
    Sizing,
    Status,
    Text,
    Tier,
    Usd,
    UsdPerUnit,
)
from siteopt.scenario.rules import LinearRule, RuleTerm
from siteopt.scenario.workloads import (
    AcceleratorEntry,
    Demand,
    Home,
    JurisdictionRule,
    ModelEntry,
    Protect,
    Replica,
    Service,
    Slo,
    Workload,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "AcceleratorEntry",
    "ConnectionStep",
    "Cooling",
    "Demand",
    "Design",
    "Existing",
    "GridLimit",
    "Home",
    "Horizon",
    "Jurisdiction",
    "JurisdictionRule",
    "Latency",
    "LinearRule",
    "Metric",
    "Mode",
    "ModelEntry",
    "Network",
    "NetworkLink",
    "NetworkNode",
    "Policy",
    "Precision",
    "Protect",
    "Reading",
    "Region",
    "Replica",
    "RuleTerm",
    "Scenario",
    "Service",
    "Site",
    "Sizing",
    "Slo",
    "Status",
    "Tier",
    "Workload",
]


class Horizon(SchemaModel):
    """The years over which costs are counted, and the rate at which they are discounted."""

    years: Annotated[float, Strict(), Field(ge=1, le=60)] = 10.0
    """Years of operation that the plan pays for."""
    discount_rate: Annotated[float, Strict(), Field(ge=0, le=1)] = 0.07
    """Real discount rate per year; yearly costs are paid at the end of each year."""


class Policy(SchemaModel):
    """Limits and prices that hold for the plan as a whole."""

    mode: Mode = "hybrid"
    """``central``: only hyperscale sites serve; ``edge``: only micro sites and smaller ones do. Both leave out, at no
    cost, what must be served and only other sites could; what no site could serve is infeasible in every mode."""
    ready_by_month: Annotated[float, Strict(), Field(ge=0, le=600)] | None = None
    """Latest month in which what is newly built may be energised."""
    budget_usd: Usd | None = None
    """Most capital that may be spent: land, connections, facilities and accelerators."""
    max_sites: Annotated[int, Strict(), Field(ge=0, le=1_000_000)] | None = None
    """Most sites that may be newly built; existing ones do not count."""
    tenant_share: Fraction | None = None
    """Largest share of a site's usable IT power that the workloads of one tenant may take."""
    tenant_site_mw: Mw | None = None
    """Most IT power of one tenant at one site: what it loses with the site, MW."""
    coincidence: Share = 1.0
    """Power in the grid's own peak hours over the site's peak, for coincident charges."""
    refresh: Flag = False
    """Whether hardware is bought again at the end of its life, and its value left at the horizon credited."""
    storage_usd_per_gb_year: UsdPerUnit = 0.0
    """Price of keeping a copy of a workload's data at a serving site."""
    utilisation_cap: Fraction = 0.8
    """Highest utilisation of a pool at peak, for workloads sized by ``utilisation`` or ``tail``."""
    dispatch_efficiency: Fraction = 1.0
    """Share of its rate that a pool of models keeps although load balancing sends requests to single replicas."""
    server_cost_factor: Annotated[float, Strict(), Field(ge=1, le=10)] = 1.4
    """Price of a server over that of its accelerators, for models on catalogue accelerators."""
    carbon_usd_per_t: UsdPerUnit = 0.0
    egress_usd_per_gb: UsdPerUnit = 0.0
    """Price per GB that leaves a site towards users, where the site names none."""
    transit_usd_per_gb: UsdPerUnit = 0.0
    """Price per GB, in and out, of flows that cross a backbone link (of every flow where there is no network)."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How a scenario was read; scenarios are equal whatever files they came from.

    Attributes
    ----------
    skipped_demand : int
        Rows of ``demand`` that ask for nothing.
    remarks : tuple of str
        On the files of its tables.
    """

    skipped_demand: int = field(default=0, compare=False)
    remarks: tuple[str, ...] = field(default=(), compare=False)


class Scenario(SchemaModel):
    """One planner's numbers: the whole input of siteopt."""

    schema_version: Literal[1]
    name: Text = ""
    horizon: Horizon = Horizon()
    jurisdictions: tuple[Jurisdiction, ...] = Field(min_length=1)
    network: Network = Network()
    sites: tuple[Site, ...] = Field(min_length=1)
    grid_limits: tuple[GridLimit, ...] = ()
    designs: tuple[Design, ...] = Field(min_length=1)
    accelerators: tuple[AcceleratorEntry, ...] = ()
    models: tuple[ModelEntry, ...] = ()
    workloads: tuple[Workload, ...] = Field(min_length=1)
    regions: tuple[Region, ...] = Field(min_length=1)
    demand: tuple[Demand, ...] = Field(min_length=1)
    policy: Policy = Policy()
    rules: tuple[LinearRule, ...] = ()
    """The planner's own rules, linear in what is open."""
    _reading: Reading = PrivateAttr(default=Reading())

    @property
    def skipped_demand(self) -> int:
        """Rows of ``demand`` that ask for nothing, and were left out."""
        return self._reading.skipped_demand

    @property
    def reading_remarks(self) -> tuple[str, ...]:
        """How its tables were read, a sentence each, where they are not plain CSV."""
        return self._reading.remarks

    def with_remarks(self, remarks: Sequence[str]) -> Scenario:
        """Return the scenario with remarks on how its tables were read."""
        return _read_as(self, replace(self._reading, remarks=tuple(remarks))) if remarks else self

    def without_idle_demand(self) -> Scenario:
        """Return the scenario without rows of ``demand`` that ask for nothing; ``skipped_demand`` counts them."""
        asking = tuple(d for d in self.demand if d.peak_rps > 0.0)
        if len(asking) == len(self.demand):
            return self
        skipped = self.skipped_demand + len(self.demand) - len(asking)
        reading = replace(self._reading, skipped_demand=skipped)
        return _read_as(self.model_copy(update={"demand": asking}), reading)


def _read_as(scenario: Scenario, reading: Reading) -> Scenario:
    result = scenario.model_copy()
    # Pydantic's way to a field that is no part of the file.
    result._reading = reading  # noqa: SLF001
    return result
