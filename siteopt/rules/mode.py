"""Sites belong to the policy's mode: central only, edge only, or both."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siteopt.rules.rule import DemandCheck, Rule

if TYPE_CHECKING:
    from siteopt.rules.rule import Eased
    from siteopt.scenario.schema import Scenario


def _ease(scenario: Scenario, _to: Eased, _ample_mw: float) -> Scenario:
    return scenario.model_copy(update={"policy": scenario.policy.model_copy(update={"mode": "hybrid"})})


MODE = Rule(
    "mode",
    demand_checks=(
        DemandCheck(
            "mode", "only at sites of the policy's mode", lambda scenario, _: scenario.policy.mode != "hybrid"
        ),
    ),
    limits=lambda scenario: {} if scenario.policy.mode == "hybrid" else {"policy.mode": None},
    ease=_ease,
    tell=lambda case, _subject, _limit: f"policy.mode is {case.scenario.policy.mode}.",
)
