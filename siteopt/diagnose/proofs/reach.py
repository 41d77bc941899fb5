"""A proof that no plan exists: demands that must be served but no site may serve, with the rules that exclude them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from siteopt.compile.deployment import deploy
from siteopt.compile.flows import Distances, call_trips, houses_variant
from siteopt.compile.variants import Variant, calls_in, resolve_variants
from siteopt.diagnose.proofs.dates import words_on_dates
from siteopt.formatting import listed, named
from siteopt.physics.network.topology import build_topology
from siteopt.scenario.facilities import mode_tiers
from siteopt.scenario.jurisdictions import allowed_jurisdictions
from siteopt.units import KW_PER_MW

if TYPE_CHECKING:
    from collections.abc import Iterator

    from siteopt.arrays import Floats, Masks
    from siteopt.diagnose.proofs.needs import Needs
    from siteopt.instance import Instance
    from siteopt.scenario.schema import Demand, Scenario, Workload


def out_of_reach(scenario: Scenario, instance: Instance, needs: Needs) -> Iterator[str]:
    """Yield a statement for each workload with demands that no site may serve, explained for the first of them."""
    if not needs.lost:
        return
    distances = Distances(scenario, build_topology(scenario))
    workloads = {w.id: w for w in scenario.workloads}
    place = {r.id: r for r in scenario.regions}
    variants = fastest_variants(scenario)
    by_workload: dict[str, list[Demand]] = {}
    for row in needs.lost:
        by_workload.setdefault(scenario.demand[row].workload, []).append(scenario.demand[row])
    for name, demands in by_workload.items():
        if name not in variants:
            yield from _undeployable(scenario, workloads[name])
            continue
        regions = [named(place[d.region]) for d in demands]
        asked = sum(d.workload == name for d in scenario.demand)
        who = (
            f"{len(regions)} of its {asked} regions"
            if len(regions) < asked
            else f"any of its {asked} regions"
        )
        who = f"{who} ({listed(regions)})" if asked > 1 else regions[0]
        why = "; ".join(
            _removals(
                scenario, distances, instance, needs, workloads[name], variants[name], demands[0].region
            )
        )
        first = f"For {regions[0]}, " if len(regions) > 1 else ""
        sites = f"of {len(scenario.sites)} sites" if first else f"Of {len(scenario.sites)} sites"
        yield f"{name} must be served, but no site may serve {who}. {first}{sites} {why}."


def _undeployable(scenario: Scenario, workload: Workload) -> Iterator[str]:
    """Yield for each accelerator that it cannot serve the model within the SLO, and by how little it misses."""
    for accelerator in workload.accelerators:
        rejected = deploy(scenario, workload, accelerator).choice.rejected
        reason = (
            f"; at {rejected[-1].precision} on {rejected[-1].tp}: {rejected[-1].reason}" if rejected else ""
        )
        yield f"{workload.id} must be served, but {workload.model} cannot meet its SLO on {accelerator}{reason}."


def fastest_variants(scenario: Scenario) -> dict[str, Variant]:
    """Return for each workload the variant that reaches farthest; among equals, the one with the smallest replica."""
    found: dict[str, Variant] = {}
    for variant in resolve_variants(scenario):
        workload = scenario.workloads[variant.workload]
        known = found.get(workload.id)
        if known is None or _rank(variant, workload) < _rank(known, workload):
            found[workload.id] = variant
    return found


def _rank(variant: Variant, workload: Workload) -> tuple[float, float, float]:
    return -variant.largest_rtt_ms(workload), call_trips(variant, workload), variant.replica_mw


def _removals(
    scenario: Scenario,
    distances: Distances,
    instance: Instance,
    needs: Needs,
    workload: Workload,
    variant: Variant,
    region: str,
) -> Iterator[str]:
    """Yield how many sites each rule excludes, in the order in which the rules are applied."""
    index = {r.id: i for i, r in enumerate(scenario.regions)}
    home = scenario.regions[index[region]].jurisdiction
    allowed = allowed_jurisdictions(scenario, workload, home)
    left = np.ones(len(scenario.sites), dtype=bool)
    rules = (
        ("forbidden", [s.status != "forbidden" for s in scenario.sites]),
        (
            f"of a tier other than {' or '.join(workload.tiers)}",
            [s.tier in workload.tiers for s in scenario.sites],
        ),
        (f"outside {_territory(workload, allowed)}", [s.jurisdiction in allowed for s in scenario.sites]),
        *_standing_rules(scenario, instance, workload),
    )
    for words, passes in rules:
        gone = left & ~np.array(passes)
        left &= np.array(passes)
        if gone.any():
            yield f"{_are(int(gone.sum()))} {words}"
    if left.any():
        rows = np.array([index[region]], dtype=np.int32)
        rtt = distances.rule_ms(workload, rows, trips=call_trips(variant, workload))[0]
        cut_off = left & np.isinf(rtt)
        if cut_off.any():
            is_outside = bool(workload.sovereign_route) and home not in allowed
            way = distances.user_ms(workload, allowed if workload.sovereign_route else None)[index[region]]
            is_data = not is_outside and workload.home is not None and bool(np.isfinite(way[cut_off]).all())
            yield f"{_are(int(cut_off.sum()))} {_without_route(scenario, workload, region, is_outside, is_data)}"
        yield from _too_far(scenario, instance, needs, workload, variant, left & ~cut_off, rtt)


def _without_route(
    scenario: Scenario, workload: Workload, region: str, is_outside: bool, is_data: bool
) -> str:
    """Say which route is missing: to the region or to the data, and whether for a rule or for want of links."""
    end = "its data" if is_data else _end(scenario, region)
    if not workload.sovereign_route:
        return f"without any route to {end}"
    if is_outside:
        return (
            f"without a route to {end} that stays in the allowed jurisdictions, as {region} lies outside them"
        )
    if workload.sovereign_route == "fastest":
        return f"out of reach, as the fastest route to {end} does not stay in the allowed jurisdictions"
    return f"without a route to {end} that stays in the allowed jurisdictions"


def _end(scenario: Scenario, region: str) -> str:
    """Name a region where a route ends, and the node that it is attached to."""
    topology = build_topology(scenario)
    if not topology.has_network:
        return region
    node = int(topology.region_node[[r.id for r in scenario.regions].index(region)])
    return f"{region} (at node {topology.node_ids[node]} in {topology.node_jurisdictions[node]})"


def _too_far(
    scenario: Scenario,
    instance: Instance,
    needs: Needs,
    workload: Workload,
    variant: Variant,
    left: Masks,
    rtt: Floats,
) -> Iterator[str]:
    """Yield how many sites are beyond the SLO, and what excludes those within it."""
    limit = variant.largest_rtt_ms(workload)
    far = left & (rtt > limit)
    if far.any():
        best = int(np.argmin(np.where(far, rtt, np.inf)))
        away = f"the nearest, {named(scenario.sites[best])}, is {rtt[best]:.1f} ms away"
        yield f"{_are(int(far.sum()))} too far: {_slo_room(workload, variant)}, and {away}"
    near = left & ~far
    variants = instance.variants.workload == instance.workload_ids.index(workload.id)
    least_mw = float(instance.variants.replica_mw[variants].min())
    small = near & (needs.site_mw < least_mw)
    if small.any():
        most = float(needs.site_mw[small].max()) * KW_PER_MW
        yield (
            f"{_are(int(small.sum()))} too small for one replica of {least_mw * KW_PER_MW:,.6g} kW"
            f" (headroom, PUE and modules leave at most {most:,.4g} kW"
            f"{words_on_dates(scenario, instance, np.flatnonzero(small).astype(np.int32))})"
        )
    other = near & ~small
    if other.any():
        yield f"{_are(int(other.sum()))} without an accelerator that is both fast and small enough there"


def _standing_rules(
    scenario: Scenario, instance: Instance, workload: Workload
) -> Iterator[tuple[str, list[bool]]]:
    """Yield the rules on what may stand at a site (mode, dates, racks) and which sites pass them."""
    mode = scenario.policy.mode
    if mode != "hybrid":
        yield f'outside the mode "{mode}"', [s.tier in mode_tiers(mode) for s in scenario.sites]
    n = len(scenario.sites)
    built = np.diff(instance.sites.option_ptr) > 0
    if scenario.policy.ready_by_month is not None:
        ready = [bool(b or s.status == "forbidden") for b, s in zip(built, scenario.sites, strict=True)]
        yield f"not ready by month {scenario.policy.ready_by_month:g}", ready
    variants = instance.variants.workload == instance.workload_ids.index(workload.id)
    houses = houses_variant(instance.options, instance.designs.admits, n)[:, variants].any(axis=1)
    yield "without racks that can house it", np.asarray(houses).tolist()


def _slo_room(workload: Workload, variant: Variant) -> str:
    """Say what the tightest SLO leaves for the round trip."""
    room = variant.largest_rtt_ms(workload)
    slo = min(
        (s for s in workload.slo if s.metric != "tpot"),
        key=lambda s: (
            (s.ms - variant.times.quantile_ms(s.metric, s.percentile)) / calls_in(workload, s.metric)
        ),
    )
    service = variant.times.quantile_ms(slo.metric, slo.percentile)
    calls = calls_in(workload, slo.metric)
    shared = f", shared by {calls:g} calls" if calls > 1 else ""
    what = f"{slo.metric} {slo.ms:g} ms at p{100 * slo.percentile:g} less {service:.1f} ms of service{shared}"
    if room <= 0:
        return f"the SLO leaves no time at all for the round trip ({what})"
    return f"the SLO leaves a round trip of {room:.1f} ms ({what})"


def _territory(workload: Workload, allowed: frozenset[str]) -> str:
    rule = workload.jurisdictions
    ids = listed(sorted(allowed), 5) or "no jurisdiction at all"
    return (
        f"the allowed jurisdictions {ids}"
        if isinstance(rule, tuple)
        else f'the jurisdictions of "{rule}" ({ids})'
    )


def _are(n: int) -> str:
    return f"{n:,} {'is' if n == 1 else 'are'}"
