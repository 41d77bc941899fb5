"""Rules about single flows: where a demand may be served, over which route, and how fast.

Functions that end in ``_problem`` say what is wrong with a demand at a site, for flows and for moves after a failure
alike; ``admission_problems`` calls them all.
"""

from __future__ import annotations

from math import inf, isfinite
from typing import TYPE_CHECKING, NamedTuple

from siteopt.verify.mode import mode_problem
from siteopt.verify.service import latency_ms
from siteopt.verify.violation import Violation, above

if TYPE_CHECKING:
    from collections.abc import Iterator

    from siteopt.scenario.schema import Slo
    from siteopt.verify.facts import Facts, Journey
    from siteopt.verify.replica_facts import ReplicaFacts


class Miss(NamedTuple):
    """An SLO that is missed though nobody waits: what to say of it, and by how many ms."""

    message: str
    excess_ms: float


def flow_name(flow: Journey) -> str:
    """Return the name of a flow in messages."""
    return f"{flow.region}/{flow.workload} -> {flow.site}"


def jurisdiction_problem(facts: Facts, flow: Journey) -> str | None:
    """Say why a demand may not be served in the jurisdiction of the site."""
    where = facts.sites[flow.site].jurisdiction
    allowed = facts.allowed_jurisdictions(facts.workloads[flow.workload], facts.regions[flow.region])
    if where in allowed:
        return None
    return f"served in {where!r}, which is none of the {len(allowed)} allowed: {', '.join(sorted(allowed))}"


def sovereignty_problem(facts: Facts, flow: Journey) -> str | None:
    """Say which route is not inside the allowed jurisdictions: that of users, or that to the data."""
    if facts.rtt_ms(flow) < inf:
        return None
    allowed, home = facts.route_jurisdictions(flow) or frozenset(), facts.workloads[flow.workload].home
    where = facts.regions[flow.region].jurisdiction
    if facts.workloads[flow.workload].sovereign_route and where not in allowed:
        among = f"none of the {len(allowed)} allowed: {', '.join(sorted(allowed))}"
        return f"the route begins in {where!r}, the region's own jurisdiction, which is {among}"
    is_users = facts.user_rtt_ms(flow) == inf or home is None
    return no_route_words(facts, flow.workload, allowed, "" if is_users or home is None else home.node)


def no_route_words(facts: Facts, workload: str, allowed: frozenset[str], home: str = "") -> str:
    """Return what is wrong with a route, that to the data at ``home`` where it is named."""
    route = f"route to the data at {home!r}" if home else "route"
    inside = f"the {len(allowed)} allowed: {', '.join(sorted(allowed))}"
    if facts.workloads[workload].sovereign_route == "fastest":
        return f"the fastest {route} does not stay in {inside}"
    return f"no {route} stays in {inside}"


def tier_problem(facts: Facts, flow: Journey) -> str | None:
    """Say why a workload may not run on the tier of the site."""
    here, allowed = facts.sites[flow.site].tier, facts.workloads[flow.workload].tiers
    if here in allowed:
        return None
    return f"served on tier {here!r}, which is none of the {len(allowed)} allowed: {', '.join(allowed)}"


def slo_misses(replica: ReplicaFacts, rtt_ms: float, limits: tuple[Slo, ...]) -> Iterator[Miss]:
    """Yield the SLOs that are missed even if nobody waits."""
    for limit in limits:
        actual_ms = latency_ms(replica, limit.metric, rtt_ms, limit.percentile)
        if isfinite(actual_ms) and above(actual_ms, limit.ms):
            message = (
                f"{limit.metric} at {limit.percentile:g} is {actual_ms:.6g} ms; at most {limit.ms:.6g} ms"
            )
            yield Miss(message, actual_ms - limit.ms)


def admission_problems(
    facts: Facts, flow: Journey, replica: ReplicaFacts, limits: tuple[Slo, ...]
) -> Iterator[str]:
    """Yield all that forbids a demand at a site, even if nobody waits, under the given SLOs."""
    for problem in (mode_problem, tier_problem, jurisdiction_problem, sovereignty_problem):
        found = problem(facts, flow)
        if found is not None:
            yield found
    yield from (miss.message for miss in slo_misses(replica, facts.rtt_ms(flow), limits))


def jurisdiction(facts: Facts) -> Iterator[Violation]:
    """Check ``jurisdiction``: the site lies where the workload of that region may be served."""
    for flow in facts.flows:
        problem = jurisdiction_problem(facts, flow)
        if problem is not None:
            yield Violation("jurisdiction", flow_name(flow), problem)


def sovereign_route(facts: Facts) -> Iterator[Violation]:
    """Check ``sovereign_route``: a route (the fastest of all if asked for) to site and data stays where allowed."""
    for flow in facts.flows:
        problem = sovereignty_problem(facts, flow)
        if problem is not None:
            yield Violation("sovereign_route", flow_name(flow), problem)


def tier(facts: Facts) -> Iterator[Violation]:
    """Check ``tier``: the site is of a tier that the workload may run on."""
    for flow in facts.flows:
        problem = tier_problem(facts, flow)
        if problem is not None:
            yield Violation("tier", flow_name(flow), problem)


def slo(facts: Facts) -> Iterator[Violation]:
    """Check ``slo``: every SLO of the workload holds at its percentile if nobody waits."""
    for flow in facts.flows:
        replica, limits = facts.replica(facts.pool(flow)), facts.workloads[flow.workload].slo
        if replica is not None:
            for miss in slo_misses(replica, facts.rtt_ms(flow), limits):
                yield Violation("slo", flow_name(flow), *miss)
