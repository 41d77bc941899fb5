"""The same scenario and plan under other names and in another order."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from siteopt.plan import Plan

#: Lists whose order may change. Not nodes: of two that are equally near, the first in the file counts.
ORDERLESS = ("sites", "workloads", "regions", "demand", "designs", "grid_limits", "jurisdictions")
NAMED = ("sites", "workloads", "regions", "designs")


def relabelled(document: dict[str, Any], seed: int) -> tuple[dict[str, str], dict[str, Any]]:
    """New names by old ones, and a copy of the document that uses them, its lists shuffled."""
    rng, other = Random(seed), deepcopy(document)
    old = [row["id"] for key in NAMED for row in other[key]]
    names = dict(zip(old, (f"{rng.randrange(10**6):06}-{n}" for n in range(len(old))), strict=True))
    for key in NAMED:
        for row in other[key]:
            row["id"] = names[row["id"]]
    for site in other["sites"]:
        site["designs"] = [names[d] for d in site["designs"]]
        rng.shuffle(site["designs"])
        if "existing" in site:
            site["existing"]["design"] = names[site["existing"]["design"]]
    for row in other["demand"]:
        row["region"], row["workload"] = names[row["region"]], names[row["workload"]]
    for limit in other["grid_limits"]:
        if "coefficients" in limit:
            limit["coefficients"] = {names[site]: c for site, c in limit["coefficients"].items()}
    for key in ORDERLESS:
        rng.shuffle(other[key])
    return names, other


def renamed_plan(plan: Plan, names: dict[str, str]) -> Plan:
    """The decisions of a plan under the new names."""
    return replace(
        plan,
        sites=tuple(replace(s, id=names[s.id], design=names[s.design]) for s in plan.sites),
        pools=tuple(replace(p, site=names[p.site], workload=names[p.workload]) for p in plan.pools),
        flows=tuple(
            replace(f, region=names[f.region], workload=names[f.workload], site=names[f.site])
            for f in plan.flows
        ),
        unserved=tuple(replace(u, region=names[u.region], workload=names[u.workload]) for u in plan.unserved),
    )
