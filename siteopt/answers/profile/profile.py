"""Make the profile of a workload: try its deployments, and draw the curves of the chosen one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siteopt.answers.profile.curves import Subject, load_curve, pooling_curve
from siteopt.answers.profile.result import Curves, DeploymentRow, Profile, RejectedRow, Slo
from siteopt.compile import Variant, resolve_variants
from siteopt.compile.deployment import deploy
from siteopt.errors import Problem, ScenarioError
from siteopt.formatting import counted, percent
from siteopt.physics.serving.pool import ModelQueue
from siteopt.physics.serving.specs import Accelerator, Deployment, Engine, Lengths, Model, Setup
from siteopt.scenario.catalogue import load_catalogue
from siteopt.scenario.hardware import accelerator_numbers, engine_numbers, model_numbers
from siteopt.units import KW_PER_MW

if TYPE_CHECKING:
    from collections.abc import Sequence

    from siteopt.answers.profile.request import Case
    from siteopt.physics.serving.configs import Config

#: Shares of saturation in the load curve.
LOADS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 1.0)
#: Numbers of sites in the pooling curve.
SITES = (1, 2, 5, 10, 20, 50)
#: Replicas that the total load keeps busy where no load is given.
BUSY = 100.0


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
        Number of replicas in the pool of the load curve.
    total_rps : float, optional
        Calls per second that the sites share; by default the scenario's peak, or what keeps 100 replicas busy.
    rtt_ms : float
        Round trip that is taken from the SLO of each call.
    loads : sequence of float
        Shares of saturation.
    sites : sequence of int
        Numbers of sites, the fewest first.

    Raises
    ------
    ScenarioError
        If nothing waits in the workload, or no time is left to wait after the round trip.
    """
    workload = case.workload
    deployments, rejected = _deployments(case)
    variant = _cheapest(case, deployments)
    curves = None
    if variant is not None:
        total = total_rps or case.total_rps or BUSY * variant.rps
        curves = _curves(variant, _subject(case, variant, rtt_ms), replicas, loads, total, sites)
    return Profile(
        workload=workload.id,
        model=workload.model,
        slo=tuple(Slo(slo.metric, slo.ms, slo.percentile) for slo in workload.slo),
        input_tokens=workload.input_tokens,
        output_tokens=workload.output_tokens,
        calls_per_request=workload.calls_per_request,
        burst_factor=workload.burst_factor,
        utilisation_cap=case.scenario.policy.utilisation_cap,
        rtt_ms=rtt_ms,
        constants=_constants(case),
        deployments=deployments,
        rejected=rejected,
        curves=curves,
    )


def _curves(
    variant: Variant,
    subject: Subject,
    replicas: int,
    loads: Sequence[float],
    total_rps: float,
    sites: Sequence[int],
) -> Curves:
    """Compute the load curve and the pooling curve of the cheapest deployment."""
    return Curves(
        accelerator=variant.accelerator,
        replica_rps=variant.rps,
        replica_kw=variant.replica_mw * KW_PER_MW,
        replica_usd=variant.capex_usd,
        replicas=replicas,
        load=load_curve(subject, replicas, loads),
        total_rps=total_rps,
        pooling=pooling_curve(subject, total_rps, sites),
    )


def _deployments(case: Case) -> tuple[tuple[DeploymentRow, ...], tuple[RejectedRow, ...]]:
    """Return the deployments on every accelerator, the cheapest per request first, and those that were rejected."""
    workload, found, rejected = case.workload, [], []
    for accelerator in workload.accelerators:
        choice = deploy(case.scenario, workload, accelerator).choice
        found += [(config, accelerator) for config in choice.configs]
        rejected += [RejectedRow(accelerator, r.precision, r.tp, r.reason) for r in choice.rejected]
    found.sort(key=lambda pair: (pair[0].usd_per_1k, pair[0].tp))
    calls = workload.calls_per_request
    rows = tuple(_row(config, accelerator, calls, n == 0) for n, (config, accelerator) in enumerate(found))
    return rows, tuple(rejected)


def _row(config: Config, accelerator: str, calls: float, chosen: bool) -> DeploymentRow:
    return DeploymentRow(
        accelerator=accelerator,
        precision=config.precision,
        tp=config.tp,
        batch=config.batch,
        rps=config.rps,
        ttft_ms=config.ttft_ms,
        tpot_ms=config.tpot_ms,
        kw=config.kw,
        usd_per_1k=config.usd_per_1k * calls,
        bound_by=config.bound_by,
        chosen=chosen,
    )


def _cheapest(case: Case, deployments: tuple[DeploymentRow, ...]) -> Variant | None:
    """Return the variant of the chosen deployment, or of the replica that the workload states."""
    variants = {variant.accelerator: variant for variant in resolve_variants(case.scenario)}
    if case.workload.model is None:
        return next(iter(variants.values()))
    return variants[deployments[0].accelerator] if deployments else None


def _subject(case: Case, variant: Variant, rtt_ms: float) -> Subject:
    workload, scenario, setup, lengths = case.workload, case.scenario, None, None
    queue = variant.queue
    if variant.config is not None:
        setup = _setup(case, variant.accelerator, variant.config)
        lengths = Lengths(workload.input_tokens or 0.0, workload.output_tokens or 1.0)
        if queue is None:  # without an SLO no tail is sized, but requests wait all the same
            replica = deploy(scenario, workload, variant.accelerator).replica
            queue = None if replica is None else ModelQueue(replica)
    if queue is None:
        raise ScenarioError(
            [Problem("", f"{workload.id!r} has neither SLO nor model: nothing in it waits")], "profile"
        )
    rooms = variant.rooms(workload)
    short = [room.ms - rtt_ms for room in rooms if room.ms <= rtt_ms]
    if short:
        message = f"the round trip of {rtt_ms:g} ms and the service miss the SLO by {-min(short):.3g} ms"
        raise ScenarioError([Problem("--rtt-ms" if rtt_ms else "", message)], "profile")
    cap = scenario.policy.utilisation_cap
    return Subject(variant, queue, workload, rooms, cap, rtt_ms, setup, lengths)


def _setup(case: Case, accelerator: str, config: Config) -> Setup:
    numbers = accelerator_numbers(case.scenario, accelerator)
    del numbers["price_usd"]
    device = Accelerator(**numbers)
    model = Model(**model_numbers(case.scenario, case.workload.model or ""))
    engine = Engine(**engine_numbers(case.workload.engine, device.family, config.precision))
    return Setup(model, device, engine, Deployment(config.precision, config.tp))


def _constants(case: Case) -> tuple[str, ...]:
    """Say in a line for each accelerator whose efficiencies are used, and how far off they were where measured."""
    lines = []
    for accelerator in case.workload.accelerators:
        family = accelerator_numbers(case.scenario, accelerator)["family"]
        entry = load_catalogue().engine(case.workload.engine, family)
        line = f"{accelerator}: {case.workload.engine} on {family}"
        if (entry.engine, entry.family) != (case.workload.engine, family):
            line += f" was never measured; it is taken as {entry.engine} engine on {entry.family} hardware"
        fit = entry.fit
        if fit is None or fit.held_out_median_error is None:
            line += "; no measured rows to check against"
        else:
            off = percent(fit.held_out_median_error)
            line += f"; time per token off by {off} (median) on {counted(fit.held_out_rows, 'row')} held out"
        lines.append(line)
    return tuple(lines)
