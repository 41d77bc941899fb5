"""Rules about what a pool's replicas are: on which accelerators, in which precision, at which batch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siteopt.verify.replica import LARGEST_BATCH, STATED, ModelReplica, unusable
from siteopt.verify.roofline import WEIGHT_BYTES
from siteopt.verify.violation import Violation, above

if TYPE_CHECKING:
    from collections.abc import Iterator

    from siteopt.plan import PoolPlan
    from siteopt.scenario.schema import Workload
    from siteopt.verify.facts import Facts


def accelerator(facts: Facts) -> Iterator[Violation]:
    """Check ``accelerator``: it is one that the workload names, and the only one of the workload at the site."""
    used: dict[tuple[str, str], set[str]] = {}
    known = {name for workload in facts.workloads.values() for name in workload.accelerators} | {STATED}
    for pool in facts.plan.pools:
        workload = facts.workloads.get(pool.workload)
        if workload is None:
            continue
        if pool.replicas > 0:
            used.setdefault((pool.site, pool.workload), set()).add(pool.accelerator)
        allowed = workload.accelerators or (STATED,)
        if pool.accelerator in known and pool.accelerator not in allowed:
            message = f"{pool.accelerator!r} is none of the {len(allowed)} allowed: {', '.join(allowed)}"
            yield Violation("accelerator", f"{pool.site}/{pool.workload}", message)
    for (site, name), kinds in used.items():
        if len(kinds) > 1:
            message = f"{len(kinds)} accelerators at one site; at most 1: {', '.join(sorted(kinds))}"
            yield Violation("accelerator", f"{site}/{name}", message, float(len(kinds) - 1))


def deployment(facts: Facts) -> Iterator[Violation]:
    """Check ``deployment``: a model has a possible precision, degree and batch, which leave the SLO its room."""
    for pool in facts.plan.pools:
        workload = facts.workloads.get(pool.workload)
        if workload is None:
            continue
        subject = f"{pool.site}/{pool.workload}"
        if workload.model is None:
            stated = {name: getattr(pool, name) for name in ("precision", "tensor_parallel", "batch")}
            for name, value in stated.items():
                if value is not None:
                    message = f"{name} is {value!r}, but the replica is stated and has 0 models"
                    yield Violation("deployment", subject, message)
            continue
        problem = unusable(pool)
        if problem is not None:
            yield Violation("deployment", subject, problem)
        elif pool.accelerator in workload.accelerators:
            replica = ModelReplica(facts.scenario, workload, pool)
            for message, excess in deployment_problems(workload, pool, replica):
                yield Violation("deployment", subject, message, excess)


def deployment_problems(
    workload: Workload, pool: PoolPlan, replica: ModelReplica
) -> Iterator[tuple[str, float]]:
    """Yield what is wrong with a deployment, and by how much."""
    model, device, allowed = replica.model, replica.device, precisions(workload, replica)
    if pool.precision not in allowed:
        message = f"precision {pool.precision!r} is none of the {len(allowed)} allowed: {', '.join(allowed)}"
        yield message, 1.0
    most = device["max_tp"]
    if replica.tp > most:
        yield f"{replica.tp} accelerators share a layer; at most {most}", float(replica.tp - most)
    if replica.tp & (replica.tp - 1) or model["heads"] % replica.tp:
        message = f"{model['heads']} heads cannot be split over {replica.tp} accelerators"
        yield f"{message}: their number is a power of 2 that divides them", 1.0
    tokens = replica.roofline.tokens_in + replica.roofline.tokens_out
    if above(tokens, model["max_context"]):
        message = f"a call of {tokens:g} tokens exceeds the context of {model['max_context']}"
        yield message, tokens - model["max_context"]
    fits = min(replica.roofline.memory_calls(), LARGEST_BATCH)
    if replica.batch > fits:
        yield (
            f"a batch of {replica.batch}; the memory and the engine hold {fits}",
            float(replica.batch - fits),
        )
    yield from _slow(workload, replica)


def _slow(workload: Workload, replica: ModelReplica) -> Iterator[tuple[str, float]]:
    """Yield the times at the full batch that leave round trips and waiting too little of the SLO."""
    for limit in workload.slo:
        share = 0.0 if limit.metric == "tpot" else workload.network_share
        actual_ms, most_ms = replica.service_ms(limit.metric, limit.percentile), limit.ms * (1.0 - share)
        if above(actual_ms, most_ms):
            message = f"{limit.metric} at a batch of {replica.batch} is {actual_ms:.6g} ms; at most {most_ms:.6g} ms"
            yield message, actual_ms - most_ms


def precisions(workload: Workload, replica: ModelReplica) -> tuple[str, ...]:
    """Return the workload's precisions, else those the hardware multiplies in; a model with only one comes in that."""
    if workload.precisions:
        return workload.precisions
    only = replica.model.get("fixed_precision")
    if only:
        return (only,)
    return tuple(name for name in WEIGHT_BYTES if replica.device[f"{name}_tflops"] > 0.0)
