"""One replica of a pool: how much it does, what it draws and costs, how long a call takes, and how its pool queues.

It is stated by the scenario, or it is a model on the accelerators, in the precision and at the batch that the plan's
row names.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from numbers import Integral
from typing import TYPE_CHECKING

from siteopt.scenario.hardware import accelerator_numbers, accelerator_terms, engine_numbers, model_numbers
from siteopt.verify.queue import model_tail, service_tail
from siteopt.verify.roofline import WEIGHT_BYTES, Roofline
from siteopt.verify.service import gamma_quantile

if TYPE_CHECKING:
    from siteopt.plan import PoolPlan
    from siteopt.scenario.schema import Metric, Replica, Scenario, Service, Workload
    from siteopt.verify.queue import Tail

#: The one accelerator of a workload that states its replica.
STATED = "replica"
#: Most calls that an engine takes into one batch.
LARGEST_BATCH = 512


@dataclass(frozen=True)
class StatedReplica:
    """A replica whose rate, power, price and service time the scenario states."""

    calls: float
    service: Service
    replica: Replica

    @property
    def rps(self) -> float:
        """See ``ReplicaFacts``."""
        return self.replica.rps

    @property
    def kw(self) -> float:
        """See ``ReplicaFacts``."""
        return self.replica.kw

    @property
    def idle_fraction(self) -> float:
        """See ``ReplicaFacts``."""
        return self.replica.idle_fraction

    @property
    def usd(self) -> float:
        """See ``ReplicaFacts``."""
        return self.replica.usd

    @property
    def rack_kw(self) -> float:
        """See ``ReplicaFacts``."""
        return self.replica.rack_kw or 0.0

    @property
    def cooling(self) -> str:
        """See ``ReplicaFacts``."""
        return self.replica.cooling

    @property
    def life_years(self) -> float | None:
        """See ``ReplicaFacts``."""
        return self.replica.life_years

    @property
    def salvage_fraction(self) -> float:
        """See ``ReplicaFacts``."""
        return self.replica.salvage_fraction

    @property
    def slots(self) -> int:
        """Calls that it works on at a time: as stated, else as many as its rate and its service time imply."""
        return self.service.slots or max(1, round(self.rps * self.service.ms / 1000.0))

    def service_ms(self, metric: Metric, p: float) -> float:
        """See ``ReplicaFacts``. Calls are independent: the sum of n has an n-th of the SCV of one."""
        calls = self.calls if metric == "e2e" else 1.0
        return gamma_quantile(calls * self.service.ms, self.service.scv / calls, p)

    def tail(self, replicas: float, rate_rps: float) -> Tail:
        """See ``ReplicaFacts``. A slot is held for as long as the rate of the full replica says."""
        holding_ms = 1000.0 * self.slots / self.rps
        return service_tail(replicas * self.slots, rate_rps, holding_ms, self.service.scv)


class ModelReplica:
    """A model deployed as a row of the plan says.

    Raises
    ------
    ValueError
        If the row names no deployment; :func:`unusable` says why.
    """

    def __init__(self, scenario: Scenario, workload: Workload, row: PoolPlan) -> None:
        problem = unusable(row)
        if problem is not None:
            raise ValueError(problem)
        precision, self.tp, self.batch = (
            str(row.precision),
            int(row.tensor_parallel or 0),
            int(row.batch or 0),
        )
        self.device = accelerator_numbers(scenario, row.accelerator)
        self.model = model_numbers(scenario, workload.model or "")
        self.calls = workload.calls_per_request
        self.efficiency = scenario.policy.dispatch_efficiency
        self.usd = self.tp * self.device["price_usd"] * scenario.policy.server_cost_factor
        terms = accelerator_terms(scenario, row.accelerator)
        self.rack_kw: float = terms.rack_kw
        self.cooling: str = terms.cooling
        self.life_years: float | None = terms.life_years
        self.salvage_fraction: float = terms.salvage_fraction
        self.kw = self.tp * self.device["tdp_w"] * self.device["server_factor"] / 1000.0
        self.idle_fraction: float = self.device["idle_fraction"]
        self.roofline = Roofline(
            self.model,
            self.device,
            engine_numbers(workload.engine, self.device["family"], precision),
            precision=precision,
            tp=self.tp,
            tokens_in=workload.input_tokens or 0.0,
            tokens_out=workload.output_tokens or 1.0,
        )
        # A batch beyond every engine is reported as wrong; its figures are those of the largest possible one.
        self.batch_rps = self.efficiency * self.roofline.batch_rps(min(self.batch, LARGEST_BATCH))

    @cached_property
    def rps(self) -> float:
        """See ``ReplicaFacts``."""
        return float(self.batch_rps[-1])

    @cached_property
    def times_ms(self) -> dict[Metric, float]:
        """Times of one call at the full batch, ms: constant, since the tokens are means."""
        at = float(self.batch)
        roofline = self.roofline
        return {"ttft": roofline.ttft_ms(at), "tpot": roofline.tpot_ms(at), "e2e": roofline.e2e_ms(at)}

    def service_ms(self, metric: Metric, p: float) -> float:  # noqa: ARG002
        """See ``ReplicaFacts``."""
        return self.times_ms[metric] * (self.calls if metric == "e2e" else 1.0)

    def tail(self, replicas: float, rate_rps: float) -> Tail:
        """See ``ReplicaFacts``."""
        return model_tail(replicas, self.batch_rps, rate_rps)


def stated_replica(workload: Workload) -> StatedReplica | None:
    """Return the replica that a workload states; None where it names a model."""
    if workload.service is None or workload.replica is None:
        return None
    return StatedReplica(workload.calls_per_request, workload.service, workload.replica)


def unusable(row: PoolPlan) -> str | None:
    """Say why a row of the plan does not tell how a model is deployed; None where it does."""
    if not isinstance(row.precision, str) or row.precision not in WEIGHT_BYTES:
        return f"precision is {row.precision!r}; it should be one of the {len(WEIGHT_BYTES)}: {', '.join(WEIGHT_BYTES)}"
    for name, count in (("tensor_parallel", row.tensor_parallel), ("batch", row.batch)):
        if not isinstance(count, Integral) or isinstance(count, bool) or count < 1:
            return f"{name} is {count!r}; it should be a whole number, at least 1"
    return None
