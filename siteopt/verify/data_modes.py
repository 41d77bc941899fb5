"""The mode in which each workload has its data at each site: at home, or in a copy at the site."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from siteopt.plan import Plan
    from siteopt.scenario.schema import Workload


def allowed_modes(workload: Workload) -> tuple[str | None, ...]:
    """Return the data modes that a workload may be served in."""
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
        """Return the mode in which figures are computed; one that is not allowed counts as the workload's first."""
        allowed = allowed_modes(self._workloads[workload])
        named = self._named.get((site, workload))
        return named if named in allowed else allowed[0]

    def copies(self) -> Iterator[tuple[str, str]]:
        """Yield site and workload of every copy of data that stands."""
        for site, workload in self._named:
            if workload in self._workloads and self.mode(site, workload) == "replica":
                yield site, workload
