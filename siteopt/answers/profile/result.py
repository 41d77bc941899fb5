"""The result of a profile: plain frozen data, and its JSON document."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from math import isfinite
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from siteopt.answers.profile.curves import LoadPoint, PoolingPoint

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class DeploymentRow:
    """A deployment that meets the SLO if nothing waits, at its largest batch; at most one is ``chosen``.

    ``rps`` counts calls per second of one replica; ``usd_per_1k`` is the cost per thousand requests of a replica that
    is half busy on average.
    """

    accelerator: str
    precision: str
    tp: int
    batch: int
    rps: float
    ttft_ms: float
    tpot_ms: float
    kw: float
    usd_per_1k: float
    bound_by: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """A deployment that cannot serve the workload, and why."""

    accelerator: str
    precision: str
    tp: int
    reason: str


@dataclass(frozen=True, slots=True)
class Slo:
    """A latency limit of the workload: ``metric`` stays within ``ms`` in a share ``percentile`` of cases."""

    metric: str
    ms: float
    percentile: float


@dataclass(frozen=True, slots=True)
class Curves:
    """Curves of the chosen deployment (or of the replica that the workload states): load and sharing between sites.

    Attributes
    ----------
    accelerator : str
    replica_rps, replica_kw, replica_usd : float
        Calls per second and power of one replica at saturation, and its price.
    replicas : int
        Number of replicas in the pool of the load curve.
    load : tuple of LoadPoint
    total_rps : float
        Calls per second that the sites of the pooling curve share.
    pooling : tuple of PoolingPoint
    """

    accelerator: str
    replica_rps: float
    replica_kw: float
    replica_usd: float
    replicas: int
    load: tuple[LoadPoint, ...]
    total_rps: float
    pooling: tuple[PoolingPoint, ...]


@dataclass(frozen=True, slots=True)
class Profile:
    """Everything that a profile shows.

    Attributes
    ----------
    workload : str
    model : str or None
    slo : tuple of Slo
    input_tokens, output_tokens : float or None
        Tokens of one call to the model.
    calls_per_request, burst_factor, utilisation_cap, rtt_ms : float
    constants : tuple of str
        Where the efficiencies of each accelerator's engine come from.
    deployments, rejected : tuple
        Empty for a workload that states its replica itself.
    curves : Curves or None
        None where no deployment meets the SLO.
    """

    workload: str
    model: str | None
    slo: tuple[Slo, ...]
    input_tokens: float | None
    output_tokens: float | None
    calls_per_request: float
    burst_factor: float
    utilisation_cap: float
    rtt_ms: float
    constants: tuple[str, ...]
    deployments: tuple[DeploymentRow, ...]
    rejected: tuple[RejectedRow, ...]
    curves: Curves | None

    @property
    def chosen(self) -> DeploymentRow | None:
        """The deployment that the curves are of; None where there is none."""
        return next((row for row in self.deployments if row.chosen), None)

    def to_dict(self) -> dict[str, Any]:
        """Return the profile as a JSON object; times that grow without end are null."""
        document: dict[str, Any] = _finite(asdict(self))
        return {"schema_version": SCHEMA_VERSION} | document


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not isfinite(value) else value
