"""The cheapest flows between demands and pools that stand, as a small mixed-integer programme of the oracle's own.

Pools carry what the farthest of their flows leaves them; lines carry what they can; and for each site that may fail
there is a copy of the flows that it served, moved to the others.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from siteopt.scenario.schema import Demand
    from support.reference.optimum.physics import Arc, Physics
    from support.reference.optimum.states import Pool, State

NONE = 1e-7
#: The objective is handed over in these, so that the solver's absolute tolerances mean little.
OBJECTIVE_SCALE = 1e4


@dataclass(slots=True)
class Placement:
    """Cost and shares by (region, workload, site), (region, workload) and (failed, region, workload, site)."""

    usd: float
    served: dict[tuple[str, str, str], float] = field(default_factory=dict)
    unserved: dict[tuple[str, str], float] = field(default_factory=dict)
    moved: dict[tuple[str, str, str, str], float] = field(default_factory=dict)

    def __add__(self, other: Placement) -> Placement:
        """Both, of different workloads."""
        return Placement(
            self.usd + other.usd,
            self.served | other.served,
            self.unserved | other.unserved,
            self.moved | other.moved,
        )


class Programme:
    """Variables between 0 and 1, rows over them, and the least cost."""

    def __init__(self) -> None:
        self._usd: list[float] = []
        self._is_integer: list[bool] = []
        self._rows: list[tuple[dict[int, float], float, float]] = []

    def variable(self, usd: float = 0.0, is_integer: bool = False) -> int:
        """A new variable."""
        self._usd.append(usd)
        self._is_integer.append(is_integer)
        return len(self._usd) - 1

    def row(self, terms: dict[int, float], low: float = -inf, high: float = inf) -> None:
        """``low <= sum of terms <= high``, scaled to coefficients of at most one."""
        scale = max((abs(x) for x in terms.values()), default=0.0) or 1.0
        self._rows.append(({v: x / scale for v, x in terms.items()}, low / scale, high / scale))

    def solve(self) -> tuple[float, list[float]] | None:
        """Least cost and values; None where nothing meets all rows."""
        if not self._usd:
            fits = all(low <= NONE and high >= -NONE for _, low, high in self._rows)
            return (0.0, []) if fits else None
        matrix = np.zeros((len(self._rows), len(self._usd)))
        for r, (terms, _, _) in enumerate(self._rows):
            matrix[r, list(terms)] = list(terms.values())
        usd = np.array(self._usd)
        scale = max(1.0, float(np.abs(usd).max())) / OBJECTIVE_SCALE
        limits = [(low, high) for _, low, high in self._rows]
        result = milp(
            usd / scale,
            integrality=np.array(self._is_integer, dtype=int),
            bounds=Bounds(0.0, 1.0),
            constraints=LinearConstraint(matrix, *zip(*limits, strict=True)),
            options={"mip_rel_gap": 0.0},
        )
        if result.status == 2:
            return None
        if result.status != 0:
            raise RuntimeError(f"milp: {result.message}")
        return float(usd @ result.x), [float(x) for x in result.x]


class _Flows:
    """Rows of some workloads for one combination of states."""

    def __init__(self, physics: Physics, states: Sequence[State]) -> None:
        self.physics, self.states, self.programme = physics, states, Programme()
        self.served: dict[tuple[str, str, str], int] = {}
        self.unserved: dict[tuple[str, str], int] = {}
        self.moved: dict[tuple[str, str, str, str], int] = {}
        self._lines: dict[str, dict[int, float]] = {}

    def add_workload(self, k: int) -> None:
        """Demands, capacities and failures of one workload."""
        workload, sites = self.physics.scenario.workloads[k], self.physics.scenario.sites
        here = {s.id: pool for s, state in zip(sites, self.states, strict=True) if (pool := state.pools[k])}
        price = {s.id: state.power_usd_per_mw for s, state in zip(sites, self.states, strict=True)}
        for demand in self.physics.demands[k]:
            terms = {}
            unserved_usd = self.physics.unserved_usd(k, demand)
            if unserved_usd < inf:
                one = self.programme.variable(unserved_usd, not workload.splittable)
                terms[self.unserved.setdefault((demand.region, workload.id), one)] = 1.0
            for site, pool in here.items():
                arc = self._arc(demand, site, pool)
                if arc is not None and arc.is_normal:
                    usd = arc.usd + arc.busy_mw * price[site]
                    one = self.programme.variable(usd, not workload.splittable)
                    terms[self.served.setdefault((demand.region, workload.id, site), one)] = 1.0
                    for line, gbps in arc.lines_gbps.items():
                        self._lines.setdefault(line, {})[one] = gbps
            self.programme.row(terms, 1.0, 1.0)
        for site, pool in here.items():
            self._add_capacity(k, site, pool, self._own(k, site), is_degraded=False)
        if workload.protect is not None:
            for failed in here:
                self._add_failure(k, failed, here)

    def add_lines(self, fixed_gbps: dict[str, float]) -> None:
        """Limits of uplinks and links, less the traffic that keeps copies up to date."""
        for line, limit in self.physics.backbone.limit_gbps.items():
            self.programme.row(self._lines.get(line, {}), high=limit - fixed_gbps.get(line, 0.0))

    def placement(self) -> Placement | None:
        """The optimum."""
        found = self.programme.solve()
        if found is None:
            return None
        usd, x = found

        def named(variables: dict[Any, int]) -> dict[Any, float]:
            return {key: x[v] for key, v in variables.items() if x[v] > NONE}

        return Placement(usd, named(self.served), named(self.unserved), named(self.moved))

    def _arc(self, demand: Demand, site: str, pool: Pool) -> Arc | None:
        return self.physics.arcs.get((demand.region, demand.workload, site, pool.data))

    def _own(self, k: int, site: str) -> dict[int, Demand]:
        """Flows of a pool before a failure, by variable."""
        keys = {(d.region, d.workload, site): d for d in self.physics.demands[k]}
        return {self.served[key]: demand for key, demand in keys.items() if key in self.served}

    def _add_capacity(
        self, k: int, site: str, pool: Pool, flows: dict[int, Demand], is_degraded: bool
    ) -> None:
        """The load of a pool's flows; how far they reach is a choice where that decides what it carries."""
        rtt = {}
        for v, demand in flows.items():
            arc = self._arc(demand, site, pool)
            assert arc is not None
            rtt[v] = arc.rtt_ms
        reaches = sorted(set(rtt.values()))
        terms = {v: self.physics.load(k, demand) for v, demand in flows.items()}
        if not self.physics.has_tail(k) or len(reaches) < 2:
            room = self.physics.carries(k, pool.replicas, max(reaches, default=0.0), is_degraded)
            self.programme.row(terms, high=room)
            return
        chosen = {reach: self.programme.variable(is_integer=True) for reach in reaches}
        self.programme.row(dict.fromkeys(chosen.values(), 1.0), 1.0, 1.0)
        for reach, z in chosen.items():
            terms[z] = -self.physics.carries(k, pool.replicas, reach, is_degraded)
        self.programme.row(terms, high=0.0)
        for v in flows:
            far_enough = {z: -1.0 for reach, z in chosen.items() if reach >= rtt[v]}
            self.programme.row({v: 1.0} | far_enough, high=0.0)

    def _add_failure(self, k: int, failed: str, here: dict[str, Pool]) -> None:
        """What a lost site served moves to the others, which carry it besides their own."""
        arriving: dict[str, dict[int, Demand]] = {site: {} for site in here if site != failed}
        for lost, demand in self._own(k, failed).items():
            terms = {lost: -1.0}
            for site in arriving:
                if self._arc(demand, site, here[site]) is not None:
                    y = self.programme.variable(is_integer=not self.physics.scenario.workloads[k].splittable)
                    terms[y] = 1.0
                    arriving[site][y] = demand
                    self.moved[failed, demand.region, demand.workload, site] = y
            self.programme.row(terms, 0.0, 0.0)
        for site, moves in arriving.items():
            self._add_capacity(k, site, here[site], self._own(k, site) | moves, is_degraded=True)


def place(
    physics: Physics, ks: Iterable[int], states: Sequence[State], fixed_gbps: dict[str, float] | None = None
) -> Placement | None:
    """Cheapest flows of workloads ``ks``, idle power apart; None where they do not fit.

    Limits of lines count where ``fixed_gbps``, the traffic that does not depend on flows, is given.
    """
    flows = _Flows(physics, states)
    for k in ks:
        flows.add_workload(k)
    if fixed_gbps is not None:
        flows.add_lines(fixed_gbps)
    return flows.placement()
