"""The rule about the policy's mode: central plans serve at hyperscale only, edge plans at micro sites and smaller."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siteopt.verify.violation import Violation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from siteopt.scenario.schema import Site
    from siteopt.verify.facts import Facts, Journey

#: Tiers of the two modes that leave some out.
TIERS: dict[str, tuple[str, ...]] = {
    "central": ("hyperscale",),
    "edge": ("micro", "enclosure", "device"),
}


def in_mode(facts: Facts, site: Site) -> bool:
    """Whether the policy's mode lets a site serve."""
    tiers = TIERS.get(facts.scenario.policy.mode)
    return tiers is None or site.tier in tiers


def mode_problem(facts: Facts, flow: Journey) -> str | None:
    """Say why a demand may not be served at a site in this mode."""
    return None if in_mode(facts, facts.sites[flow.site]) else _outside(facts, facts.sites[flow.site])


def mode(facts: Facts) -> Iterator[Violation]:
    """Check ``mode``: replicas and flows are only at sites of the mode, and no others are newly built."""
    for name in facts.open:
        site = facts.sites[name]
        if site.status == "candidate" and not in_mode(facts, site):
            yield Violation("mode", name, f"built, {_outside(facts, site)}")
    busy = {(pool[0], pool[1]) for pool, replicas in facts.replicas.items() if replicas > 0}
    busy |= {(flow.site, flow.workload) for flow in facts.flows}
    for name, workload in sorted(busy):
        site = facts.sites[name]
        if not in_mode(facts, site) and site.status != "candidate":
            yield Violation("mode", f"{name}/{workload}", _outside(facts, site))


def _outside(facts: Facts, site: Site) -> str:
    mode = facts.scenario.policy.mode
    tiers = TIERS[mode]
    return f"on tier {site.tier!r}, which is none of the {len(tiers)} of mode {mode!r}: {', '.join(tiers)}"
