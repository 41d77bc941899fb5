"""The decisions of a plan as rows of an instance; every name that does not fit is reported."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from siteopt.errors import Problem, ScenarioError
from siteopt.instance import Solution

if TYPE_CHECKING:
    from siteopt.instance import Instance
    from siteopt.plan import Plan
    from siteopt.scenario.schema import Scenario


def solution_of(instance: Instance, scenario: Scenario, plan: Plan) -> Solution:
    """Rows of the instance for the decisions of a plan; every name that does not fit is reported."""
    problems: list[Problem] = []
    solution = Solution(
        option=np.full(len(instance.sites.id), -1, dtype=np.int32),
        modules=np.zeros(len(instance.sites.id), dtype=np.int32),
        replicas=np.zeros(len(instance.pools.site), dtype=np.int32),
        share=np.zeros(len(instance.arcs.demand)),
        unserved=np.zeros(len(instance.demands.region)),
    )
    _read_sites(instance, plan, solution, problems)
    _read_pools(instance, plan, solution, problems)
    _read_flows(instance, scenario, plan, solution, problems)
    if problems:
        raise ScenarioError(problems, "plan")
    return solution


def _read_sites(instance: Instance, plan: Plan, solution: Solution, problems: list[Problem]) -> None:
    site = {name: j for j, name in enumerate(instance.sites.id)}
    option = {
        (instance.sites.id[j], design): o
        for o, (j, design) in enumerate(zip(instance.options.site, instance.options.design, strict=True))
    }
    for n, row in enumerate(plan.sites):
        if (row.id, row.design) not in option:
            problems.append(
                Problem(f"sites[{n}]", f"design {row.design!r} may not be built at site {row.id!r}")
            )
            continue
        solution.option[site[row.id]] = option[row.id, row.design]
        solution.modules[site[row.id]] = row.modules


def _pool_rows(instance: Instance) -> dict[tuple[str, str, str], int]:
    variants, pools = instance.variants, instance.pools
    return {
        (instance.sites.id[j], instance.workload_ids[variants.workload[v]], variants.accelerator[v]): p
        for p, (j, v) in enumerate(zip(pools.site, pools.variant, strict=True))
    }


def _read_pools(instance: Instance, plan: Plan, solution: Solution, problems: list[Problem]) -> None:
    rows = _pool_rows(instance)
    for n, pool in enumerate(plan.pools):
        row = rows.get((pool.site, pool.workload, pool.accelerator))
        if row is None:
            what = f"{pool.workload!r} on {pool.accelerator!r} may not run at site {pool.site!r}"
            problems.append(Problem(f"pools[{n}]", what))
        else:
            solution.replicas[row] = pool.replicas


def _read_flows(
    instance: Instance, scenario: Scenario, plan: Plan, solution: Solution, problems: list[Problem]
) -> None:
    pools, arcs = _pool_rows(instance), instance.arcs
    demand = {(d.region, d.workload): i for i, d in enumerate(scenario.demand)}
    arc = {(i, p): a for a, (i, p) in enumerate(zip(arcs.demand.tolist(), arcs.pool.tolist(), strict=True))}
    for n, flow in enumerate(plan.flows):
        i = demand.get((flow.region, flow.workload), -1)
        row = arc.get((i, pools.get((flow.site, flow.workload, flow.accelerator), -1)))
        if row is None:
            what = f"{flow.workload!r} from {flow.region!r} may not be served at {flow.site!r} on {flow.accelerator!r}"
            problems.append(Problem(f"flows[{n}]", what))
        else:
            solution.share[row] += flow.share
    for n, rest in enumerate(plan.unserved):
        i = demand.get((rest.region, rest.workload), -1)
        if i < 0:
            problems.append(
                Problem(f"unserved[{n}]", f"there is no demand for {rest.workload!r} from {rest.region!r}")
            )
        else:
            solution.unserved[i] += rest.share
