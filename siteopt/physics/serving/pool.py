"""One pool of replicas under load: how much it carries within a slack, and how long requests wait.

The replicas of one workload on one accelerator at one site form a pool. Two kinds look alike to the rest of
siteopt: fixed-time services (M/G/c) and language models (one queue over all slots).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from siteopt.physics.serving import queueing, replica_queue
from siteopt.physics.serving.arguments import MAX_SERVERS
from siteopt.tolerances import SHRINK

if TYPE_CHECKING:
    from siteopt.arrays import Floats


class PoolQueue(Protocol):
    """A pool's queue. Rates are calls per second; ``slots`` is how many calls a replica works on at a time."""

    @property
    def slots(self) -> int:
        """Calls that one replica works on at a time."""

    def carried_rps(self, n_max: int, slack_ms: float, percentile: float) -> Floats:
        """Return the largest rate that n replicas carry with P(wait > slack) <= 1 - percentile, n = 0..n_max."""

    def replicas_needed(self, rate_rps: float, slack_ms: float, percentile: float) -> int:
        """Return the fewest replicas that carry a rate within the slack; -1 where no number of them does."""

    def wait_quantile_ms(self, replicas: int, rate_rps: float, percentile: float) -> float:
        """Return the wait that a share ``percentile`` of calls does not exceed, ms; ``inf`` beyond saturation."""


@dataclass(frozen=True, slots=True)
class ServiceQueue:
    """Fixed-time service: M/G/c with the Allen-Cunneen approximation.

    Attributes
    ----------
    holding_ms : float
        Mean time that a call occupies one of the replica's slots, ms.
    scv : float
        Squared coefficient of variation of that time.
    slots : int
        Calls that a replica works on at a time.
    """

    holding_ms: float
    scv: float
    slots: int

    def carried_rps(self, n_max: int, slack_ms: float, percentile: float) -> Floats:
        """See :class:`PoolQueue`."""
        load = queueing.load_table(n_max, slack_ms, self.holding_ms, self.scv, percentile, self.slots)
        return load * (1000.0 / self.holding_ms * (1.0 - SHRINK))

    def replicas_needed(self, rate_rps: float, slack_ms: float, percentile: float) -> int:
        """See :class:`PoolQueue`; -1 also beyond the largest pool that is computed."""
        load = rate_rps * self.holding_ms / 1000.0 / (1.0 - SHRINK)
        servers = int(queueing.servers_needed(load, slack_ms, self.holding_ms, self.scv, percentile))
        return -1 if servers < 0 else -(-servers // self.slots)

    def wait_quantile_ms(self, replicas: int, rate_rps: float, percentile: float) -> float:
        """See :class:`PoolQueue`."""
        servers, load = replicas * self.slots, rate_rps * self.holding_ms / 1000.0
        if servers > MAX_SERVERS:
            # At one utilisation a larger pool waits less: the largest that is computed errs on the safe side.
            servers, load = MAX_SERVERS, load * MAX_SERVERS / servers
        return float(queueing.wait_quantile_ms(servers, load, self.holding_ms, self.scv, percentile))


@dataclass(frozen=True, slots=True)
class ModelQueue:
    """Language model: one central queue over the slots of all replicas, whose rate depends on their batch."""

    replica: replica_queue.LLMReplica

    @property
    def slots(self) -> int:
        """See :class:`PoolQueue`."""
        return self.replica.slots

    def carried_rps(self, n_max: int, slack_ms: float, percentile: float) -> Floats:
        """See :class:`PoolQueue`."""
        return replica_queue.llm_rate_table(self.replica, n_max, slack_ms, percentile) * (1.0 - SHRINK)

    def replicas_needed(self, rate_rps: float, slack_ms: float, percentile: float) -> int:
        """See :class:`PoolQueue`."""
        return replica_queue.llm_replicas_needed(
            self.replica, rate_rps / (1.0 - SHRINK), slack_ms, percentile
        )

    def wait_quantile_ms(self, replicas: int, rate_rps: float, percentile: float) -> float:
        """See :class:`PoolQueue`."""
        return replica_queue.llm_wait_quantile_ms(self.replica, replicas, rate_rps, percentile)
