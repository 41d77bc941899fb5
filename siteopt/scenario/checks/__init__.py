"""Rules of a scenario that span several objects: ids exist, ids are unique, keys act on something.

Every function yields the problems it finds, with their paths; none stops at the first.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from siteopt.scenario.checks.hardware import check_hardware
from siteopt.scenario.checks.places import check_jurisdictions, check_network, check_regions
from siteopt.scenario.checks.policy import check_policy
from siteopt.scenario.checks.power import check_designs, check_grid_limits
from siteopt.scenario.checks.rules import check_rules
from siteopt.scenario.checks.sites import check_sites
from siteopt.scenario.checks.workloads import check_demand, check_workloads

if TYPE_CHECKING:
    from siteopt.errors import Problem
    from siteopt.scenario.schema import Scenario


def check(scenario: Scenario) -> list[Problem]:
    """Find all problems of a scenario that span several objects, in the order of the file.

    Parameters
    ----------
    scenario : Scenario
        Structurally valid.

    Returns
    -------
    list of Problem
        Empty where the scenario holds together.
    """
    return list(
        chain(
            check_jurisdictions(scenario),
            check_network(scenario),
            check_sites(scenario),
            check_grid_limits(scenario),
            check_designs(scenario),
            check_hardware(scenario),
            check_workloads(scenario),
            check_regions(scenario),
            check_demand(scenario),
            check_policy(scenario),
            check_rules(scenario),
        )
    )
