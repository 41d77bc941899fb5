"""The rule about waiting: a pool sized by its tail keeps every one of its flows within every SLO."""

from __future__ import annotations

from collections import defaultdict
from math import isfinite
from typing import TYPE_CHECKING, NamedTuple

from siteopt.verify.service import latency_ms, trips
from siteopt.verify.violation import Violation, above

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from siteopt.scenario.schema import Slo
    from siteopt.verify.facts import Facts, Journey, Pool
    from siteopt.verify.queue import Tail
    from siteopt.verify.replica_facts import ReplicaFacts


class _Miss(NamedTuple):
    """A flow that waits too long too often; the largest is the worst."""

    times: float
    share: float
    allowed: float
    slack_ms: float
    region: str


def tail(facts: Facts) -> Iterator[Violation]:
    """Check ``tail``: at the peak times the burst factor, P(wait > slack) <= 1 - percentile for every flow.

    The slack of a flow is what its SLO leaves to each wait after service and round trips. A flow that leaves none is
    a matter of the rule ``slo``.
    """
    flows: defaultdict[Pool, list[Journey]] = defaultdict(list)
    for flow in facts.flows:
        flows[facts.pool(flow)].append(flow)
    for pool, members in flows.items():
        queue = facts.tail(pool)
        if queue is not None:
            found = waits_too_long(facts, pool, members, queue, facts.workloads[pool[1]].slo)
            if found is not None:
                yield Violation("tail", f"{pool[0]}/{pool[1]}", *found)


def waits_too_long(
    facts: Facts, pool: Pool, members: Sequence[Journey], queue: Tail, limits: tuple[Slo, ...]
) -> tuple[str, float] | None:
    """Describe the flow of a pool that misses its SLO most, and by how much; None where all keep theirs."""
    replica = facts.replica(pool)
    if replica is None:
        return None
    missed = [miss for flow in members for miss in _misses(facts, flow, queue, replica, limits)]
    if not missed:
        return None
    worst, regions = max(missed), {miss.region for miss in missed}
    message = (
        f"with {facts.replicas.get(pool, 0)} replica(s), {len(regions)} of {len(members)} flows wait too long:"
        f" from {worst.region} P(wait > {worst.slack_ms:.6g} ms) is {worst.share:.6g};"
        f" at most {worst.allowed:.6g}"
    )
    return message, worst.share - worst.allowed


def _misses(
    facts: Facts, flow: Journey, queue: Tail, replica: ReplicaFacts, limits: tuple[Slo, ...]
) -> Iterator[_Miss]:
    rtt_ms = facts.rtt_ms(flow)
    if not isfinite(rtt_ms):
        return
    for limit in limits:
        calls = trips(replica, limit.metric)
        at_once_ms = latency_ms(replica, limit.metric, rtt_ms, limit.percentile)
        if calls == 0.0 or above(at_once_ms, limit.ms):
            continue
        slack_ms = max(0.0, (limit.ms - at_once_ms) / calls)
        share, allowed = queue.miss(slack_ms), 1.0 - limit.percentile
        if above(share, allowed, absolute=0.0):
            yield _Miss(share / allowed, share, allowed, slack_ms, flow.region)
