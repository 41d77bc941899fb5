"""The whole profile of a workload: deployments tried, the chosen one under load, and shared between sites."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from math import isfinite
from typing import TYPE_CHECKING, Any

from siteopt.compile import Variant, resolve_variants
from siteopt.compile.deployment import deploy
from siteopt.errors import Problem, ScenarioError
from siteopt.profile.curves import LoadPoint, PoolingPoint, Subject, load_curve, pooling_curve
from siteopt.scenario.catalogue import load_catalogue
from siteopt.scenario.hardware import accelerator_numbers, engine_numbers, model_numbers
from siteopt.serving.pool import ModelQueue
from siteopt.serving.specs import Accelerator, Deployment, Engine, Lengths, Model, Setup

if TYPE_CHECKING:
    from collections.abc import Sequence

    from siteopt.profile.request import Case
    from siteopt.scenario.schema import Workload
    from siteopt.serving.configs import Config
    from siteopt.serving.pool import PoolQueue

SCHEMA_VERSION = 1
LOADS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 1.0)
SITES = (1, 2, 5, 10, 20, 50)
#: Replicas that the total load keeps busy where nobody names one.
BUSY = 100.0


@dataclass(frozen=True, slots=True)
class DeploymentRow:
    """A deployment that meets the SLO without waiting, at its largest batch; at most one is ``chosen``.

    ``rps`` counts calls per second of one replica; ``usd_per_1k`` is per thousand requests, half busy on average.
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
    """A limit of the workload: ``metric`` within ``ms`` in a share ``percentile`` of cases."""

    metric: str
    ms: float
    percentile: float


@dataclass(frozen=True, slots=True)
class Profile:
    """Everything that a profile shows.

    Attributes
    ----------
    workload : str
    model : str or None
    slo : tuple of Slo
    input_tokens, output_tokens : float or None
        Of one call to the model.
    calls_per_request, burst_factor, utilisation_cap, rtt_ms : float
    deployments, rejected : tuple
        Empty for a workload that states its replica itself.
    constants : tuple of str
        Where the efficiencies of each accelerator's engine come from.
    accelerator : str or None
        That of the curves; None where no deployment meets the SLO, and there are none.
    replica_rps, replica_kw, replica_usd : float
        Of one replica, at saturation.
    replicas : int
        In the pool of the load curve.
    load : tuple of LoadPoint
    total_rps : float
        Calls per second that the sites of the pooling curve share.
    pooling : tuple of PoolingPoint
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
    deployments: tuple[DeploymentRow, ...] = ()
    rejected: tuple[RejectedRow, ...] = ()
    constants: tuple[str, ...] = ()
    accelerator: str | None = None
    replica_rps: float = 0.0
    replica_kw: float = 0.0
    replica_usd: float = 0.0
    replicas: int = 0
    load: tuple[LoadPoint, ...] = ()
    total_rps: float = 0.0
    pooling: tuple[PoolingPoint, ...] = ()

    @property
    def chosen(self) -> DeploymentRow | None:
        """The deployment of the curves."""
        return next((row for row in self.deployments if row.chosen), None)

    def to_dict(self) -> dict[str, Any]:
        """The JSON document; times that grow without end are null."""
        return {"schema_version": SCHEMA_VERSION} | {k: _finite(v) for k, v in asdict(self).items()}


def profile(
    case: Case,
    *,
    replicas: int = 4,
    total_rps: float | None = None,
    rtt_ms: float = 0.0,
    loads: Sequence[float] = LOADS,
    sites: Sequence[int] = SITES,
) -> Profile:
    """Try the deployments of a workload and draw the curves of the cheapest.

    Parameters
    ----------
    case : Case
    replicas : int
        In the pool of the load curve.
    total_rps : float, optional
        Calls per second that the sites share; the scenario's peak, or what keeps 100 replicas busy, where absent.
    rtt_ms : float
        Round trip that each call spends of its SLO.
    loads : sequence of float
        Shares of saturation.
    sites : sequence of int
        Numbers of sites, the fewest first.

    Raises
    ------
    ScenarioError
        If the workload has no SLO and no model, so that nothing waits; or no time is left after the round trip.
    """
    rows, rejected, constants = _deployments(case)
    subject = _subject(case, rows, rtt_ms)
    workload = case.workload
    base = Profile(
        workload=workload.id,
        model=workload.model,
        slo=tuple(Slo(slo.metric, slo.ms, slo.percentile) for slo in workload.slo),
        input_tokens=workload.input_tokens,
        output_tokens=workload.output_tokens,
        calls_per_request=workload.calls_per_request,
        burst_factor=workload.burst_factor,
        utilisation_cap=case.scenario.policy.utilisation_cap,
        rtt_ms=rtt_ms,
        deployments=rows,
        rejected=rejected,
        constants=constants,
    )
    if subject is None:
        return base
    return _with_curves(base, subject, replicas, total_rps or case.total_rps, loads, sites)
