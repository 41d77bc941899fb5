"""Whether a scenario may have more flows than are worth listing; counted without listing any."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siteopt.errors import Problem, ScenarioError

if TYPE_CHECKING:
    from siteopt.scenario.schema import Scenario

#: Above so many flows, at 100 bytes and more each, a scenario is solved without listing them.
MOST_LISTED = 20_000_000


def has_many_flows(scenario: Scenario) -> bool:
    """Whether a scenario may have more flows than are worth listing."""
    return largest_flow_count(scenario) > MOST_LISTED


def refuse_to_list(scenario: Scenario, what: str) -> None:
    """Raise where there are too many flows to list and something needs every one of them.

    Raises
    ------
    ScenarioError
    """
    if has_many_flows(scenario):
        raise ScenarioError(
            [
                Problem(
                    "",
                    f"{what} looks at every flow from a demand to a site, and there may be "
                    f"{largest_flow_count(scenario):,} of them; at most {MOST_LISTED:,} can be listed: "
                    "leave out sites or regions, or use solve, check, evaluate and report",
                )
            ]
        )


def largest_flow_count(scenario: Scenario) -> int:
    """Return the most flows that a scenario can have: every demand at every site on every variant."""
    asked = {w.id: 0 for w in scenario.workloads}
    for row in scenario.demand:
        asked[row.workload] += 1
    kinds = [
        asked[w.id] * max(1, len(w.accelerators)) * (2 if w.replica_gb else 1) for w in scenario.workloads
    ]
    return len(scenario.sites) * sum(kinds)
