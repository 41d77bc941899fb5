"""The rule about where the calls of a pool find their data: at home, over the backbone, or in a copy at the site."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from siteopt.verify.access import no_route_words
from siteopt.verify.data_modes import allowed_modes
from siteopt.verify.violation import Violation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from siteopt.verify.facts import Facts


def data_mode(facts: Facts) -> Iterator[Violation]:
    """Check ``data_mode``: a mode of the workload, one for all of it at a site, a copy only where it can be kept."""
    modes: dict[tuple[str, str], set[str | None]] = {}
    for pool in facts.plan.pools:
        if pool.workload not in facts.workloads:
            continue
        subject, allowed = f"{pool.site}/{pool.workload}", allowed_modes(facts.workloads[pool.workload])
        if pool.replicas > 0:
            modes.setdefault((pool.site, pool.workload), set()).add(pool.data)
        if pool.data not in allowed:
            message = (
                f"data is {pool.data!r}, none of the {len(allowed)} allowed: {', '.join(map(str, allowed))}"
            )
            yield Violation("data_mode", subject, message)
        elif pool.data == "replica" and pool.site in facts.sites:
            yield from _no_way_to_keep_it(facts, pool.site, pool.workload)
    for (site, name), named in modes.items():
        if len(named) > 1:
            message = f"{len(named)} data modes at one site; at most 1: {', '.join(sorted(map(str, named)))}"
            yield Violation("data_mode", f"{site}/{name}", message, float(len(named) - 1))


def _no_way_to_keep_it(facts: Facts, site: str, name: str) -> Iterator[Violation]:
    workload = facts.workloads[name]
    if workload.home is not None and facts.home_rtt_ms(site, name) == inf:
        allowed = facts.home_jurisdictions(site, name) or frozenset()
        message = no_route_words(facts, name, allowed, workload.home.node)
        yield Violation("data_mode", f"{site}/{name}", message)
