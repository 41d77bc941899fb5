"""Rules about bandwidth: Gbit/s at peak on the uplinks of the sites and on the links of the backbone."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING

from siteopt.verify.routes import home_route, user_route
from siteopt.verify.violation import Violation, above, differ

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from siteopt.verify.facts import Facts

GBIT_PER_GB = 8.0
SECONDS_PER_DAY = 24.0 * 3600.0
#: Traffic below this, Gbit/s, counts as none: one bit per second.
NOTHING_GBPS = 1e-9


def limits_gbps(facts: Facts) -> dict[str, float | None]:
    """Return what uplinks and links carry, Gbit/s; None where unlimited. Of parallel links the fastest counts."""
    limits = {f"uplink:{site.id}": site.uplink_gbps for site in facts.scenario.sites}
    for link in facts.geography.link.values():
        limits[f"link:{link.from_node}--{link.to_node}"] = link.capacity_gbps
    return limits


def used_gbps(facts: Facts) -> dict[str, float]:
    """Return peak traffic by uplink and link, Gbit/s: requests, answers, calls to data at home, upkeep of copies."""
    used: defaultdict[str, float] = defaultdict(float)
    for flow in facts.flows:
        workload, demand = facts.workloads[flow.workload], facts.demand[flow.region, flow.workload]
        gbps = flow.share * demand.peak_rps * (workload.gb_in + workload.gb_out) * GBIT_PER_GB
        _add(facts, used, flow.site, user_route(facts, flow), gbps)
        if workload.home is not None and facts.data.mode(flow.site, flow.workload) == "home":
            gbps = facts.calls_rps(flow, flow.share) * workload.home.gb_per_call * GBIT_PER_GB
            _add(facts, used, flow.site, home_route(facts, flow.site, flow.workload), gbps)
    for site, name in facts.data.copies():
        if site in facts.sites:
            gbps = (facts.workloads[name].sync_gb_per_day or 0.0) * GBIT_PER_GB / SECONDS_PER_DAY
            _add(facts, used, site, home_route(facts, site, name), gbps)
    return used


def uplink(facts: Facts) -> Iterator[Violation]:
    """Check ``uplink``: no site exchanges more with the backbone than its uplink carries."""
    yield from _too_much(facts, "uplink")


def link(facts: Facts) -> Iterator[Violation]:
    """Check ``link``: no link of the backbone carries more than its capacity."""
    yield from _too_much(facts, "link")


def link_use(facts: Facts) -> Iterator[Violation]:
    """Check ``link_use``: all that is limited, and every link with traffic, is reported and right."""
    limits, used = limits_gbps(facts), used_gbps(facts)
    reported = {row.id: row for row in facts.plan.links}
    for name, limit in limits.items():
        row, gbps = reported.get(name), used.get(name, 0.0)
        if row is None:
            if limit is not None or (gbps > NOTHING_GBPS and name.startswith("link:")):
                yield Violation("link_use", name, f"not reported; {gbps:.6g} Gbit/s are used", gbps or 1.0)
            continue
        if differ(row.used_gbps, gbps):
            message = f"used_gbps is reported {row.used_gbps:.9g} Gbit/s, but it is {gbps:.9g} Gbit/s"
            yield Violation("link_use", name, message, abs(row.used_gbps - gbps))
        if (row.limit_gbps is None) != (limit is None) or differ(row.limit_gbps or 0.0, limit or 0.0):
            message = (
                f"limit_gbps is reported {row.limit_gbps}, but the scenario says {limit} (null: no limit)"
            )
            yield Violation("link_use", name, message, abs((row.limit_gbps or 0.0) - (limit or 0.0)) or 1.0)


def _add(facts: Facts, used: dict[str, float], site: str, route: Iterable[str], gbps: float) -> None:
    used[f"uplink:{site}"] += gbps
    for pair in pairwise(route):
        link = facts.geography.link[pair]
        used[f"link:{link.from_node}--{link.to_node}"] += gbps


def _too_much(facts: Facts, kind: str) -> Iterator[Violation]:
    used = used_gbps(facts)
    for name, limit in limits_gbps(facts).items():
        gbps = used.get(name, 0.0)
        if name.startswith(f"{kind}:") and limit is not None and above(gbps, limit):
            message = f"{gbps:.6g} Gbit/s at peak; it carries {limit:.6g} Gbit/s"
            yield Violation(kind, name, message, gbps - limit)
