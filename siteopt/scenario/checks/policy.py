"""The policy: keys that would act on nothing, and a mode that leaves no site."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siteopt.errors import Problem
from siteopt.scenario.facilities import mode_tiers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from siteopt.scenario.schema import Scenario


def check_policy(scenario: Scenario) -> Iterator[Problem]:
    """Yield what is wrong with the policy."""
    policy = scenario.policy
    tiers = mode_tiers(policy.mode)
    has_site = any(s.tier in tiers for s in scenario.sites if s.status != "forbidden")
    asked = {d.workload for d in scenario.demand}
    must_serve = any(w.unserved_usd_per_1k is None for w in scenario.workloads if w.id in asked)
    # Where all may stay unserved at a penalty, to serve nothing is a plan.
    if policy.mode != "hybrid" and not has_site and must_serve:
        message = (
            f"{policy.mode!r} leaves no site: it needs one of tier {' or '.join(tiers)} that is not forbidden"
        )
        yield Problem("policy.mode", message)
    if not any(w.tenant is not None for w in scenario.workloads):
        message = "acts on nothing: no workload names a tenant; give workloads[].tenant or remove it"
        limits = {"tenant_share": policy.tenant_share, "tenant_site_mw": policy.tenant_site_mw}
        yield from (Problem(f"policy.{key}", message) for key, limit in limits.items() if limit is not None)
    if policy.coincidence != 1.0 and not any(s.coincident_charge_usd_per_mw_year for s in scenario.sites):
        message = "acts on nothing: no site has a coincident_charge_usd_per_mw_year; give one or remove it"
        yield Problem("policy.coincidence", message)
    if policy.storage_usd_per_gb_year and not any(w.replica_gb is not None for w in scenario.workloads):
        message = "acts on nothing: no workload may keep copies of its data; give replica_gb or remove it"
        yield Problem("policy.storage_usd_per_gb_year", message)
