"""Rules about quantities: what replicas carry, what power there is, what may be spent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siteopt.verify.costs import capex_usd
from siteopt.verify.violation import Violation, above

if TYPE_CHECKING:
    from collections.abc import Iterator

    from siteopt.verify.facts import Facts


def capacity(facts: Facts) -> Iterator[Violation]:
    """Check ``capacity``: at peak, no more replicas are busy than stand there."""
    for pool, erlang in facts.peak_erlang.items():
        replicas = facts.replicas.get(pool, 0)
        if above(erlang, replicas):
            message = f"peak load keeps {erlang:.6g} replicas busy; {replicas} stand there"
            yield Violation("capacity", f"{pool[0]}/{pool[1]}", message, erlang - replicas)


def utilisation_cap(facts: Facts) -> Iterator[Violation]:
    """Check ``utilisation_cap``: workloads sized by utilisation or tail stay below the policy's cap at peak."""
    cap = facts.scenario.policy.utilisation_cap
    for pool, erlang in facts.peak_erlang.items():
        usable = facts.usable(pool)
        if facts.workloads[pool[1]].sizing != "linear" and above(erlang, usable):
            message = f"peak load {erlang:.6g} erlang exceeds {usable:.6g}, the cap {cap:g} of the replicas"
            yield Violation("utilisation_cap", f"{pool[0]}/{pool[1]}", message, erlang - usable)


def power(facts: Facts) -> Iterator[Violation]:
    """Check ``power``: IT power of the replicas fits in the modules' usable power, those that stand by not counted."""
    for name, row in facts.open.items():
        redundancy, it_mw = facts.designs[row.design].redundancy, facts.it_mw[name]
        usable_mw = facts.usable_mw[name]
        if above(it_mw, usable_mw):
            message = (
                f"{it_mw:.6g} MW of IT in {row.modules} modules ({redundancy}) that carry {usable_mw:.6g} MW"
            )
            yield Violation("power", name, message, it_mw - usable_mw)


def headroom(facts: Facts) -> Iterator[Violation]:
    """Check ``headroom``: facility power at peak stays within the firm headroom of the connection."""
    for name, facility_mw in facts.facility_mw.items():
        limit_mw = facts.sites[name].headroom_mw
        if above(facility_mw, limit_mw):
            message = f"{facility_mw:.6g} MW of facility power exceeds the headroom of {limit_mw:.6g} MW"
            yield Violation("headroom", name, message, facility_mw - limit_mw)


def grid(facts: Facts) -> Iterator[Violation]:
    """Check ``grid``: facility power, weighted, stays within every grid limit."""
    for limit in facts.scenario.grid_limits:
        used_mw = facts.grid_mw(limit)
        if above(used_mw, limit.limit_mw):
            message = f"{used_mw:.6g} MW exceeds the limit of {limit.limit_mw:.6g} MW"
            yield Violation("grid", limit.id, message, used_mw - limit.limit_mw)


def budget(facts: Facts) -> Iterator[Violation]:
    """Check ``budget``: capital newly spent stays within the policy's budget."""
    limit, spent = facts.scenario.policy.budget_usd, sum(capex_usd(facts).values())
    if limit is not None and above(spent, limit):
        message = f"capital of {spent:.9g} USD exceeds the budget of {limit:.9g} USD"
        yield Violation("budget", "plan", message, spent - limit)


def max_sites(facts: Facts) -> Iterator[Violation]:
    """Check ``max_sites``: no more sites are newly built than the policy allows."""
    limit = facts.scenario.policy.max_sites
    built = sum(not facts.is_existing(name) for name in facts.open)
    if limit is not None and built > limit:
        yield Violation(
            "max_sites", "plan", f"{built} sites are newly built; at most {limit}", float(built - limit)
        )
