"""A demand that may not be split is served whole at one site (single-source)."""

from __future__ import annotations

from siteopt.rules.rule import DemandCheck, Rule, flag_ease, flag_limits

SPLITTING = Rule(
    "splitting",
    demand_checks=(DemandCheck("splitting", "served whole at one site", lambda _, w: not w.splittable),),
    limits=flag_limits("workloads", lambda w: not w.splittable),
    ease=flag_ease("workloads", {"splittable": True}),
    term=lambda _workload, _rest: "each region whole at one site",
)
