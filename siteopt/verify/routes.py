"""The nodes that traffic crosses, and the rule about those that a plan names."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, NamedTuple

from siteopt.verify.access import flow_name
from siteopt.verify.violation import Violation, differ

if TYPE_CHECKING:
    from collections.abc import Iterator

    from siteopt.plan import FlowPlan, PoolPlan
    from siteopt.verify.facts import Facts


class Way(NamedTuple):
    """The nodes between which traffic goes, and the jurisdictions through which it may: None for any."""

    start: str | None
    end: str | None
    allowed: frozenset[str] | None


def user_route(facts: Facts, flow: FlowPlan) -> tuple[str, ...]:
    """Return the nodes from region to site: as the plan names them if that holds, else as they should be."""
    way = _user_way(facts, flow)
    return flow.route if flow.route and _problem(facts, flow.route, way) is None else _shortest(facts, way)


def home_route(facts: Facts, site: str, workload: str) -> tuple[str, ...]:
    """Return the nodes from a site to a workload's data: as the plan's pool names them if that holds, else as due."""
    way = _home_way(facts, site, workload)
    for row in facts.plan.pools:
        if (row.site, row.workload) == (site, workload) and row.home_route:
            if _problem(facts, row.home_route, way) is None:
                return row.home_route
            break
    # Of equally short routes, the one found from the data, as a user's route is found from the region.
    return _shortest(facts, Way(way.end, way.start, way.allowed))[::-1]


def reported_route(facts: Facts) -> Iterator[Violation]:
    """Check ``route``: a route that is named leads where it should, is allowed, and is as short as any."""
    for flow in facts.flows:
        problem = _problem(facts, flow.route, _user_way(facts, flow)) if flow.route else None
        if problem is not None:
            yield Violation("route", flow_name(flow), f"{problem}; route: {' - '.join(map(str, flow.route))}")
    for pool in facts.plan.pools:
        problem = _home_problem(facts, pool) if pool.home_route else None
        if problem is not None:
            nodes = " - ".join(map(str, pool.home_route))
            yield Violation("route", f"{pool.site}/{pool.workload}", f"{problem}; home_route: {nodes}")


def _home_problem(facts: Facts, pool: PoolPlan) -> str | None:
    if pool.site not in facts.sites or pool.workload not in facts.workloads:
        return None
    if facts.workloads[pool.workload].home is None:
        return f"{len(pool.home_route)} nodes lead to the data of a workload that has no home"
    return _problem(facts, pool.home_route, _home_way(facts, pool.site, pool.workload))


def _user_way(facts: Facts, flow: FlowPlan) -> Way:
    region, site = facts.regions[flow.region], facts.sites[flow.site]
    start, end = facts.geography.access(region)[0], facts.geography.access(site)[0]
    return Way(start, end, facts.route_jurisdictions(flow))


def _home_way(facts: Facts, site: str, workload: str) -> Way:
    home = facts.workloads[workload].home
    start = facts.geography.access(facts.sites[site])[0]
    return Way(start, home.node if home else None, facts.home_jurisdictions(site, workload))


def _shortest(facts: Facts, way: Way) -> tuple[str, ...]:
    if way.start is None or way.end is None:
        return ()
    return facts.geography.route(way.start, way.end, way.allowed)


def _problem(facts: Facts, route: tuple[str, ...], way: Way) -> str | None:
    geography = facts.geography
    unknown = [name for name in route if name not in geography.nodes]
    if unknown:
        return f"{unknown[0]!r} is none of the {len(geography.nodes)} nodes of the network"
    if (route[0], route[-1]) != (way.start, way.end):
        ends = f"from {route[0]!r} to {route[-1]!r}, not from {way.start!r} to {way.end!r}"
        return f"the {len(route)} nodes lead {ends}"
    allowed = way.allowed
    outside = [n for n in route if allowed is not None and geography.nodes[n].jurisdiction not in allowed]
    if outside:
        return f"{len(outside)} of {len(route)} nodes lie outside the allowed jurisdictions: {outside[0]!r}"
    actual_ms, shortest_ms = geography.route_ms(route), geography.shortest_ms(route[0], route[-1], allowed)
    if actual_ms == inf:
        return f"two of the {len(route)} nodes that follow each other have no link"
    if differ(actual_ms, shortest_ms):
        return f"takes {actual_ms:.6g} ms one way; the shortest takes {shortest_ms:.6g} ms"
    return None
