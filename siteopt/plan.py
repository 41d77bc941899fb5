"""The plan: what to build, what runs where, at what cost, and how good that provably is.

A plan is plain frozen data. It saves to and loads from the JSON of ``plan.json`` without loss.
"""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

SCHEMA_VERSION = 1

#: Lines of the cost breakdown, in the order in which the evaluator returns them.
COST_LINES = (
    "land",
    "connection",
    "facilities",
    "accelerators",
    "energy",
    "demand_charges",
    "staff",
    "carbon",
    "egress",
    "transit",
    "unserved",
    "revenue",
)

#: ``optimal``: within the gap asked for. ``feasible``: stopped by a limit. ``evaluated``: priced, not searched for.
Status = Literal["optimal", "feasible", "evaluated"]
#: Why the search ended, and which limit ended it.
StopReason = Literal["gap", "limit", "exhausted", "none"]
Limit = Literal["time", "nodes", "iterations", "interrupt"]


@dataclass(frozen=True, slots=True)
class SitePlan:
    """One site that is open.

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
    """

    id: str
    design: str
    modules: int
    it_mw: float = 0.0
    facility_mw: float = 0.0
    capex_usd: float = 0.0


@dataclass(frozen=True, slots=True)
class PoolPlan:
    """The replicas of one workload on one accelerator at one site.

    ``load_erlang`` is the peak call rate over the rate of one replica: the replicas kept busy on average.
    ``utilisation`` is the same over the replicas that stand there. ``precision``,
    ``tensor_parallel`` and ``batch`` say how a model is deployed.
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
    """A share of one demand that is not served."""

    region: str
    workload: str
    share: float


@dataclass(frozen=True, slots=True)
class GridUse:
    """Use of one grid limit, MW."""

    id: str
    used_mw: float
    limit_mw: float


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
        ``(cost - bound) / (sum of the positive cost lines)``.
    verified : bool
        Whether the independent verifier passed it.
    """

    status: Status = "evaluated"
    stop_reason: StopReason = "none"
    limit: Limit | None = None
    cost_usd: float = 0.0
    bound_usd: float | None = None
    gap: float | None = None
    seconds: float = 0.0
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

    @property
    def gap_usd(self) -> float | None:
        """Cost less bound, USD."""
        return None if self.bound_usd is None else self.cost_usd - self.bound_usd

    def to_dict(self) -> dict[str, Any]:
        """The JSON document of the plan."""
        return {"schema_version": SCHEMA_VERSION} | asdict(self)

    def to_json(self) -> str:
        """The text of ``plan.json``."""
        return json.dumps(self.to_dict(), indent=1, allow_nan=False) + "\n"

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the plan; an existing file is replaced only once the new one is complete."""
        write_atomically(Path(path), self.to_json())


def relative_gap(cost_usd: float, bound_usd: float, cost_lines: dict[str, float]) -> float:
    """Gap as DESIGN defines it: over the sum of the positive cost lines, since net cost may be near zero."""
    positive = sum(v for v in cost_lines.values() if v > 0.0)
    difference = max(0.0, cost_usd - bound_usd)
    return difference / positive if positive > 0.0 else 0.0 if difference == 0.0 else float("inf")


def write_atomically(path: Path, text: str) -> None:
    """Write to a temporary file beside ``path`` and rename, so that no reader ever sees half a file."""
    handle, temporary = tempfile.mkstemp(dir=path.parent or ".", prefix=path.name, suffix=".tmp")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(temporary, 0o666 & ~umask)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
