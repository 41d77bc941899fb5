"""Rules about single flows: where a demand may be served, over which route, and how fast."""

from __future__ import annotations

from math import inf, isfinite
from typing import TYPE_CHECKING

from siteopt.verify.service import latency_ms
from siteopt.verify.violation import Violation, above, differ

if TYPE_CHECKING:
    from collections.abc import Iterator

    from siteopt.plan import FlowPlan
    from siteopt.verify.facts import Facts


def flow_name(flow: FlowPlan) -> str:
    """How messages call a flow."""
    return f"{flow.region}/{flow.workload} -> {flow.site}"


def jurisdiction(facts: Facts) -> Iterator[Violation]:
    """Rule ``jurisdiction``: the site lies where the workload of that region may be served."""
    for flow in facts.flows:
        where = facts.sites[flow.site].jurisdiction
        allowed = facts.allowed_jurisdictions(facts.workloads[flow.workload], facts.regions[flow.region])
        if where not in allowed:
            names = ", ".join(sorted(allowed))
            message = f"served in {where!r}, which is none of the {len(allowed)} allowed: {names}"
            yield Violation("jurisdiction", flow_name(flow), message)


def sovereign_route(facts: Facts) -> Iterator[Violation]:
    """Rule ``sovereign_route``: some route from region to site stays in the allowed jurisdictions."""
    for flow in facts.flows:
        if facts.rtt_ms(flow) == inf:
            allowed = facts.route_jurisdictions(flow) or frozenset()
            message = f"no route stays in the {len(allowed)} allowed: {', '.join(sorted(allowed))}"
            yield Violation("sovereign_route", flow_name(flow), message)


def tier(facts: Facts) -> Iterator[Violation]:
    """Rule ``tier``: the site is of a tier that the workload may run on."""
    for flow in facts.flows:
        here, allowed = facts.sites[flow.site].tier, facts.workloads[flow.workload].tiers
        if here not in allowed:
            message = (
                f"served on tier {here!r}, which is none of the {len(allowed)} allowed: {', '.join(allowed)}"
            )
            yield Violation("tier", flow_name(flow), message)


def slo(facts: Facts) -> Iterator[Violation]:
    """Rule ``slo``: every SLO of the workload holds at its percentile where nobody waits."""
    for flow in facts.flows:
        replica, rtt_ms = facts.replica(facts.pool(flow)), facts.rtt_ms(flow)
        if replica is None:
            continue
        for limit in facts.workloads[flow.workload].slo:
            actual_ms = latency_ms(replica, limit.metric, rtt_ms, limit.percentile)
            if isfinite(actual_ms) and above(actual_ms, limit.ms):
                message = (
                    f"{limit.metric} at {limit.percentile:g} is {actual_ms:.6g} ms; at most {limit.ms:.6g} ms"
                )
                yield Violation("slo", flow_name(flow), message, actual_ms - limit.ms)


def reported_route(facts: Facts) -> Iterator[Violation]:
    """Rule ``route``: a route that is named is a way from region to site, allowed, and as short as any."""
    for flow in facts.flows:
        problem = _route_problem(facts, flow) if flow.route else None
        if problem is not None:
            yield Violation("route", flow_name(flow), f"{problem}; route: {' - '.join(map(str, flow.route))}")


def _route_problem(facts: Facts, flow: FlowPlan) -> str | None:
    geography, route = facts.geography, flow.route
    start, end = geography.access(facts.regions[flow.region])[0], geography.access(facts.sites[flow.site])[0]
    unknown = [name for name in route if name not in geography.nodes]
    if unknown:
        return f"{unknown[0]!r} is none of the {len(geography.nodes)} nodes of the network"
    if (route[0], route[-1]) != (start, end):
        return (
            f"the {len(route)} nodes lead from {route[0]!r} to {route[-1]!r}, not from {start!r} to {end!r}"
        )
    allowed = facts.route_jurisdictions(flow)
    outside = [n for n in route if allowed is not None and geography.nodes[n].jurisdiction not in allowed]
    if outside:
        return f"{len(outside)} of {len(route)} nodes lie outside the allowed jurisdictions: {outside[0]!r}"
    actual_ms, shortest_ms = geography.route_ms(route), geography.shortest_ms(route[0], route[-1], allowed)
    if actual_ms == inf:
        return f"two of the {len(route)} nodes that follow each other have no link"
    if differ(actual_ms, shortest_ms):
        return f"takes {actual_ms:.6g} ms one way; the shortest takes {shortest_ms:.6g} ms"
    return None
