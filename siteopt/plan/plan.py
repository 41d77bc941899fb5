"""The plan: what to build, what runs where, at what cost, and how good that provably is.

A plan is plain frozen data. It saves to and loads from the JSON of ``plan.json`` without loss.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from siteopt.plan.writing import write_atomically

if TYPE_CHECKING:
    import os

SCHEMA_VERSION = 1

#: Lines of the cost breakdown, in the order in which the evaluator returns them.
COST_LINES = (
    "land",
    "connection",
    "facilities",
    "accelerators",
    "refresh",
    "energy",
    "demand_charges",
    "coincident_peak",
    "staff",
    "carbon",
    "egress",
    "transit",
    "data_replicas",
    "unserved",
    "revenue",
    "salvage",
)

#: ``optimal``: within the requested gap. ``feasible``: stopped by a limit. ``evaluated``: priced, not searched for.
Status = Literal["optimal", "feasible", "evaluated"]
#: Why the search ended, and which limit ended it.
StopReason = Literal["gap", "limit", "exhausted", "none"]
Limit = Literal["time", "nodes", "iterations", "interrupt", "failure"]
#: Where the calls of a pool find their data, and why a demand is left out.
Data = Literal["home", "replica"]
Reason = Literal["penalty", "mode"]


@dataclass(frozen=True, slots=True)
class SitePlan:
    """An open site.

    Attributes
    ----------
    id : str
        Site.
    design : str
        Design built (or standing) there.
    modules : int
        Modules in total, those of an existing site included.
    it_mw : float
        IT power of the replicas at peak, MW.
    facility_mw : float
        The same with cooling and losses (times PUE), MW.
    capex_usd : float
        Capital newly spent: land, connection, facility, accelerators, USD.
    connection_mw : float or None
        Facility power that the chosen connection carries, MW; None where the site has one connection only.
    ready_month : float
        When it is built and energised.
    """

    id: str
    design: str
    modules: int
    it_mw: float = 0.0
    facility_mw: float = 0.0
    capex_usd: float = 0.0
    connection_mw: float | None = None
    ready_month: float = 0.0


@dataclass(frozen=True, slots=True)
class PoolPlan:
    """The replicas of one workload on one accelerator at one site.

    ``load_erlang`` is the peak call rate over the rate of one replica: the replicas kept busy on average.
    ``utilisation`` is the same over the replicas that stand there. ``precision``,
    ``tensor_parallel`` and ``batch`` say how a model is deployed. ``data`` says whether calls use the data at
    ``home`` or a ``replica`` at the site, and ``home_route`` names the backbone nodes from the site to the data.
    ``reserve_erlang`` is the largest load that the loss of one site moves here.
    """

    site: str
    workload: str
    accelerator: str
    replicas: int
    load_erlang: float = 0.0
    utilisation: float = 0.0
    precision: str | None = None
    tensor_parallel: int | None = None
    batch: int | None = None
    data: Data | None = None
    home_route: tuple[str, ...] = ()
    reserve_erlang: float = 0.0


@dataclass(frozen=True, slots=True)
class Percentiles:
    """Latency of a flow, ms, in terms of the metric of its SLO (end to end where it has none)."""

    p50: float
    p95: float
    p99: float


@dataclass(frozen=True, slots=True)
class FlowPlan:
    """A share of one demand served at one site. ``route`` names the backbone nodes from region to site."""

    region: str
    workload: str
    site: str
    accelerator: str
    share: float
    latency_ms: Percentiles | None = None
    slo_ms: float | None = None
    route: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class UnservedPlan:
    """A share of one demand that is not served: for its penalty, or because no site of the mode may serve it."""

    region: str
    workload: str
    share: float
    reason: Reason = "penalty"


@dataclass(frozen=True, slots=True)
class GridUse:
    """Use of one grid limit, MW."""

    id: str
    used_mw: float
    limit_mw: float


@dataclass(frozen=True, slots=True)
class LinkUse:
    """Traffic at peak on an uplink (``uplink:SITE``) or a backbone link (``link:A--B``), Gbit/s; None: no limit."""

    id: str
    used_gbps: float
    limit_gbps: float | None = None


@dataclass(frozen=True, slots=True)
class TenantUse:
    """IT power of one tenant at one site, MW, and as a share of what the modules there carry."""

    tenant: str
    site: str
    it_mw: float
    share_of_site: float


@dataclass(frozen=True, slots=True)
class MovePlan:
    """A share of one demand that moves to ``site`` after a failure.

    ``latency_ms`` is at the SLO's percentile, None where the queue there would grow without end.
    """

    region: str
    workload: str
    site: str
    share: float
    latency_ms: float | None = None


@dataclass(frozen=True, slots=True)
class DegradedPlan:
    """What a failure does to an unprotected workload: requests per second at peak that find room elsewhere or not."""

    workload: str
    displaced_rps: float
    kept_rps: float
    lost_rps: float


@dataclass(frozen=True, slots=True)
class FailurePlan:
    """The loss of one site.

    Attributes
    ----------
    site : str
        The one that fails.
    moves : tuple of MovePlan
        Where its protected flows go.
    worst_ms, worst_slo_ms : float or None
        Latency and degraded limit of the move that comes nearest to its limit, ms.
    spare_mw : float
        IT power of replicas of protected workloads that still have nothing to do, MW.
    unprotected : tuple of DegradedPlan
    """

    site: str
    moves: tuple[MovePlan, ...] = ()
    worst_ms: float | None = None
    worst_slo_ms: float | None = None
    spare_mw: float = 0.0
    unprotected: tuple[DegradedPlan, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan and the evidence for it.

    Attributes
    ----------
    status, stop_reason, limit : str
        How the search ended.
    cost_usd : float
        Net present cost over the horizon, USD; the sum of ``cost_lines``.
    bound_usd : float or None
        No plan that meets every rule can cost less, USD; None where nothing was proven.
    gap : float or None
        ``(cost - bound) / (sum of the positive cost lines)``; None also where nothing is spent and it has no limit.
    gap_usd : float or None
        ``cost - bound``, USD: what the best plan could save at most.
    seconds, verification_seconds : float
        From the call to the last improvement or limit, which a time limit counts; of the verification after it.
    verified : bool
        Whether the independent verifier passed it.
    scenario, scenario_sha256 : str
        File of the scenario, as it was named, and fingerprint of what it said; empty where they were not recorded.
    """

    status: Status = "evaluated"
    stop_reason: StopReason = "none"
    limit: Limit | None = None
    cost_usd: float = 0.0
    bound_usd: float | None = None
    gap: float | None = None
    gap_usd: float | None = None
    seconds: float = 0.0
    verification_seconds: float = 0.0
    method: str = "none"
    seed: int = 0
    versions: dict[str, str] = field(default_factory=dict)
    verified: bool = False
    cost_lines: dict[str, float] = field(default_factory=dict)
    sites: tuple[SitePlan, ...] = ()
    pools: tuple[PoolPlan, ...] = ()
    flows: tuple[FlowPlan, ...] = ()
    unserved: tuple[UnservedPlan, ...] = ()
    grid: tuple[GridUse, ...] = ()
    links: tuple[LinkUse, ...] = ()
    tenants: tuple[TenantUse, ...] = ()
    n_minus_1: tuple[FailurePlan, ...] = ()
    scenario: str = ""
    scenario_sha256: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON document of the plan."""
        return {"schema_version": SCHEMA_VERSION} | asdict(self)

    def to_json(self) -> str:
        """Return the text of ``plan.json``."""
        return json.dumps(self.to_dict(), indent=1, allow_nan=False) + "\n"

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the plan; an existing file is replaced only once the new one is complete and on the disk."""
        write_atomically(Path(path), self.to_json())
