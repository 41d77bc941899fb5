"""A workload runs only at sites of the tiers that it allows."""

from __future__ import annotations

from typing import get_args

from siteopt.rules.rule import DemandCheck, Rule, flag_ease, flag_limits
from siteopt.scenario.quantities import Tier

TIER = Rule(
    "tier",
    demand_checks=(DemandCheck("tier", "only on tiers that it may run on"),),
    limits=flag_limits("workloads", lambda w: set(w.tiers) != set(get_args(Tier))),
    ease=flag_ease("workloads", {"tiers": get_args(Tier)}),
    term=lambda workload, _rest: f"on sites of tier {' or '.join(workload.tiers)}",
)
