"""The jurisdictions that a workload's rule allows."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from siteopt.scenario.schema import Scenario, Workload


def allowed_jurisdictions(scenario: Scenario, workload: Workload, home: str) -> frozenset[str]:
    """Return the jurisdictions in which requests of a workload may be served.

    Parameters
    ----------
    scenario : Scenario
    workload : Workload
    home : str
        Jurisdiction of the region where the requests come from, for the rule "same".

    Returns
    -------
    frozenset of str
    """
    rule = workload.jurisdictions
    if isinstance(rule, tuple):
        return frozenset(rule)
    if rule == "same":
        return frozenset([home])
    return frozenset(j.id for j in scenario.jurisdictions if rule == "any" or rule in j.groups)
