"""The decisions of a plan as rows of an instance; every name that does not fit is reported."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from siteopt.errors import Problem, ScenarioError
from siteopt.instance import Moves, Solution, row_of
from siteopt.resilience import Withheld, cover

if TYPE_CHECKING:
    from siteopt.instance import Instance
    from siteopt.plan import FlowPlan, Plan, PoolPlan, SitePlan, UnservedPlan
    from siteopt.scenario.schema import Scenario


def solution_of(instance: Instance, scenario: Scenario, plan: Plan) -> Solution:
    """Find the rows of the instance for the decisions of a plan; every name that does not fit is reported.

    A plan that does not say where protected flows go when a site fails gets the moves that suit its replicas best.
    """
    reader = _Reader(instance, scenario)
    solution = reader.read(plan)
    if reader.problems:
        raise ScenarioError(reader.problems, "plan")
    if not plan.n_minus_1 and instance.variants.is_protected.any():
        nowhere = np.full(len(instance.sites.id), -1, dtype=np.int32)
        found = cover(instance, solution, nowhere, Withheld.nothing(instance))
        if found is not None:
            return replace(solution, moves=found.moves)
    return solution


class _Reader:
    """Look-ups from names to rows, and the problems met so far."""

    def __init__(self, instance: Instance, scenario: Scenario) -> None:
        self._instance, self.problems = instance, list[Problem]()
        self._site = {name: j for j, name in enumerate(instance.sites.id)}
        self._demand = {(d.region, d.workload): i for i, d in enumerate(scenario.demand)}
        variants, pools = instance.variants, instance.pools
        self._pool = {
            (
                instance.sites.id[j],
                instance.workload_ids[variants.workload[v]],
                variants.accelerator[v],
                variants.data[v],
            ): p
            for p, (j, v) in enumerate(zip(pools.site.tolist(), pools.variant.tolist(), strict=True))
        }

    def _arc(self, demand: int, pool: int) -> int:
        """Find the row of the arc from a demand to a pool; -1 where there is none."""
        return row_of(self._instance.demands.arc_ptr, self._instance.arcs.pool, demand, pool)

    def _backup(self, demand: int, pool: int) -> int:
        """Find the row of the backup from a demand to a pool; -1 where there is none."""
        return row_of(self._instance.demands.backup_ptr, self._instance.backups.pool, demand, pool)

    def read(self, plan: Plan) -> Solution:
        """Read all decisions of a plan."""
        instance = self._instance
        solution = Solution(
            option=np.full(len(instance.sites.id), -1, dtype=np.int32),
            modules=np.zeros(len(instance.sites.id), dtype=np.int32),
            replicas=np.zeros(len(instance.pools.site), dtype=np.int32),
            share=np.zeros(len(instance.arcs.demand)),
            unserved=np.zeros(len(instance.demands.region)),
        )
        for n, site in enumerate(plan.sites):
            self._read_site(n, site, solution)
        # A flow names site, workload and accelerator; the pool says where its data are.
        standing: dict[tuple[str, str, str], int] = {}
        for n, pool in enumerate(plan.pools):
            self._read_pool(n, pool, solution, standing)
        for n, flow in enumerate(plan.flows):
            self._read_flow(n, flow, solution, standing)
        for n, rest in enumerate(plan.unserved):
            self._read_unserved(n, rest, solution)
        return replace(solution, moves=self._read_moves(plan, standing))

    def _report(self, path: str, message: str) -> None:
        self.problems.append(Problem(path, message))

    def _read_site(self, n: int, row: SitePlan, solution: Solution) -> None:
        instance, options = self._instance, self._instance.options
        j = self._site.get(row.id, -1)
        rows = range(instance.sites.option_ptr[j], instance.sites.option_ptr[j + 1]) if j >= 0 else range(0)
        named = [o for o in rows if instance.designs.id[options.design[o]] == row.design]
        if not named:
            self._report(f"sites[{n}]", f"design {row.design!r} may not be built at site {row.id!r}")
            return
        wanted = np.inf if row.connection_mw is None else row.connection_mw
        fits = [o for o in named if options.connection_mw[o] == wanted]
        if not fits and row.connection_mw is None:
            steps = ", ".join(f"{options.connection_mw[o]:g}" for o in named)
            self._report(f"sites[{n}].connection_mw", f"is missing; connections of {row.id!r}: {steps} MW")
        elif not fits:
            steps = ", ".join(f"{options.connection_mw[o]:g}" for o in named)
            message = f"{row.connection_mw:g} MW is no connection of {row.id!r} ({steps} MW)"
            self._report(f"sites[{n}].connection_mw", message)
        else:
            solution.option[j] = fits[0]
            solution.modules[j] = row.modules

    def _read_pool(
        self, n: int, row: PoolPlan, solution: Solution, standing: dict[tuple[str, str, str], int]
    ) -> None:
        p = self._pool.get((row.site, row.workload, row.accelerator, row.data))
        if p is None:
            data = "" if row.data is None else f" with data {row.data!r}"
            what = f"{row.workload!r} on {row.accelerator!r}{data} may not run at site {row.site!r}"
            self._report(f"pools[{n}]", what)
            return
        solution.replicas[p] = row.replicas
        standing[row.site, row.workload, row.accelerator] = p

    def _pool_of(
        self, site: str, workload: str, accelerator: str, standing: dict[tuple[str, str, str], int]
    ) -> int:
        """Find the pool that a flow goes to: the one that stands, or any that could; -1 where there is none."""
        if (site, workload, accelerator) in standing:
            return standing[site, workload, accelerator]
        data: tuple[str | None, ...] = (None, "home", "replica")
        found = (self._pool.get((site, workload, accelerator, mode)) for mode in data)
        return next((p for p in found if p is not None), -1)

    def _read_flow(
        self, n: int, row: FlowPlan, solution: Solution, standing: dict[tuple[str, str, str], int]
    ) -> None:
        i = self._demand.get((row.region, row.workload), -1)
        a = self._arc(i, self._pool_of(row.site, row.workload, row.accelerator, standing))
        if a < 0:
            what = f"{row.workload!r} from {row.region!r} may not be served at {row.site!r} on {row.accelerator!r}"
            self._report(f"flows[{n}]", what)
        else:
            solution.share[a] += row.share

    def _read_unserved(self, n: int, row: UnservedPlan, solution: Solution) -> None:
        i = self._demand.get((row.region, row.workload), -1)
        if i < 0:
            what = f"there is no demand for {row.workload!r} from {row.region!r}"
            self._report(f"unserved[{n}]", what)
        else:
            solution.unserved[i] += row.share

    def _read_moves(self, plan: Plan, standing: dict[tuple[str, str, str], int]) -> Moves:
        """Read the moves of the table of losses; of the pools at a site, the one that stands takes over."""
        at = {(site, workload): p for (site, workload, _), p in standing.items()}
        served = {(f.region, f.workload, f.site): f.accelerator for f in plan.flows}
        rows: list[tuple[int, int, float]] = []
        for n, failure in enumerate(plan.n_minus_1):
            for m, move in enumerate(failure.moves):
                i = self._demand.get((move.region, move.workload), -1)
                accelerator = served.get((move.region, move.workload, failure.site), "")
                arc = self._arc(i, self._pool_of(failure.site, move.workload, accelerator, standing))
                backup = self._backup(i, at.get((move.site, move.workload), -1))
                if arc < 0 or backup < 0:
                    what = f"{move.workload!r} from {move.region!r} may not move from {failure.site!r} to {move.site!r}"
                    self._report(f"n_minus_1[{n}].moves[{m}]", what)
                else:
                    rows.append((arc, backup, move.share))
        return Moves(
            np.array([arc for arc, _, _ in rows], dtype=np.int32),
            np.array([backup for _, backup, _ in rows], dtype=np.int32),
            np.array([share for _, _, share in rows], dtype=np.float64),
        )
