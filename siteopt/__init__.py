"""Which substations should host micro data centres, what stays central, at what cost, with a proven gap."""

import logging
import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
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
    from siteopt.scenario.facility_location import FacilityLocation, facility_location
    from siteopt.solving.solve import solve
    from siteopt.verify import Violation, verify

__all__ = [
    "FacilityLocation",
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
    "facility_location",
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

#: The names that each module gives to the package.
_GIVEN = {
    "siteopt.answers.compare": ("compare",),
    "siteopt.answers.explain": ("what_binds", "why", "why_not", "worth_of_mw", "worth_of_zone_mw"),
    "siteopt.answers.sensitivity": ("sensitivity",),
    "siteopt.diagnose.conflict": ("find_conflict",),
    "siteopt.errors": ("InfeasibleError", "NoPlanError", "ScenarioError", "SiteoptError", "SolverError"),
    "siteopt.evaluate": ("evaluate",),
    "siteopt.plan": ("Plan",),
    "siteopt.plan.file": ("load_plan",),
    "siteopt.run.progress": ("Progress",),
    "siteopt.scenario": ("Scenario", "load_scenario"),
    "siteopt.scenario.facility_location": ("FacilityLocation", "facility_location"),
    "siteopt.solving.solve": ("solve",),
    "siteopt.verify": ("Violation", "verify"),
}
_HOMES = {name: module for module, names in _GIVEN.items() for name in names}


class _Package(ModuleType):
    """Keeps ``siteopt.evaluate`` and ``siteopt.verify`` the functions of these names.

    Whoever imports the package ``siteopt.verify`` would otherwise bind that in its parent, and a lazy name is looked
    up only where nothing is bound.
    """

    def __setattr__(self, name: str, value: object) -> None:
        if not (name in _HOMES and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


if not TYPE_CHECKING:  # a type checker would take it for a promise that every name exists

    def __getattr__(name: str) -> object:
        """Imports a public name once it is asked for (PEP 562): the solvers alone take most of a second."""
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(import_module(_HOMES[name]), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return list(__all__)


sys.modules[__name__].__class__ = _Package
logging.getLogger(__name__).addHandler(logging.NullHandler())
