"""What a plan does: exact figures from the compiled evaluator, in the planner's words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siteopt.compile import compile_instance
from siteopt.compile.many import has_many_flows
from siteopt.compile.part import with_sites_of
from siteopt.evaluate.decisions import solution_of
from siteopt.evaluate.figures import Figures, evaluate_solution, mean_it_mw, unserved_penalty_usd
from siteopt.evaluate.plan_of import plan_of
from siteopt.evaluate.trim import trimmed

if TYPE_CHECKING:
    from siteopt.plan import Plan
    from siteopt.scenario.schema import Scenario

__all__ = [
    "Figures",
    "evaluate",
    "evaluate_solution",
    "mean_it_mw",
    "plan_of",
    "solution_of",
    "trimmed",
    "unserved_penalty_usd",
]


def evaluate(scenario: Scenario, plan: Plan) -> Plan:
    """Return the same decisions with every figure computed anew.

    Parameters
    ----------
    scenario : Scenario
    plan : Plan
        Ours or hand-made; only its decisions are read. Bound, gap and how it was found are dropped, since they
        need not belong to these decisions.

    Returns
    -------
    Plan
        With status "evaluated".

    Raises
    ------
    ScenarioError
        If the plan names things that the scenario does not have, or a flow that no arc admits.
    """
    part = with_sites_of(scenario, plan) if has_many_flows(scenario) else scenario
    instance = compile_instance(part)
    return plan_of(part, instance, solution_of(instance, part, plan))
