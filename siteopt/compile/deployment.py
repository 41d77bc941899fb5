"""Models on accelerators: the cheapest deployment that meets the SLO, and the variant that it makes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from siteopt.physics.serving import roofline
from siteopt.physics.serving.configs import Choice, Config, CostBasis, Limit, enumerate_configs
from siteopt.physics.serving.replica_queue import LLMReplica
from siteopt.physics.serving.specs import Accelerator, Deployment, Engine, Lengths, Model, Setup
from siteopt.scenario.hardware import accelerator_numbers, engine_numbers, model_numbers

if TYPE_CHECKING:
    from siteopt.scenario.schema import Scenario, Workload


@dataclass(frozen=True, slots=True)
class ModelTimes:
    """Times of a model's requests at the replica's full batch; fixed, since lengths are means."""

    config: Config
    calls: float

    def quantile_ms(self, metric: str, percentile: float) -> float:
        """Return the time in service in terms of a metric, ms; the same at every ``percentile``."""
        if metric == "ttft":
            return self.config.ttft_ms
        return self.config.tpot_ms if metric == "tpot" else self.calls * self.config.e2e_ms


@dataclass(frozen=True, slots=True, eq=False)
class Deployed:
    """A model on an accelerator, ready to be a variant.

    Attributes
    ----------
    choice : Choice
        All deployments that were tried, the cheapest per request first.
    replica : LLMReplica or None
        Queue of the cheapest one; None where none meets the SLO.
    usd : float
        Purchase of one replica of it, its share of servers included.
    idle_fraction : float
    """

    choice: Choice
    replica: LLMReplica | None
    usd: float
    idle_fraction: float


def deploy(scenario: Scenario, workload: Workload, accelerator: str) -> Deployed:
    """Try every precision, tensor-parallel degree and batch of a workload's model on an accelerator.

    The limits that the batch has to meet are the SLO's less ``network_share`` of them, which is left to round trips
    and waiting, and divided by the calls of a request.

    Parameters
    ----------
    scenario : Scenario
    workload : Workload
        With a model.
    accelerator : str
        Its id.
    """
    numbers = accelerator_numbers(scenario, accelerator)
    price_usd = numbers.pop("price_usd")
    device, model = Accelerator(**numbers), Model(**model_numbers(scenario, workload.model or ""))
    lengths = Lengths(workload.input_tokens or 0.0, workload.output_tokens or 1.0)
    factor = scenario.policy.server_cost_factor

    def engine_of(precision: str) -> Engine:
        return Engine(**engine_numbers(workload.engine, device.family, precision))

    choice = enumerate_configs(
        model,
        device,
        lengths,
        replica_limits(workload),
        engine_of,
        CostBasis(accelerator_usd=price_usd, server_cost_factor=factor),
        precisions=workload.precisions,
    )
    if choice.best is None:
        return Deployed(choice, None, 0.0, device.idle_fraction)
    setup = Setup(
        model, device, engine_of(choice.best.precision), Deployment(choice.best.precision, choice.best.tp)
    )
    replica = replica_of(setup, lengths, choice.best.batch, scenario.policy.dispatch_efficiency)
    return Deployed(choice, replica, choice.best.tp * price_usd * factor, device.idle_fraction)


def replica_limits(workload: Workload) -> list[Limit]:
    """Return the limits that a replica has to meet by itself: ms of each metric for one call."""
    return [
        Limit("tpot", slo.ms)
        if slo.metric == "tpot"
        else Limit(
            slo.metric,
            slo.ms
            * (1.0 - workload.network_share)
            / (workload.calls_per_request if slo.metric == "e2e" else 1.0),
        )
        for slo in workload.slo
    ]


def replica_of(setup: Setup, lengths: Lengths, batch: int, balancing_efficiency: float) -> LLMReplica:
    """Build the queue of one replica with ``batch`` slots from the roofline."""
    steps = roofline.iteration_ms(setup, lengths, np.arange(1.0, batch + 1.0))
    work, tokens = roofline.prefill_ms(setup, lengths), lengths.output_tokens
    return LLMReplica.from_iteration(
        steps, work, tokens, own_ms=work / (1.0 + tokens), balancing_efficiency=balancing_efficiency
    )
