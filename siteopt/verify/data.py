"""Where the calls of a pool find their data: at home, over the backbone, or in a copy at the site."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from siteopt.verify.violation import Violation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from siteopt.plan import Plan
    from siteopt.scenario.schema import Workload
    from siteopt.verify.facts import Facts


def allowed_modes(workload: Workload) -> tuple[str | None, ...]:
    """Data modes that a workload may be served in."""
    if workload.home is None:
        return (None,)
    return ("home",) if workload.replica_gb is None else ("home", "replica")


class DataModes:
    """The mode of each workload at each site, as the plan's first pool there says."""

    def __init__(self, workloads: dict[str, Workload], plan: Plan) -> None:
        self._workloads = workloads
        self._named: dict[tuple[str, str], str | None] = {}
        for row in plan.pools:
            if row.replicas > 0:
                self._named.setdefault((row.site, row.workload), row.data)

    def mode(self, site: str, workload: str) -> str | None:
        """The mode in which figures are computed; one that may not be counts as the workload's first."""
        allowed = allowed_modes(self._workloads[workload])
        named = self._named.get((site, workload))
        return named if named in allowed else allowed[0]

    def copies(self) -> Iterator[tuple[str, str]]:
        """Site and workload of every copy of data that stands."""
        for site, workload in self._named:
            if workload in self._workloads and self.mode(site, workload) == "replica":
                yield site, workload


def data_mode(facts: Facts) -> Iterator[Violation]:
    """Rule ``data_mode``: a mode of the workload, one for all of it at a site, a copy only where it can be kept."""
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
        message = f"no route to the data at {workload.home.node!r} stays in the {len(allowed)} allowed: "
        yield Violation("data_mode", f"{site}/{name}", message + ", ".join(sorted(allowed)))
