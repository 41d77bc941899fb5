"""The rule about waiting: a pool sized by its tail keeps every one of its flows within every SLO."""

from __future__ import annotations

from collections import defaultdict
from math import isfinite
from typing import TYPE_CHECKING, NamedTuple

from siteopt.verify.service import latency_ms, trips
from siteopt.verify.violation import Violation, above

if TYPE_CHECKING:
    from collections.abc import Iterator

    from siteopt.plan import FlowPlan
    from siteopt.verify.facts import Facts, Pool
    from siteopt.verify.queue import Tail
    from siteopt.verify.replica import ReplicaFacts


class _Miss(NamedTuple):
    """A flow that waits too long too often; the largest is the worst."""

    times: float
    share: float
    allowed: float
    slack_ms: float
    region: str


def tail(facts: Facts) -> Iterator[Violation]:
    """Rule ``tail``: at the peak times the burst factor, P(wait > slack) <= 1 - percentile for every flow.

    The slack of a flow is what its SLO leaves to each wait after service and round trips. A flow that leaves none is
    a matter of the rule ``slo``.
    """
    flows: defaultdict[Pool, list[FlowPlan]] = defaultdict(list)
    for flow in facts.flows:
        flows[facts.pool(flow)].append(flow)
    for pool, members in flows.items():
        queue, replica = facts.tail(pool), facts.replica(pool)
        if queue is None or replica is None:
            continue
        missed = [miss for flow in members for miss in _misses(facts, flow, queue, replica)]
        if missed:
            worst, regions = max(missed), {miss.region for miss in missed}
            message = (
                f"with {facts.replicas.get(pool, 0)} replica(s), {len(regions)} of {len(members)} flows wait too long:"
                f" from {worst.region} P(wait > {worst.slack_ms:.6g} ms) is {worst.share:.6g};"
                f" at most {worst.allowed:.6g}"
            )
            yield Violation("tail", f"{pool[0]}/{pool[1]}", message, worst.share - worst.allowed)


def _misses(facts: Facts, flow: FlowPlan, queue: Tail, replica: ReplicaFacts) -> Iterator[_Miss]:
    rtt_ms = facts.rtt_ms(flow)
    if not isfinite(rtt_ms):
        return
    for limit in facts.workloads[flow.workload].slo:
        calls = trips(replica, limit.metric)
        at_once_ms = latency_ms(replica, limit.metric, rtt_ms, limit.percentile)
        if calls == 0.0 or above(at_once_ms, limit.ms):
            continue
        slack_ms = max(0.0, (limit.ms - at_once_ms) / calls)
        share, allowed = queue.miss(slack_ms), 1.0 - limit.percentile
        if above(share, allowed, absolute=0.0):
            yield _Miss(share / allowed, share, allowed, slack_ms, flow.region)
