"""Which substations should host micro data centres, what stays central, at what cost, with a proven gap."""

import logging

from siteopt.errors import InfeasibleError, NoPlanError, ScenarioError, SiteoptError, SolverError
from siteopt.evaluate import evaluate
from siteopt.plan import Plan
from siteopt.plan_file import load_plan
from siteopt.progress import Progress
from siteopt.scenario import Scenario, load_scenario
from siteopt.solve import solve
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
    "evaluate",
    "load_plan",
    "load_scenario",
    "solve",
    "verify",
]

logging.getLogger(__name__).addHandler(logging.NullHandler())
