"""Remarks on demand: SLOs that leave no time, odd rates, and definitions that nothing uses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siteopt.compile.variants import resolve_variants
from siteopt.formatting import counted, listed, named

if TYPE_CHECKING:
    from collections.abc import Iterator

    from siteopt.scenario.schema import Scenario

#: Peaks above this many times the mean are unusual over a whole region.
HIGH_PEAK = 20.0


def slos(scenario: Scenario) -> Iterator[str]:
    access = scenario.network.latency.access_ms
    for variant in resolve_variants(scenario):
        workload = scenario.workloads[variant.workload]
        room = variant.largest_rtt_ms(workload)
        if room < access:
            left = (
                f"leaves {room:.1f} ms for the round trip" if room > 0 else "is used up by the service itself"
            )
            yield f"{workload.id}: its SLO {left}, but access_ms alone is {access:g}; no site is near enough."


def rates(scenario: Scenario) -> Iterator[str]:
    """Yield remarks on peaks that look odd beside the mean."""
    interactive = {w.id for w in scenario.workloads if w.slo}
    flat = [d for d in scenario.demand if d.peak_rps == d.mean_rps and d.workload in interactive]
    if flat:
        names = listed(list(dict.fromkeys(d.workload for d in flat)))
        what = f"{counted(len(flat), 'demand')} with an SLO ({names})"
        yield f"{what} with peak_rps equal to mean_rps: is there no busy hour?"
    steep = [d for d in scenario.demand if d.peak_rps > HIGH_PEAK * d.mean_rps]
    if steep:
        worst = max(steep, key=lambda d: d.peak_rps / d.mean_rps)
        ratio = f"{worst.workload} from {worst.region}: {worst.peak_rps / worst.mean_rps:,.0f} times"
        what = f"{counted(len(steep), 'demand')} with a peak above {HIGH_PEAK:g} times the mean"
        yield f"{what} ({ratio}); check the units."


def idle(scenario: Scenario) -> Iterator[str]:
    """Yield a remark on rows of demand that ask for nothing."""
    if scenario.skipped_demand:
        yield f"{counted(scenario.skipped_demand, 'demand')} of 0 requests per second skipped."


def unused(scenario: Scenario) -> Iterator[str]:
    """Yield remarks on what is defined but never referred to."""
    used_designs = {name for s in scenario.sites for name in s.designs}
    asked = {d.workload for d in scenario.demand}
    asking = {d.region for d in scenario.demand}
    for kind, names in (
        ("design", [d.id for d in scenario.designs if d.id not in used_designs]),
        ("workload", [w.id for w in scenario.workloads if w.id not in asked]),
        ("region", [named(r) for r in scenario.regions if r.id not in asking]),
    ):
        if names:
            why = "that no site may build" if kind == "design" else "without demand"
            yield f"{counted(len(names), kind)} {why} ({listed(names)})."
