"""The plan that a solve returns: the best solution in the planner's words, with its evidence, and verified."""

from __future__ import annotations

import importlib.metadata
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from siteopt.errors import NoPlanError, SolverError
from siteopt.evaluate import trimmed
from siteopt.plan import with_bound
from siteopt.solving.ending import ending
from siteopt.tolerances import SAME_COST

if TYPE_CHECKING:
    from siteopt.plan import Limit, Plan
    from siteopt.run.incumbent import Incumbent
    from siteopt.run.options import SolveOptions
    from siteopt.solving.problems import SolvableProblem


def finished_plan(
    problem: SolvableProblem,
    incumbent: Incumbent,
    options: SolveOptions,
    *,
    is_exhausted: bool,
    limit: Limit | None,
) -> Plan:
    """Build the plan of a solve from the best solution, with its evidence, and verify it against what was asked.

    Raises
    ------
    NoPlanError
        If there is no solution.
    SolverError
        If the plan does not pass verification, or the bound exceeds its cost.
    """
    clock = incumbent.clock
    if incumbent.solution is None:
        why = "interrupted" if clock.interrupted else "the limits were reached"
        raise NoPlanError(
            f"no plan found: {why} after {clock.seconds:.1f} s, and infeasibility was not proven either",
            is_interrupted=clock.interrupted,
        )
    status, reason, limit = ending(incumbent, is_exhausted=is_exhausted, limit=limit)
    plan = problem.plan(trimmed(problem.instance, incumbent.solution))
    bound = None if incumbent.bound_usd is None else _below(plan, incumbent.bound_usd)
    plan = replace(
        with_bound(plan, bound),
        status=status,
        stop_reason=reason,
        limit=limit,
        seconds=clock.seconds,
        method=options.method,
        seed=options.seed,
        versions=_versions(),
    )
    began = time.perf_counter()
    violations = problem.violations(plan)
    if violations:
        shown = "; ".join(str(v.message) for v in violations[:5])
        raise SolverError(f"the plan does not pass verification ({len(violations)} violations): {shown}")
    return replace(plan, verified=True, verification_seconds=time.perf_counter() - began)


def _below(plan: Plan, bound_usd: float) -> float:
    """Return the bound, at most the plan's cost.

    The bound may lie a little above the cost: a plan may overuse what is scarce by up to the verifier's tolerance,
    which is worth about that share of each of its cost lines.
    """
    tolerance = SAME_COST * max(1.0, sum(map(abs, plan.cost_lines.values())))
    if bound_usd > plan.cost_usd + tolerance:
        raise SolverError(f"the bound {bound_usd:.2f} USD exceeds the plan's cost {plan.cost_usd:.2f} USD")
    return min(bound_usd, plan.cost_usd)


def _versions() -> dict[str, str]:
    names = ("siteopt", "highspy", "pyomo", "numpy", "scipy", "networkx")
    return {name: importlib.metadata.version(name) for name in names}
