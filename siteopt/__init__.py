"""Which substations should host micro data centres, what stays central, at what cost, with a proven gap."""

import logging

from siteopt.answers.compare import compare
from siteopt.answers.explain import what_binds, why, why_not, worth_of_mw, worth_of_zone_mw
from siteopt.answers.sensitivity import sensitivity
from siteopt.diagnose.conflict import find_conflict
from siteopt.errors import InfeasibleError, NoPlanError, ScenarioError, SiteoptError, SolverError
from siteopt.evaluate import evaluate
from siteopt.plan import Plan
from siteopt.plan.file import load_plan
from siteopt.run.progress import Progress
from siteopt.scenario import Scenario, load_scenario
from siteopt.solving.solve import solve
from siteopt.verify import Violation, verify

__all__ = [
    "InfeasibleError",
    "NoPlanError",
    "Plan",
    "Progress",
    "Scenario",
    "ScenarioError",
    "SiteoptError",
    "SolverError",
    "Violation",
    "compare",
    "evaluate",
    "find_conflict",
    "load_plan",
    "load_scenario",
    "sensitivity",
    "solve",
    "verify",
    "what_binds",
    "why",
    "why_not",
    "worth_of_mw",
    "worth_of_zone_mw",
]

logging.getLogger(__name__).addHandler(logging.NullHandler())
