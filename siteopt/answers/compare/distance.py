"""How far each side is from the users of a workload, and how far it may be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from siteopt.answers.compare.sides import side_of
from siteopt.compile import resolve_variants
from siteopt.compile.flows import Distances, call_trips
from siteopt.physics.network.topology import build_topology

if TYPE_CHECKING:
    from siteopt.answers.compare.sides import Side
    from siteopt.scenario.schema import Scenario


@dataclass(frozen=True, slots=True)
class Distance:
    """How far the sites of one workload are, and may be.

    Attributes
    ----------
    room_ms : float or None
        Longest round trip within every SLO, on the variant that reaches farthest; None where there is no limit.
    nearest_ms : dict of str to float
        By side: round trip of the region that is farthest from its nearest allowed site; ``inf`` where one has none.
    """

    room_ms: float | None
    nearest_ms: dict[Side, float]


def distances_of(scenario: Scenario) -> dict[str, Distance]:
    """Return for each workload the distances to sites that tiers, jurisdictions and routes allow, whatever the SLO."""
    distances, variants = Distances(scenario, build_topology(scenario)), resolve_variants(scenario)
    index = {r.id: i for i, r in enumerate(scenario.regions)}
    sides = np.array([side_of(s.tier) for s in scenario.sites])
    usable = np.array([s.status != "forbidden" for s in scenario.sites])
    result = {}
    for k, workload in enumerate(scenario.workloads):
        mine = [v for v in variants if v.workload == k]
        rows = np.array(
            [index[d.region] for d in scenario.demand if d.workload == workload.id], dtype=np.int32
        )
        if not mine or not len(rows):
            result[workload.id] = Distance(None, {})
            continue
        best = max(mine, key=lambda v: v.largest_rtt_ms(workload))
        room = best.largest_rtt_ms(workload)
        rtt = distances.rule_ms(workload, rows, trips=call_trips(best, workload))
        nearest: dict[Side, float] = {}
        for side in ("central", "regional", "edge"):
            columns = np.flatnonzero((sides == side) & usable)
            nearest[side] = float(rtt[:, columns].min(axis=1).max()) if len(columns) else float("inf")
        result[workload.id] = Distance(room if np.isfinite(room) else None, nearest)
    return result
